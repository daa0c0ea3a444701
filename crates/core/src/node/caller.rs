//! The caller: drives each call of a node through its attempts, as the call policy says.
//!
//! The strategy decides with which token; the caller decides whether and when. Tries are counted per call, and a try may end
//! at the API, at the token endpoint, at the store or at the gateway.

use crate::base::{CallId, Delay, Duration, Group, Millis, Time};
use crate::oauth::{At, Failure, Perceived, Reply, Token};
use crate::retry::FailureKind;
use crate::trace::{CallOutcome, Event, FailedBy};

use super::call::CallMarks;
use super::party::{Alarm, AtNode, NodeHost, Sends};
use super::{DelayPlace, Input, Phase, Steps, Strategy, Ticket, Unretried};

impl<S: Strategy> AtNode<'_, S> {
    /// A call arrives; a node that is down takes none. The node has [not heard](AtNode::admit) of it yet.
    #[inline(always)]
    pub fn arrive(&mut self, group: Group, draw_key: u32, host: &mut impl NodeHost<S::Node>) -> Option<CallId> {
        if !self.state.up {
            return None;
        }
        let node = self.id;
        host.note(|| Event::CallArrived { node, group });
        Some(self.calls.insert(host.now(), node, group, draw_key))
    }

    /// The node hears of a call that has arrived.
    #[inline]
    pub fn admit(&mut self, call: CallId, host: &mut impl NodeHost<S::Node>) {
        if self.lets_in(call, host) {
            self.offer(call, host);
        }
    }

    /// Whether breaker and throttle let a new call be tried; else it has ended. It pays into the budget.
    #[inline]
    pub(super) fn lets_in(&mut self, call: CallId, host: &mut impl NodeHost<S::Node>) -> bool {
        let now = host.now();
        if let Some(retries) = self.tables.retries.get_mut(self.id.index()) {
            if let (Some(budget), Some(permits)) = (&self.policy.budget, &mut retries.budget) {
                budget.deposit(permits);
            }
            if let Some(breaker) = &self.policy.breaker
                && !breaker.allows(&mut retries.breaker, now)
            {
                self.end(call, CallOutcome::Broken, FailedBy::Nothing, host);
                return false;
            }
        }
        if self.is_throttled(call, host) {
            self.end(call, CallOutcome::Broken, FailedBy::Nothing, host);
            return false;
        }
        true
    }

    /// A call that has arrived waits for a node that stands still; the ticket wakes it as the end of a backoff does.
    pub fn keep_unheard(&mut self, call: CallId) -> Ticket {
        self.calls.get_mut(call).phase = Phase::Unheard;
        self.calls.ticket(call)
    }

    /// Whether the node refuses a try of its own.
    #[inline(always)]
    pub(super) fn is_throttled(&mut self, call: CallId, host: &mut impl NodeHost<S::Node>) -> bool {
        self.policy.throttle.is_some() && self.throttles(call, host)
    }

    /// Refuses a try by the chance that the node's throttle gives it.
    #[inline(never)]
    fn throttles(&mut self, call: CallId, host: &mut impl NodeHost<S::Node>) -> bool {
        let (Some(throttle), Some(retries)) = (&self.policy.throttle, self.tables.retries.get_mut(self.id.index()))
        else {
            return false;
        };
        let chance = throttle.refusal(&mut retries.throttle, host.now());
        // Not the key of the attempt's own chances, or what is let through would be lucky.
        host.hit(chance, u64::from(self.calls.get(call).next_draw_key()) | 1 << 32)
    }

    /// Sends a call to the API, unless a wait is due first.
    #[inline]
    pub(super) fn attempt(&mut self, id: CallId, token: Token, host: &mut impl NodeHost<S::Node>) {
        let call = self.calls.get_mut(id);
        call.token = Some(token);
        if call.marks.take(CallMarks::OWES_DELAY) {
            self.wait_first(id, host);
        } else {
            self.send_attempt(id, token, host);
        }
    }

    #[cold]
    fn wait_first(&mut self, id: CallId, host: &mut impl NodeHost<S::Node>) {
        let delay = self.backoff(id, Millis::ZERO);
        self.wait(id, delay, Phase::BackoffThenSend, host);
    }

    #[inline]
    pub(super) fn send_attempt(&mut self, id: CallId, token: Token, host: &mut impl NodeHost<S::Node>) {
        let call = self.calls.get_mut(id);
        let (ticket, before) = (call.ticket(id), call.attempts);
        call.attempt_leaves();
        let (node, group, draw_key) = (self.id, call.group, call.next_draw_key());
        let repeat = before > self.calls.spent(id).attempts;
        host.note(|| Event::AttemptSent {
            node,
            group,
            token,
            repeat,
        });
        let key = u64::from(draw_key);
        host.send(
            key,
            Sends::Api {
                ticket,
                token,
                draw_key,
            },
        );
        self.limit(ticket, key, host);
    }

    #[inline]
    pub(super) fn limit(&mut self, ticket: Ticket, key: u64, host: &mut impl NodeHost<S::Node>) {
        if let Some(timeout) = self.policy.timeout {
            host.wake(Delay::exactly(timeout), key, Alarm::AttemptTimedOut { ticket });
        }
    }

    /// The API's answer reaches the node.
    #[inline(always)] // Called in one place of an engine.
    pub(super) fn api_answered(
        &mut self,
        ticket: Ticket,
        token: Token,
        reply: Reply<()>,
        host: &mut impl NodeHost<S::Node>,
    ) {
        let Some(call) = self.calls.holder(ticket) else { return };
        let Reply::Refused { kind, wait } = reply else {
            let (now, paid_after) = (host.now(), call.paid_after);
            let forwarded = call.is_forwarded();
            let late = call.is_overdue(now, self.tables.patience[usize::from(call.group.0)]);
            self.note_success(paid_after, now);
            if self.is_of_job(ticket.call) && self.goes_on(ticket.call, Some(token), host) {
                return;
            }
            match (forwarded, late) {
                (true, _) => self.answer(ticket.call, true, host),
                (false, false) => self.end(ticket.call, CallOutcome::Succeeded, FailedBy::Nothing, host),
                (false, true) => self.end(ticket.call, CallOutcome::Late, FailedBy::Nothing, host),
            }
            return;
        };
        match self.policy.perceptions.of(At::Api, kind) {
            Perceived::Rejected => self.rejected(ticket.call, token, host),
            // An error that the node takes for a success.
            Perceived::Success => {
                let paid_after = self.calls.get(ticket.call).paid_after;
                self.note_success(paid_after, host.now());
                self.give_up(ticket.call, CallOutcome::Misread, FailedBy::Nothing, host);
            }
            other => self.attempt_failed(ticket.call, At::Api, other.failure(wait), host),
        }
    }

    /// A success ends the node's row of failures.
    #[inline]
    pub(super) fn note_success(&mut self, paid_after: Option<FailureKind>, now: Time) {
        if let Some(retries) = self.tables.retries.get_mut(self.id.index()) {
            retries.step = 0;
            retries.previous = Duration::ZERO;
            if let Some(breaker) = &self.policy.breaker {
                breaker.succeeded(&mut retries.breaker);
            }
            if let (Some(budget), Some(permits)) = (&self.policy.budget, &mut retries.budget) {
                budget.reward(permits, paid_after);
            }
            if let Some(throttle) = &self.policy.throttle {
                throttle.accepted(&mut retries.throttle, now);
            }
        }
    }

    #[inline]
    fn rejected(&mut self, id: CallId, token: Token, host: &mut impl NodeHost<S::Node>) {
        let call = self.calls.get_mut(id);
        call.count_rejection(false);
        let again = call.marks.has(CallMarks::HEARD_REJECTION);
        call.marks.set(CallMarks::HEARD_REJECTION);
        self.note_answer(host.now());
        let Some(()) = self.may_retry(id, FailureKind::Answered, FailedBy::RefusedToken, host) else {
            // Its call is over, but the node has learnt that the token is dead.
            if self.policy.unretried == Unretried::Drop {
                self.react(Input::Rejected { call: None, token }, host);
            }
            return;
        };
        // The attempt has been answered: its time-out must not strike while the call waits for a token.
        let call = self.calls.get_mut(id);
        call.ticket(id);
        call.token = Some(token);
        if self.is_held_up(id) {
            return;
        }
        if again || self.policy.delay_first {
            match self.policy.place {
                DelayPlace::BeforeRenewal => {
                    let delay = self.backoff(id, Millis::ZERO);
                    if delay != Delay::NONE {
                        self.wait(id, delay, Phase::BackoffThenRejected, host);
                        self.begin_hold(id);
                        return;
                    }
                }
                DelayPlace::AfterRenewal => self.calls.get_mut(id).marks.set(CallMarks::OWES_DELAY),
                DelayPlace::Nowhere => {}
            }
        }
        self.calls.get_mut(id).phase = Phase::Waiting;
        self.react(Input::Rejected { call: Some(id), token }, host);
    }

    /// The wait that the policy asks for after the latest failure.
    #[inline]
    pub(super) fn backoff(&self, id: CallId, retry_after: Millis) -> Delay {
        let (step, previous) = match (self.policy.steps, self.tables.retries.get(self.id.index())) {
            (Steps::PerNode, Some(retries)) => (retries.step, retries.previous),
            _ => {
                let tries = self.calls.get(id).tries - self.calls.spent(id).tries;
                (tries, self.calls.waited(id))
            }
        };
        self.policy.delay(u32::from(step), previous, retry_after)
    }

    pub(super) fn wait(&mut self, id: CallId, delay: Delay, then: Phase, host: &mut impl NodeHost<S::Node>) {
        let ticket = self.calls.ticket(id);
        let key = self.calls.get(id).next_draw_key().into();
        let drawn = host.wake(delay, key, Alarm::BackoffOver { ticket });
        self.calls.get_mut(id).phase = then;
        if self.policy.retry.looks_back() {
            self.calls.remember_wait(id, drawn);
            if let Some(retries) = self.tables.retries.get_mut(self.id.index()) {
                retries.previous = drawn;
            }
        }
    }

    pub(super) fn backoff_over(&mut self, ticket: Ticket, host: &mut impl NodeHost<S::Node>) {
        let Some(call) = self.calls.holder(ticket) else { return };
        let (id, phase, token) = (ticket.call, call.phase, call.token);
        call.phase = Phase::Waiting;
        match (phase, token) {
            (Phase::Unheard, _) => self.admit(id, host),
            (Phase::BackoffThenSend, Some(token)) => self.send_in_turn(id, token, host),
            (Phase::Between, token) => self.begin_next(id, token, host),
            (Phase::BackoffThenRejected, Some(token)) => {
                let held = self.end_hold(id);
                self.react(Input::Rejected { call: Some(id), token }, host);
                self.release(held, host);
            }
            _ => self.offer(id, host),
        }
    }

    pub(super) fn attempt_timed_out(&mut self, ticket: Ticket, host: &mut impl NodeHost<S::Node>) {
        let Some(call) = self.calls.holder(ticket) else { return };
        let why = match call.phase {
            Phase::Forwarded => Failure::Unreachable,
            _ => Failure::Unknown,
        };
        if why == Failure::Unreachable {
            host.hang_up(self.calls, ticket.call);
        }
        self.attempt_failed(ticket.call, At::Api, why, host);
    }

    /// The call is over; `by` is what failed its last try.
    #[inline]
    pub fn end(&mut self, id: CallId, outcome: CallOutcome, by: FailedBy, host: &mut impl NodeHost<S::Node>) {
        let call = self.calls.remove(id);
        host.note(|| Event::CallEnded {
            node: call.node,
            group: call.group,
            arrived: call.arrived,
            outcome,
            by,
            attempts: call.attempts,
            rejections: call.rejections,
            first_rejected: call.marks.has(CallMarks::FIRST_REJECTED),
            rejected_in_flight: call.marks.has(CallMarks::REJECTED_IN_FLIGHT),
        });
    }
}
