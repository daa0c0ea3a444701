//! Retry budget: permits that a node earns and that its retries take. Why a budget beside a number of tries: a bound per call
//! still multiplies the load by that bound when everything fails; a budget bounds the extra load as a share of the
//! normal one. Sources: Google SRE book, chapter 21 (10 %); Finagle `RetryBudget` (20 % and 10 per second); gRFC A6, "gRPC
//! retry design" (`maxTokens` and `tokenRatio`); AWS SDKs, standard mode (a bucket of 500, of which a retry takes some and a success
//! returns them).

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
    /// Most permits a node can hold; a node starts with a full budget.
    #[serde(default = "default_capacity", alias = "purse")]
    pub capacity: u32,
    /// Permits that a retry takes.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub per_retry: u32,
    /// Permits that a retry takes after a try that nobody answered; left out, as any other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_timeout: Option<u32>,
    /// Permits that a retry takes after a try that was throttled; left out, as any other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_throttled: Option<u32>,
    /// A retry that succeeds gets back what it took, in place of `per_success`.
    #[serde(default)]
    pub refund: bool,
    /// Above zero every failure pays, whether it is retried or not, and a retry needs more than so many permits left: gRPC stops
    /// retrying at half of its capacity.
    #[serde(default)]
    pub reserve: u32,
}

/// How a try failed, as far as the price of the next one depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// An answer came, and it was no success.
    Answered,
    /// No answer came in time.
    Unanswered,
    /// The answer was that there are too many requests: a 429.
    Throttled,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            per_call: Share::default(),
            per_success: Share::default(),
            per_time: None,
            capacity: default_capacity(),
            per_retry: one(),
            per_timeout: None,
            per_throttled: None,
            refund: false,
            reserve: 0,
        }
    }
}

fn one() -> u32 {
    1
}

fn default_capacity() -> u32 {
    100
}

/// Fractions of a permit: a power of two, so that a share of one half or a quarter is exact.
const PERMIT: u64 = 1 << 20;

/// The permits of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BudgetState {
    /// In units of 1 / 2^20 permit.
    held: u64,
    paid_until: Time,
}

impl Budget {
    /// A full budget.
    pub fn start(&self, now: Time) -> BudgetState {
        BudgetState {
            held: u64::from(self.capacity) * PERMIT,
            paid_until: now,
        }
    }

    /// A call has arrived.
    pub fn deposit(&self, state: &mut BudgetState) {
        self.earn(state, self.per_call);
    }

    /// A try has succeeded; `after` is the failure of its call that it was a retry for.
    pub fn reward(&self, state: &mut BudgetState, after: Option<FailureKind>) {
        match after.filter(|_| self.refund) {
            Some(after) => self.put(state, u64::from(self.price(after)) * PERMIT),
            None => self.earn(state, self.per_success),
        }
    }

    fn earn(&self, state: &mut BudgetState, share: Share) {
        self.put(state, (share.get() * PERMIT as f64) as u64);
    }

    fn put(&self, state: &mut BudgetState, earned: u64) {
        state.held = (state.held + earned).min(u64::from(self.capacity) * PERMIT);
    }

    /// Permits that a retry takes.
    fn price(&self, after: FailureKind) -> u32 {
        let special = match after {
            FailureKind::Answered => None,
            FailureKind::Unanswered => self.per_timeout,
            FailureKind::Throttled => self.per_throttled,
        };
        special.unwrap_or(self.per_retry)
    }

