//! Exponential backoff, doubling waits without jitter: `min(cap, base * 2^(k-1))` after the k-th failure. Clients that failed together try
//! again together.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Attempts, Backoff, doubled};
use crate::base::{Delay, Duration};

/// Doubling waits without jitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exponential {
    /// The wait after the first failure, before any jitter.
    pub base: Duration,
    /// No wait is longer.
    pub cap: Duration,
    /// Tries that a call may use in all, the first included.
    #[serde(default)]
    pub attempts: Attempts,
}

impl Backoff for Exponential {
    fn delay(&self, step: u32, _: Duration) -> Delay {
        Delay::exactly(doubled(self.base, self.cap, step))
    }

    fn attempts(&self) -> Attempts {
        self.attempts
    }
}
