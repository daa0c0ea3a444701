//! States of a small system: world, messages under way, faults that may still happen; and the steps that a state can take.

use std::hash::{Hash, Hasher};

use crate::base::{Chance, Delay, Duration, Group, Millis, NodeId, Permutation, Time, clone_in_place};
use crate::node::{Strategy, Timer};
use crate::oauth::{Failure, Token};
use crate::property::{History, StateView};
use crate::provider::{Bucket, Issuance, Provider, Rule};
use crate::retry::{Immediate, Retry};
use crate::store::{Answer, Asked, Operation};
use crate::trace::Event;
use crate::world::{CallPolicy, Host, Layout, Leg, Message, Phase, Renamed, World, brings, carries};

use super::System;
use super::fault::{Fault, FaultBudget};
use super::visited::fingerprint;

/// Store operations that a node has under way at most: one that never waits for its answers would make states without end.
pub const STORE_OPERATIONS: u8 = 2;

/// Notes that two nodes have under way to each other at most, for the same reason.
const NOTES: u8 = 2;

/// Nodes at most, a gateway included.
const NODES: usize = 8;

/// A checker's clock stands still.
pub const NOW: Time = Time::ZERO;

/// A state, in a form that is the same for situations that nothing to come can tell apart.
#[derive(Debug)]
pub struct State<S: Strategy, R = Issuance> {
    /// Nodes, provider and stores.
    pub world: World<S, R>,
    /// The messages under way, sorted: any of them may be next.
    pub bag: Vec<Message>,
    /// Faults that may still happen.
    pub left: FaultBudget,
    /// A fault other than a planned renewal has happened.
    pub disturbed: bool,
    /// The history of the run, as far as properties ask for it.
    pub history: History,
    operations: u8,
    /// It stands for all states that differ from it only in which node is which.
    symmetric: bool,
}

clone_in_place!(State<S: Strategy, R> { world, bag, left, disturbed, history, operations, symmetric });

/// The strategy itself, and bounds, are taken as equal.
impl<S: Strategy, R: Rule> PartialEq for State<S, R> {
    fn eq(&self, other: &Self) -> bool {
        self.world == other.world
            && self.bag == other.bag
            && self.left == other.left
            && self.disturbed == other.disturbed
            && self.history == other.history
    }
}

impl<S: Strategy, R: Rule> Eq for State<S, R> {}

impl<S: Strategy, R: Rule> Hash for State<S, R> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.world.hash(hasher);
        self.bag.hash(hasher);
        self.left.hash(hasher);
        self.disturbed.hash(hasher);
        self.history.hash(hasher);
    }
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// The message or alarm at this place of the bag reaches its party.
    Deliver(u8),
    /// A planned renewal falls due.
    Renew(u8),
    /// A time-out strikes although the answer is still under way.
    Late(u8),
    /// The message at this place is lost.
    Lose(u8),
    /// The token request at this place is answered with a 429.
    Throttle(u8),
    /// This node loses its memory and its calls, and starts anew.
    Crash(u8),
    /// The lease of this store ends while its holder acts on it.
    Lapse(u8),
    /// The lease of this store ends, and no node acts on it any more.
    Reclaim(u8),
    /// The tokens of this bucket expire.
    Expire(u8),
}

impl Action {
    /// The fault that it is, if it is one.
    pub const fn fault(self) -> Option<Fault> {
        match self {
            Self::Deliver(_) | Self::Reclaim(_) => None,
            Self::Renew(_) => Some(Fault::Renewal),
            Self::Late(_) => Some(Fault::Late),
            Self::Lose(_) => Some(Fault::Drop),
            Self::Throttle(_) => Some(Fault::Throttle),
            Self::Crash(_) => Some(Fault::Crash),
            Self::Lapse(_) => Some(Fault::Lapse),
            Self::Expire(_) => Some(Fault::Expiry),
        }
    }
}

/// The checker as the world's host: messages that are sent lie in a bag until a step picks one.
#[derive(Debug, Default)]
pub struct CheckHost {
    /// The messages under way.
    pub bag: Vec<Message>,
    /// Events of the last step, in order.
    pub events: Vec<Event>,
    /// What tokens are called after the last step.
    pub renamed: Renamed,
    /// Which places the nodes have taken after the last step, where only their order is known.
    pub places: Permutation,
}

