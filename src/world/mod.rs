//! Nodes, provider and store wired together: the state that every engine runs.
//!
//! Has no clock, no queue and no dice: an engine delivers one message after another and is told what follows. Given the
//! same deliveries it does the same, so the simulator and an exhaustive checker run the very same code.

mod call;
mod caller;
mod canonical;
mod detail;
mod disturbance;
mod endpoints;
mod host;
mod login;
mod message;
mod nodes;
mod policy;
mod symmetry;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::base::{Duration, Group, NodeId, clone_in_place, prefetch};
use crate::node::{Input, Me, Outbox, Role, Shared, Strategy};
use crate::oauth::Token;
use crate::provider::{Provider, Rule};
use crate::store::{Answer, Store};
use crate::trace::Event;

pub use call::{Call, Calls, Phase};
pub use canonical::Renamed;
pub use detail::{brings, carries};
use disturbance::Disturbance;
pub use disturbance::Party;
pub use host::Host;
pub use message::{Asker, Delivery, LEGS, Leg, Message, Stage, Ticket};
use nodes::{Node, PendingOps};
pub use policy::{CallPolicy, DelayPlace, Steps};

/// A group of like nodes, resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fleet {
    pub nodes: std::ops::Range<u32>,
    /// CallPolicy that its app is, and how many registered copies follow it.
    pub client: u16,
    /// Which store it shares.
    pub store: u16,
    /// Which node it forwards calls to, where the strategy has a gateway.
    pub gateway: Option<NodeId>,
    /// Its code can send a slot index.
    pub sends_slot: bool,
    /// Its token requests ask for a new token even where the current one would be returned.
    pub force: bool,
    /// Nodes of earlier fleets with the same app that are dealt slots or apps.
    pub first_ordinal: u32,
    pub is_gateway: bool,
    /// First of its logins, where there are refresh tokens; one for each node, or one for the fleet's whole domain.
    pub first_login: u32,
    pub login_each: bool,
    /// How far its nodes' clocks are off: spread evenly from so much slow to so much fast.
    pub clock_spread: Duration,
    /// How fast they drift, in millionths: spread evenly from so much slow to so much fast.
    pub clock_drift: u32,
}

impl Fleet {
    /// Like nodes of the first app and of one login, whose code can send a slot index.
    pub fn plain(nodes: std::ops::Range<u32>) -> Self {
        Self {
            nodes,
            client: 0,
            store: 0,
            gateway: None,
            sends_slot: true,
            force: false,
            first_ordinal: 0,
            is_gateway: false,
            first_login: 0,
            login_each: false,
            clock_spread: Duration::ZERO,
            clock_drift: 0,
        }
    }
}

/// What the world is made of, apart from strategy and provider.
#[derive(Clone, Debug)]
pub struct Layout {
    pub fleets: Vec<Fleet>,
    /// How long the callers of each group wait.
    pub patience: Vec<Option<Duration>>,
    pub stores: u16,
    pub store: StoreLayout,
    /// How long after a grant was found lost its user logs in again; none for never.
    pub login_again: Option<Duration>,
}

impl Layout {
    /// So many like nodes with a store, and one more to which they forward calls or leave the renewing, where there is a
    /// `gateway`.
    pub fn plain(nodes: u32, gateway: bool) -> Self {
        let gateway = gateway.then_some(NodeId(nodes));
        let fleet = Fleet {
            gateway,
            ..Fleet::plain(0..nodes)
        };
        let keeper = gateway.map(|gateway| Fleet {
            nodes: gateway.0..gateway.0 + 1,
            is_gateway: true,
            ..fleet.clone()
        });
        Self {
            fleets: std::iter::once(fleet).chain(keeper).collect(),
            patience: vec![None],
            stores: 1,
            store: StoreLayout::default(),
            login_again: None,
        }
    }
}

/// How the shared stores are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreLayout {
    /// How far the replicas lag behind that answer reads; none where the primary does.
    pub replica_lag: Option<Duration>,
    /// The most that a failover can lose.
    pub remembers: Duration,
}

/// The whole system between two instants.
#[derive(Debug)]
pub struct World<S: Strategy, R> {
    strategy: S,
    policy: CallPolicy,
    fleets: Arc<[Fleet]>,
    patience: Arc<[Option<Duration>]>,
    nodes: Vec<Node<S::Node>>,
    /// What each node remembers of its retries; empty where the policy asks for no memory.
    retries: Vec<policy::RetryState>,
    /// Each node's store operations and timers; empty until the first.
    pending: Vec<PendingOps>,
    calls: Calls,
    pub provider: Provider<R>,
    stores: Vec<Store<Shared>>,
    store_layout: StoreLayout,
    logins: login::Logins,
    store_down: Option<crate::provider::Outage>,
    /// Requests that wait for a server: of the token endpoint, of the API.
    waiting: [VecDeque<Message>; 2],
    /// Nodes that stand still, and nodes that are cut off.
    disturbance: Disturbance,
}

