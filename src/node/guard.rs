//! What a node does about a token endpoint that fails, by its [`TokenGuard`]: token requests that are not made, and calls that are
//! sent with what there is.
//!
//! A request that is withheld fails in the same instant, but by an alarm: a strategy hears of it as of any other failure, after it has
//! said what it had to say.

use crate::base::{CallId, Delay, Duration, Time};
use crate::oauth::{Failure, Token};
use crate::retry::{BreakerState, TokenGuard};

use super::party::{Alarm, AtNode, NodeHost};
use super::{Asker, Memory as _, Phase, Strategy};

/// What a node remembers of its token requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GuardState {
    breaker: BreakerState,
    /// No request before this.
    rests_until: Time,
    /// What the last one failed with.
    why: Option<Failure>,
    /// Its grant has been refused, and nobody has logged in since.
    logged_out: bool,
    /// Numbers of the node's own requests that were not made, and of which it has not heard yet.
    withheld: u32,
}

impl GuardState {
    fn allows(&mut self, guard: &TokenGuard, now: Time) -> bool {
        !self.logged_out
            && now >= self.rests_until
            && guard
                .breaker
                .is_none_or(|breaker| breaker.allows(&mut self.breaker, now))
    }

    fn succeeded(&mut self) {
        *self = Self {
            withheld: self.withheld,
            ..Self::default()
        };
    }

    /// A request has failed; `asked` is how long the server has asked to wait.
    fn failed(&mut self, guard: &TokenGuard, why: Failure, asked: Duration, now: Time) {
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
    }
}

impl<S: Strategy> AtNode<'_, S> {
    /// Whether the node makes a token request; one that it does not make fails at once.
    #[cold]
    #[inline(never)]
    pub(super) fn withholds(&mut self, asker: Asker, key: u64, host: &mut impl NodeHost<S::Node>) -> bool {
        let (Some(guard), Some(state)) = (&self.policy.guard, self.tables.guards.get_mut(self.id.index())) else {
            return false;
        };
        if state.allows(guard, host.now()) {
            return false;
        }
        match asker {
            Asker::Call(ticket) => self.calls.get_mut(ticket.call).phase = Phase::Withheld,
            Asker::Node { number, .. } => state.withheld |= 1 << number,
        }
        host.wake(Delay::NONE, key, Alarm::TokenTimedOut { asker });
        true
    }

    /// Nobody has answered a token request of `call`, or of the node: why, as far as the node knows.
    #[cold]
    #[inline(never)]
    pub(super) fn unanswered(&mut self, asker: Asker, call: Option<CallId>, late: bool, now: Time) -> Failure {
        let (Some(guard), Some(state)) = (&self.policy.guard, self.tables.guards.get_mut(self.id.index())) else {
            return Failure::Unknown;
        };
        let was_withheld = match (asker, call) {
            (Asker::Node { number, .. }, _) => {
                let bit = 1 << number;
                let was = state.withheld & bit != 0;
                state.withheld &= !bit;
                was
            }
            (Asker::Call(_), Some(call)) => self.calls.get(call).phase == Phase::Withheld,
            (Asker::Call(_), None) => false,
        };
        if was_withheld {
            return state.why.unwrap_or(Failure::Unreachable);
        }
        if !late {
            state.failed(guard, Failure::Unknown, Duration::ZERO, now);
        }
        Failure::Unknown
    }

    /// The token endpoint has answered: with a failure, or with a token.
    #[cold]
    #[inline(never)]
    pub(super) fn note_token_answer(&mut self, failure: Option<Failure>, now: Time) {
        let (Some(guard), Some(state)) = (&self.policy.guard, self.tables.guards.get_mut(self.id.index())) else {
            return;
        };
        match failure {
            None => state.succeeded(),
            Some(why) => {
                let asked = match why {
                    Failure::Throttled { retry_after } if self.policy.obey_retry_after => retry_after.into(),
                    _ => Duration::ZERO,
                };
                state.failed(guard, why, asked, now);
            }
        }
    }

    /// A call is to fail this try for want of a token: it is, unless the node has one that it may be sent with all the same.
    pub(super) fn fail_or_send(&mut self, call: CallId, why: Failure, host: &mut impl NodeHost<S::Node>) {
        match self.stale_for(call) {
            Some(token) => self.attempt(call, token, host),
            None => self.attempt_failed(call, why, host),
        }
    }

    fn stale_for(&self, call: CallId) -> Option<Token> {
        self.policy.guard.filter(|guard| guard.use_stale)?;
        let last = self.state.memory.credential()?;
        (self.calls.get(call).token != Some(last)).then_some(last)
    }
}
