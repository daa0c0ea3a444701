//! How long it takes until the counts of a strategy are steady.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The warm-up that a strategy needs, found in its series by MSER-5, beside the one that was left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FoundWarmup {
    /// Name of the strategy.
    pub strategy: String,
    /// The sweep point.
    pub point: String,
    /// The series that takes longest.
    pub series: String,
    /// Simulated seconds until it is steady; `null` where it is not in the first half of what was looked at.
    pub found_s: Option<f64>,
    /// What is measured begins before it is steady, and its mean until then is another by more than chance.
    pub too_short: bool,
}
