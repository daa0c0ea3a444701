//! Client-side throttling: a node refuses its own tries by chance when the backend has accepted too few of them. Source:
//! Google SRE book, chapter 21, "Client-side throttling": over the last two minutes, with `requests` tries wanted and `accepts`
//! accepted, a try is refused with probability max(0, (requests - K accepts) / (requests + 1)); K = 2 is what they
//! generally prefer. A try whose token was refused was accepted by the backend, which has answered it; what it would not do
//! without another token is no overload. A try that has not been answered yet counts as wanted and not accepted, so that a node may refuse some
//! of the very first calls.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Chance, Duration, Time};

/// A node refuses its own tries by chance when too few are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Throttle {
    /// Tries that are let through for each that was accepted: below, throttling begins.
    #[schemars(range(min = 1))]
    pub k: u32,
    /// How far back counts reach.
    pub window: Duration,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            k: 2,
            window: Duration::from_secs(120),
        }
    }
}

/// Tries that were wanted, and those that were accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Counts {
    requests: u32,
    accepts: u32,
}

/// One node's counts: of the current window and of the one before, which fades as the current one fills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThrottleState {
    since: Time,
    current: Counts,
    before: Counts,
}

/// Counts are weighed in thousandths.
const WHOLE: u64 = 1000;

impl Throttle {
    /// A try is wanted: how likely the node refuses it. It counts either way.
    pub fn refusal(&self, state: &mut ThrottleState, now: Time) -> Chance {
        self.roll(state, now);
        let window = self.window.nanos().max(1);
        let left = WHOLE - now.since(state.since).nanos().min(window) * WHOLE / window;
        let weighed = |pick: fn(&Counts) -> u32| -> u64 {
            u64::from(pick(&state.current)) * WHOLE + u64::from(pick(&state.before)) * left
        };
        let (requests, accepts) = (weighed(|counts| counts.requests), weighed(|counts| counts.accepts));
        let excess = requests.saturating_sub(u64::from(self.k) * accepts);
        state.current.requests = state.current.requests.saturating_add(1);
        Chance::ratio(excess, requests + WHOLE)
    }

    /// A try was accepted.
    pub fn accepted(&self, state: &mut ThrottleState, now: Time) {
        self.roll(state, now);
        state.current.accepts = state.current.accepts.saturating_add(1);
    }

    fn roll(&self, state: &mut ThrottleState, now: Time) {
        let windows = now.since(state.since).nanos() / self.window.nanos().max(1);
        if windows > 0 {
            let last = std::mem::take(&mut state.current);
            state.before = if windows == 1 { last } else { Counts::default() };
            state.since = state.since + Duration::from_nanos(windows * self.window.nanos().max(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn it_begins_where_fewer_than_one_in_k_is_accepted() {
        let throttle = Throttle::default();
        let mut state = ThrottleState::default();
        for try_ in 0..100 {
            assert!(
                throttle.refusal(&mut state, at(1)).is_never(),
                "half are accepted: {try_}"
            );
            if try_ % 2 == 0 {
                throttle.accepted(&mut state, at(1));
            }
        }
        // 200 wanted and 50 accepted: (200 - 100) / 201.
        for _ in 0..100 {
            throttle.refusal(&mut state, at(1));
        }
        assert_eq!(throttle.refusal(&mut state, at(1)), Chance::ratio(100, 201));
    }

    #[test]
    fn what_is_two_windows_old_is_forgotten() {
        let throttle = Throttle::default();
        let mut state = ThrottleState::default();
        for _ in 0..10 {
            throttle.refusal(&mut state, at(0));
        }
        // Half of the window has gone: ten fade to five.
        let mut faded = state;
        assert_eq!(throttle.refusal(&mut faded, at(180)), Chance::ratio(5, 6));
        assert!(throttle.refusal(&mut state, at(240)).is_never());
    }
}
