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
            for bucket in self.world.server.provider.ledger.buckets() {
                if self.world.server.provider.ledger.newest(bucket).is_some() {
                    out.push(Action::Expire(bucket.0 as u8));
                }
            }
        }
        if self.world.server.provider.runs_period(NOW) {
            if self.is_at_rest() {
                out.push(Action::Pass);
            } else if self.left.left(Fault::Elapse) > 0 {
                out.push(Action::Elapse);
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
                    Message::TimerRang { timer, node, .. } => *timer != Timer::Renew || self.is_overdue(*node),
                    Message::AttemptTimedOut { .. } | Message::TokenTimedOut { .. } | Message::StoreTimedOut { .. } => {
                        self.is_lost(message)
                    }
                    _ => true,
                }
        })
    }

    /// What the delivery bounds keep from happening in this state, faults included.
    pub fn held_back(&self, bounds: &DeliveryBounds) -> HeldBack {
        let mut held_back = HeldBack::default();
        if bounds.iter().all(|accepts| matches!(accepts, Accepts::Everything)) {
            return held_back;
        }
        for message in &self.bag {
            let here = bounds[self.actor(message).index()];
            if here.accepts(message) || !self.is_due(message) {
                continue;
            }
            held_back.store_operations |= here == Accepts::Store;
            held_back.notes |= here == Accepts::Notes;
        }
        held_back
    }

    /// Whether a message could be delivered, perhaps by a fault, if no bound were in the way.
    fn is_due(&self, message: &Message) -> bool {
        match message {
            Message::TimerRang {
                timer: Timer::Renew, ..
            } => self.left.left(Fault::Renewal) > 0,
            Message::AttemptTimedOut { .. } | Message::TokenTimedOut { .. } | Message::StoreTimedOut { .. } => {
                self.is_lost(message) || self.left.left(Fault::Late) > 0
            }
            _ => true,
        }
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
            } else if notes[node].iter().any(|&under_way| under_way >= self.notes) {
                Accepts::Notes
            } else {
                Accepts::Everything
            }
        })
    }

    fn actions_of(&self, place: u8, message: &Message, out: &mut Vec<Action>) {
        match message {
            Message::TimerRang {
                timer: Timer::Renew,
                node,
                ..
            } => {
                if self.is_overdue(*node) {
                    out.push(Action::Deliver(place));
                } else if self.left.left(Fault::Renewal) > 0 {
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
            Message::Arrival { .. } if self.kinds > 1 => {
                out.extend((0..self.kinds).map(|kind| Action::Begin(place, kind)));
            }
            Message::Arrival { .. } | Message::BackoffOver { .. } | Message::TimerRang { .. } => {
                out.push(Action::Deliver(place));
            }
            Message::LoginAgain { .. } => {
                if self.left.left(Fault::Login) > 0 {
                    out.push(Action::LogIn(place));
                }
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
        self.busy & (1 << holder.0) != 0
            || self.world.acts_under(holder, fence)
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

impl<S: Strategy, R: Rule> State<S, R> {
    /// Whether leases that can end by themselves are held, and by nodes that name their fences.
    pub fn fences(&self) -> Fences {
        let ends = (0..)
            .zip(self.world.leases(NOW))
            .filter(|(store, _)| self.world.can_lapse(*store));
        ends.filter_map(|(_, lease)| lease)
            .fold(Fences::default(), |mut fences, (holder, fence)| {
                fences.held = true;
                fences.named |= self.world.acts_under(holder, fence);
                fences
            })
    }
}

/// What nodes do with the fences of leases that can end by themselves, in a state or in a whole search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fences {
    /// Some node holds such a lease.
    pub held: bool,
    /// Some holder names the fence in its memory.
    pub named: bool,
}

impl Fences {
    /// Leases are held, and no holder ever names one: these nodes remember only that they have one.
    pub const fn are_forgotten(self) -> bool {
        self.held && !self.named
    }
}

impl std::ops::BitOrAssign for Fences {
    fn bitor_assign(&mut self, other: Self) {
        self.held |= other.held;
        self.named |= other.named;
    }
}

/// Which bounds on messages under way kept something from happening, in a state or in a whole search: then there are runs that the
/// search has not seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldBack {
    /// The bound on the store operations of a node.
    pub store_operations: bool,
    /// The bound on the notes between two nodes.
    pub notes: bool,
}

impl HeldBack {
    /// Whether any bound did.
    pub const fn any(self) -> bool {
        self.store_operations || self.notes
    }
}

impl std::ops::BitOrAssign for HeldBack {
    fn bitor_assign(&mut self, other: Self) {
        self.store_operations |= other.store_operations;
        self.notes |= other.notes;
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
        // What users do waits for no node.
        if matches!(message, Message::LoginAgain { .. }) {
            return true;
        }
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
