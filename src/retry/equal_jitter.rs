//! Equal jitter: half of the doubling wait for certain, and a uniform draw from the other half. Source: M. Brooker,
//! "Exponential backoff and jitter", AWS architecture blog, 2015.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Attempts, Backoff, doubled};
use crate::base::{Delay, Duration};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EqualJitter {
    pub base: Duration,
    pub cap: Duration,
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
