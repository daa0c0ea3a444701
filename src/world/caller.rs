//! The caller: drives each call through its attempts, as the retry policy says.
//!
//! The strategy decides with which token; the caller decides whether and when. Tries are counted per call, and a try may end
//! at the API, at the token endpoint, at the store or at the gateway.

use crate::base::{CallId, Delay, Group, Millis, NodeId, Time};
use crate::node::{Input, Strategy};
use crate::oauth::{Failure, Grant, Token, Verdict};
use crate::provider::Rule;
use crate::retry::FailureKind;
use crate::trace::{CallOutcome, Event};

use super::World;
use super::call::Phase;
use super::host::Host;
use super::message::{Asker, Leg, Message, Stage, Ticket};
use super::policy::{DelayPlace, Steps};

impl<S: Strategy, R: Rule> World<S, R> {
    /// A call arrives at a node; one that is down takes none.
    #[inline(always)]
    pub(super) fn arrive(&mut self, id: NodeId, group: Group, draw_key: u32, host: &mut impl Host) {
        let now = host.now();
        if !self.nodes[id.index()].up {
            return;
        }
        host.note(|| Event::CallArrived { node: id, group });
        let seat = self.calls.insert(now, id, group, draw_key);
        if self.disturbance.is_any() && self.disturbance.is_paused(id) {
            let call = self.calls.get_mut(seat);
            call.phase = Phase::Unheard;
            let ticket = self.calls.ticket(seat);
            self.disturbance.hold(id, Message::BackoffOver { ticket });
            return;
        }
        self.admit(seat, host);
    }

    /// The node hears of a call that has arrived.
    #[inline]
    fn admit(&mut self, seat: CallId, host: &mut impl Host) {
        let id = self.calls.get(seat).origin;
        let now = host.now();
        if let Some(retries) = self.retries.get_mut(id.index()) {
            if let (Some(budget), Some(permits)) = (&self.policy.budget, &mut retries.budget) {
                budget.deposit(permits);
            }
            if let Some(breaker) = &self.policy.breaker
                && !breaker.allows(&mut retries.breaker, now)
            {
                self.end(seat, CallOutcome::Broken, host);
                return;
            }
        }
        if self.is_throttled(id, self.calls.get(seat).next_draw_key(), host) {
            self.end(seat, CallOutcome::Broken, host);
            return;
        }
        self.hear(id, Input::Call { call: seat }, host);
    }

    /// Whether the node refuses a try of its own, by the chance that its throttle gives it.
    fn is_throttled(&mut self, id: NodeId, draw_key: u32, host: &mut impl Host) -> bool {
        let (Some(throttle), Some(retries)) = (&self.policy.throttle, self.retries.get_mut(id.index())) else {
            return false;
        };
        let chance = throttle.refusal(&mut retries.throttle, host.now());
        // Not the key of the attempt's own chances, or what is let through would be lucky.
        host.hit(chance, u64::from(draw_key) | 1 << 32)
    }

    /// Sends a call to the API, unless a wait is due first.
    #[inline]
    pub(super) fn attempt(&mut self, seat: CallId, token: Token, host: &mut impl Host) {
        let call = self.calls.get_mut(seat);
        call.token = Some(token);
        if std::mem::take(&mut call.owes_delay) {
            let delay = self.backoff(seat, Millis::ZERO);
            self.wait(seat, delay, Phase::BackoffThenSend, host);
        } else {
            self.send_attempt(seat, token, host);
        }
    }

    #[inline]
    fn send_attempt(&mut self, seat: CallId, token: Token, host: &mut impl Host) {
        let live = self.provider.ledger.is_live(token, host.now());
        let ticket = self.calls.ticket(seat);
        let call = self.calls.get_mut(seat);
        let repeat = call.attempts > 0;
        call.attempts = call.attempts.saturating_add(1);
        call.phase = Phase::InFlight;
        let (node, group, draw_key) = (call.at, call.group, call.next_draw_key());
        let key = u64::from(draw_key);
        host.note(|| Event::AttemptSent {
            node,
            group,
            token,
            repeat,
        });
        host.send(
            Leg::ApiRequest,
            key,
            Message::ApiRequest {
                stage: Stage::Arrived,
                ticket,
                node,
                token,
                live,
                draw_key,
            },
        );
        self.limit(ticket, key, host);
    }

    #[inline]
    fn limit(&mut self, ticket: Ticket, key: u64, host: &mut impl Host) {
        if let Some(timeout) = self.policy.timeout {
            host.wake(Delay::exactly(timeout), key, Message::AttemptTimedOut { ticket });
        }
    }

