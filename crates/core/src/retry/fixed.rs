//! Fixed backoff: always the same wait.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Attempts, Backoff};
use crate::base::{Delay, Duration};

/// Always the same wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fixed {
    /// The wait after each failure.
    pub delay: Duration,
    /// Tries that a call may use in all, the first included.
    #[serde(default)]
    pub attempts: Attempts,
}

impl Backoff for Fixed {
    fn delay(&self, _: u32, _: Duration) -> Delay {
        Delay::exactly(self.delay)
    }

    fn attempts(&self) -> Attempts {
        self.attempts
    }
}
