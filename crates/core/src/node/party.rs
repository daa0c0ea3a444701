//! A node's side of the wire: one node with all that lies on its own side, and nothing else.
//!
//! It knows no provider, no store and no other node. It hears one thing at a time, and what it says goes to a [`NodeHost`]:
//! the simulator's world carries it to the other parties, a live driver sends it over sockets.

use crate::base::{CallId, Chance, Delay, Duration, Group, NodeId, Time};
use crate::oauth::{At, Failure, Grant, Reply, Token, TokenSlot};
use crate::store::{Answer, Asked};
use crate::trace::Event;

use super::pending::Whose;
use super::{
    Asker, CallPolicy, Calls, Command, Input, Me, NodeTables, Note, Outbox, Parked, StoreAnswer, StoreOperation,
    Strategy, Ticket, Timer, Whom,
};

/// What a node is between two inputs, apart from its calls: what nearly every message for it touches, within half a cache
/// line for a small strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeState<M> {
    /// What the strategy remembers.
    pub memory: M,
    /// Calls that the strategy has parked.
    pub parked: Parked,
    /// Token requests sent so far; the low bits are the numbers of `asked`.
    pub requests: u32,
    /// Requests of the node as a whole that are still waited for, a bit for each number.
    pub asked: u32,
    /// Which group of like nodes it belongs to.
    pub fleet: u16,
    /// Grows with each crash; answers to an earlier life find nobody.
    pub epoch: u8,
    /// It runs: it has been started, and has not crashed since.
    pub up: bool,
}

impl<M> NodeState<M> {
    /// A node that has not started.
    #[inline]
    pub fn down(memory: M, fleet: u16) -> Self {
        Self {
            memory,
            parked: Parked::default(),
            requests: 0,
            asked: 0,
            fleet,
            epoch: 0,
            up: false,
        }
    }
}

/// One node, borrowed from wherever its parts are kept: a simulator keeps those of a fleet in arrays.
pub struct AtNode<'a, S: Strategy> {
    /// The strategy that it follows.
    pub strategy: &'a S,
    /// How it retries.
    pub policy: &'a CallPolicy,
    /// Which node it is.
    pub id: NodeId,
    /// What it remembers.
    pub state: &'a mut NodeState<S::Node>,
    /// The calls of all nodes.
    pub calls: &'a mut Calls,
    /// What else is kept for all nodes.
    pub tables: &'a mut NodeTables,
}

/// What reaches a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The workload wants a call served; `draw_key` names its draws.
    Call {
        /// Its fleet and kind.
        group: Group,
        /// Names its draws.
        draw_key: u32,
    },
    /// The API's answer to an attempt with this token.
    Api {
        /// The attempt.
        ticket: Ticket,
        /// The token that it was sent with.
        token: Token,
        /// The answer.
        reply: Reply<()>,
    },
    /// The token endpoint's answer.
    Token {
        /// For whom it was asked.
        asker: Asker,
        /// The answer.
        reply: Reply<Grant>,
    },
    /// The store's answer to an operation.
    Store {
        /// Which of the node's operations.
        number: u8,
        /// The answer.
        answer: StoreAnswer,
    },
    /// Another node says something.
    Note {
        /// Who says it.
        from: NodeId,
        /// What it says.
        note: Note,
    },
    /// Another node has handed this call over; its host has [put it in](Calls::insert_forwarded).
    Forwarded {
        /// The call at this node.
        call: CallId,
    },
    /// The other node hung up: nobody waits for this forwarded call any more.
    HungUp {
        /// The call at this node.
        call: CallId,
    },
    /// The gateway answers a call that was handed to it.
    ForwardAnswered {
        /// The call at its origin.
        ticket: Ticket,
        /// Whether it was served.
        succeeded: bool,
    },
    /// The gateway could not be reached, or the connection to it broke.
    GatewayGone {
        /// The call at its origin.
        call: CallId,
    },
    /// An alarm that it has set goes off.
    Alarm(Alarm),
    /// It was deployed with a credential, or its user has logged in.
    Login(Grant),
}

