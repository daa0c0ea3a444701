//! Nodes as parties of the world: up or down, with timers, store operations and token requests under way.

use crate::base::{CallId, Delay, Duration, Millis, NodeId};
use crate::node::{Command, Input, Note, Shared, StoreAnswer, StoreOperation, Strategy, TIMERS, Timer, Whom};
use crate::oauth::{Failure, Token, TokenSlot};
use crate::provider::{Outage, Rule};
use crate::store::{Answer, Operation};
use crate::trace::{CallOutcome, Event};

use super::World;
use super::call::{Parked, Phase};
use super::detail::tell_lease_of;
use super::host::Host;
use super::message::{Asker, Leg, Message, node_key};
use super::policy;

/// One node: what nearly every message for it touches, within half a cache line for a small strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Node<M> {
    pub memory: M,
    pub parked: Parked,
    /// Token requests sent so far; the low bits are the numbers of `asked`.
    pub requests: u32,
    /// Requests of the node as a whole that are still waited for, a bit for each number.
    pub asked: u32,
    pub fleet: u16,
    /// Grows with each crash; answers to an earlier life find nobody.
    pub epoch: u8,
    pub up: bool,
}

/// A node's store operations and timers, kept apart because many strategies have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PendingOps {
    /// Store operations sent so far; the low bits are the numbers of `stored`.
    pub operations: u32,
    /// Operations that are still waited for, a bit for each number.
    pub stored: u32,
    pub armed: [u8; TIMERS],
}

/// Numbers of requests and operations that can be told apart while they are under way.
pub(super) const NUMBERS: u32 = 32;

impl<M> Node<M> {
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

impl<S: Strategy, R: Rule> World<S, R> {
    /// The node serves calls from now on; nothing if it already does.
    pub fn start(&mut self, id: NodeId, host: &mut impl Host) {
        let budget = self.policy.budget.map(|budget| budget.start(host.now()));
        let node = &mut self.nodes[id.index()];
        if !node.up {
            node.up = true;
            if let Some(retries) = self.retries.get_mut(id.index()) {
                retries.budget = budget;
            }
            host.note(|| Event::NodeStarted { node: id });
            self.deploy(id, host);
        }
    }

    /// The node takes no more calls; those under way are finished.
    pub fn stop(&mut self, id: NodeId, host: &mut impl Host) {
        let node = &mut self.nodes[id.index()];
        if node.up {
            node.up = false;
            host.note(|| Event::NodeStopped { node: id });
        }
    }

    /// These nodes lose their memory and all their calls, and are down. Requests that they have sent stay under way.
    pub fn crash(&mut self, ids: std::ops::Range<u32>, host: &mut impl Host) {
        for id in ids.clone().map(NodeId) {
            self.stop(id, host);
            let memory = self.strategy.boot(self.me(id));
            let node = &mut self.nodes[id.index()];
            let before = S::view(&node.memory).token;
            *node = Node {
                epoch: node.epoch.wrapping_add(1),
                requests: node.requests,
                ..Node::down(memory, node.fleet)
            };
            if let Some(pending) = self.pending.get_mut(id.index()) {
                pending.stored = 0;
            }
            if let Some(retries) = self.retries.get_mut(id.index()) {
                *retries = policy::RetryState::default();
            }
            self.track_holder(before, None);
            let store = self.fleets[usize::from(self.nodes[id.index()].fleet)].store;
            self.stores[usize::from(store)].release_locks_of(id);
        }
        let lost: Vec<_> = self
            .calls
            .under_way()
            .filter(|&seat| {
                let call = self.calls.get(seat);
                ids.contains(&call.at.0) || ids.contains(&call.origin.0)
            })
            .collect();
        for seat in lost {
            let is_own = ids.contains(&self.calls.get(seat).origin.0);
            self.call_home(seat);
            if is_own {
                self.end(seat, CallOutcome::Lost, host);
            } else {
                // The connection to the gateway breaks: the origin learns of it at once.
                self.attempt_failed(seat, Failure::Unreachable, host);
            }
        }
        ids.map(NodeId).for_each(|id| self.drop_held(id, host));
    }

