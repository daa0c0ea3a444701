//! Fixed backoff: always the same wait.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Attempts, Backoff};
use crate::base::{Delay, Duration};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fixed {
    pub delay: Duration,
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
