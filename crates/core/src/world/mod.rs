//! Nodes, provider and store wired together: the state that every engine runs.
//!
//! Has no clock, no queue and no dice: an engine delivers one message after another and is told what follows. Given the
//! same deliveries it does the same, so the simulator and an exhaustive checker run the very same code.

mod all;
mod canonical;
mod dead;
mod detail;
mod disturbance;
mod endpoints;
mod equal;
mod host;
mod layout;
mod leg;
mod logins;
mod message;
mod nodes;
mod parts;
mod second;
mod symmetry;
mod wire;

use std::sync::Arc;

use crate::base::{CallId, NodeId, clone_in_place, prefetch};
use crate::node::{Alarm, CallPolicy, Calls, Heard, Me, NodeState, NodeTables, Shared, Strategy, Ticket};
use crate::provider::{Outage, Provider, Rule, Server};
use crate::store::Store;
use crate::trace::{CallOutcome, FailedBy};

pub use canonical::Renamed;
pub use detail::{brings, carries};
use disturbance::Disturbance;
pub use disturbance::{Party, Reception};
pub use host::Host;
pub use layout::place;
pub use layout::{Fleet, Layout, StoreLayout};
pub use leg::{LEGS, Leg};
pub use message::{Delivery, Message, Stage};
pub use parts::{Backdrop, NodePart};
pub use second::is_of_second;
pub use wire::{by_clock, clock_says, peers, written_by_clock};

/// The whole system between two instants.
///
/// An engine is a clock and a queue around it. This one lets every message travel for 10 ms and never rolls its dice:
///
/// ```
/// # use tokenstorm_core as tokenstorm;
/// use std::collections::BTreeMap;
/// use tokenstorm::base::{Chance, Delay, Duration, Group, NodeId, Time};
/// use tokenstorm::node::CallPolicy;
/// use tokenstorm::oauth::Token;
/// use tokenstorm::provider::{Issuance, OnBadSlot, Provider};
/// use tokenstorm::retry::Retry;
/// use tokenstorm::strategy::Naive;
/// use tokenstorm::trace::{CallOutcome, Event};
/// use tokenstorm::world::{Host, Layout, Leg, Message, World};
///
/// #[derive(Default)]
/// struct Engine {
///     now: Time,
///     /// In the order of time, and of scheduling within one instant.
///     queue: BTreeMap<(Time, usize), Message>,
///     scheduled: usize,
///     outcomes: Vec<CallOutcome>,
/// }
///
/// impl Host for Engine {
///     fn now(&self) -> Time {
///         self.now
///     }
///
///     fn send(&mut self, _: Leg, key: u64, message: Message) {
///         self.wake(Delay::exactly(Duration::from_millis(10)), key, message);
///     }
///
///     fn wake(&mut self, delay: Delay, _: u64, alarm: Message) -> Duration {
///         let delay = delay.at(0);
///         self.queue.insert((self.now + delay, self.scheduled), alarm);
///         self.scheduled += 1;
///         delay
///     }
///
///     fn hit(&mut self, _: Chance, _: u64) -> bool {
///         false
///     }
///
///     fn lags(&mut self, _: Token, _: u64) -> (Duration, Duration) {
///         (Duration::ZERO, Duration::ZERO)
///     }
///
///     fn note(&mut self, event: impl FnOnce() -> Event) {
///         if let Event::CallEnded { outcome, .. } = event() {
///             self.outcomes.push(outcome);
///         }
///     }
/// }
///
/// let rule = Issuance::latest_only(Duration::from_secs(3600));
/// let provider = Provider::new(rule, OnBadSlot::Refuse, vec![1], 1);
/// let mut world = World::new(Naive {}, CallPolicy::plain(Retry::None), provider, Layout::plain(1, false));
/// let (mut engine, node) = (Engine::default(), NodeId(0));
/// world.start(node, &mut engine);
/// world.deliver(Message::Arrival { node, group: Group(0), draw_key: 0 }, &mut engine);
/// while let Some(((at, _), message)) = engine.queue.pop_first() {
///     engine.now = at;
///     world.deliver(message, &mut engine);
/// }
/// // To the token endpoint and back, to the API and back.
/// assert_eq!(engine.outcomes, [CallOutcome::Succeeded]);
/// assert_eq!(engine.now, Time::ZERO + Duration::from_millis(40));
/// ```
#[derive(Debug)]
pub struct World<S: Strategy, R> {
    strategy: S,
    policy: CallPolicy,
    fleets: Arc<[Fleet]>,
    nodes: Vec<NodeState<S::Node>>,
    tables: NodeTables,
    calls: Calls,
    /// The provider behind its two URLs.
    pub server: Server<R, Message>,
    /// Another provider, which some calls need besides.
    second: Option<Box<second::Second<R>>>,
    stores: Vec<Store<Shared>>,
    store_layout: StoreLayout,
    logins: logins::Logins,
    store_down: Option<Outage>,
    /// Nodes that stand still, and nodes that are cut off.
    disturbance: Disturbance,
}