    /// Whether the node serves calls.
    pub fn is_up(&self, id: NodeId) -> bool {
        self.nodes[id.index()].up
    }

    #[inline]
    pub(super) fn execute(&mut self, id: NodeId, command: &Command, host: &mut impl Host) {
        match *command {
            Command::Attempt { call, token } => self.attempt(call, token, host),
            Command::Park { call } => {
                self.calls.get_mut(call).phase = Phase::Waiting;
                self.calls.park(&mut self.nodes[id.index()].parked, call);
            }
            Command::AttemptParked { token } => {
                while let Some(seat) = self.calls.unpark(&mut self.nodes[id.index()].parked) {
                    self.attempt(seat, token, host);
                }
            }
            Command::FailAttempt { call, why } => self.attempt_failed(call, why, host),
            Command::FailParked { why } => {
                while let Some(seat) = self.calls.unpark(&mut self.nodes[id.index()].parked) {
                    self.attempt_failed(seat, why, host);
                }
            }
            Command::Forward { call } => self.forward(call, host),
            Command::RequestToken { slot, call, with } => self.ask(id, slot, call, with, host),
            Command::Store(operation) => self.operate(id, operation, host),
            Command::Tell { whom, note } => self.tell(id, whom, note, host),
            Command::Arm { timer, delay } => self.arm(id, timer, delay, host),
        }
    }

    #[inline]
    fn ask(&mut self, id: NodeId, slot: TokenSlot, call: Option<CallId>, with: Option<Token>, host: &mut impl Host) {
        let node = &mut self.nodes[id.index()];
        let asker = match call {
            Some(seat) => {
                self.calls.get_mut(seat).phase = Phase::Waiting;
                Asker::Call(self.calls.ticket(seat))
            }
            None => {
                let number = (node.requests % NUMBERS) as u8;
                node.asked |= 1 << number;
                Asker::Node(number)
            }
        };
        node.requests = node.requests.wrapping_add(1);
        let (epoch, count) = (node.epoch, node.requests);
        if host.wants_details() {
            self.tell_asking(id, slot, host);
        }
        let key = node_key(id, count);
        host.send(
            Leg::TokenRequest,
            key,
            Message::TokenRequest {
                node: id,
                epoch,
                slot,
                asker,
                count,
                with,
            },
        );
        if let Some(timeout) = self.policy.timeout {
            host.wake(
                Delay::exactly(timeout),
                key,
                Message::TokenTimedOut { node: id, epoch, asker },
            );
        }
    }

    fn operate(&mut self, id: NodeId, mut operation: StoreOperation, host: &mut impl Host) {
        if let Operation::Write { value, .. } = &mut operation {
            value.life = self.clock_says(id, value.life, true);
        }
        let epoch = self.nodes[id.index()].epoch;
        let pending = self.pending_mut(id);
        let number = (pending.operations % NUMBERS) as u8;
        pending.stored |= 1 << number;
        pending.operations = pending.operations.wrapping_add(1);
        let key = node_key(id, pending.operations);
        host.send(
            Leg::StoreRequest,
            key,
            Message::StoreRequest {
                node: id,
                epoch,
                number,
                operation,
            },
        );
        if let Some(timeout) = self.policy.store_timeout {
            host.wake(
                Delay::exactly(timeout),
                key,
                Message::StoreTimedOut {
                    node: id,
                    epoch,
                    number,
                    asked: operation.asked(),
                },
            );
        }
    }

    /// The pending of a node; the first errand of a run makes room for those of all nodes.
    fn pending_mut(&mut self, id: NodeId) -> &mut PendingOps {
        if self.pending.is_empty() {
            self.pending = vec![PendingOps::default(); self.nodes.len()];
        }
        &mut self.pending[id.index()]
    }

