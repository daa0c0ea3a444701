//! Decorrelated jitter: uniform between the base and three times the wait before, at most the cap. Source: M. Brooker,
//! "Exponential backoff and jitter", AWS architecture blog, 2015.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Attempts, Backoff};
use crate::base::{Delay, DelayShape, Duration};

/// Uniform between the base and three times the wait before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecorrelatedJitter {
    /// The shortest wait.
    pub base: Duration,
    /// No wait is longer.
    pub cap: Duration,
    /// Tries that a call may use in all, the first included.
    #[serde(default)]
    pub attempts: Attempts,
}

impl Backoff for DecorrelatedJitter {
    fn delay(&self, _: u32, previous: Duration) -> Delay {
        let reach = previous.max(self.base).saturating_mul(3);
        Delay {
            base: self.base,
            spread: reach.saturating_sub(self.base),
            cap: self.cap,
            law: DelayShape::Later,
        }
    }

    fn attempts(&self) -> Attempts {
        self.attempts
    }
}