clone_in_place!(World<S: Strategy, R> {
    strategy, policy, fleets, nodes, tables, calls, server, second, stores, store_layout, logins, store_down,
    disturbance,
});

impl<S: Strategy, R: Rule> World<S, R> {
    /// All nodes are down until they are started.
    pub fn new(strategy: S, policy: CallPolicy, provider: Provider<R>, layout: Layout) -> Self {
        let mut nodes = Vec::with_capacity(layout.fleets.last().map_or(0, |fleet| fleet.nodes.end as usize));
        for (index, fleet) in layout.fleets.iter().enumerate() {
            assert_eq!(fleet.nodes.start as usize, nodes.len(), "fleets lie one after another");
            for id in fleet.nodes.clone() {
                let me = place(fleet, NodeId(id));
                nodes.push(NodeState::down(strategy.boot(me), index as u16));
            }
        }
        let policies = strategy.policies().iter().chain([&policy]);
        Self {
            logins: logins::Logins::new(&layout),
            tables: NodeTables::new(nodes.len(), layout.patience.into(), policies)
                .with_jobs(&layout.jobs)
                .with_both(&layout.need_both),
            strategy,
            policy,
            fleets: layout.fleets.into(),
            nodes,
            calls: Calls::default(),
            server: Server::new(provider),
            second: None,
            stores: vec![Store::remembering(layout.store.remembers); layout.stores as usize],
            store_layout: layout.store,
            store_down: None,
            disturbance: Disturbance::default(),
        }
    }

