//! Circuit breaker: after a number of failures in a row a node refuses its own calls for a while, then lets one through as a
//! probe. Source: M. Nygard, "Release It!", chapter on stability patterns.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Duration, Time};

/// After failures in a row a node refuses its own calls for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Breaker {
    /// Failed tries in a row, over all calls of a node, that open the breaker.
    pub failures: u32,
    /// How long it stays open before one call may probe.
    pub open: Duration,
}

/// One node's breaker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BreakerState {
    failures: u32,
    open_until: Option<Time>,
    probing: bool,
}

impl Breaker {
    /// Whether a try may start now. The first after the open time is the probe; until it has answered, all others are
    /// refused.
    pub fn allows(&self, state: &mut BreakerState, now: Time) -> bool {
        match state.open_until {
            None => true,
            Some(until) if now >= until && !state.probing => {
                state.probing = true;
                true
            }
            Some(until) if now >= until + self.open => {
                // The probe itself was lost: let the next one through.
                state.open_until = Some(now);
                true
            }
            Some(_) => false,
        }
    }

    /// A try has succeeded: the breaker closes.
    pub fn succeeded(&self, state: &mut BreakerState) {
        *state = BreakerState::default();
    }

    /// A try has failed.
    pub fn failed(&self, state: &mut BreakerState, now: Time) {
        state.failures = state.failures.saturating_add(1);
        if state.probing || (state.open_until.is_none() && state.failures >= self.failures) {
            state.open_until = Some(now + self.open);
            state.probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_probes_and_closes() {
        let breaker = Breaker {
            failures: 3,
            open: Duration::SECOND,
        };
        let at = |ms| Time::ZERO + Duration::from_millis(ms);
        let mut state = BreakerState::default();
        for _ in 0..3 {
            assert!(breaker.allows(&mut state, at(0)));
            breaker.failed(&mut state, at(0));
        }
        assert!(!breaker.allows(&mut state, at(999)), "open");
        assert!(breaker.allows(&mut state, at(1000)), "the probe");
        assert!(!breaker.allows(&mut state, at(1000)), "only one probe");
        breaker.failed(&mut state, at(1100));
        assert!(!breaker.allows(&mut state, at(2099)), "a failed probe opens again");
        assert!(breaker.allows(&mut state, at(2100)));
        breaker.succeeded(&mut state);
        assert!(breaker.allows(&mut state, at(2100)) && breaker.allows(&mut state, at(2100)));
    }

    #[test]
    fn a_lost_probe_does_not_shut_it_for_ever() {
        let breaker = Breaker {
            failures: 1,
            open: Duration::SECOND,
        };
        let at = |s| Time::ZERO + Duration::from_secs(s);
        let mut state = BreakerState::default();
        breaker.failed(&mut state, at(0));
        assert!(breaker.allows(&mut state, at(1)));
        assert!(!breaker.allows(&mut state, at(1)));
        assert!(breaker.allows(&mut state, at(2)));
    }
}