impl Host for CheckHost {
    fn now(&self) -> Time {
        NOW
    }
    fn send(&mut self, _: Leg, _: u64, message: Message) {
        self.bag.push(message);
    }
    fn wake(&mut self, _: Delay, _: u64, alarm: Message) -> Duration {
        self.bag.push(alarm);
        // How long it was decides nothing: alarms ring in any order.
        Duration::ZERO
    }
    fn hit(&mut self, _: Chance, _: u64) -> bool {
        false
    }
    fn lags(&mut self, _: Token, _: u64) -> (Duration, Duration) {
        (Duration::ZERO, Duration::ZERO)
    }
    fn note(&mut self, event: impl FnOnce() -> Event) {
        self.events.push(event());
    }
    fn wants_details(&self) -> bool {
        true
    }
}

impl<S: Strategy, R: Rule> State<S, R> {
    /// The world of this system with all nodes down.
    pub fn world(strategy: S, setup: &System<R>) -> World<S, R> {
        let limit = Some(Duration::SECOND);
        let client = CallPolicy {
            timeout: limit,
            store_timeout: limit,
            ..CallPolicy::plain(Retry::Immediate(Immediate {
                attempts: setup.attempts,
            }))
        };
        let mut provider = Provider::new(
            setup.rule.clone(),
            setup.on_bad_slot,
            vec![setup.slots; setup.needs.apps.into()],
            setup.slots,
        )
        .with_rotation(setup.rotation);
        provider.reveals = setup.reveals;
        World::new(
            strategy,
            client,
            provider,
            Layout::plain(setup.nodes, setup.needs.gateway),
        )
    }

    /// The initial state: all nodes are up, and all their calls about to arrive.
    pub fn initial(strategy: S, setup: &System<R>) -> Self {
        let mut world = Self::world(strategy, setup);
        let nodes = world.fleets().last().map_or(0, |fleet| fleet.nodes.end);
        let mut host = CheckHost::default();
        for node in (0..nodes).map(NodeId) {
            world.start(node, &mut host);
        }
        for node in (0..setup.nodes).map(NodeId) {
            host.bag.extend((0..setup.calls).map(|_| arrival(node)));
        }
        let mut state = Self {
            world,
            bag: host.bag,
            left: setup.faults,
            disturbed: false,
            history: History::new(nodes as usize),
            operations: setup.store_operations,
            symmetric: setup.symmetric,
        };
        state.canonical(&mut Renamed::default());
        state
    }

    /// Brings the state into its canonical form; returns which places the nodes have taken.
    fn canonical(&mut self, renamed: &mut Renamed) -> Permutation {
        if self.left.left(Fault::Renewal) == 0 {
            // No planned renewal will fall due any more.
            self.bag.retain(|message| {
                !matches!(
                    message,
                    Message::TimerRang {
                        timer: Timer::Renew,
                        ..
                    }
                )
            });
        }
        self.world.canonical(NOW, &mut self.bag, renamed);
        self.bag.sort_unstable();
        self.history.rename(&|token| renamed.token(token));
        if self.symmetric {
            self.order_nodes(renamed)
        } else {
            Permutation::IDENTITY
        }
    }

    /// Puts the nodes into an order that depends only on the situation of each, as far as that tells them apart.
    fn order_nodes(&mut self, renamed: &mut Renamed) -> Permutation {
        let mut portraits = [(0, NodeId(0)); NODES];
        let nodes = self.world.fleets()[0].nodes.end;
        let portraits = &mut portraits[..nodes as usize];
        for (portrait, id) in portraits.iter_mut().zip((0..nodes).map(NodeId)) {
            *portrait = (fingerprint(&(self.world.portrait(id), self.history.of(id))), id);
        }
        for message in &self.bag {
            if let Some((portrait, _)) = portraits.get_mut(self.actor(message).index()) {
                *portrait = portrait.wrapping_add(fingerprint(&message.nameless()));
            }
        }
        portraits.sort_unstable();
        let places = Permutation::sorting(portraits.iter().map(|&(_, id)| id));
        if places != Permutation::IDENTITY {
            self.move_nodes(places, renamed);
        }
        places
    }

