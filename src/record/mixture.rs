//! Replications of two kinds, where one mean would be that of neither.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::finite;

/// A strategy of which some replications storm and some do not, and whose figures are others in the one kind than in the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mixture {
    /// Name of the strategy.
    pub strategy: String,
    /// The sweep point.
    pub point: String,
    /// Replications with a storm.
    pub storms: u32,
    /// Replications in all.
    pub replications: u32,
    /// Wilson's 95 % interval of the share of replications with a storm.
    pub share_ci95: (f64, f64),
    /// The figures of each kind.
    pub figures: Vec<MixedFigure>,
}

/// A metric over the replications of each kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MixedFigure {
    /// Name of the metric.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// Over replications with a storm.
    pub storm: KindFigure,
    /// Over replications without one.
    pub calm: KindFigure,
    /// The two kinds are apart: their means differ by more than twice the spread within them (Ashman's D above 2).
    pub apart: bool,
}

/// A figure over the replications of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KindFigure {
    /// Mean over its replications; `null` when it is not a finite number.
    #[serde(with = "finite::missing")]
    #[schemars(with = "Option<f64>")]
    pub mean: f64,
    /// Its 95 % interval; `null` with fewer than two replications.
    #[serde(serialize_with = "finite::interval")]
    pub ci95: Option<(f64, f64)>,
}

impl Mixture {
    /// The figures of a metric, with a storm and without.
    pub fn of(&self, metric: &str) -> Option<&MixedFigure> {
        self.figures.iter().find(|figure| figure.metric == metric)
    }
}
