//! Bursts: groups of calls in the same instant, a fixed time apart: a cron job that fans out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Arrival, Jitters, PatternMoment, Periodic};
use crate::base::Duration;

/// Groups of calls at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// From one group to the next.
    pub every: Duration,
    /// Calls in each burst.
    pub calls: u32,
    /// How much is drawn for each burst; `jitters` says of what.
    #[serde(default)]
    pub jitter: Duration,
    /// Whether the jitter adds up from burst to burst.
    #[serde(default)]
    pub jitters: Jitters,
    /// All nodes burst in the same instant; otherwise each has a phase of its own.
    #[serde(default)]
    pub aligned: bool,
}

impl Burst {
    pub(super) fn next(&self, moment: PatternMoment, draw: u64) -> Arrival {
        let timer = Periodic {
            every: self.every,
            jitter: self.jitter,
            jitters: self.jitters,
            aligned: self.aligned,
        };
        Arrival {
            calls: self.calls,
            ..timer.next(moment, draw)
        }
    }
}
