//! What a node asks of other parties beside its calls: token requests, store operations, and its timers.

use crate::base::{CallId, Delay, Duration, Rough, Times};
use crate::oauth::{At, Failure, Grant, Reply, Token, TokenSlot};
use crate::trace::Event;

use super::party::{Alarm, AtNode, NodeHost, Sends, node_key};
use super::pending::{NUMBERS, PendingOps, Whose};
use super::{Asker, Input, Phase, StoreAnswer, StoreOperation, Strategy, Timer};

impl<S: Strategy> AtNode<'_, S> {
    #[inline]
    pub(super) fn key(&self, count: u32) -> u64 {
        node_key(self.id, count)
    }

    /// The node's pending operations.
    pub(super) fn ops(&mut self) -> &mut PendingOps {
        self.tables.pending.of(self.id, self.tables.nodes)
    }

    #[inline]
    pub(super) fn request_token(
        &mut self,
        slot: TokenSlot,
        whom: Whose,
        with: Option<Token>,
        host: &mut impl NodeHost<S::Node>,
    ) {
        let asker = match whom {
            Whose::Call(call) => {
                self.calls.get_mut(call).phase = Phase::Waiting;
                if self.strategy.times_requests() {
                    self.calls.remember_request(call, host.now());
                }
                Asker::Call(self.calls.ticket(call))
            }
            Whose::Node { tag } => {
                let number = (self.state.requests % NUMBERS) as u8;
                self.state.asked |= 1 << number;
                Asker::Node { number, tag }
            }
        };
        self.state.requests = self.state.requests.wrapping_add(1);
        let count = self.state.requests;
        let key = self.key(count);
        if !self.tables.guards.is_empty() && self.withholds(asker, key, host) {
            return;
        }
        host.send(
            key,
            Sends::Token {
                asker,
                slot,
                count,
                with,
            },
        );
        if let Some(timeout) = self.policy.timeout {
            host.wake(Delay::exactly(timeout), key, Alarm::TokenTimedOut { asker });
        }
    }

    /// The call that waits for the answer to a token request, if one does, and whether nobody waits any more.
    #[inline]
    fn waits(&mut self, asker: Asker) -> (Option<CallId>, bool) {
        match asker {
            Asker::Call(ticket) => {
                let waiting = self.calls.holder(ticket).map(|_| ticket.call);
                (waiting, waiting.is_none())
            }
            Asker::Node { number, .. } => {
                let waiting = self.state.asked & (1 << number) != 0;
                self.state.asked &= !(1 << number);
                (None, !waiting)
            }
        }
    }

    /// A token response reaches the node.
    #[inline(always)] // Called in one place of an engine.
    pub(super) fn token_answered(&mut self, asker: Asker, reply: Reply<Grant>, host: &mut impl NodeHost<S::Node>) {
        let (call, late) = self.waits(asker);
        if host.wants_details() {
            let node = self.id;
            host.note(|| Event::TokenHeard { node, asker, late });
        }
        match reply {
            Reply::Granted(grant) => {
                if !self.tables.guards.is_empty() {
                    self.note_token();
                }
                let took = match call {
                    Some(call) if self.strategy.times_requests() => self.calls.asked(call),
                    _ => None,
                };
                let took = took.map_or(Rough::ZERO, |asked| host.now().since(asked).into());
                let input = Input::Token {
                    call,
                    tag: tag_of(asker),
                    grant,
                    took,
                    late,
                };
                self.react(input, host);
            }
            // A failure that nobody waits for is no news.
            Reply::Refused { .. } if late => {}
            Reply::Refused { kind, wait } => {
                let mut why = self.policy.perceptions.of(At::Token, kind).failure(wait);
                if !self.tables.guards.is_empty() {
                    why = self.note_token_failure(why, host.now());
                }
                let tag = tag_of(asker);
                self.react(Input::TokenFailed { call, tag, why }, host);
            }
        }
    }

    pub(super) fn token_timed_out(&mut self, asker: Asker, host: &mut impl NodeHost<S::Node>) {
        let (call, late) = self.waits(asker);
        let why = match self.tables.guards.is_empty() {
            true => Failure::Unknown,
            false => self.unanswered(asker, call, late, host.now()),
        };
        if late {
            return;
        }
        if let Some(call) = call {
            // From here on its answer is late.
            self.calls.ticket(call);
        }
        if host.wants_details() {
            let node = self.id;
            host.note(|| Event::TokenHeard {
                node,
                asker,
                late: false,
            });
        }
        let tag = tag_of(asker);
        self.react(Input::TokenFailed { call, tag, why }, host);
    }

    pub(super) fn operate(&mut self, operation: StoreOperation, host: &mut impl NodeHost<S::Node>) {
        let ops = self.ops();
        let number = (ops.operations % NUMBERS) as u8;
        ops.stored |= 1 << number;
        ops.operations = ops.operations.wrapping_add(1);
        let count = ops.operations;
        let key = self.key(count);
        host.send(key, Sends::Store { number, operation });
        if let Some(timeout) = self.policy.store_timeout {
            let asked = operation.asked();
            host.wake(Delay::exactly(timeout), key, Alarm::StoreTimedOut { number, asked });
        }
    }

    /// The store's answer reaches the node, or the node gives it up.
    pub(super) fn store_answered(&mut self, number: u8, answer: StoreAnswer, host: &mut impl NodeHost<S::Node>) {
        let ops = self.ops();
        if ops.stored & (1 << number) != 0 {
            ops.stored &= !(1 << number);
            self.react(Input::Store(answer), host);
        }
    }

    /// A timer rings when so much of a period has gone: now, where that is so, unless it is set `again`.
    pub(super) fn arm_at(
        &mut self,
        timer: Timer,
        (every, at): (Duration, Times),
        again: bool,
        host: &mut impl NodeHost<S::Node>,
    ) {
        // What comes sooner than a sixteenth of the shortest gap is the time that it has rung for.
        let over = match again {
            true => at.gaps(every).min().unwrap_or(every).ratio(1, 16),
            false => Duration::ZERO,
        };
        let left = over.saturating_add(at.until(host.now() + over, every, true));
        self.arm(timer, Delay::exactly(left), host);
    }

    pub(super) fn arm(&mut self, timer: Timer, delay: Delay, host: &mut impl NodeHost<S::Node>) {
        let requests = self.state.requests;
        let ops = self.ops();
        let operations = ops.operations;
        let armed = &mut ops.armed[timer.place()];
        *armed = armed.wrapping_add(1);
        let armed = *armed;
        // Each arming draws anew: the count of all requests and operations, with the arming, names it.
        let draw = (u64::from(requests) << 20) ^ (u64::from(operations) << 4) ^ u64::from(armed);
        host.wake(delay, self.key(0) ^ draw, Alarm::Timer { timer, armed });
    }
}

/// What its strategy calls a request.
#[inline]
fn tag_of(asker: Asker) -> u8 {
    match asker {
        Asker::Call(_) => 0,
        Asker::Node { tag, .. } => tag,
    }
}