/// What a node wakes itself with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Alarm {
    /// The wait before a call's next try is over.
    BackoffOver {
        /// The call.
        ticket: Ticket,
    },
    /// An API attempt, or a forwarded call, has not been answered in time.
    AttemptTimedOut {
        /// The call.
        ticket: Ticket,
    },
    /// A token request has not been answered in time.
    TokenTimedOut {
        /// For whom it was asked.
        asker: Asker,
    },
    /// A store operation has not been answered in time.
    StoreTimedOut {
        /// Which of the node's operations.
        number: u8,
        /// What it asked for.
        asked: Asked,
    },
    /// A timer of the strategy rings; only its last arming counts.
    Timer {
        /// Which timer.
        timer: Timer,
        /// Which arming of it.
        armed: u8,
    },
}

/// What a node sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sends {
    /// A call to the API with this token; `draw_key` names the attempt's draws.
    Api {
        /// The attempt.
        ticket: Ticket,
        /// The token to send.
        token: Token,
        /// Names the attempt's draws.
        draw_key: u32,
    },
    /// A token request, its node's `count`th. Where there are refresh tokens, the one that came `with` a token is presented.
    Token {
        /// For whom it is asked.
        asker: Asker,
        /// Which app and slot.
        slot: TokenSlot,
        /// Which request of its node it is: names its draws.
        count: u32,
        /// Whose refresh token is presented.
        with: Option<Token>,
    },
    /// An operation on the shared store.
    Store {
        /// Which of the node's operations.
        number: u8,
        /// What is asked.
        operation: StoreOperation,
    },
    /// Something for other nodes.
    Note {
        /// To whom.
        whom: Whom,
        /// What.
        note: Note,
    },
    /// A call for the gateway.
    Forward {
        /// The call at its origin.
        ticket: Ticket,
    },
}

/// What a node asks of whoever runs it. A `key` names a draw: the same key for the same purpose is the same luck, whatever else
/// happens in the run.
pub trait NodeHost<M> {
    /// The instant in which the node acts.
    fn now(&self) -> Time;

    /// Where the node stands.
    fn me(&self) -> Me;

    /// The node of the same process that has its credential from the other provider; itself where there is one provider.
    fn at_other_provider(&self) -> NodeId {
        self.me().id
    }

    /// Lets something travel; it may be lost.
    fn send(&mut self, key: u64, sends: Sends);

    /// Answers a call that another node has handed over, and ends it: [`Calls::part`] where both ends of the connection are in one
    /// table, and [`Calls::remove`].
    fn answer(&mut self, key: u64, calls: &mut Calls, call: CallId, succeeded: bool);

    /// Ends the connection of a call that was handed to the gateway, if it is still open: [`Calls::part`] where both ends are in
    /// one table. The gateway hears [`Heard::HungUp`].
    fn hang_up(&mut self, calls: &mut Calls, call: CallId);

    /// Wakes the node after a delay, of which the drawn length is returned.
    fn wake(&mut self, delay: Delay, key: u64, alarm: Alarm) -> Duration;

    /// Whether something happens that has this chance.
    fn hit(&mut self, chance: Chance, key: u64) -> bool;

    /// Notes in the trace what happened. The event is made where it is noted: what nobody asks for is never put together.
    fn note(&mut self, event: impl FnOnce() -> Event);

    /// The strategy has reacted to an input: what its memory was, and what it is.
    fn reacted(&mut self, _before: &M, _input: Input, _after: &M) {}

    /// A call failed for want of a grant: the user of this node has to log in.
    fn login_needed(&mut self, _memory: &M) {}

    /// Whether it wants to be told details too, which only properties ask for.
    fn wants_details(&self) -> bool {
        false
    }
}

