//! What a node does about a token endpoint that fails, by its [guard](crate::retry::TokenGuard): token requests that are not made, and calls that are
//! sent with what there is.
//!
//! A request that is withheld fails in the same instant, but by an alarm: a strategy hears of it as of any other failure, after it has
//! said what it had to say.

use crate::base::{CallId, Delay, Duration, Time};
use crate::oauth::{At, Failure, Token};

use super::party::{Alarm, AtNode, NodeHost};
use super::{Asker, Memory as _, Phase, Strategy};

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
        match late {
            true => Failure::Unknown,
            false => state.failed(guard, Failure::Unknown, Duration::ZERO, now),
        }
    }

    /// The token endpoint has answered with a token, or a user has logged in.
    #[cold]
    #[inline(never)]
    pub(super) fn note_token(&mut self) {
        if let (Some(_), Some(state)) = (&self.policy.guard, self.tables.guards.get_mut(self.id.index())) {
            state.succeeded();
        }
    }

    /// The token endpoint has answered with a failure: what the node takes it for.
    #[cold]
    #[inline(never)]
    pub(super) fn note_token_failure(&mut self, why: Failure, now: Time) -> Failure {
        let (Some(guard), Some(state)) = (&self.policy.guard, self.tables.guards.get_mut(self.id.index())) else {
            return why;
        };
        let asked = match why {
            Failure::Throttled { retry_after } if self.policy.obey_retry_after => retry_after.into(),
            _ => Duration::ZERO,
        };
        state.failed(guard, why, asked, now)
    }

    /// A call is to fail this try for want of a token: it is, unless the node has one that it may be sent with all the same.
    pub(super) fn fail_or_send(&mut self, call: CallId, why: Failure, host: &mut impl NodeHost<S::Node>) {
        match self.stale_for(call) {
            Some(token) => self.attempt(call, token, host),
            None => self.attempt_failed(call, At::Token, why, host),
        }
    }

    fn stale_for(&self, call: CallId) -> Option<Token> {
        self.policy.guard.filter(|guard| guard.use_stale)?;
        let last = self.state.memory.credential()?;
        (self.calls.get(call).token != Some(last)).then_some(last)
    }
}
