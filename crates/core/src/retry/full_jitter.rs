//! Full jitter: uniform between zero and the doubling wait. Source: M. Brooker, "Exponential backoff and jitter", AWS
//! architecture blog, 2015.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Attempts, Backoff, doubled};
use crate::base::{Delay, Duration};

/// Uniform between zero and the doubling wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FullJitter {
    /// The wait after the first failure, before any jitter.
    pub base: Duration,
    /// No wait is longer.
    pub cap: Duration,
    /// Tries that a call may use in all, the first included.
    #[serde(default)]
    pub attempts: Attempts,
}

impl Backoff for FullJitter {
    fn delay(&self, step: u32, _: Duration) -> Delay {
        Delay::between(Duration::ZERO, doubled(self.base, self.cap, step))
    }

    fn attempts(&self) -> Attempts {
        self.attempts
    }
}
