//! Circuit breaker: after a number of failures in a row a node refuses its own calls for a while, then lets one through as a
//! probe. Source: M. Nygard, "Release It!", chapter on stability patterns.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::doubled;
use crate::base::{Duration, Time};

/// After failures in a row a node refuses its own calls for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Breaker {
    /// Failed tries in a row, over all calls of a node, that open the breaker.
    pub failures: u32,
    /// How long it stays open before one call may probe.
    pub open: Duration,
    /// Each probe that fails doubles the time that it stays open, up to this; left out, it is always the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest: Option<Duration>,
    /// A refused token is a failure like any other. Left out it is neither failure nor success: the API has answered, and
    /// what is wrong is the token. gobreaker counts errors, Polly's HTTP policies 5xx, 408 and lost
    /// connections, and neither a 401.
    #[serde(default)]
    pub refused_tokens: bool,
}

/// One node's breaker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BreakerState {
    failures: u32,
    open_until: Option<Time>,
    probing: bool,
    /// Probes in a row that have failed.
    failed_probes: u8,
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
            Some(until) if now >= until + self.span(state) => {
                // The probe itself was lost: let the next one through.
                state.open_until = Some(now);
                true
            }
            Some(_) => false,
        }
    }

    /// Whether it refuses a retry for a refused token that does not count: that the call may go on says nothing of its end.
    pub fn is_shut(&self, state: &BreakerState, now: Time) -> bool {
        state.open_until.is_some_and(|until| now < until)
    }

    /// A try has succeeded: the breaker closes.
    pub fn succeeded(&self, state: &mut BreakerState) {
        *state = BreakerState::default();
    }

    /// A try has failed.
    pub fn failed(&self, state: &mut BreakerState, now: Time) {
        state.failures = state.failures.saturating_add(1);
        if state.probing {
            state.failed_probes = state.failed_probes.saturating_add(1);
        }
        if state.probing || (state.open_until.is_none() && state.failures >= self.failures) {
            state.open_until = Some(now + self.span(state));
            state.probing = false;
        }
    }

    /// How long it stays open this time.
    fn span(&self, state: &BreakerState) -> Duration {
        match self.longest {
            Some(longest) => doubled(self.open, longest.max(self.open), u32::from(state.failed_probes) + 1),
            None => self.open,
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
            longest: None,
            refused_tokens: false,
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
    fn a_probe_whose_token_is_refused_goes_on() {
        let breaker = Breaker {
            failures: 1,
            open: Duration::SECOND,
            longest: None,
            refused_tokens: false,
        };
        let at = |s| Time::ZERO + Duration::from_secs(s);
        let mut state = BreakerState::default();
        breaker.failed(&mut state, at(0));
        assert!(breaker.is_shut(&state, at(0)), "calls under way end too");
        assert!(breaker.allows(&mut state, at(1)));
        assert!(
            !breaker.is_shut(&state, at(1)) && !breaker.allows(&mut state, at(1)),
            "the probe alone"
        );
    }

    #[test]
    fn a_lost_probe_does_not_shut_it_for_ever() {
        let breaker = Breaker {
            failures: 1,
            open: Duration::SECOND,
            longest: None,
            refused_tokens: false,
        };
        let at = |s| Time::ZERO + Duration::from_secs(s);
        let mut state = BreakerState::default();
        breaker.failed(&mut state, at(0));
        assert!(breaker.allows(&mut state, at(1)));
        assert!(!breaker.allows(&mut state, at(1)));
        assert!(breaker.allows(&mut state, at(2)));
    }

    /// 1, 2, 4, 8 and then 10 s, as long as probes fail; after a success from the beginning again.
    #[test]
    fn its_open_times_double_up_to_the_longest() {
        let breaker = Breaker {
            failures: 2,
            open: Duration::SECOND,
            longest: Some(Duration::from_secs(10)),
            refused_tokens: false,
        };
        let mut state = BreakerState::default();
        let mut now = Time::ZERO;
        for _ in 0..2 {
            breaker.failed(&mut state, now);
            breaker.failed(&mut state, now);
            for seconds in [1, 2, 4, 8, 10, 10, 10] {
                // Those that were under way when it opened make it no longer.
                breaker.failed(&mut state, now);
                let next = now + Duration::from_secs(seconds);
                let early = Time::ZERO + next.since(Time::ZERO).saturating_sub(Duration::from_millis(1));
                assert!(!breaker.allows(&mut state, early), "{seconds} s");
                assert!(breaker.allows(&mut state, next), "{seconds} s");
                breaker.failed(&mut state, next);
                now = next;
            }
            breaker.succeeded(&mut state);
        }
    }
}
