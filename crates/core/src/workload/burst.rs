//! Bursts: groups of calls in the same instant, a fixed time apart: a cron job that fans out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Arrival, Jitters, PatternMoment, Periodic};
use crate::base::{Duration, Times};

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
    /// When there is a burst within each period, the first of which begins with the warm-up, as a day does at midnight; the same for
    /// all nodes; once, or at several times. Only with `jitters = "calls"`, or without a jitter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Times>,
}

impl Burst {
    pub(super) fn next(&self, moment: PatternMoment, draw: u64) -> Arrival {
        Arrival {
            calls: self.calls,
            ..self.timer().next(moment, draw)
        }
    }

    /// When the bursts come.
    pub fn timer(&self) -> Periodic {
        Periodic {
            every: self.every,
            jitter: self.jitter,
            jitters: self.jitters,
            aligned: self.aligned,
            at: self.at,
        }
    }
}