    fn arm(&mut self, id: NodeId, timer: Timer, delay: Delay, host: &mut impl Host) {
        let node = self.nodes[id.index()];
        let pending = self.pending_mut(id);
        let operations = pending.operations;
        let armed = &mut pending.armed[timer as usize];
        *armed = armed.wrapping_add(1);
        // Each arming draws anew: the count of all requests and operations, with the arming, names it.
        let draw = (u64::from(node.requests) << 20) ^ (u64::from(operations) << 4) ^ u64::from(*armed);
        let alarm = Message::TimerRang {
            node: id,
            epoch: node.epoch,
            timer,
            armed: *armed,
        };
        let delay = self.by_clock(id, delay);
        host.wake(delay, (u64::from(id.0) << 32) ^ draw, alarm);
    }

    pub(super) fn timer_rang(&mut self, id: NodeId, epoch: u8, timer: Timer, armed: u8, host: &mut impl Host) {
        if self.nodes[id.index()].epoch == epoch && self.pending_mut(id).armed[timer as usize] == armed {
            self.hear(id, Input::Timer(timer), host);
        }
    }

    /// An operation arrives at the store.
    pub(super) fn store_request(
        &mut self,
        id: NodeId,
        epoch: u8,
        number: u8,
        operation: StoreOperation,
        host: &mut impl Host,
    ) {
        if operation == Operation::Lock && self.nodes[id.index()].epoch != epoch {
            // The lock is tied to a process, and this one is gone: there is nobody to grant it to.
            return;
        }
        let now = host.now();
        let store = self.fleets[usize::from(self.nodes[id.index()].fleet)].store;
        let store = &mut self.stores[usize::from(store)];
        let answer = match self.store_down {
            Some(Outage::Silent) => return,
            Some(Outage::Errors) => Answer::Failed(operation.asked()),
            None => {
                let before = store.value();
                let answer = match (operation, self.store_layout.replica_lag) {
                    (Operation::Read, Some(lag)) => store.read_replica(now, lag),
                    _ => store.apply(now, id, operation),
                };
                if answer == Answer::Written {
                    let worth = |shared: Shared| self.provider.is_worth(now, shared.token);
                    let regressed = before.is_some_and(worth) && !store.value().is_some_and(worth);
                    host.note(|| Event::StoreWritten { regressed });
                    if host.wants_details()
                        && matches!(operation, Operation::Clear { .. })
                        && self.provider.rotation.is_some()
                    {
                        host.note(|| Event::CredentialCleared { good: regressed });
                    }
                }
                if matches!(
                    answer,
                    Answer::Released { held: false } | Answer::Extended { held: false }
                ) {
                    host.note(|| Event::LeaseLapsed);
                }
                if host.wants_details() {
                    tell_lease_of(id, answer, host);
                }
                answer
            }
        };
        let operations = self.pending_mut(id).operations;
        host.send(
            Leg::StoreResponse,
            node_key(id, operations),
            Message::StoreResponse {
                node: id,
                epoch,
                number,
                answer,
            },
        );
    }

    /// The store's answer reaches its node, or the node gives it up.
    pub(super) fn store_response(
        &mut self,
        id: NodeId,
        epoch: u8,
        number: u8,
        answer: StoreAnswer,
        host: &mut impl Host,
    ) {
        let current = self.nodes[id.index()].epoch;
        let pending = self.pending_mut(id);
        if current == epoch && pending.stored & (1 << number) != 0 {
            pending.stored &= !(1 << number);
            let mut answer = answer;
            if let Answer::Value(Some(entry)) | Answer::Kept(Some(entry)) = &mut answer {
                entry.value.life = self.clock_says(id, entry.value.life, false);
            }
            self.hear(id, Input::Store(answer), host);
        }
    }

