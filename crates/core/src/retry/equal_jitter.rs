//! Equal jitter: half of the doubling wait for certain, and a uniform draw from the other half. Source: M. Brooker,
//! "Exponential backoff and jitter", AWS architecture blog, 2015.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Attempts, Backoff, doubled};
use crate::base::{Delay, Duration};

/// Half of the doubling wait, and a uniform draw from the other half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EqualJitter {
    /// The wait after the first failure, before any jitter.
    pub base: Duration,
    /// No wait is longer.
    pub cap: Duration,
    /// Tries that a call may use in all, the first included.
    #[serde(default)]
    pub attempts: Attempts,
}

impl Backoff for EqualJitter {
    fn delay(&self, step: u32, _: Duration) -> Delay {
        let half = doubled(self.base, self.cap, step).ratio(1, 2);
        Delay::between(half, half)
    }

    fn attempts(&self) -> Attempts {
        self.attempts
    }
}