clone_in_place!(World<S: Strategy, R> {
    strategy, policy, fleets, patience, nodes, retries, pending, calls, provider, stores, store_layout, logins, store_down,
    waiting, disturbance,
});

impl<S: Strategy, R: Rule> World<S, R> {
    /// All nodes are down until they are started.
    pub fn new(strategy: S, policy: CallPolicy, provider: Provider<R>, layout: Layout) -> Self {
        let mut nodes = Vec::with_capacity(layout.fleets.last().map_or(0, |fleet| fleet.nodes.end as usize));
        for (index, fleet) in layout.fleets.iter().enumerate() {
            assert_eq!(fleet.nodes.start as usize, nodes.len(), "fleets lie one after another");
            for id in fleet.nodes.clone() {
                let me = place(fleet, NodeId(id));
                nodes.push(Node::down(strategy.boot(me), index as u16));
            }
        }
        let remembering = if policy.remembers() { nodes.len() } else { 0 };
        Self {
            strategy,
            policy,
            retries: vec![policy::RetryState::default(); remembering],
            pending: Vec::new(),
            fleets: layout.fleets.into(),
            patience: layout.patience.into(),
            nodes,
            calls: Calls::default(),
            provider,
            stores: vec![Store::remembering(layout.store.remembers); usize::from(layout.stores)],
            store_layout: layout.store,
            logins: login::Logins::new(layout.login_again),
            store_down: None,
            waiting: [VecDeque::new(), VecDeque::new()],
            disturbance: Disturbance::default(),
        }
    }

    /// Delivers one message or alarm to the party that it is for.
    #[inline(always)] // An engine delivers in one place.
    pub fn deliver<H: Host>(&mut self, delivery: impl Delivery<H>, host: &mut H) {
        if self.disturbance.is_any() && self.intercept(delivery.message(host), host.now()) {
            return;
        }
        match *delivery.message(host) {
            Message::Arrival { node, group, draw_key } => self.arrive(node, group, draw_key, host),
            Message::ApiRequest {
                stage,
                ticket,
                node,
                token,
                live,
                draw_key,
            } => self.api_request(stage, ticket, node, token, live, draw_key, host),
            Message::ApiResponse { ticket, token, verdict } => self.api_response(ticket, token, verdict, host),
            Message::TokenRequest {
                node,
                epoch,
                slot,
                asker,
                count,
                with,
            } => self.token_request(Stage::Arrived, node, epoch, slot, asker, count, with, host),
            Message::TokenServed {
                node,
                epoch,
                slot,
                asker,
                count,
                with,
            } => self.token_request(Stage::Served, node, epoch, slot, asker, count, with, host),
            Message::TokenResponse {
                node,
                epoch,
                asker,
                answer,
            } => self.token_response(node, epoch, asker, answer, host),
            Message::StoreRequest {
                node,
                epoch,
                number,
                operation,
            } => self.store_request(node, epoch, number, operation, host),
            Message::StoreResponse {
                node,
                epoch,
                number,
                answer,
            } => self.store_response(node, epoch, number, answer, host),
            Message::Forward { ticket, gateway } => self.forwarded(ticket, gateway, host),
            Message::Answered { ticket, succeeded } => self.answered(ticket, succeeded, host),
            Message::BackoffOver { ticket } => self.backoff_over(ticket, host),
            Message::AttemptTimedOut { ticket } => self.attempt_timed_out(ticket, host),
            Message::TokenTimedOut { node, epoch, asker } => self.token_timed_out(node, epoch, asker, host),
            Message::StoreTimedOut {
                node,
                epoch,
                number,
                asked,
            } => self.store_response(node, epoch, number, Answer::Failed(asked), host),
            Message::TimerRang {
                node,
                epoch,
                timer,
                armed,
            } => self.timer_rang(node, epoch, timer, armed, host),
            Message::Note { to, from, note } => self.told(to, from, note, host),
            Message::LoginAgain { login } => self.log_in_again(login, host),
        }
    }

    /// A hint that this message is to be delivered before long: what it names is fetched from memory meanwhile; told `again`
    /// a little later, also what those name. Changes nothing.
    #[inline]
    pub fn expect(&self, message: &Message, again: bool) {
        match (message, again) {
            (Message::ApiRequest { ticket, .. } | Message::ApiResponse { ticket, .. }, false) => {
                self.calls.expect(ticket.call);
            }
            (Message::ApiResponse { ticket, .. }, true) => self.expect_node(self.calls.get(ticket.call).at),
            (Message::TokenRequest { node, .. } | Message::TokenResponse { node, .. }, false) => {
                self.expect_node(*node);
            }
            (Message::TokenResponse { node, .. }, true) => self.calls.expect_parked(self.nodes[node.index()].parked),
            _ => {}
        }
    }