    /// The nodes change places; only memory of `renamed` is used.
    pub fn move_nodes(&mut self, places: Permutation, renamed: &mut Renamed) {
        self.world.move_nodes(places, &mut self.bag, renamed);
        self.history.move_nodes(places);
        self.bag.sort_unstable();
    }

    /// Calls that have not ended, those about to arrive included.
    pub fn pending(&self) -> usize {
        let arriving = self
            .bag
            .iter()
            .filter(|message| matches!(message, Message::Arrival { .. }));
        self.world.calls().len() + arriving.count()
    }

    /// Whether no call is under way, and nothing else but that leases are extended.
    pub fn is_quiet(&self) -> bool {
        let upkeep = |message: &Message| {
            matches!(
                message,
                Message::TimerRang {
                    timer: Timer::Renew | Timer::Extend,
                    ..
                } | Message::StoreRequest {
                    operation: Operation::Extend { .. },
                    ..
                } | Message::StoreResponse {
                    answer: Answer::Extended { held: true },
                    ..
                } | Message::StoreTimedOut {
                    asked: Asked::Extend,
                    ..
                }
            )
        };
        self.pending() == 0
            && self.bag.iter().all(upkeep)
            && (0..).zip(self.world.leases(NOW)).all(|(store, lease)| {
                lease.is_none_or(|(holder, fence)| self.acts(holder, fence) || !self.world.can_lapse(store))
            })
    }

    /// Phases of the strategy in which some node is, by their place.
    pub fn phases(&self) -> u32 {
        if S::PHASES.is_empty() {
            return 0;
        }
        (0..self.nodes()).fold(0, |all, node| {
            let place = S::phase(self.world.memory(NodeId(node)));
            assert!(
                place < S::PHASES.len().min(32),
                "a phase has a name, and there are 32 at most"
            );
            all | 1 << place
        })
    }

    /// Whether some lease is held.
    pub fn is_leased(&self) -> bool {
        self.world.leases(NOW).any(|lease| lease.is_some())
    }

