//! Retry budget: a node may only retry as often as it has earned. Why a budget beside a number of tries: a bound per call
//! still multiplies the load by that bound when everything fails; a budget bounds the extra load as a share of the
//! normal one. Sources: Google SRE book, chapter 21 (10 %); Finagle `RetryBudget` (20 % and 10 per second); gRFC A6, "gRPC
//! retry design" (`maxTokens` and `tokenRatio`); AWS SDK reference guide, "Retry behavior" (a bucket of 500, 5 for a retry).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Duration, Rate, Share, Time};

/// Permits are earned by calls that arrive and by time, and paid by retries.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Permits earned by each call that arrives: 0.2 lets one retry follow five calls.
    #[serde(default)]
    pub per_call: Share,
    /// Permits earned by each try that succeeds.
    #[serde(default)]
    pub per_success: Share,
    /// Permits earned by time alone, so that a quiet node can retry at all.
    pub per_time: Option<Rate>,
    /// Most permits a node can hold; a node starts with a full purse.
    #[serde(default = "default_purse")]
    pub purse: u32,
    /// Above zero every failure pays, whether it is retried or not, and a retry needs more than so many permits left: gRPC stops
    /// retrying at half of its purse.
    #[serde(default)]
    pub reserve: u32,
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
        self.earn(state, self.per_call);
    }

    /// A try has succeeded.
    pub fn reward(&self, state: &mut BudgetState) {
        self.earn(state, self.per_success);
    }

    fn earn(&self, state: &mut BudgetState, share: Share) {
        let earned = (share.get() * PERMIT as f64) as u64;
        state.held = (state.held + earned).min(u64::from(self.purse) * PERMIT);
    }

    /// A try has failed: takes a permit for a retry, if there is one.
    pub fn withdraw(&self, state: &mut BudgetState, now: Time) -> bool {
        if let Some(gap) = self.per_time.and_then(Rate::gap) {
            let earned = Duration::from_nanos(PERMIT).ratio(now.since(state.paid_until).nanos(), gap.nanos().max(1));
            state.held = state
                .held
                .saturating_add(earned.nanos())
                .min(u64::from(self.purse) * PERMIT);
            state.paid_until = now;
        }
        if self.reserve > 0 {
            state.held = state.held.saturating_sub(PERMIT);
            return state.held > u64::from(self.reserve) * PERMIT;
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
            per_success: Share::default(),
            purse: 2,
            reserve: 0,
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

    /// gRFC A6: with `maxTokens` 10 and `tokenRatio` 0.1 the count falls by one at each failure and rises by 0.1 at each
    /// success; retries go on while it is above 5.
    #[test]
    fn with_a_reserve_every_failure_pays_and_retries_stop_at_it() {
        let budget = Budget {
            per_call: Share::default(),
            per_success: Share::new(0.125).unwrap(),
            per_time: None,
            purse: 10,
            reserve: 5,
        };
        let mut state = budget.start(Time::ZERO);
        let granted: Vec<bool> = (0..7).map(|_| budget.withdraw(&mut state, Time::ZERO)).collect();
        assert_eq!(granted, [true, true, true, true, false, false, false]);
        // Three permits are left; 32 successes earn four more, of which the next failure takes one.
        (0..32).for_each(|_| budget.reward(&mut state));
        assert!(budget.withdraw(&mut state, Time::ZERO));
        assert!(!budget.withdraw(&mut state, Time::ZERO));
    }

    #[test]
    fn time_earns_permits_and_the_purse_bounds_them() {
        let budget = Budget {
            per_call: Share::default(),
            per_time: Some("10/s".parse().unwrap()),
            per_success: Share::default(),
            purse: 5,
            reserve: 0,
        };
        let mut state = budget.start(Time::ZERO);
        let take_all = |state: &mut BudgetState, now| (0..100).filter(|_| budget.withdraw(state, now)).count();
        assert_eq!(take_all(&mut state, Time::ZERO), 5);
        assert_eq!(take_all(&mut state, Time::ZERO + Duration::from_millis(250)), 2);
        assert_eq!(take_all(&mut state, Time::ZERO + Duration::from_secs(60)), 5);
    }
}
