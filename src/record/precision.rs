//! How well the figures of a run are known, where somebody asked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::finite;

/// What became of a precision that was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReachedPrecision {
    /// What was asked for, such as `5%` or `latency_p99=10%`.
    pub asked: Vec<String>,
    /// Why there are no more replications.
    pub ended_by: PrecisionEnd,
    /// Figures that are not known as well as was asked, furthest from it first.
    pub open: Vec<OpenFigure>,
}

/// Why no more replications were run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PrecisionEnd {
    /// Every figure is known as well as was asked.
    Reached,
    /// The limit of replications.
    Replications,
    /// The limit of simulator events.
    Events,
    /// The limit of time, which alone is not the same on every machine.
    Time,
    /// Somebody interrupted the run.
    Interrupted,
}

impl PrecisionEnd {
    /// As files have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::Replications => "replications",
            Self::Events => "events",
            Self::Time => "time",
            Self::Interrupted => "interrupted",
        }
    }
}

/// A figure that is not known as well as was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OpenFigure {
    /// Name of the strategy.
    pub strategy: String,
    /// The sweep point.
    pub point: String,
    /// Name of the metric.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// Mean over the replications; `null` when it is not a finite number.
    #[serde(with = "finite::missing")]
    #[schemars(with = "Option<f64>")]
    pub mean: f64,
    /// Half of its 95 % interval; `null` where it has none.
    pub half_width: Option<f64>,
    /// What half of it was to be at most.
    #[serde(with = "finite::missing")]
    #[schemars(with = "Option<f64>")]
    pub wanted: f64,
    /// The values are so skewed for their number that the interval is not to be trusted.
    pub doubtful: bool,
    /// Roughly how many replications would do, if mean and spread are those seen so far; `null` where that cannot be told.
    pub replications_to_reach: Option<u32>,
}