    /// A try has failed: takes the permits for a retry, if there are as many.
    ///
    /// ```
    /// # use tokenstorm_core as tokenstorm;
    /// use tokenstorm::base::{Share, Time};
    /// use tokenstorm::retry::{Budget, FailureKind};
    ///
    /// // One retry in reserve, and one more for every four calls that arrive.
    /// let budget = Budget { per_call: Share::new(0.25)?, capacity: 1, ..Budget::default() };
    /// let mut permits = budget.start(Time::ZERO);
    /// let mut may_retry = |calls| {
    ///     (0..calls).for_each(|_| budget.deposit(&mut permits));
    ///     budget.withdraw(&mut permits, FailureKind::Answered, Time::ZERO)
    /// };
    /// assert!(may_retry(0));
    /// assert!(!may_retry(3));
    /// assert!(may_retry(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn withdraw(&self, state: &mut BudgetState, after: FailureKind, now: Time) -> bool {
        if let Some(gap) = self.per_time.and_then(Rate::gap) {
            let earned = Duration::from_nanos(PERMIT).ratio(now.since(state.paid_until).nanos(), gap.nanos().max(1));
            state.held = state
                .held
                .saturating_add(earned.nanos())
                .min(u64::from(self.capacity) * PERMIT);
            state.paid_until = now;
        }
        let price = u64::from(self.price(after)) * PERMIT;
        if self.reserve > 0 {
            state.held = state.held.saturating_sub(price);
            return state.held > u64::from(self.reserve) * PERMIT;
        }
        let paid = state.held >= price;
        if paid {
            state.held -= price;
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
            capacity: 2,
            ..Budget::default()
        };
        let mut state = budget.start(Time::ZERO);
        let mut granted = 0;
        for _ in 0..1000 {
            budget.deposit(&mut state);
            granted += u32::from(budget.withdraw(&mut state, FailureKind::Answered, Time::ZERO));
        }
        // The budget of 2 at the start, a quarter of 1000 calls; the deposit into a full budget is lost once.
        assert!((250..=252).contains(&granted), "{granted}");
    }

    /// gRFC A6: with `maxTokens` 10 and `tokenRatio` 0.1 the count falls by one at each failure and rises by 0.1 at each
    /// success; retries go on while it is above 5.
    #[test]
    fn with_a_reserve_every_failure_pays_and_retries_stop_at_it() {
        let budget = Budget {
            per_success: Share::new(0.125).unwrap(),
            capacity: 10,
            reserve: 5,
            ..Budget::default()
        };
        let mut state = budget.start(Time::ZERO);
        let granted: Vec<bool> = (0..7)
            .map(|_| budget.withdraw(&mut state, FailureKind::Answered, Time::ZERO))
            .collect();
        assert_eq!(granted, [true, true, true, true, false, false, false]);
        // Three permits are left; 32 successes earn four more, of which the next failure takes one.
        (0..32).for_each(|_| budget.reward(&mut state, None));
        assert!(budget.withdraw(&mut state, FailureKind::Answered, Time::ZERO));
        assert!(!budget.withdraw(&mut state, FailureKind::Answered, Time::ZERO));
    }

    /// AWS SDKs, standard mode before 2026 (botocore, `retries/standard.py`): a retry takes 5, after a time-out 10; a success returns
    /// what the last retry of its call took, or 1 where there was none.
    #[test]
    fn what_a_retry_took_comes_back_with_its_success() {
        let budget = Budget {
            per_success: Share::new(1.0).unwrap(),
            capacity: 20,
            per_retry: 5,
            per_timeout: Some(10),
            refund: true,
            ..Budget::default()
        };
        let mut state = budget.start(Time::ZERO);
        let pay = |state: &mut BudgetState, after| budget.withdraw(state, after, Time::ZERO);
        assert!(pay(&mut state, FailureKind::Unanswered));
        assert!(pay(&mut state, FailureKind::Answered));
        assert!(!pay(&mut state, FailureKind::Unanswered), "five are left");
        budget.reward(&mut state, None);
        budget.reward(&mut state, Some(FailureKind::Answered));
        assert!(pay(&mut state, FailureKind::Unanswered), "eleven are left");
        assert!(!pay(&mut state, FailureKind::Throttled), "one is left");
        budget.reward(&mut state, Some(FailureKind::Unanswered));
        assert!(pay(&mut state, FailureKind::Answered) && pay(&mut state, FailureKind::Throttled));
    }

    #[test]
    fn time_earns_permits_and_the_capacity_bounds_them() {
        let budget = Budget {
            per_time: Some("10/s".parse().unwrap()),
            capacity: 5,
            ..Budget::default()
        };
        let mut state = budget.start(Time::ZERO);
        let take_all = |state: &mut BudgetState, now| {
            (0..100)
                .filter(|_| budget.withdraw(state, FailureKind::Answered, now))
                .count()
        };
        assert_eq!(take_all(&mut state, Time::ZERO), 5);
        assert_eq!(take_all(&mut state, Time::ZERO + Duration::from_millis(250)), 2);
        assert_eq!(take_all(&mut state, Time::ZERO + Duration::from_secs(60)), 5);
    }
}
