//! One state of a small system: the world, what is under way in it, what may still go wrong; and the steps it can take.

use std::hash::{Hash, Hasher};

use super::fault::{Fault, FaultBudget};
use super::host::{CheckHost, NOW};
use super::visited::fingerprint;
use super::{HolderActs, System};
use crate::base::{Duration, Group, NodeId, Permutation, clone_in_place};
use crate::node::{CallPolicy, Memory, Strategy, Timer};
use crate::property::History;
use crate::provider::{Bucket, Issuance, Provider, Rule};
use crate::retry::{Immediate, Retry};
use crate::store::{Answer, Asked, Operation};
use crate::workload::Job;
use crate::world::{Layout, Message, Renamed, World, brings};

/// Store operations that a node has under way at most: one that never waits for its answers would make states without end.
pub const STORE_OPERATIONS: u8 = 2;

/// Notes that two nodes have under way to each other at most, for the same reason.
pub const NOTES: u8 = 2;

/// Nodes at most, a gateway included.
pub(super) const NODES: usize = 8;

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
    /// Nodes, as bits, whose token has expired before the renewal that they had planned: its time has come, and it is no fault.
    pub(super) overdue: u8,
    /// Nodes, as bits, that have heard that a lease is theirs and do not name its fence, as long as they have anything under way.
    pub(super) busy: u8,
    /// The history of the run, as far as properties ask for it.
    pub history: History,
    /// Store operations that a node has under way at most.
    pub(super) operations: u8,
    /// Notes that two nodes have under way to each other at most.
    pub(super) notes: u8,
    pub(super) holder: HolderActs,
    /// It stands for all states that differ from it only in which node is which.
    symmetric: bool,
    /// Kinds of calls of which one that arrives can be any; none where all are single ones.
    pub(super) kinds: u8,
}

clone_in_place!(State<S: Strategy, R> {
    world, bag, left, disturbed, overdue, busy, history, operations, notes, holder, symmetric, kinds
});

/// The strategy itself, and bounds, are taken as equal.
impl<S: Strategy, R: Rule> PartialEq for State<S, R> {
    fn eq(&self, other: &Self) -> bool {
        self.world == other.world
            && self.bag == other.bag
            && self.left == other.left
            && self.disturbed == other.disturbed
            && self.overdue == other.overdue
            && self.busy == other.busy
            && self.history == other.history
    }
}

impl<S: Strategy, R: Rule> Eq for State<S, R> {}

