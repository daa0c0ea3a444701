//! Bursts: groups of calls in the same instant, a fixed time apart: a cron job that fans out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Arrival, Periodic};
use crate::base::Duration;

/// Groups of calls at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// From one group to the next.
    pub every: Duration,
    /// Calls in each burst.
    pub calls: u32,
    /// Each gap is off by up to half of this, early or late.
    #[serde(default)]
    pub jitter: Duration,
    /// All nodes burst in the same instant; otherwise each has a phase of its own.
    #[serde(default)]
    pub aligned: bool,
}

impl Burst {
    pub(super) fn next(&self, first: bool, draw: u64) -> Arrival {
        let timer = Periodic {
            every: self.every,
            jitter: self.jitter,
            aligned: self.aligned,
        };
        Arrival {
            calls: self.calls,
            ..timer.next(first, draw)
        }
    }
}