impl<S: Strategy> AtNode<'_, S> {
    /// One thing reaches the node; what it does about it goes to its host.
    #[inline(always)] // The kind is known where it is heard.
    pub fn hear(&mut self, what: Heard, host: &mut impl NodeHost<S::Node>) {
        match what {
            Heard::Call { group, draw_key } => {
                if let Some(call) = self.arrive(group, draw_key, host) {
                    self.admit(call, host);
                }
            }
            Heard::Api { ticket, token, reply } => self.api_answered(ticket, token, reply, host),
            Heard::Token { asker, reply } => self.token_answered(asker, reply, host),
            Heard::Store { number, answer } => self.store_answered(number, answer, host),
            Heard::Note { from, note } => {
                if self.state.up {
                    self.react(Input::Note { from, note }, host);
                }
            }
            Heard::Forwarded { call } => self.serve_forwarded(call, host),
            Heard::HungUp { call } => self.drop_forwarded(call, host),
            Heard::ForwardAnswered { ticket, succeeded } => self.forward_answered(ticket, succeeded, host),
            Heard::GatewayGone { call } => self.attempt_failed(call, At::Api, Failure::Unreachable, host),
            Heard::Alarm(alarm) => self.wake_up(alarm, host),
            Heard::Login(grant) => {
                if !self.tables.guards.is_empty() {
                    self.note_token();
                }
                self.react(Input::Login { grant }, host);
            }
        }
    }

    #[inline(always)]
    fn wake_up(&mut self, alarm: Alarm, host: &mut impl NodeHost<S::Node>) {
        match alarm {
            Alarm::BackoffOver { ticket } => self.backoff_over(ticket, host),
            Alarm::AttemptTimedOut { ticket } => self.attempt_timed_out(ticket, host),
            Alarm::TokenTimedOut { asker } => self.token_timed_out(asker, host),
            Alarm::StoreTimedOut { number, asked } => self.store_answered(number, Answer::Failed(asked), host),
            Alarm::Timer { timer, armed } => {
                if self.ops().armed[timer.place()] == armed {
                    self.react(Input::Timer(timer), host);
                }
            }
        }
    }

    /// The node has just started: does what its strategy does without being asked.
    #[inline]
    pub fn begin(&mut self, host: &mut impl NodeHost<S::Node>) {
        let mut outbox = Outbox::default();
        self.strategy.started(host.me(), &mut self.state.memory, &mut outbox);
        for command in outbox.commands() {
            self.execute(command, host);
        }
    }

    /// Lets the strategy react, and does what it says.
    #[inline]
    pub(super) fn react(&mut self, input: Input, host: &mut impl NodeHost<S::Node>) {
        let mut outbox = Outbox::default();
        let before = self.state.memory;
        self.strategy.on(host.me(), &mut self.state.memory, input, &mut outbox);
        host.reacted(&before, input, &self.state.memory);
        for command in outbox.commands() {
            self.execute(command, host);
        }
    }

    #[inline]
    fn execute(&mut self, command: &Command, host: &mut impl NodeHost<S::Node>) {
        match *command {
            Command::Attempt { call, token } => self.attempt(call, token, host),
            Command::Park { call } => {
                self.calls.get_mut(call).phase = super::Phase::Waiting;
                self.calls.park(&mut self.state.parked, call);
            }
            Command::RequestForParked { slot, with } => {
                if let Some(call) = self.calls.unpark(&mut self.state.parked) {
                    self.request_token(slot, Whose::Call(call), with, host);
                }
            }
            Command::AttemptParked { token } => {
                while let Some(call) = self.calls.unpark(&mut self.state.parked) {
                    self.attempt(call, token, host);
                }
            }
            Command::FailAttempt { call, why } => self.fail_or_send(call, why, host),
            Command::FailParked { why } => {
                while let Some(call) = self.calls.unpark(&mut self.state.parked) {
                    self.fail_or_send(call, why, host);
                }
            }
            Command::Forward { call } => self.forward(call, host),
            Command::RequestToken { slot, call, with } => self.request_token(slot, Whose::of(call), with, host),
            Command::RequestTagged { slot, with, tag } => {
                self.request_token(slot, Whose::Node { tag }, with, host);
            }
            Command::Store(operation) => self.operate(operation, host),
            Command::Tell { whom, note } => host.send(self.key(0), Sends::Note { whom, note }),
            Command::Arm { timer, delay } => self.arm(timer, delay, host),
            Command::ArmAt {
                timer,
                every,
                at,
                again,
            } => self.arm_at(timer, (every, at), again, host),
        }
    }
}

/// Names a draw of a node: its count of requests, or of operations.
#[inline]
pub fn node_key(node: NodeId, count: u32) -> u64 {
    (u64::from(node.0) << 32) | u64::from(count)
}
