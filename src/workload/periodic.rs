//! Periodic arrivals, as of a timer: one call each period, at a phase of the node's own, each call late by a uniform jitter.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Arrival;
use crate::base::Duration;

/// One call each period, jittered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Periodic {
    /// The period.
    pub every: Duration,
    /// Each gap is off by up to half of this, early or late.
    #[serde(default)]
    pub jitter: Duration,
    /// All nodes call in the same instant, as jobs of a common schedule do; otherwise each has a phase of its own.
    #[serde(default)]
    pub aligned: bool,
}

impl Periodic {
    pub(super) fn next(&self, first: bool, draw: u64) -> Arrival {
        let uniform =
            |span: Duration| Duration::from_nanos(((u128::from(span.nanos()) * u128::from(draw)) >> 64) as u64);
        let gap = if first && !self.aligned {
            uniform(self.every)
        } else {
            self.every
                .saturating_sub(self.jitter.ratio(1, 2))
                .saturating_add(uniform(self.jitter))
        };
        Arrival { gap, calls: 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_stay_within_the_jitter_and_the_first_is_a_phase() {
        let pattern = Periodic {
            every: Duration::from_secs(60),
            jitter: Duration::from_secs(10),
            aligned: false,
        };
        assert_eq!(pattern.next(true, 0).gap, Duration::ZERO);
        assert!(pattern.next(true, u64::MAX).gap < Duration::from_secs(60));
        assert_eq!(pattern.next(false, 0).gap, Duration::from_secs(55));
        assert_eq!(pattern.next(false, 1 << 63).gap, Duration::from_secs(60));
        assert!(pattern.next(false, u64::MAX).gap < Duration::from_secs(65));
    }
}
