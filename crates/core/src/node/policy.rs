//! The call policy: how a node retries its calls, whatever its coordination strategy is.

use super::{Call, Hold, Spent};
use crate::base::{Delay, Duration, Millis};
use crate::oauth::Perceptions;
use crate::retry::{Breaker, BreakerState, Budget, BudgetState, Retry, Throttle, ThrottleState, TokenGuard};

/// How calls are retried; the same for all nodes that run a strategy.
#[derive(Clone, Debug)]
pub struct CallPolicy {
    /// How often a call is tried, and how long it waits in between.
    pub retry: Retry,
    /// How long an attempt, a forwarded call or a token request may take; none for ever.
    pub timeout: Option<Duration>,
    /// How long a store operation may take.
    pub store_timeout: Option<Duration>,
    /// How often a call is tried again after each kind of failure; none where the retry policy's bound is the only one.
    pub again: Option<Again>,
    /// Where the wait after a rejection goes.
    pub place: DelayPlace,
    /// Whether the first renewal of a call waits too.
    pub delay_first: bool,
    /// What becomes of a refused token whose call is not tried again.
    pub unretried: Unretried,
    /// Whom a wait before a renewal holds up.
    pub holds: HoldsUp,
    /// What backoff counts.
    pub steps: Steps,
    /// What a node makes of the answers that are no success.
    pub perceptions: Perceptions,
    /// A wait is at least as long as the server asked for.
    pub obey_retry_after: bool,
    /// Jitter on top of what the server asked for, in thousandths of it.
    pub retry_after_jitter: u16,
    /// Permits that retries take; none for any number of retries.
    pub budget: Option<Budget>,
    /// A node refuses its own calls for a while after failures in a row.
    pub breaker: Option<Breaker>,
    /// A node refuses its own tries by chance when too few are accepted.
    pub throttle: Option<Throttle>,
    /// What a node does about a token endpoint that fails.
    pub guard: Option<TokenGuard>,
}

/// Where the wait after a rejection goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DelayPlace {
    /// Between the rejection and the token request.
    #[default]
    BeforeRenewal,
    /// Between the new token and the next attempt; the token can die unused.
    AfterRenewal,
    /// Nowhere: a refused token costs no wait.
    Nowhere,
}

/// How often a call is tried again after each kind of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Again {
    /// After a refused token.
    pub refused: u16,
    /// After another failure at the API, an answer that does not come among them.
    pub call: u16,
    /// After a failure at the token endpoint.
    pub token: u16,
}

impl Again {
    /// Whether a call whose latest try has just failed, and been counted, may have another.
    ///
    /// Of a job only the call under way counts, and not what was spent on those before it.
    pub fn allows(&self, call: &Call, spent: Spent) -> bool {
        let attempts = call.attempts.saturating_sub(spent.attempts);
        let rejections = call.rejections.saturating_sub(spent.rejections);
        let at_the_api = attempts.saturating_sub(rejections);
        let tries = call.tries.saturating_sub(spent.tries);
        let before_it = tries.saturating_sub(attempts);
        rejections <= self.refused && at_the_api <= self.call && before_it <= self.token
    }
}

/// What a node does with a refused token whose call is not tried again: for want of tries, of a budget, or because a breaker
/// is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unretried {
    /// The token is dropped: the next call asks for another, and no budget pays for that.
    #[default]
    Drop,
    /// The token stays in use until a call that may be tried again renews it.
    Keep,
}

/// Whom a wait between a refused token and the token request holds up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HoldsUp {
    /// The refused call alone; others go on with the refused token meanwhile.
    #[default]
    Call,
    /// Every call of the node.
    Node,
}

/// What backoff counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Steps {
    /// Each call's own failures.
    #[default]
    PerCall,
    /// The node's failures since its last accepted call.
    PerNode,
}

impl CallPolicy {
    /// Retries with this policy, without time-outs, budget or breaker.
    pub fn plain(retry: Retry) -> Self {
        Self {
            retry,
            timeout: None,
            store_timeout: None,
            again: None,
            place: DelayPlace::default(),
            delay_first: false,
            unretried: Unretried::default(),
            holds: HoldsUp::default(),
            steps: Steps::default(),
            perceptions: Perceptions::default(),
            obey_retry_after: true,
            retry_after_jitter: 0,
            budget: None,
            breaker: None,
            throttle: None,
            guard: None,
        }
    }

    /// Whether it decides nothing how often a call has failed: tries are unbounded and the wait is always the same.
    pub fn is_forgetful(&self) -> bool {
        self.again.is_none()
            && self.retry.attempts().is_unbounded()
            && matches!(self.retry, Retry::Immediate(_) | Retry::Fixed(_))
    }

    /// Whether a node remembers anything of its retries beyond its calls.
    pub fn remembers(&self) -> bool {
        self.budget.is_some()
            || self.breaker.is_some()
            || self.throttle.is_some()
            || self.steps == Steps::PerNode
            || self.holds == HoldsUp::Node
    }

    /// The wait after a failure, at least as long as the server asked for.
    #[inline]
    pub fn delay(&self, step: u32, previous: Duration, retry_after: Millis) -> Delay {
        let mut delay = self.retry.delay(step, previous);
        if self.obey_retry_after && retry_after > Millis::ZERO {
            // The jitter comes on top, or all clients would be back in the same instant.
            let asked: Duration = retry_after.into();
            delay.base = delay.base.max(asked);
            let jitter = asked.ratio(u64::from(self.retry_after_jitter), 1000);
            delay.spread = delay.spread.saturating_add(jitter);
            delay.cap = delay.cap.max(delay.base.saturating_add(delay.spread));
        }
        delay
    }
}

/// What a node remembers of its retries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RetryState {
    /// What is left of the budget, where there is one.
    pub budget: Option<BudgetState>,
    /// Whether the breaker is open.
    pub breaker: BreakerState,
    /// What the throttle has counted.
    pub throttle: ThrottleState,
    /// The wait that holds up the node's calls, where one does, and those that it holds up.
    pub hold: Hold,
    /// Failures since the last accepted call, where steps are counted per node.
    pub step: u16,
    /// The last backoff, where steps are counted per node and the policy looks back at it.
    pub previous: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retry::{Attempts, Fixed};

    #[test]
    fn what_the_server_asks_for_is_the_least_and_its_jitter_comes_on_top() {
        let fixed = Retry::Fixed(Fixed {
            delay: Duration::SECOND,
            attempts: Attempts::default(),
        });
        let mut client = CallPolicy::plain(fixed);
        let wait = |client: &CallPolicy, draw| client.delay(1, Duration::ZERO, Millis::new(30_000)).at(draw);
        assert_eq!(wait(&client, u64::MAX), Duration::from_secs(30));
        client.retry_after_jitter = 500;
        assert_eq!(wait(&client, 0), Duration::from_secs(30));
        let longest = wait(&client, u64::MAX);
        assert!(longest > Duration::from_secs(44) && longest <= Duration::from_secs(45));
        client.obey_retry_after = false;
        assert_eq!(wait(&client, u64::MAX), Duration::SECOND);
    }
}
