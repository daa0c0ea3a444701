//! Retry budget: a node may only retry as often as it has earned. Why a budget beside a number of tries: a bound per call
//! still multiplies the load by that bound when everything fails; a budget bounds the extra load as a share of the
//! normal one. Sources: Google SRE book, chapter 21 (10 %); Finagle `RetryBudget` (20 % and 10 per second).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Duration, Rate, Share, Time};

/// Permits are earned by calls that arrive and by time, and paid by retries.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Permits earned by each call that arrives: 0.2 lets one retry follow five calls.
    pub per_call: Share,
    /// Permits earned by time alone, so that a quiet node can retry at all.
    pub per_time: Option<Rate>,
    /// Most permits a node can hold; a node starts with a full purse.
    #[serde(default = "default_purse")]
    pub purse: u32,
}

fn default_purse() -> u32 {
    100
}

/// Fractions of a permit: a power of two, so that a share of one half or a quarter is exact.
const PERMIT: u64 = 1 << 20;

/// One node's purse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BudgetState {
    /// In units of 1 / 2^20 permit.
    held: u64,
    paid_until: Time,
}

impl Budget {
    /// A full purse.
    pub fn start(&self, now: Time) -> BudgetState {
        BudgetState {
            held: u64::from(self.purse) * PERMIT,
            paid_until: now,
        }
    }

    /// A call has arrived.
    pub fn deposit(&self, state: &mut BudgetState) {
        let earned = (self.per_call.get() * PERMIT as f64) as u64;
        state.held = (state.held + earned).min(u64::from(self.purse) * PERMIT);
    }

    /// Takes a permit for a retry, if there is one.
    pub fn withdraw(&self, state: &mut BudgetState, now: Time) -> bool {
        if let Some(gap) = self.per_time.and_then(Rate::gap) {
            let earned = Duration::from_nanos(PERMIT).ratio(now.since(state.paid_until).nanos(), gap.nanos().max(1));
            state.held = state
                .held
                .saturating_add(earned.nanos())
                .min(u64::from(self.purse) * PERMIT);
            state.paid_until = now;
        }
        let paid = state.held >= PERMIT;
        if paid {
            state.held -= PERMIT;
        }
        paid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_stay_below_the_share_that_was_earned() {
        let budget = Budget {
            per_call: Share::new(0.25).unwrap(),
            per_time: None,
            purse: 2,
        };
        let mut state = budget.start(Time::ZERO);
        let mut granted = 0;
        for _ in 0..1000 {
            budget.deposit(&mut state);
            granted += u32::from(budget.withdraw(&mut state, Time::ZERO));
        }
        // The purse of 2 at the start, a quarter of 1000 calls; the deposit into a full purse is lost once.
        assert!((250..=252).contains(&granted), "{granted}");
    }

    #[test]
    fn time_earns_permits_and_the_purse_bounds_them() {
        let budget = Budget {
            per_call: Share::default(),
            per_time: Some("10/s".parse().unwrap()),
            purse: 5,
        };
        let mut state = budget.start(Time::ZERO);
        let take_all = |state: &mut BudgetState, now| (0..100).filter(|_| budget.withdraw(state, now)).count();
        assert_eq!(take_all(&mut state, Time::ZERO), 5);
        assert_eq!(take_all(&mut state, Time::ZERO + Duration::from_millis(250)), 2);
        assert_eq!(take_all(&mut state, Time::ZERO + Duration::from_secs(60)), 5);
    }
}