    /// The API's answer reaches the node.
    #[inline(always)] // Called in one place of an engine.
    pub(super) fn api_response(&mut self, ticket: Ticket, token: Token, verdict: Verdict, host: &mut impl Host) {
        if self.calls.holder(ticket).is_none() {
            return;
        }
        match verdict {
            Verdict::Accepted => self.succeed(ticket.call, host),
            Verdict::Rejected => self.rejected(ticket.call, token, host),
            Verdict::Misread => {
                self.note_success(ticket.call, host.now());
                self.give_up(ticket.call, CallOutcome::Misread, host);
            }
            Verdict::Failed(why) => self.attempt_failed(ticket.call, why, host),
        }
    }

    #[inline]
    fn succeed(&mut self, seat: CallId, host: &mut impl Host) {
        self.note_success(seat, host.now());
        let call = self.calls.get(seat);
        if call.at == call.origin {
            let late = call.is_overdue(host.now(), self.patience(call.group));
            let outcome = if late {
                CallOutcome::Late
            } else {
                CallOutcome::Succeeded
            };
            self.end(seat, outcome, host);
        } else {
            self.answer_origin(seat, true, host);
        }
    }

    /// A success ends a node's row of failures.
    #[inline]
    fn note_success(&mut self, seat: CallId, now: Time) {
        let call = self.calls.get(seat);
        self.note_success_at(call.at, call.paid_after, now);
    }

