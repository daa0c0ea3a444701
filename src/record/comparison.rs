//! Strategies against the first one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::finite;

/// A paired difference under common random numbers: `strategy` minus `reference`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// The strategy that is compared.
    pub strategy: String,
    /// What it is compared with: the first strategy.
    pub reference: String,
    /// The sweep point.
    pub point: String,
    /// Name of the metric.
    pub metric: String,
    /// Mean of the differences within replications, in the metric's unit; `null` when it is not a finite number.
    #[serde(with = "finite::missing")]
    #[schemars(with = "Option<f64>")]
    pub difference: f64,
    /// 95 % over all comparisons of the scenario together (Bonferroni).
    #[serde(serialize_with = "finite::interval")]
    pub interval: Option<(f64, f64)>,
    /// What the interval allows to say.
    pub verdict: ComparisonVerdict,
    /// Differences up to this size count as the same, in the metric's unit.
    #[serde(default)]
    pub margin: f64,
    /// Roughly how many replications would tell what these do not; `null` where the verdict is clear or no number can be foretold.
    #[serde(default)]
    pub replications_to_tell: Option<u32>,
    /// The differences are so skewed for their number that neither interval nor verdict is to be trusted; missing where they are not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub doubtful: bool,
    /// How many times as large the variance would be had each met calls and luck of its own; missing where nothing varies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairing_gain: Option<f64>,
    /// How many times as large the variance of the plain mean is; missing where no control variates are taken into account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controls_gain: Option<f64>,
}

/// What a comparison comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComparisonVerdict {
    /// Better than the reference by more than noise.
    Better,
    /// Worse by more than noise.
    Worse,
    /// The interval contains zero, and differences beyond the margin.
    NotDistinguishable,
    /// The interval contains zero, and lies within the margin.
    Same,
}
