//! What a node remembers of token requests that failed, so that it makes fewer.

use crate::base::{Duration, Time};
use crate::oauth::Failure;
use crate::retry::{BreakerState, TokenGuard};

/// What a node remembers of its token requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GuardState {
    breaker: BreakerState,
    /// Since when requests fail.
    failing_since: Option<Time>,
    /// No request before this.
    rests_until: Time,
    /// What the last one failed with.
    pub(super) why: Option<Failure>,
    /// Its grant has been refused, and nobody has logged in since.
    pub(super) logged_out: bool,
    /// Numbers of the node's own requests that were not made, and of which it has not heard yet.
    pub(super) withheld: u32,
}

impl GuardState {
    pub(super) fn allows(&mut self, guard: &TokenGuard, now: Time) -> bool {
        !self.logged_out
            && now >= self.rests_until
            && guard
                .breaker
                .is_none_or(|breaker| breaker.allows(&mut self.breaker, now))
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self {
            withheld: self.withheld,
            ..Self::default()
        };
    }

    /// A request has failed; `asked` is how long the server has asked to wait. Says what the node takes it for.
    pub(super) fn failed(&mut self, guard: &TokenGuard, why: Failure, asked: Duration, now: Time) -> Failure {
        let since = *self.failing_since.get_or_insert(now);
        let why = match guard.login_after {
            Some(after) if now.since(since) >= after => Failure::InvalidGrant,
            _ => why,
        };
        self.why = Some(why);
        self.logged_out |= guard.until_login && why == Failure::InvalidGrant;
        if let Some(cooldown) = guard.cooldown {
            self.rests_until = self.rests_until.max(now + cooldown.max(asked));
        }
        let refused = matches!(why, Failure::InvalidGrant | Failure::Refused);
        match guard.breaker {
            Some(breaker) if refused && !breaker.refused_tokens => breaker.succeeded(&mut self.breaker),
            Some(breaker) => breaker.failed(&mut self.breaker, now),
            None => {}
        }
        why
    }
}