    /// A hint that a message for this node is to be delivered before long.
    #[inline]
    pub fn expect_node(&self, id: NodeId) {
        prefetch(&self.nodes, id.index());
    }

    /// Lets the strategy react at one node, and does what it says.
    #[inline]
    fn hear(&mut self, id: NodeId, input: Input, host: &mut impl Host) {
        let node = &mut self.nodes[id.index()];
        let mut me = place(&self.fleets[usize::from(node.fleet)], id);
        me.refreshes = self.provider.rotation.is_some();
        let before = S::view(&node.memory).token;
        let mut outbox = Outbox::default();
        let memory = node.memory;
        self.strategy.on(me, &mut node.memory, input, &mut outbox);
        let after = S::view(&node.memory).token;
        if host.wants_details() {
            self.tell_hearing(id, memory, input, host);
        }
        if before != after {
            self.track_holder(before, after);
        }
        for command in outbox.commands() {
            self.execute(id, command, host);
        }
    }

    fn track_holder(&mut self, before: Option<Token>, after: Option<Token>) {
        if let Some(token) = before {
            self.provider.ledger.hold(token, false);
        }
        if let Some(token) = after {
            self.provider.ledger.hold(token, true);
        }
    }

    /// Where a node stands, as it knows it.
    pub fn me(&self, id: NodeId) -> Me {
        Me {
            refreshes: self.provider.rotation.is_some(),
            ..place(&self.fleets[usize::from(self.nodes[id.index()].fleet)], id)
        }
    }

    /// The strategy that all nodes follow.
    pub fn strategy(&self) -> &S {
        &self.strategy
    }

    /// The strategy's memory at a node.
    pub fn memory(&self, id: NodeId) -> &S::Node {
        &self.nodes[id.index()].memory
    }

    /// Bytes of the lists that make up the world, roughly.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.nodes)
            + size_of_val(&*self.retries)
            + size_of_val(&*self.pending)
            + size_of_val(&*self.fleets)
            + size_of_val(&*self.stores)
            + self.calls.len() * size_of::<Call>()
            + self.provider.ledger.heap_bytes()
    }

    pub fn fleets(&self) -> &[Fleet] {
        &self.fleets
    }

    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// Ends the run: calls that are under way stay unfinished, tokens stay as they are.
    pub fn close(&mut self, host: &mut impl Host) {
        let unfinished: Vec<_> = self.calls.under_way().collect();
        for seat in unfinished {
            self.end(seat, crate::trace::CallOutcome::Unfinished, host);
        }
        let now = host.now();
        self.note_stranded(host);
        for client in 0..self.provider.clients() {
            for bucket in self.provider.buckets(client) {
                self.provider
                    .ledger
                    .settle(bucket, now, &mut |life| host.note(|| Event::TokenEnded(*life)));
            }
        }
        for life in self.provider.ledger.remembered() {
            if life.is_live(now) {
                host.note(|| Event::TokenEnded(life));
            }
        }
    }

    fn patience(&self, group: Group) -> Option<Duration> {
        self.patience[usize::from(group.0)]
    }
}

/// Two worlds are equal when nothing that will happen can tell them apart; strategy, policy and layout are taken as equal.
impl<S: Strategy, R: Rule> PartialEq for World<S, R> {
    fn eq(&self, other: &Self) -> bool {
        self.nodes == other.nodes
            && self.retries == other.retries
            && self.pending == other.pending
            && self.calls == other.calls
            && self.provider == other.provider
            && self.stores == other.stores
            && self.logins == other.logins
            && self.store_down == other.store_down
            && self.waiting == other.waiting
            && self.disturbance == other.disturbance
    }
}

impl<S: Strategy, R: Rule> Eq for World<S, R> {}

impl<S: Strategy, R: Rule> std::hash::Hash for World<S, R> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.nodes.hash(state);
        self.retries.hash(state);
        self.pending.hash(state);
        self.calls.hash(state);
        self.provider.hash(state);
        self.stores.hash(state);
        self.logins.hash(state);
        self.store_down.hash(state);
        self.waiting.hash(state);
        self.disturbance.hash(state);
    }
}

fn place(fleet: &Fleet, id: NodeId) -> Me {
    Me {
        id,
        ordinal: fleet.first_ordinal + (id.0 - fleet.nodes.start),
        role: if fleet.is_gateway {
            Role::Gateway
        } else if fleet.sends_slot {
            Role::Worker
        } else {
            Role::Legacy
        },
        refreshes: false,
    }
}