    #[inline]
    fn note_success_at(&mut self, id: NodeId, paid_after: Option<FailureKind>, now: Time) {
        if let Some(retries) = self.retries.get_mut(id.index()) {
            retries.step = 0;
            retries.previous = Millis::ZERO;
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
    fn rejected(&mut self, seat: CallId, token: Token, host: &mut impl Host) {
        let id = self.calls.get(seat).at;
        let Some(()) = self.may_retry(seat, FailureKind::Answered, host) else {
            // Its call is over, but the node has learnt that the token is dead.
            self.hear(id, Input::Refused { token }, host);
            return;
        };
        // The attempt has been answered: its time-out must not strike while the call waits for a token.
        self.calls.ticket(seat);
        let call = self.calls.get_mut(seat);
        call.token = Some(token);
        let wait_is_due = call.rejections > 1 || self.policy.delay_first;
        if wait_is_due {
            match self.policy.place {
                DelayPlace::BeforeRenewal => {
                    let delay = self.backoff(seat, Millis::ZERO);
                    if delay != Delay::NONE {
                        self.wait(seat, delay, Phase::BackoffThenRejected, host);
                        return;
                    }
                }
                DelayPlace::AfterRenewal => self.calls.get_mut(seat).owes_delay = true,
            }
        }
        self.calls.get_mut(seat).phase = Phase::Waiting;
        self.hear(id, Input::Rejected { call: seat, token }, host);
    }

    /// A try has failed for another reason than its token.
    pub(super) fn attempt_failed(&mut self, seat: CallId, why: Failure, host: &mut impl Host) {
        let setback = match why {
            Failure::Throttled { .. } => FailureKind::Throttled,
            Failure::Unknown => FailureKind::Unanswered,
            _ => FailureKind::Answered,
        };
        let retry_after = match why {
            Failure::Refused => {
                self.give_up(seat, CallOutcome::Refused, host);
                return;
            }
            Failure::InvalidGrant => {
                let at = self.calls.get(seat).at;
                self.give_up(seat, CallOutcome::LoggedOut, host);
                self.ask_for_login(at, host);
                return;
            }
            Failure::Throttled { retry_after } => retry_after,
            Failure::Unknown | Failure::ServerError | Failure::Unreachable => Millis::ZERO,
        };
        let Some(()) = self.may_retry(seat, setback, host) else {
            return;
        };
        let delay = self.backoff(seat, retry_after);
        self.wait(seat, delay, Phase::BackoffThenCall, host);
    }

    /// Counts a failed try, and ends the call if it has no other.
    #[inline]
    fn may_retry(&mut self, seat: CallId, after: FailureKind, host: &mut impl Host) -> Option<()> {
        let now = host.now();
        let call = self.calls.get_mut(seat);
        call.tries = call.tries.saturating_add(1);
        let (tries, overdue) = (
            call.tries,
            call.is_overdue(now, self.patience[usize::from(call.group.0)]),
        );
        let mut open = false;
        let mut retries = self.retries.get_mut(call.at.index());
        if let Some(retries) = &mut retries {
            retries.step = retries.step.saturating_add(1);
            if let Some(breaker) = &self.policy.breaker {
                breaker.failed(&mut retries.breaker, now);
                open = !breaker.allows(&mut retries.breaker, now);
            }
        }
        let permits = retries.and_then(|retries| retries.budget.as_mut());
        let end = if !self.policy.retry.attempts().allow_another(u32::from(tries)) {
            CallOutcome::GaveUp
        } else if overdue {
            CallOutcome::Impatient
        } else if open {
            CallOutcome::Broken
        } else if let (Some(budget), Some(permits)) = (&self.policy.budget, permits)
            && !budget.withdraw(permits, after, now)
        {
            CallOutcome::OutOfBudget
        } else {
            let refunds = self.policy.budget.is_some_and(|budget| budget.refund);
            let call = self.calls.get_mut(seat);
            call.paid_after = refunds.then_some(after);
            let (id, draw_key) = (call.at, call.next_draw_key());
            if !self.is_throttled(id, draw_key, host) {
                return Some(());
            }
            CallOutcome::Broken
        };
        self.give_up(seat, end, host);
        None
    }

    #[inline]
    fn give_up(&mut self, seat: CallId, outcome: CallOutcome, host: &mut impl Host) {
        let call = self.calls.get(seat);
        if call.at == call.origin {
            self.end(seat, outcome, host);
        } else {
            self.answer_origin(seat, false, host);
        }
    }

    /// The wait that the policy asks for after the latest failure.
    fn backoff(&self, seat: CallId, retry_after: Millis) -> Delay {
        let call = self.calls.get(seat);
        let (step, previous) = match self.policy.steps {
            Steps::PerCall => (call.tries, call.previous),
            Steps::PerNode => {
                let retries = &self.retries[call.at.index()];
                (retries.step, retries.previous)
            }
        };
        self.policy.delay(u32::from(step), previous, retry_after)
    }

    fn wait(&mut self, seat: CallId, delay: Delay, then: Phase, host: &mut impl Host) {
        let ticket = self.calls.ticket(seat);
        let drawn = host.wake(
            delay,
            self.calls.get(seat).next_draw_key().into(),
            Message::BackoffOver { ticket },
        );
        let call = self.calls.get_mut(seat);
        call.phase = then;
        call.previous = drawn.into();
        if let Some(retries) = self.retries.get_mut(call.at.index()) {
            retries.previous = drawn.into();
        }
    }

    pub(super) fn backoff_over(&mut self, ticket: Ticket, host: &mut impl Host) {
        let Some(call) = self.calls.holder(ticket) else { return };
        let (seat, id, phase, token) = (ticket.call, call.at, call.phase, call.token);
        call.phase = Phase::Waiting;
        match (phase, token) {
            (Phase::Unheard, _) => self.admit(seat, host),
            (Phase::BackoffThenSend, Some(token)) => self.send_attempt(seat, token, host),
            (Phase::BackoffThenRejected, Some(token)) => self.hear(id, Input::Rejected { call: seat, token }, host),
            _ => self.hear(id, Input::Call { call: seat }, host),
        }
    }

    pub(super) fn attempt_timed_out(&mut self, ticket: Ticket, host: &mut impl Host) {
        if self.calls.holder(ticket).is_some() {
            self.call_home(ticket.call);
            self.attempt_failed(ticket.call, Failure::Unknown, host);
        }
    }

    /// A token response reaches its node.
    #[inline]
    pub(super) fn token_response(
        &mut self,
        id: NodeId,
        epoch: u8,
        asker: Asker,
        answer: Result<Grant, Failure>,
        host: &mut impl Host,
    ) {
        let node = &mut self.nodes[id.index()];
        if node.epoch != epoch {
            return;
        }
        let (call, late) = match asker {
            Asker::Call(ticket) => {
                let waiting = self.calls.holder(ticket).map(|_| ticket.call);
                (waiting, waiting.is_none())
            }
            Asker::Node(number) => {
                let waiting = node.asked & (1 << number) != 0;
                node.asked &= !(1 << number);
                (None, !waiting)
            }
        };
        if host.wants_details() {
            host.note(|| Event::TokenHeard { node: id, late });
        }
        match answer {
            Ok(grant) => self.hear(id, Input::Token { call, grant, late }, host),
            // A failure that nobody waits for is no news.
            Err(_) if late => {}
            Err(why) => self.hear(id, Input::TokenFailed { call, why }, host),
        }
    }

    pub(super) fn token_timed_out(&mut self, id: NodeId, epoch: u8, asker: Asker, host: &mut impl Host) {
        let node = &mut self.nodes[id.index()];
        if node.epoch != epoch {
            return;
        }
        let call = match asker {
            Asker::Call(ticket) => match self.calls.holder(ticket) {
                Some(_) => {
                    // From here on its answer is late.
                    self.calls.ticket(ticket.call);
                    Some(ticket.call)
                }
                None => return,
            },
            Asker::Node(number) if node.asked & (1 << number) != 0 => {
                node.asked &= !(1 << number);
                None
            }
            Asker::Node(_) => return,
        };
        if host.wants_details() {
            host.note(|| Event::TokenHeard { node: id, late: false });
        }
        let why = Failure::Unknown;
        self.hear(id, Input::TokenFailed { call, why }, host);
    }

    /// Hands a call over to the gateway.
    pub(super) fn forward(&mut self, seat: CallId, host: &mut impl Host) {
        let call = self.calls.get(seat);
        let fleet = usize::from(self.nodes[call.origin.index()].fleet);
        let gateway = self.fleets[fleet]
            .gateway
            .expect("a strategy that forwards has a gateway");
        let ticket = self.calls.ticket(seat);
        let call = self.calls.get_mut(seat);
        call.phase = Phase::Forwarded;
        let key = call.next_draw_key().into();
        host.send(Leg::GatewayRequest, key, Message::Forward { ticket, gateway });
        self.limit(ticket, key, host);
    }

    /// A forwarded call reaches the gateway.
    pub(super) fn forwarded(&mut self, ticket: Ticket, gateway: NodeId, host: &mut impl Host) {
        let up = self.nodes[gateway.index()].up;
        let Some(call) = self.calls.holder(ticket) else { return };
        if !up {
            self.attempt_failed(ticket.call, Failure::Unreachable, host);
            return;
        }
        call.at = gateway;
        call.phase = Phase::Waiting;
        let now = host.now();
        if let (Some(breaker), Some(retries)) = (&self.policy.breaker, self.retries.get_mut(gateway.index()))
            && !breaker.allows(&mut retries.breaker, now)
        {
            self.answer_origin(ticket.call, false, host);
            return;
        }
        // The gateway pays for the retries of the calls that it makes, so it also earns by them.
        if let Some(retries) = self.retries.get_mut(gateway.index())
            && let (Some(budget), Some(permits)) = (&self.policy.budget, &mut retries.budget)
        {
            budget.deposit(permits);
        }
        self.hear(gateway, Input::Call { call: ticket.call }, host);
    }

    fn answer_origin(&mut self, seat: CallId, succeeded: bool, host: &mut impl Host) {
        let ticket = self.calls.ticket(seat);
        let call = self.calls.get_mut(seat);
        call.phase = Phase::Forwarded;
        let key = call.next_draw_key().into();
        host.send(Leg::GatewayResponse, key, Message::Answered { ticket, succeeded });
        // The answer can be lost on its way; without a limit the origin would wait for it for ever.
        self.limit(ticket, key, host);
    }

    /// The gateway's answer reaches the call's origin.
    pub(super) fn answered(&mut self, ticket: Ticket, succeeded: bool, host: &mut impl Host) {
        let now = host.now();
        let Some(call) = self.calls.holder(ticket) else { return };
        call.at = call.origin;
        let (seat, origin, overdue) = (
            ticket.call,
            call.origin,
            call.is_overdue(now, self.patience[usize::from(call.group.0)]),
        );
        if succeeded {
            self.note_success_at(origin, None, now);
        }
        // The gateway has already retried as often as the policy allows.
        let outcome = match (succeeded, overdue) {
            (true, false) => CallOutcome::Succeeded,
            (true, true) => CallOutcome::Late,
            (false, _) => CallOutcome::GaveUp,
        };
        self.end(seat, outcome, host);
    }

    /// The call is its origin's again, whoever had it: a gateway that has parked it must not send it any more.
    pub(super) fn call_home(&mut self, seat: CallId) {
        let call = self.calls.get_mut(seat);
        let keeper = std::mem::replace(&mut call.at, call.origin);
        if keeper != call.origin {
            self.calls.withdraw(&mut self.nodes[keeper.index()].parked, seat);
        }
    }

    #[inline]
    pub(super) fn end(&mut self, seat: CallId, outcome: CallOutcome, host: &mut impl Host) {
        let call = *self.calls.get(seat);
        self.calls.remove(seat);
        host.note(|| Event::CallEnded {
            node: call.origin,
            group: call.group,
            arrived: call.arrived,
            outcome,
            attempts: call.attempts,
            rejections: call.rejections,
            first_rejected: call.refusals.first(),
            rejected_in_flight: call.refusals.in_flight(),
        });
    }
}
