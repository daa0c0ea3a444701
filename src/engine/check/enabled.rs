//! The steps that a state can take, and which deliveries are held back.

use super::action::Action;
use super::fault::Fault;
use super::host::NOW;
use super::state::{NODES, State};
use crate::base::NodeId;
use crate::node::{Phase, Strategy, Timer};
use crate::provider::Rule;
use crate::store::{Answer, Operation};
use crate::world::Message;

/// Notes that two nodes have under way to each other at most: without a bound the states would not come to an end.
const NOTES: u8 = 2;

impl<S: Strategy, R: Rule> State<S, R> {
    /// Every step that it can take; steps that lead to the same are named once.
    pub fn actions(&self, out: &mut Vec<Action>) {
        self.enabled_actions(&self.delivery_bounds(), out);
    }

    /// [`State::actions`] where the delivery bounds are known.
    pub fn enabled_actions(&self, bounds: &DeliveryBounds, out: &mut Vec<Action>) {
        out.clear();
        for (place, message) in self.bag.iter().enumerate() {
            if place > 0 && self.bag[place - 1] == *message {
                continue;
            }
            if !bounds[self.actor(message).index()].accepts(message) {
                continue;
            }
            self.actions_of(u8::try_from(place).expect("fewer than 256 messages"), message, out);
        }
        for (store, lease) in (0..).zip(self.world.leases(NOW)) {
            let Some((holder, fence)) = lease else { continue };
            if !self.world.can_lapse(store.into()) {
                continue;
            }
            if !self.acts(holder, fence) {
                out.push(Action::Reclaim(store));
            } else if self.left.left(Fault::Lapse) > 0 {
                out.push(Action::Lapse(store));
            }
        }
        if self.left.left(Fault::Crash) > 0 {
            out.extend((0..self.nodes() as u8).map(Action::Crash));
        }
        if self.left.left(Fault::Expiry) > 0 {
            let buckets =
                (0..self.world.server.provider.clients()).flat_map(|client| self.world.server.provider.buckets(client));
            for bucket in buckets {
                if self.world.server.provider.ledger.newest(bucket).is_some() {
                    out.push(Action::Expire(bucket.0 as u8));
                }
            }
        }
    }

    /// Messages that only the delivery bounds hold back. Fairness counts their labels as enabled: no run holds them back for ever.
    pub fn suppressed<'a>(&'a self, bounds: &'a DeliveryBounds) -> impl Iterator<Item = &'a Message> {
        let deaf = bounds.iter().any(|accepts| !matches!(accepts, Accepts::Everything));
        let bag = if deaf { &self.bag[..] } else { &[] };
        bag.iter().filter(move |message| {
            !bounds[self.actor(message).index()].accepts(message)
                && match message {
                    Message::TimerRang { timer, .. } => *timer != Timer::Renew,
                    Message::AttemptTimedOut { .. } | Message::TokenTimedOut { .. } | Message::StoreTimedOut { .. } => {
                        self.is_lost(message)
                    }
                    _ => true,
                }
        })
    }

    /// The messages that each node accepts at present: the store's alone while it has the most store operations under way, notes
    /// alone while it and another node have the most notes under way to each other, everything otherwise.
    pub fn delivery_bounds(&self) -> DeliveryBounds {
        let (mut operations, mut notes) = ([0u8; NODES], [[0u8; NODES]; NODES]);
        for message in &self.bag {
            match message {
                Message::StoreRequest { node, .. } | Message::StoreResponse { node, .. } => {
                    operations[node.index()] += 1
                }
                Message::Note { to, from, .. } => {
                    notes[from.index()][to.index()] += 1;
                    notes[to.index()][from.index()] += 1;
                }
                _ => {}
            }
        }
        std::array::from_fn(|node| {
            if operations[node] >= self.operations {
                Accepts::Store
            } else if notes[node].iter().any(|&under_way| under_way >= NOTES) {
                Accepts::Notes
            } else {
                Accepts::Everything
            }
        })
    }