    /// The primary of every store fails, and a replica takes its place that had not heard of the last writes.
    pub fn fail_over_stores(&mut self, lost: Duration, host: &mut impl Host) {
        let now = host.now();
        for store in &mut self.stores {
            store.fail_over(now, lost);
        }
    }

    /// A time of expiry as a node's clock has it: a stored one is absolute, by the writer's clock, and read by the reader's.
    fn clock_says(&self, id: NodeId, life: Millis, writes: bool) -> Millis {
        let fleet = &self.fleets[usize::from(self.nodes[id.index()].fleet)];
        if fleet.clock_spread.is_zero() {
            return life;
        }
        let (place, last) = place_in(fleet, id);
        // From `spread` slow, for the first node, to `spread` fast, for the last.
        let ahead = fleet.clock_spread.ratio(2 * place, last);
        let life = Duration::from(life);
        let (more, less) = if writes {
            (ahead, fleet.clock_spread)
        } else {
            (fleet.clock_spread, ahead)
        };
        life.saturating_add(more).saturating_sub(less).into()
    }

    /// A delay as a node's clock measures it out.
    fn by_clock(&self, id: NodeId, delay: Delay) -> Delay {
        const MILLION: u64 = 1_000_000;
        let fleet = &self.fleets[usize::from(self.nodes[id.index()].fleet)];
        if fleet.clock_drift == 0 {
            return delay;
        }
        let (place, last) = place_in(fleet, id);
        let drift = u64::from(fleet.clock_drift);
        // From the slowest, whose second lasts longest, to the fastest.
        let lasts = MILLION + drift - 2 * drift * place / last;
        Delay {
            base: delay.base.ratio(lasts, MILLION),
            spread: delay.spread.ratio(lasts, MILLION),
            cap: delay.cap.ratio(lasts, MILLION),
            ..delay
        }
    }

    fn tell(&mut self, id: NodeId, whom: Whom, note: Note, host: &mut impl Host) {
        let fleet = &self.fleets[usize::from(self.nodes[id.index()].fleet)];
        let (store, gateway) = (fleet.store, fleet.gateway);
        let send = |to: NodeId, host: &mut _| {
            Host::send(
                host,
                Leg::Peer,
                node_key(id, to.0),
                Message::Note { to, from: id, note },
            );
        };
        match whom {
            Whom::One(to) => send(to, host),
            Whom::Gateway => send(gateway.expect("a strategy that tells a gateway has one"), host),
            Whom::All => {
                for peer in peers(&self.fleets, store).filter(|&peer| peer != id) {
                    send(peer, host);
                }
            }
            Whom::Some(count) => {
                let all = peers(&self.fleets, store).count();
                let own = peers(&self.fleets, store).position(|peer| peer == id).unwrap_or(0);
                for step in (0..count).map(|power| 1usize << power).take_while(|&step| step < all) {
                    let peer = peers(&self.fleets, store).nth((own + step) % all);
                    send(peer.expect("within the count"), host);
                }
            }
        }
    }

    pub(super) fn told(&mut self, to: NodeId, from: NodeId, note: Note, host: &mut impl Host) {
        if self.nodes[to.index()].up {
            self.hear(to, Input::Note { from, note }, host);
        }
    }

    /// The shared stores fail from now on, or work again.
    pub fn set_store_outage(&mut self, outage: Option<Outage>) {
        self.store_down = outage;
    }
}

/// A node's place in its fleet, and the last one's.
fn place_in(fleet: &super::Fleet, id: NodeId) -> (u64, u64) {
    let last = u64::from(fleet.nodes.end - fleet.nodes.start).saturating_sub(1).max(1);
    (u64::from(id.0 - fleet.nodes.start), last)
}

/// The nodes that share a store, gateways left out.
fn peers(fleets: &[super::Fleet], store: u16) -> impl Iterator<Item = NodeId> + '_ {
    fleets
        .iter()
        .filter(move |fleet| fleet.store == store && !fleet.is_gateway)
        .flat_map(|fleet| fleet.nodes.clone().map(NodeId))
}
