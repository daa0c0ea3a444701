//! What a run leaves on disk: provenance, readings, series, verdicts.
//!
//! A [`Record`] is complete: every table, chart and page is drawn from it alone, so an old result can be drawn again.
//! This module knows neither how a reading was measured nor how it will be shown.

pub mod advice;
pub mod agreement;
pub mod baseline;
pub(crate) mod cells;
mod comparison;
mod doubts;
pub mod findings;
mod finite;
mod holders;
mod layout;
mod load;
mod mixture;
pub mod names;
mod precision;
pub mod rare;
mod read;
mod replications;
mod run_id;
pub mod summary;
pub mod sweep;
mod tenants;
pub mod verdicts;
mod warmup;
pub mod write;

#[cfg(test)]
pub(crate) mod fake;

pub use comparison::{Comparison, ComparisonVerdict};
pub use doubts::FigureDoubts;
pub use mixture::{KindFigure, MixedFigure, Mixture};
pub use precision::{OpenFigure, PrecisionEnd, ReachedPrecision};
pub use read::ReadError;
pub(crate) use run_id::sha256;
pub use tenants::TenantCounts;
pub use warmup::FoundWarmup;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything that one `run` of one scenario found out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Where the figures come from.
    pub manifest: Manifest,
    /// Strategies in the order of the scenario file; the first is the reference of every comparison.
    pub strategies: Vec<String>,
    /// Sweep points in order, as `key=value;key=value`; a single empty string without a sweep.
    pub points: Vec<String>,
    /// The figures.
    pub readings: Vec<Reading>,
    /// Quantities over simulated time.
    pub series: Vec<Series>,
    /// Every strategy against the first.
    pub comparisons: Vec<Comparison>,
    /// What the scenario states, and whether it held.
    pub checks: Vec<Check>,
    /// Timeline events, for shading charts.
    pub incidents: Vec<Incident>,
    /// What the trigger did to each strategy at each point, where the scenario has one.
    pub aftermaths: Vec<RecoveryVerdict>,
    /// Who held a live token when, for the strategies for which the scenario asks; strategy by strategy, node by node.
    pub holdings: Vec<Holding>,
    /// What single replications came to, of the metrics that two runs are compared by. The means follow from it, and so it is no part of
    /// what tells runs apart; none of a folder of an earlier version.
    #[serde(default)]
    pub replicated: Vec<Replicated>,
    /// What becomes of each tenant, strategy by strategy; nothing where no app serves several. Their sums stand among the readings, and so
    /// it is no part of what tells runs apart.
    #[serde(default)]
    pub tenants: Vec<TenantCounts>,
    /// Strategies of which some replications storm and some do not. It follows from the replications.
    #[serde(default)]
    pub mixtures: Vec<Mixture>,
    /// How long it takes until the counts of each strategy are steady. It follows from the series.
    #[serde(default)]
    pub warmups: Vec<FoundWarmup>,
    /// What has changed since an earlier run, where one was named. It is no part of what the run found.
    #[serde(default)]
    pub baseline: Option<baseline::Baseline>,
}

impl Record {
    /// Mean of a metric for a strategy, at the first point that has it.
    pub fn mean(&self, strategy: &str, metric: &str) -> Option<f64> {
        let mut readings = self.readings.iter();
        readings
            .find(|reading| reading.strategy == strategy && reading.metric == metric)?
            .mean
    }
}

/// Where the figures come from, enough to make them again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Which run it is, as [`Record::run_id`] has it; every file of the run bears it.
    pub run: String,
    /// The run was ended early: the figures rest on the replications that were finished until then.
    pub interrupted: bool,
    /// Version of tokenstorm.
    pub tokenstorm: String,
    /// Commit of the sources the binary was built from, `unknown` outside a checkout.
    pub commit: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Its story in one sentence.
    pub summary: String,
    /// Where the story comes from.
    pub source: String,
    /// The scenario file, byte for byte.
    pub as_written: String,
    /// The scenario with profile and defaults filled in, as TOML.
    pub as_resolved: String,
    /// SHA-256 of `as_written`, in hex.
    pub sha256: String,
    /// Every draw follows from it.
    pub seed: u64,
    /// Runs of each strategy at each point.
    pub replications: u32,
    /// Simulated seconds: left out at the start, measured, and allowed for unfinished calls at the end.
    pub warmup_s: f64,
    /// Simulated seconds that are measured.
    pub duration_s: f64,
    /// Simulated seconds for calls that are still under way.
    pub drain_s: f64,
    /// Simulator events over all strategies, points and replications.
    pub events: u64,
    /// What was asked for, as far as the results depend on it.
    pub command_line: Vec<String>,
    /// Where the sources of the provider's profile disagree about what this run takes for true, a sentence for each.
    #[serde(default)]
    pub disagreements: Vec<String>,
    /// What became of the precision that was asked for; none where nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<ReachedPrecision>,
}

/// A manifest as it lies in the folder, with what vouches for the files beside it.
#[derive(Serialize, Deserialize)]
struct SealedManifest {
    #[serde(flatten)]
    manifest: Manifest,
    /// SHA-256 in hex of each other file of the record. Charts can be drawn anew, and are not among them.
    files: BTreeMap<String, String>,
}

/// One figure: the mean over replications of one metric, with its 95 % confidence interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Name of the strategy.
    pub strategy: String,
    /// The sweep point, as `key=value;key=value`.
    pub point: String,
    /// `name` or `name@group`, a group being a fleet or `fleet/kind`.
    pub metric: String,
    /// Unit of the figure.
    pub unit: String,
    /// `None` when the metric has no value here (no trigger to recover from, no call that succeeded).
    pub mean: Option<f64>,
    /// `None` with fewer than two replications that have a value.
    pub ci95: Option<(f64, f64)>,
    /// Replications that have a value.
    pub replications: u32,
    /// The values are so skewed for their number that the interval is not to be trusted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub doubtful: bool,
    /// How many times as large the variance of the plain mean is, where control variates are taken into account: in `summary.json` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controls_gain: Option<f64>,
}