    /// Whether no node, message or store has a refresh token that would be accepted; none where there are no refresh tokens.
    pub fn is_stranded(&self) -> Option<bool> {
        let held = self.world.holds_grant(NOW)?;
        let accepts = |token| self.world.provider.is_worth(NOW, token);
        Some(!held && !self.bag.iter().any(|message| brings(message, accepts)))
    }

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
            let buckets = (0..self.world.provider.clients()).flat_map(|client| self.world.provider.buckets(client));
            for bucket in buckets {
                if self.world.provider.ledger.newest(bucket).is_some() {
                    out.push(Action::Expire(bucket.0 as u8));
                }
            }
        }
    }

    /// Messages that only the delivery bounds hold back. Fairness counts their labels as enabled: no run holds them back for ever.
    pub fn suppressed<'a>(&'a self, bounds: &'a DeliveryBounds) -> impl Iterator<Item = &'a Message> {
        let bounded = bounds.iter().any(|accepts| !matches!(accepts, Accepts::Everything));
        let bag = if bounded { &self.bag[..] } else { &[] };
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

    fn nodes(&self) -> u32 {
        self.world.fleets().last().map_or(0, |fleet| fleet.nodes.end)
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
                let phase = self.world.calls().get(ticket.call).phase;
                !travels && matches!(phase, Phase::InFlight | Phase::Forwarded)
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
    fn acts(&self, holder: NodeId, fence: u32) -> bool {
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

    /// Takes a step; what happened lies in `host.events`. The history has no record of it yet.
    pub fn step(&self, action: Action, host: &mut CheckHost) -> Self {
        let mut next = self.clone();
        next.act(action, host);
        next
    }

    fn act(&mut self, action: Action, host: &mut CheckHost) {
        let next = self;
        host.events.clear();
        host.bag.clear();
        match action {
            Action::Deliver(place) | Action::Renew(place) | Action::Late(place) => {
                let message = next.bag.remove(place.into());
                std::mem::swap(&mut host.bag, &mut next.bag);
                next.world.deliver(message, host);
                std::mem::swap(&mut host.bag, &mut next.bag);
            }
            Action::Lose(place) => {
                next.bag.remove(place.into());
            }
            Action::Throttle(place) => {
                let request = next.bag.remove(place.into());
                next.bag.extend(throttled(&request));
            }
            Action::Crash(node) => {
                std::mem::swap(&mut host.bag, &mut next.bag);
                let node = u32::from(node);
                next.world.crash(node..node + 1, host);
                next.world.start(NodeId(node), host);
                std::mem::swap(&mut host.bag, &mut next.bag);
            }
            Action::Lapse(store) | Action::Reclaim(store) => next.world.lapse(store.into(), host),
            Action::Expire(bucket) => {
                let ledger = &mut next.world.provider.ledger;
                ledger.revoke(Bucket(bucket.into()), NOW, &mut |_| {});
            }
        }
        if let Some(fault) = action.fault() {
            next.left.spend(fault);
            next.disturbed |= fault != Fault::Renewal;
        }
    }

    /// Takes a step, and shows each event to the properties; what tokens are called after it lies in `host.renamed`.
    pub fn take(
        &self,
        action: Action,
        host: &mut CheckHost,
        judge: impl FnMut(&Event, &History, &dyn StateView),
    ) -> Self {
        let mut next = self.clone();
        self.go_on(&mut next, action, host, judge);
        next
    }

    /// [`State::take`] in the memory of another state.
    pub fn take_into(
        &self,
        next: &mut Self,
        action: Action,
        host: &mut CheckHost,
        judge: impl FnMut(&Event, &History, &dyn StateView),
    ) {
        next.clone_from(self);
        self.go_on(next, action, host, judge);
    }

    fn go_on(
        &self,
        next: &mut Self,
        action: Action,
        host: &mut CheckHost,
        mut judge: impl FnMut(&Event, &History, &dyn StateView),
    ) {
        next.act(action, host);
        for event in &host.events {
            next.history.record(event);
            let instant = Instant {
                before: self,
                after: &next.world,
            };
            judge(event, &next.history, &instant);
        }
        host.places = next.canonical(&mut host.renamed);
    }

    /// The state after a step.
    pub fn next(&self, action: Action, host: &mut CheckHost) -> Self {
        self.take(action, host, |_, _, _| {})
    }

    /// Another call is about to arrive.
    pub(super) fn with_call(&self, node: NodeId) -> Self {
        let mut next = self.clone();
        next.left = FaultBudget::NONE;
        next.bag.push(arrival(node));
        next.bag.sort_unstable();
        next
    }

    /// Which node acts when this message is delivered.
    pub fn actor(&self, message: &Message) -> NodeId {
        match *message {
            Message::Arrival { node, .. }
            | Message::TokenRequest { node, .. }
            | Message::TokenResponse { node, .. }
            | Message::StoreRequest { node, .. }
            | Message::StoreResponse { node, .. }
            | Message::TokenTimedOut { node, .. }
            | Message::StoreTimedOut { node, .. }
            | Message::TimerRang { node, .. }
            | Message::TokenServed { node, .. }
            | Message::Note { to: node, .. } => node,
            mut other => other
                .ticket_mut()
                .map_or(NodeId(0), |ticket| self.world.calls().get(ticket.call).at),
        }
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

fn arrival(node: NodeId) -> Message {
    Message::Arrival {
        node,
        group: Group(0),
        draw_key: 0,
    }
}

/// The answer to a token request that meets a 429; none for any other message.
pub fn throttled(request: &Message) -> Option<Message> {
    match *request {
        Message::TokenRequest { node, epoch, asker, .. } => Some(Message::TokenResponse {
            node,
            epoch,
            asker,
            answer: Err(Failure::Throttled {
                retry_after: Millis::ZERO,
            }),
        }),
        _ => None,
    }
}

/// A step as the properties see it: the state before, the world after.
struct Instant<'a, S: Strategy, R> {
    before: &'a State<S, R>,
    after: &'a World<S, R>,
}

impl<S: Strategy, R: Rule> StateView for Instant<'_, S, R> {
    fn is_live(&self, token: Token) -> bool {
        self.after.provider.ledger.is_live(token, NOW)
    }

    fn was_known(&self, token: Token) -> bool {
        self.before.world.knows(token) || self.before.bag.iter().any(|message| carries(message, token))
    }

    fn is_undisturbed(&self) -> bool {
        !self.before.disturbed
    }
}
