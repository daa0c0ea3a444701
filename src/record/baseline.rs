//! A run beside an earlier one: which figures have changed by more than chance.
//!
//! Does not know how that is found out, nor how it is worded.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::finite;

/// What has changed since an earlier run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Baseline {
    /// Which run the earlier one is.
    pub run: String,
    /// Name of its scenario.
    pub scenario: String,
    /// Version of tokenstorm that made it.
    pub tokenstorm: String,
    /// Its seed.
    pub seed: u64,
    /// Its replications.
    pub replications: u32,
    /// Both have run the same scenario text, from the same seed, as often.
    pub same_luck: bool,
    /// Why no figure was compared replication by replication; `null` where some were.
    #[serde(default)]
    pub not_paired: Option<String>,
    /// Every figure that could be compared.
    pub changes: Vec<BaselineChange>,
    /// What could not be compared, and why.
    pub not_comparable: Vec<NotComparable>,
}

/// A figure of both runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BaselineChange {
    /// Name of the strategy.
    pub strategy: String,
    /// The sweep point.
    pub point: String,
    /// Name of the metric.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// The earlier mean.
    #[serde(with = "finite::missing")]
    #[schemars(with = "Option<f64>")]
    pub before: f64,
    /// This run's mean.
    #[serde(with = "finite::missing")]
    #[schemars(with = "Option<f64>")]
    pub now: f64,
    /// The two were compared replication by replication, under the same luck; otherwise by the intervals of both.
    #[serde(default)]
    pub paired: bool,
    /// Of the difference, all comparisons together at 95 % (Bonferroni).
    #[serde(serialize_with = "finite::interval")]
    pub interval: Option<(f64, f64)>,
    /// Differences up to this size count as none, in the metric's unit.
    pub margin: f64,
    /// What the interval allows to say.
    pub verdict: BaselineVerdict,
}

/// What has become of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BaselineVerdict {
    /// Worse by more than chance and the margin.
    Worse,
    /// Better by more than chance and the margin.
    Better,
    /// No change beyond chance, or none that matters.
    NoChange,
}

/// Something that has no counterpart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotComparable {
    /// Strategy, point and metric in words, as far as it is about one.
    pub what: String,
    /// Why.
    pub why: String,
}

impl Baseline {
    /// The figures of one verdict.
    pub fn of(&self, verdict: BaselineVerdict) -> impl Iterator<Item = &BaselineChange> {
        self.changes.iter().filter(move |change| change.verdict == verdict)
    }

    /// Figures that were compared replication by replication.
    pub fn paired(&self) -> usize {
        self.changes.iter().filter(|change| change.paired).count()
    }

    /// Whether any figure is worse.
    pub fn is_worse(&self) -> bool {
        self.of(BaselineVerdict::Worse).next().is_some()
    }
}
