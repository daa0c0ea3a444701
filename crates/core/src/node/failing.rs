//! What becomes of a call whose try has failed: another try, as the call policy allows it, or its end.

use crate::base::{CallId, Millis, Time};
use crate::oauth::{At, Failure};
use crate::retry::FailureKind;
use crate::trace::{CallOutcome, FailedBy};

use super::party::{AtNode, NodeHost};
use super::{Phase, Strategy};

impl<S: Strategy> AtNode<'_, S> {
    /// A try has failed for another reason than its token.
    pub(super) fn attempt_failed(&mut self, id: CallId, at: At, why: Failure, host: &mut impl NodeHost<S::Node>) {
        let by = FailedBy::of(at, why);
        let kind = match why {
            Failure::Throttled { .. } => FailureKind::Throttled,
            Failure::Unknown => FailureKind::Unanswered,
            _ => FailureKind::Answered,
        };
        let retry_after = match why {
            Failure::Refused => {
                self.give_up(id, CallOutcome::Refused, by, host);
                return;
            }
            Failure::InvalidGrant => {
                self.give_up(id, CallOutcome::LoggedOut, by, host);
                host.login_needed(&self.state.memory);
                return;
            }
            Failure::Throttled { retry_after } => retry_after,
            Failure::Unknown | Failure::ServerError | Failure::Unreachable => Millis::ZERO,
        };
        let Some(()) = self.may_retry(id, kind, by, host) else {
            return;
        };
        let delay = self.backoff(id, retry_after);
        let then = match at == At::Api && self.keeps_token(self.calls.get(id)) {
            true => Phase::BackoffThenSend,
            false => Phase::BackoffThenCall,
        };
        self.wait(id, delay, then, host);
    }

    /// The API has answered, and refused the token: it is not what keeps the node from being served.
    #[inline]
    pub(super) fn note_answer(&mut self, now: Time) {
        if let Some(throttle) = &self.policy.throttle
            && let Some(retries) = self.tables.retries.get_mut(self.id.index())
        {
            throttle.accepted(&mut retries.throttle, now);
        }
    }

    /// Counts a try that has failed `by` something, and ends the call if it has no other.
    #[inline]
    pub(super) fn may_retry(
        &mut self,
        id: CallId,
        after: FailureKind,
        by: FailedBy,
        host: &mut impl NodeHost<S::Node>,
    ) -> Option<()> {
        let now = host.now();
        let call = self.calls.get_mut(id);
        call.tries = call.tries.saturating_add(1);
        let (call, spent) = (*call, self.calls.spent(id));
        let tries = call.tries.saturating_sub(spent.tries);
        let overdue = call.is_overdue(now, self.tables.patience[usize::from(call.group.0)]);
        let enough = self.policy.again.is_some_and(|again| !again.allows(&call, spent));
        let ends = if by == FailedBy::RefusedToken && self.fails_when_refused(&call) {
            Some(CallOutcome::NotRenewed)
        } else if enough || !self.policy.retry.attempts().allow_another(u32::from(tries)) {
            Some(CallOutcome::GaveUp)
        } else if overdue {
            Some(CallOutcome::Impatient)
        } else {
            None
        };
        // Most policies remember nothing of a node.
        let ends = match self.tables.retries.is_empty() {
            true => ends,
            false => self.node_retries(id, ends, after, by == FailedBy::RefusedToken, host),
        };
        match ends {
            None => Some(()),
            Some(end) => {
                self.give_up(id, end, by, host);
                None
            }
        }
    }

    /// What breaker, budget and throttle of the node say of another try of a call, which `ends` already or goes on. The breaker hears
    /// of every failure.
    #[inline(never)]
    fn node_retries(
        &mut self,
        id: CallId,
        ends: Option<CallOutcome>,
        after: FailureKind,
        refused: bool,
        host: &mut impl NodeHost<S::Node>,
    ) -> Option<CallOutcome> {
        let now = host.now();
        let retries = self.tables.retries.get_mut(self.id.index())?;
        retries.step = retries.step.saturating_add(1);
        let mut open = false;
        if let Some(breaker) = &self.policy.breaker {
            open = if refused && !breaker.refused_tokens {
                breaker.is_shut(&retries.breaker, now)
            } else {
                breaker.failed(&mut retries.breaker, now);
                !breaker.allows(&mut retries.breaker, now)
            };
        }
        if ends.is_some() {
            return ends;
        }
        if open {
            return Some(CallOutcome::Broken);
        }
        if let (Some(budget), Some(permits)) = (&self.policy.budget, &mut retries.budget)
            && !budget.withdraw(permits, after, now)
        {
            return Some(CallOutcome::OutOfBudget);
        }
        let refunds = self.policy.budget.is_some_and(|budget| budget.refund);
        self.calls.get_mut(id).paid_after = refunds.then_some(after);
        self.is_throttled(id, host).then_some(CallOutcome::Broken)
    }

    #[inline]
    pub(super) fn give_up(
        &mut self,
        id: CallId,
        outcome: CallOutcome,
        by: FailedBy,
        host: &mut impl NodeHost<S::Node>,
    ) {
        if self.calls.get(id).is_forwarded() {
            self.answer(id, false, host);
        } else {
            self.end(id, outcome, by, host);
        }
    }
}
