//! What a run leaves on disk: provenance, readings, series, verdicts.
//!
//! A [`Record`] is complete: every table, chart and page is drawn from it alone, so an old result can be drawn again.
//! This module knows neither how a reading was measured nor how it will be shown.

pub mod summary;
pub mod write;

#[cfg(test)]
pub(crate) mod fake;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything that one `run` of one scenario found out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub manifest: Manifest,
    /// Strategies in the order of the scenario file; the first is the reference of every comparison.
    pub strategies: Vec<String>,
    /// Sweep points in order, as `key=value;key=value`; a single empty string without a sweep.
    pub points: Vec<String>,
    pub readings: Vec<Reading>,
    pub series: Vec<Series>,
    pub comparisons: Vec<Comparison>,
    pub checks: Vec<Check>,
    /// Timeline events, for shading charts.
    pub incidents: Vec<Incident>,
}

/// Where the figures come from, enough to make them again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub tokenstorm: String,
    /// Commit of the sources the binary was built from, `unknown` outside a checkout.
    pub commit: String,
    pub scenario: String,
    pub summary: String,
    pub source: String,
    /// The scenario file, byte for byte.
    pub as_written: String,
    /// The scenario with profile and defaults filled in, as TOML.
    pub as_resolved: String,
    /// SHA-256 of `as_written`, in hex.
    pub sha256: String,
    pub seed: u64,
    pub replications: u32,
    /// Simulated seconds: left out at the start, measured, and allowed for unfinished calls at the end.
    pub warmup_s: f64,
    pub duration_s: f64,
    pub drain_s: f64,
    /// Simulator events over all strategies, points and replications.
    pub events: u64,
    pub command_line: Vec<String>,
}

/// One figure: the mean over replications of one metric, with its 95 % confidence interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    pub strategy: String,
    pub point: String,
    /// `name` or `name@group`, a group being a fleet or `fleet/kind`.
    pub metric: String,
    pub unit: String,
    /// `None` when the metric has no value here (no trigger to recover from, no call that succeeded).
    pub mean: Option<f64>,
    /// `None` with fewer than two replications that have a value.
    pub ci95: Option<(f64, f64)>,
    /// Replications that have a value.
    pub replications: u32,
}

/// A quantity over simulated time, the mean over replications; one value per interval, which starts at `t_s[i]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    pub strategy: String,
    pub point: String,
    pub series: String,
    pub unit: String,
    pub t_s: Vec<f64>,
    pub value: Vec<f64>,
}

/// A paired difference under common random numbers: `strategy` minus `reference`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    pub strategy: String,
    pub reference: String,
    pub point: String,
    pub metric: String,
    pub difference: f64,
    /// 95 % over all comparisons of this scenario together (Bonferroni).
    pub interval: Option<(f64, f64)>,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Better,
    Worse,
    NotDistinguishable,
}

/// A condition that the scenario states, and whether it held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    pub kind: CheckKind,
    pub strategy: String,
    pub point: String,
    pub metric: String,
    /// As the scenario says it, e.g. `>= 0.999`, `0.86 .. 0.89`, `< naive cache`.
    pub condition: String,
    pub measured: Option<f64>,
    pub ci95: Option<(f64, f64)>,
    pub holds: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// `[[assert]]`: the user's threshold; a failure ends the command with 99.
    Assert,
    /// `[expect]`: what the scenario's author says will come out; the test suite holds the scenario to it.
    Expect,
}

/// Something that the timeline did to the system, from `from_s` to `until_s` (equal for an instant).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    pub from_s: f64,
    pub until_s: f64,
    pub label: String,
}
