//! Full jitter: uniform between zero and the doubling wait. Source: M. Brooker, "Exponential backoff and jitter", AWS
//! architecture blog, 2015.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Attempts, Backoff, doubled};
use crate::base::{Delay, Duration};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FullJitter {
    pub base: Duration,
    pub cap: Duration,
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