impl<S: Strategy, R: Rule> Hash for State<S, R> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.world.hash(hasher);
        self.bag.hash(hasher);
        self.left.hash(hasher);
        (self.disturbed, self.overdue, self.busy).hash(hasher);
        self.history.hash(hasher);
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
        let mut layout = Layout::plain(setup.nodes, setup.needs.gateway);
        // How long it takes decides nothing.
        layout.login_again = (setup.faults.left(Fault::Login) > 0).then_some(Duration::SECOND);
        if !setup.kinds.is_empty() {
            let job = |kind: &Job| (kind.calls > 1).then_some(*kind);
            // What a call costs once all is quiet is asked of a single one, whose kind comes last.
            layout.jobs = setup.kinds.iter().map(job).chain([None]).collect();
            layout.patience = vec![None; layout.jobs.len()];
        }
        World::new(strategy, client, provider, layout)
    }

    /// All nodes are up, and all their calls about to arrive.
    pub fn initial(strategy: S, setup: &System<R>) -> Self {
        let mut world = Self::world(strategy, setup);
        let nodes = world.fleets().last().map_or(0, |fleet| fleet.nodes.end);
        let mut host = CheckHost::default();
        for node in (0..nodes).map(NodeId) {
            world.start(node, &mut host);
        }
        for node in (0..setup.nodes).map(NodeId) {
            host.bag.extend((0..setup.calls).map(|_| arrival(node, 0)));
        }
        let mut state = Self {
            world,
            bag: host.bag,
            left: setup.faults,
            disturbed: false,
            overdue: 0,
            busy: 0,
            history: History::new(nodes as usize),
            operations: setup.store_operations,
            notes: setup.notes,
            holder: setup.holder,
            symmetric: setup.symmetric,
            kinds: setup.kinds.len() as u8,
        };
        state.canonical(&mut Renamed::default());
        state
    }

    /// Tells which places the nodes have taken.
    pub(super) fn canonical(&mut self, renamed: &mut Renamed) -> Permutation {
        if self.overdue != 0 {
            self.overdue &= !self.holding();
        }
        let due = self.renewals();
        self.bag.retain(|message| falls_due(message, due));
        if self.busy != 0 {
            self.busy &= self.at_work();
        }
        self.history.forget(|node, asker| self.world.is_awaited(node, asker));
        self.world.canonical(NOW, &mut self.bag, renamed);
        self.bag.sort_unstable();
        self.history.rename(&|token| renamed.token(token));
        self.history.rename_calls(|ticket| renamed.ticket(ticket));
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
            portrait.0 = portrait.0.wrapping_add(u128::from(self.is_overdue(id)));
        }
        for message in self.bag.iter().filter(|message| !is_of_a_user(message)) {
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
        self.history.move_nodes(places, |ticket| renamed.ticket(ticket));
        let moved = |bits: u8| {
            let set = (0..NODES as u32).map(NodeId).filter(|node| bits & (1 << node.0) != 0);
            set.fold(0, |all, node| all | 1 << places.of(node).0)
        };
        (self.overdue, self.busy) = (moved(self.overdue), moved(self.busy));
        self.bag.sort_unstable();
    }

    /// Whether this node's token has expired before the renewal that it had planned.
    pub(super) fn is_overdue(&self, node: NodeId) -> bool {
        self.overdue & (1 << node.0) != 0
    }

    /// Nodes, as bits, whose planned renewal may fall due: all of them, or those whose renewal is late.
    pub fn renewals(&self) -> u8 {
        match self.left.left(Fault::Renewal) == 0 && self.left.left(Fault::Expiry) == 0 {
            true if self.overdue == 0 => 0,
            true => self.overdue & !self.holding(),
            false => u8::MAX,
        }
    }

    /// The tokens of a bucket expire. A node that had planned to renew earlier does so now.
    pub(super) fn expire(&mut self, bucket: Bucket) {
        let before = self.holding();
        self.world.server.provider.ledger.revoke(bucket, NOW, &mut |_| {});
        let plans = self.bag.iter().fold(0, |bits, message| match message {
            Message::TimerRang { timer, node, .. } if *timer == Timer::Renew => bits | 1 << node.0,
            _ => bits,
        });
        self.overdue |= before & !self.holding() & plans;
    }

    /// A message has been delivered: where it tells a node that a lease is its own, and the node does not keep the fence, only what the
    /// node has under way says whether it acts on the lease.
    pub(super) fn heard(&mut self, message: &Message) {
        if self.holder == HolderActs::Busy
            && let Message::StoreResponse {
                node,
                answer: Answer::Acquired { .. },
                ..
            } = message
        {
            self.busy |= 1 << node.0;
        }
    }

    /// Nodes, as bits, that hold a lease and have something under way but planned renewals.
    fn at_work(&self) -> u8 {
        let waits = self.bag.iter().filter_map(|message| match message {
            Message::TokenTimedOut { node, .. } | Message::StoreTimedOut { node, .. } => Some(*node),
            Message::TimerRang { node, timer, .. } => (*timer != Timer::Renew).then_some(*node),
            _ => None,
        });
        let waits = waits.fold(0, |bits, node| bits | 1 << node.0);
        let holders = self.world.leases(NOW).flatten();
        waits & holders.fold(0, |bits, (holder, _)| bits | 1u8 << holder.0)
    }

    /// Nodes, as bits, that would send a live token now.
    fn holding(&self) -> u8 {
        let ledger = &self.world.server.provider.ledger;
        let live = |node: &NodeId| {
            let token = self.world.memory(*node).view().token;
            token.is_some_and(|token| ledger.is_live(token, NOW))
        };
        let nodes = (0..self.nodes()).map(NodeId);
        nodes.filter(live).fold(0, |bits, node| bits | 1 << node.0)
    }

    /// Calls that have not ended, those about to arrive included.
    pub fn pending(&self) -> usize {
        let arriving = self
            .bag
            .iter()
            .filter(|message| matches!(message, Message::Arrival { .. }));
        self.world.calls().len() + arriving.count()
    }

    /// Whether a user is to log in again, and has done so as often as the budget allows.
    pub fn awaits_another_login(&self) -> bool {
        self.left.left(Fault::Login) == 0 && self.bag.iter().any(is_of_a_user)
    }

    /// Whether no call is under way, and nothing else but that leases are extended.
    pub fn is_quiet(&self) -> bool {
        self.pending() == 0
            && self.bag.iter().all(is_upkeep)
            && (0..).zip(self.world.leases(NOW)).all(|(store, lease)| {
                lease.is_none_or(|(holder, fence)| self.acts(holder, fence) || !self.world.can_lapse(store))
            })
    }

    /// Whether a long while can pass before anything happens: nothing is under way but calls that are yet to arrive, and that leases
    /// are extended. The periods that a provider grants outlast whatever else is under way.
    pub fn is_at_rest(&self) -> bool {
        let waits = |message: &Message| matches!(message, Message::Arrival { .. }) || is_upkeep(message);
        self.world.calls().is_empty() && self.bag.iter().all(waits)
    }

    /// Phases of the strategy in which some node is, by their place.
    pub fn phases(&self) -> u32 {
        let named = self.world.strategy().phases().len();
        if named == 0 {
            return 0;
        }
        (0..self.nodes()).fold(0, |all, node| {
            let place = self.world.memory(NodeId(node)).phase();
            assert!(place < named.min(32), "a phase has a name, and there are 32 at most");
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
        let accepts = |token| self.world.server.provider.is_worth(NOW, token);
        Some(!held && !self.bag.iter().any(|message| brings(message, accepts)))
    }

    pub(super) fn nodes(&self) -> u32 {
        self.world.fleets().last().map_or(0, |fleet| fleet.nodes.end)
    }

    /// Nodes at which a call can arrive.
    pub fn callers(&self) -> impl Iterator<Item = NodeId> + use<S, R> {
        let fleet = self.world.fleets().first().map_or(0..0, |fleet| fleet.nodes.clone());
        fleet.map(NodeId)
    }

    /// Which node acts when this message is delivered.
    pub fn actor(&self, message: &Message) -> NodeId {
        self.world.actor(message)
    }
}

/// Whether a message is no planned renewal, or one of a node that is among those whose renewal may fall due: others are no part of a
/// state.
pub fn falls_due(message: &Message, renewals: u8) -> bool {
    match message {
        Message::TimerRang {
            timer: Timer::Renew,
            node,
            ..
        } => renewals & (1 << node.0) != 0,
        _ => true,
    }
}

/// Whether it is the alarm of a user who is to log in again, which is no node's.
const fn is_of_a_user(message: &Message) -> bool {
    matches!(message, Message::LoginAgain { .. })
}

/// Whether a message is about what can wait for long: a planned renewal, a lease that is kept, or a user who is to log in again.
fn is_upkeep(message: &Message) -> bool {
    is_of_a_user(message)
        || matches!(
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
}

pub(super) fn arrival(node: NodeId, kind: u8) -> Message {
    Message::Arrival {
        node,
        group: Group(kind.into()),
        draw_key: 0,
    }
}
