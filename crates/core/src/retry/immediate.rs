//! Immediate retry, without a wait: the next try starts in the instant in which the last one failed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Attempts, Backoff};
use crate::base::{Delay, Duration};

/// The next try starts at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Immediate {
    /// Tries that a call may use in all, the first included.
    #[serde(default)]
    pub attempts: Attempts,
}

/// The policy `none`.
pub(super) const ONCE: Immediate = Immediate {
    attempts: Attempts::at_most(1),
};

impl Backoff for Immediate {
    #[inline]
    fn delay(&self, _: u32, _: Duration) -> Delay {
        Delay::NONE
    }

    #[inline]
    fn attempts(&self) -> Attempts {
        self.attempts
    }
}