    /// Delivers one message or alarm to the party that it is for.
    #[inline(always)] // An engine delivers in one place.
    pub fn deliver<H: Host>(&mut self, delivery: impl Delivery<H>, host: &mut H) {
        if self.disturbance.is_any() {
            let message = *delivery.message(host);
            if self.intercept(&message, host) {
                return;
            }
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
            Message::ApiResponse { ticket, token, reply } => {
                self.hear_of(ticket, Heard::Api { ticket, token, reply }, host);
            }
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
                reply,
            } => self.hear_in(epoch, node, Heard::Token { asker, reply }, host),
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
            Message::Answered { ticket, succeeded } => {
                self.hear_of(ticket, Heard::ForwardAnswered { ticket, succeeded }, host);
            }
            Message::BackoffOver { ticket } => {
                self.hear_of(ticket, Heard::Alarm(Alarm::BackoffOver { ticket }), host);
            }
            Message::AttemptTimedOut { ticket } => self.attempt_timed_out(ticket, host),
            Message::TokenTimedOut { node, epoch, asker } => {
                self.hear_in(epoch, node, Heard::Alarm(Alarm::TokenTimedOut { asker }), host);
            }
            Message::StoreTimedOut {
                node,
                epoch,
                number,
                asked,
            } => self.hear_in(epoch, node, Heard::Alarm(Alarm::StoreTimedOut { number, asked }), host),
            Message::TimerRang {
                node,
                epoch,
                timer,
                armed,
            } => self.hear_in(epoch, node, Heard::Alarm(Alarm::Timer { timer, armed }), host),
            Message::Note { to, from, note } => self.hear(to, Heard::Note { from, note }, host),
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
            (Message::ApiResponse { ticket, .. }, true) => self.expect_node(self.calls.get(ticket.call).node),
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

    /// Something reaches one node.
    #[inline(always)] // What it is is known where it is delivered.
    fn hear(&mut self, id: NodeId, what: Heard, host: &mut impl Host) {
        let (mut node, mut wire) = self.at(id, host);
        node.hear(what, &mut wire);
    }

    /// An attempt, or a forwarded call, has taken too long: the one input at which a node may hang up.
    #[inline(always)]
    fn attempt_timed_out(&mut self, ticket: Ticket, host: &mut impl Host) {
        let Some(id) = self.calls.node_of(ticket) else { return };
        let (mut node, mut wire) = self.at(id, host);
        node.hear(Heard::Alarm(Alarm::AttemptTimedOut { ticket }), &mut wire);
        if let Some(call) = wire.hung_up {
            self.told_hung_up(call, host);
        }
    }

    /// Something reaches one node in this life; an answer to an earlier one finds nobody.
    #[inline(always)]
    fn hear_in(&mut self, epoch: u8, id: NodeId, what: Heard, host: &mut impl Host) {
        if self.nodes[id.index()].epoch == epoch {
            self.hear(id, what, host);
        }
    }

    /// Something reaches the node of a call.
    #[inline(always)]
    fn hear_of(&mut self, ticket: Ticket, what: Heard, host: &mut impl Host) {
        // Whether the call still waits is for its node to say.
        if let Some(id) = self.calls.node_of(ticket) {
            self.hear(id, what, host);
        }
    }

    /// The gateway learns that nobody waits for a call any more.
    #[cold]
    fn told_hung_up(&mut self, call: CallId, host: &mut impl Host) {
        let gateway = self.calls.get(call).node;
        let (mut node, mut wire) = self.at(gateway, host);
        node.hear(Heard::HungUp { call }, &mut wire);
    }

    /// Where a node stands, as it knows it.
    pub fn me(&self, id: NodeId) -> Me {
        Me {
            refreshes: self.server_of(id).provider.rotation.is_some(),
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

    /// Groups of like nodes, in the order of the nodes.
    pub fn fleets(&self) -> &[Fleet] {
        &self.fleets
    }

    /// The shared stores.
    pub fn shared_stores(&self) -> &[Store<Shared>] {
        &self.stores
    }

    /// The calls under way at all nodes.
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// Ends the run: calls that are under way stay unfinished, tokens stay as they are.
    ///
    /// # Panics
    ///
    /// Where there is a second provider, and the host says that there is [none](Host::TWO_PROVIDERS).
    pub fn close<H: Host>(&mut self, host: &mut H) {
        assert!(H::TWO_PROVIDERS || self.second.is_none(), "a host for one provider");
        let unfinished: Vec<_> = self.calls.under_way().collect();
        for call in unfinished {
            if self.calls.get(call).is_forwarded() {
                self.calls.part(call);
                self.calls.remove(call);
            }
        }
        let unfinished: Vec<_> = self.calls.under_way().collect();
        for call in unfinished {
            let (mut node, mut wire) = self.at(self.calls.get(call).node, host);
            node.end(call, CallOutcome::Unfinished, FailedBy::Nothing, &mut wire);
        }
        self.note_stranded(host);
        if host.wants_holdings() {
            self.tell_holdings(host);
        }
        let now = host.now();
        self.server.close(now, host);
        if let Some(second) = &mut self.second {
            second.server.close(now, host);
        }
    }
}
