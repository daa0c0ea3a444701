//! Calls that a node hands to the gateway, and how the gateway serves them: the two ends of one connection.

use crate::base::CallId;
use crate::trace::{CallOutcome, FailedBy};

use super::party::{AtNode, NodeHost, Sends};
use super::{Phase, Strategy, Ticket};

impl<S: Strategy> AtNode<'_, S> {
    /// Hands a call over to the gateway.
    pub(super) fn forward(&mut self, id: CallId, host: &mut impl NodeHost<S::Node>) {
        let ticket = self.calls.ticket(id);
        let call = self.calls.get_mut(id);
        call.phase = Phase::Forwarded;
        let key = call.next_draw_key().into();
        host.send(key, Sends::Forward { ticket });
        self.limit(ticket, key, host);
    }

    /// A call that another node has handed over is served.
    pub(super) fn serve_forwarded(&mut self, call: CallId, host: &mut impl NodeHost<S::Node>) {
        let now = host.now();
        if let Some(retries) = self.tables.retries.get_mut(self.id.index()) {
            if let Some(breaker) = &self.policy.breaker
                && !breaker.allows(&mut retries.breaker, now)
            {
                self.answer(call, false, host);
                return;
            }
            // The gateway pays for the retries of the calls that it makes, so it also earns by them.
            if let (Some(budget), Some(permits)) = (&self.policy.budget, &mut retries.budget) {
                budget.deposit(permits);
            }
        }
        self.offer(call, host);
    }

    /// Answers the node that has handed a call over.
    pub(super) fn answer(&mut self, call: CallId, succeeded: bool, host: &mut impl NodeHost<S::Node>) {
        let key = self.calls.get(call).next_draw_key().into();
        host.answer(key, self.calls, call, succeeded);
    }

    /// Nobody waits for this forwarded call any more: it is served no further.
    pub(super) fn drop_forwarded(&mut self, call: CallId, host: &mut impl NodeHost<S::Node>) {
        self.calls.withdraw(&mut self.state.parked, call);
        let held = self.leave_hold(call);
        self.calls.remove(call);
        self.release(held, host);
    }

    /// The gateway's answer reaches the call's origin.
    pub(super) fn forward_answered(&mut self, ticket: Ticket, succeeded: bool, host: &mut impl NodeHost<S::Node>) {
        let now = host.now();
        let Some(call) = self.calls.holder(ticket) else { return };
        let overdue = call.is_overdue(now, self.tables.patience[usize::from(call.group.0)]);
        if succeeded {
            self.note_success(None, now);
            // The token is the gateway's.
            if self.is_of_job(ticket.call) && self.goes_on(ticket.call, None, host) {
                return;
            }
        }
        // The gateway has already retried as often as the policy allows.
        let outcome = match (succeeded, overdue) {
            (true, false) => CallOutcome::Succeeded,
            (true, true) => CallOutcome::Late,
            (false, _) => CallOutcome::GaveUp,
        };
        let by = match succeeded {
            true => FailedBy::Nothing,
            false => FailedBy::Unreachable,
        };
        self.end(ticket.call, outcome, by, host);
    }
}