/// One metric of a strategy at a point, replication by replication.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replicated {
    /// Name of the strategy.
    pub strategy: String,
    /// The sweep point.
    pub point: String,
    /// `name` or `name@group`, as of a [`Reading`].
    pub metric: String,
    /// By replication; none where it has no value, or the run was interrupted before.
    pub values: Vec<Option<f64>>,
}

/// A quantity over simulated time, the mean over replications; one value per interval, which starts at `t_s[i]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Name of the strategy.
    pub strategy: String,
    /// The sweep point.
    pub point: String,
    /// Name of the quantity.
    pub series: String,
    /// Its unit.
    pub unit: String,
    /// Start of each interval, in simulated seconds.
    pub t_s: Vec<f64>,
    /// The value of each interval.
    pub value: Vec<f64>,
}

/// What one node held from `from_s` until `until_s` of the first replication, as far as looks at it can tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Holding {
    /// Name of the strategy.
    pub strategy: String,
    /// The sweep point.
    pub point: String,
    /// Number of the node, from 0.
    pub node: u32,
    /// Simulated seconds.
    pub from_s: f64,
    /// Simulated seconds.
    pub until_s: f64,
    /// What the node held meanwhile.
    pub holds: HeldState,
    /// Which token of the run, in the order of issue; none where it holds none.
    pub token: Option<u32>,
}

/// What a node holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldState {
    /// A token that the provider would accept.
    Live,
    /// One that it would refuse, which the node does not know.
    Dead,
    /// No token, or one that it knows to be dead.
    Nothing,
    /// It is down.
    Down,
}

/// A condition that the scenario states, and whether it held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// Who states it.
    pub kind: CheckKind,
    /// Name of the strategy.
    pub strategy: String,
    /// The sweep point.
    pub point: String,
    /// Name of the metric.
    pub metric: String,
    /// As the scenario says it, e.g. `>= 0.999`, `0.86 .. 0.89`, `< naive cache`.
    pub condition: String,
    /// Mean over replications; `None` when the metric has no value here.
    #[serde(serialize_with = "finite::if_any")]
    pub measured: Option<f64>,
    /// Its 95 % confidence interval.
    #[serde(serialize_with = "finite::interval")]
    pub ci95: Option<(f64, f64)>,
    /// Whether the condition held.
    pub holds: bool,
}

/// Who states a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// `[[assert]]`: the user's threshold; a failure ends the command with 99.
    Assert,
    /// `[expect]`: what the scenario's author says will come out; the test suite holds the scenario to it.
    Expect,
}

/// Something that the timeline did to the system, in simulated seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Incident {
    /// Simulated seconds.
    pub from_s: f64,
    /// Equal to `from_s` for an instant; `null` when it never ended.
    #[serde(with = "finite::never")]
    #[schemars(with = "Option<f64>")]
    pub until_s: f64,
    /// A few words for charts.
    pub label: String,
}

/// What became of a strategy after the trigger: three arms with the same arrivals, with the trigger, without it, and from a hot
/// start (every node already in its retry loop). Goodput is back when it is at least 0.9 of the untouched arm's for long enough.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryVerdict {
    /// Name of the strategy.
    pub strategy: String,
    /// The sweep point.
    pub point: String,
    /// The verdict.
    pub fate: Recovery,
    /// Seconds after the trigger's end within which goodput had to be back.
    pub within_s: f64,
    /// Replications that were judged.
    pub replications: u32,
    /// Replications in which it was not, and Wilson's 95 % interval of their share.
    pub metastable: u32,
    /// Wilson's 95 % interval of their share.
    pub metastable_ci95: (f64, f64),
    /// Replications in which goodput never fell.
    pub unaffected: u32,
    /// Median seconds from the trigger's end until goodput was back, those in which it was not counted as later; `null` when
    /// that is the half of them.
    pub recovered_after_s: Option<f64>,
    /// By order statistics; `null` where it reaches beyond what was observed.
    pub recovered_after_ci95: Option<(f64, f64)>,
    /// Replications in which a hot start had not come back.
    pub hot_metastable: u32,
    /// Wilson's 95 % interval of their share.
    pub hot_metastable_ci95: (f64, f64),
    /// Share of the calls that succeed at the end of the observation: untouched, after the trigger, after a hot start.
    pub goodput: Goodput,
    /// 95 % intervals of these shares; `null` where there are fewer than two replications.
    #[serde(default)]
    pub goodput_ci95: Option<GoodputIntervals>,
}

/// Shares of calls that succeed, one for each arm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Goodput {
    /// Without the trigger.
    pub untouched: f64,
    /// With the trigger.
    pub triggered: f64,
    /// From a hot start.
    pub hot: f64,
}

/// Intervals of the shares of calls that succeed, one for each arm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GoodputIntervals {
    /// Without the trigger.
    pub untouched: (f64, f64),
    /// With the trigger.
    pub triggered: (f64, f64),
    /// From a hot start.
    pub hot: (f64, f64),
}

/// What a trigger does to a strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Recovery {
    /// Goodput never fell, not even during the trigger.
    Unaffected,
    /// It was back in time in most runs.
    Recovers,
    /// It was still down in most runs, long after the trigger had gone.
    Metastable,
    /// It was as bad without the trigger.
    DownAnyway,
}