    fn actions_of(&self, place: u8, message: &Message, out: &mut Vec<Action>) {
        match message {
            Message::TimerRang {
                timer: Timer::Renew, ..
            } => {
                if self.left.left(Fault::Renewal) > 0 {
                    out.push(Action::Renew(place));
                }
            }
            Message::AttemptTimedOut { .. } | Message::TokenTimedOut { .. } | Message::StoreTimedOut { .. } => {
                if self.is_lost(message) {
                    out.push(Action::Deliver(place));
                } else if self.left.left(Fault::Late) > 0 {
                    out.push(Action::Late(place));
                }
            }
            Message::Arrival { .. }
            | Message::BackoffOver { .. }
            | Message::TimerRang { .. }
            | Message::LoginAgain { .. } => {
                out.push(Action::Deliver(place));
            }
            _ => {
                out.push(Action::Deliver(place));
                if self.left.left(Fault::Drop) > 0 {
                    out.push(Action::Lose(place));
                }
                if matches!(message, Message::TokenRequest { .. }) && self.left.left(Fault::Throttle) > 0 {
                    out.push(Action::Throttle(place));
                }
            }
        }
    }

    /// Whether what this alarm waits for can no longer come.
    fn is_lost(&self, alarm: &Message) -> bool {
        match *alarm {
            Message::AttemptTimedOut { ticket } => {
                let travels = self.bag.iter().any(|message| match message {
                    Message::ApiRequest { ticket: its, .. }
                    | Message::ApiResponse { ticket: its, .. }
                    | Message::Forward { ticket: its, .. }
                    | Message::Answered { ticket: its, .. } => *its == ticket,
                    _ => false,
                });
                let call = self.world.calls().get(ticket.call);
                let waits = match call.phase {
                    Phase::InFlight => true,
                    // What the gateway has in hand it will answer, or lose by a step of its own.
                    Phase::Forwarded => call.peer().is_none(),
                    _ => false,
                };
                waits && !travels
            }
            Message::TokenTimedOut { node, epoch, asker } => !self.bag.iter().any(|message| match message {
                Message::TokenRequest {
                    node: n,
                    epoch: e,
                    asker: a,
                    ..
                }
                | Message::TokenResponse {
                    node: n,
                    epoch: e,
                    asker: a,
                    ..
                } => (*n, *e, *a) == (node, epoch, asker),
                _ => false,
            }),
            Message::StoreTimedOut {
                node, epoch, number, ..
            } => !self.bag.iter().any(|message| match message {
                Message::StoreRequest {
                    node: n,
                    epoch: e,
                    number: i,
                    ..
                }
                | Message::StoreResponse {
                    node: n,
                    epoch: e,
                    number: i,
                    ..
                } => (*n, *e, *i) == (node, epoch, number),
                _ => false,
            }),
            _ => false,
        }
    }

    /// Whether the holder of a lease acts on it, will learn that it has it, or is about to give it back.
    pub(super) fn acts(&self, holder: NodeId, fence: u32) -> bool {
        self.world.acts_under(holder, fence)
            || self.bag.iter().any(|message| match message {
                Message::StoreResponse {
                    answer: Answer::Acquired { fence: its },
                    ..
                }
                | Message::StoreRequest {
                    operation: Operation::Release { fence: its },
                    ..
                } => *its == fence,
                Message::StoreRequest {
                    node,
                    operation: Operation::Unlock,
                    ..
                } => *node == holder,
                _ => false,
            })
    }
}

/// The messages that each node accepts at present.
pub type DeliveryBounds = [Accepts; NODES];

/// The messages that a node accepts at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    /// Any message.
    Everything,
    /// Requests to the store, its answers, and their time-outs.
    Store,
    /// Notes between nodes.
    Notes,
}

impl Accepts {
    fn accepts(self, message: &Message) -> bool {
        match self {
            Self::Everything => true,
            Self::Store => matches!(
                message,
                Message::StoreRequest { .. } | Message::StoreResponse { .. } | Message::StoreTimedOut { .. }
            ),
            Self::Notes => matches!(message, Message::Note { .. }),
        }
    }
}
