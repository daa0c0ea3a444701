//! One situation of a small system as it is, and everything that can happen next.

use std::hash::{DefaultHasher, Hash, Hasher};

use tokenstorm::base::{Duration, Group, NodeId};
use tokenstorm::engine::check::{Fault, FaultBudget, Setup, System};
use tokenstorm::node::{CallPolicy, Phase, Timer};
use tokenstorm::oauth::{AnswerKind, Reply, Token};
use tokenstorm::property::{History, Judge, PROPERTIES, StateView};
use tokenstorm::provider::Provider;
use tokenstorm::retry::{Immediate, Retry};
use tokenstorm::store::{Answer, Asked, Operation};
use tokenstorm::strategy::Coordination;
use tokenstorm::trace::Event;
use tokenstorm::world::{self, Layout, Message};

use super::look::{concerns, holds_live, is_pointless};
use super::net::{NOW, Net};

pub type World = world::World<Coordination, tokenstorm::provider::Issuance>;

/// One situation, with every number as it came.
#[derive(Clone)]
pub struct Situation {
    world: World,
    heap: Vec<Message>,
    /// What a call that arrives can be, by number.
    kinds: u8,
    left: FaultBudget,
    disturbed: bool,
    /// How often each node has crashed: what is for an earlier life of it reaches nobody.
    lives: Vec<u8>,
    /// Nodes whose token has expired before the renewal that they had planned.
    overdue: Vec<NodeId>,
    history: History,
}

/// What can happen next.
#[derive(Clone, Copy)]
pub enum Step {
    /// It is a call, and of this kind.
    Calls(usize, u8),
    Arrives(usize),
    IsLost(usize),
    TurnedAway(usize),
    Crashes(u32),
    LeaseEnds(usize),
    Expires(tokenstorm::oauth::Bucket),
    TimePasses,
}

struct Instant<'a> {
    before: &'a Situation,
    after: &'a World,
}

impl StateView for Instant<'_> {
    fn is_live(&self, token: Token) -> bool {
        self.after.server.provider.ledger.is_live(token, NOW)
    }

    fn was_known(&self, token: Token) -> bool {
        let carried = |message| world::carries(message, token);
        self.before.world.knows(token) || self.before.heap.iter().any(carried)
    }

    fn is_undisturbed(&self) -> bool {
        !self.before.disturbed
    }
}

impl Situation {
    pub fn first(setup: &Setup) -> Self {
        let System { needs, nodes, .. } = setup.system;
        let system = &setup.system;
        let second = Some(Duration::SECOND);
        let policy = CallPolicy {
            timeout: second,
            store_timeout: second,
            ..CallPolicy::plain(Retry::Immediate(Immediate {
                attempts: system.attempts,
            }))
        };
        let slots = vec![system.slots; needs.apps.into()];
        let provider = Provider::new(system.rule.clone(), system.on_bad_slot, slots, system.slots);
        let mut provider = provider.with_rotation(system.rotation);
        provider.reveals = system.reveals;
        let mut layout = Layout::plain(nodes, needs.gateway);
        if system.faults.left(Fault::Login) > 0 {
            layout.login_again = second;
        }
        if !system.kinds.is_empty() {
            // A call that is a job of one.
            layout.jobs = system.kinds.iter().copied().map(Some).collect();
            layout.patience = vec![None; system.kinds.len()];
        }
        let mut world = World::new(setup.coordination.clone(), policy, provider, layout);
        let (mut net, all) = (Net::default(), nodes + u32::from(needs.gateway));
        (0..all).for_each(|node| world.start(NodeId(node), &mut net));
        for node in 0..nodes {
            let call = Message::Arrival {
                node: NodeId(node),
                group: Group(0),
                draw_key: 0,
            };
            net.sent.extend((0..system.calls).map(|_| call));
        }
        let mut first = Self {
            world,
            heap: net.sent,
            kinds: system.kinds.len().max(1) as u8,
            left: system.faults,
            disturbed: false,
            lives: vec![0; all as usize],
            overdue: Vec::new(),
            history: History::new(all as usize),
        };
        first.tidy();
        first
    }

    fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.world.fleets().last().expect("a fleet").nodes.end).map(NodeId)
    }

    /// Two of them are one where nothing but the order of what is under way differs.
    pub fn print(&self) -> (u64, u64) {
        let hash = |salt: u64| {
            let mut hasher = DefaultHasher::new();
            salt.hash(&mut hasher);
            self.world.hash(&mut hasher);
            (&self.heap, self.left, self.disturbed, &self.overdue).hash(&mut hasher);
            self.history.hash(&mut hasher);
            hasher.finish()
        };
        (hash(1), hash(2))
    }

    /// Takes away what can never make a difference any more, as seen by trying it.
    fn tidy(&mut self) {
        let mut heap = std::mem::take(&mut self.heap);
        heap.retain(|message| match *message {
            Message::TokenResponse { node, epoch, .. } | Message::TimerRang { node, epoch, .. }
                if epoch != self.lives[node.index()] =>
            {
                false
            }
            message => !is_pointless(&self.world, message),
        });
        heap.sort_unstable();
        self.heap = heap;
        let world = &self.world;
        self.overdue.retain(|&node| !holds_live(world, node));
        self.overdue.sort_unstable();
    }

    pub fn pending(&self) -> usize {
        let arriving = self
            .heap
            .iter()
            .filter(|message| matches!(message, Message::Arrival { .. }));
        self.world.calls().len() + arriving.count()
    }

    pub fn is_stranded(&self) -> bool {
        let good = |token| self.world.server.provider.is_worth(NOW, token);
        self.world.holds_grant(NOW) == Some(false) && !self.heap.iter().any(|message| world::brings(message, good))
    }

    /// Everything that can happen next, with the fault that it is.
    pub fn steps(&self) -> Vec<(Step, Option<Fault>)> {
        let mut steps = Vec::new();
        for (place, message) in self.heap.iter().enumerate() {
            if place > 0 && self.heap[place - 1] == *message {
                continue;
            }
            if matches!(message, Message::Arrival { .. }) {
                steps.extend((0..self.kinds).map(|kind| (Step::Calls(place, kind), None)));
                continue;
            }
            steps.push((Step::Arrives(place), self.fault_of(message)));
            let travels = !matches!(
                message,
                Message::BackoffOver { .. }
                    | Message::TimerRang { .. }
                    | Message::LoginAgain { .. }
                    | Message::AttemptTimedOut { .. }
                    | Message::TokenTimedOut { .. }
                    | Message::StoreTimedOut { .. }
            );
            if travels {
                steps.push((Step::IsLost(place), Some(Fault::Drop)));
            }
            if let Message::TokenRequest { .. } = message {
                steps.push((Step::TurnedAway(place), Some(Fault::Throttle)));
            }
        }
        for (store, lease) in self.world.leases(NOW).enumerate() {
            if let Some((holder, fence)) = lease.filter(|_| self.world.can_lapse(store)) {
                let acts = self.world.acts_under(holder, fence) || self.heap.iter().any(|m| concerns(m, holder, fence));
                steps.push((Step::LeaseEnds(store), acts.then_some(Fault::Lapse)));
            }
        }
        steps.extend(self.nodes().map(|node| (Step::Crashes(node.0), Some(Fault::Crash))));
        let provider = &self.world.server.provider;
        let lived = provider
            .ledger
            .buckets()
            .filter(|&bucket| provider.ledger.newest(bucket).is_some());
        steps.extend(lived.map(|bucket| (Step::Expires(bucket), Some(Fault::Expiry))));
        if provider.runs_period(NOW) {
            steps.push((Step::TimePasses, (!self.rests()).then_some(Fault::Elapse)));
        }
        steps.retain(|(_, fault)| fault.is_none_or(|fault| self.left.left(fault) > 0));
        steps
    }

    /// The fault that it is when this message arrives.
    fn fault_of(&self, message: &Message) -> Option<Fault> {
        let on_its_way = |is: &dyn Fn(&Message) -> bool| self.heap.iter().any(is);
        match *message {
            Message::TimerRang {
                timer: Timer::Renew,
                node,
                ..
            } => (!self.overdue.contains(&node)).then_some(Fault::Renewal),
            Message::AttemptTimedOut { ticket } => {
                let call = self.world.calls().get(ticket.call);
                let handed_on = call.phase == Phase::Forwarded && call.peer().is_some();
                let waits = matches!(call.phase, Phase::InFlight | Phase::Forwarded) && !handed_on;
                let travels = on_its_way(&|other| {
                    let mut other = *other;
                    !matches!(other, Message::AttemptTimedOut { .. } | Message::TokenTimedOut { .. })
                        && other.ticket_mut() == Some(&mut ticket.clone())
                });
                (travels || !waits).then_some(Fault::Late)
            }
            Message::TokenTimedOut { node, epoch, asker } => on_its_way(&|other| match other {
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
                } => (n, e, a) == (&node, &epoch, &asker),
                _ => false,
            })
            .then_some(Fault::Late),
            Message::StoreTimedOut {
                node, epoch, number, ..
            } => on_its_way(&|other| match other {
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
                } => (n, e, i) == (&node, &epoch, &number),
                _ => false,
            })
            .then_some(Fault::Late),
            Message::LoginAgain { .. } => Some(Fault::Login),
            _ => None,
        }
    }

    /// No call is under way, and nothing else but that leases are kept and renewals are planned.
    fn rests(&self) -> bool {
        let waits = |message: &Message| {
            matches!(
                message,
                Message::Arrival { .. }
                    | Message::LoginAgain { .. }
                    | Message::TimerRang {
                        timer: Timer::Renew | Timer::Extend,
                        ..
                    }
                    | Message::StoreRequest {
                        operation: Operation::Extend { .. },
                        ..
                    }
                    | Message::StoreResponse {
                        answer: Answer::Extended { held: true },
                        ..
                    }
                    | Message::StoreTimedOut {
                        asked: Asked::Extend,
                        ..
                    }
            )
        };
        self.world.calls().is_empty() && self.heap.iter().all(waits)
    }

    /// What follows a step, and which properties it breaks or has to do with, by their places.
    pub fn after(&self, (step, fault): (Step, Option<Fault>)) -> (Self, Vec<(usize, bool)>, Vec<Event>) {
        let (mut next, mut net) = (self.clone(), Net::default());
        match step {
            Step::Calls(place, kind) => {
                if let Message::Arrival { node, draw_key, .. } = next.heap.remove(place) {
                    let group = Group(kind.into());
                    next.world.deliver(Message::Arrival { node, group, draw_key }, &mut net);
                }
            }
            Step::Arrives(place) => {
                let message = next.heap.remove(place);
                next.world.deliver(message, &mut net);
            }
            Step::IsLost(place) => drop(next.heap.remove(place)),
            Step::TurnedAway(place) => {
                if let Message::TokenRequest { node, epoch, asker, .. } = next.heap.remove(place) {
                    let reply = Reply::refused(AnswerKind::Throttled);
                    net.sent.push(Message::TokenResponse {
                        node,
                        epoch,
                        asker,
                        reply,
                    });
                }
            }
            Step::Crashes(node) => {
                next.lives[node as usize] += 1;
                next.world.crash(node..node + 1, &mut net);
                next.world.start(NodeId(node), &mut net);
            }
            Step::LeaseEnds(store) => next.world.lapse(store, &mut net),
            Step::Expires(bucket) => {
                let held: Vec<_> = next.nodes().filter(|&node| holds_live(&next.world, node)).collect();
                next.world.server.provider.ledger.revoke(bucket, NOW, &mut |_| {});
                let plans = |node: NodeId| {
                    let renews = |message: &Message| matches!(message, Message::TimerRang { timer: Timer::Renew, node: its, .. } if *its == node);
                    next.heap.iter().any(renews)
                };
                let late = held
                    .into_iter()
                    .filter(|&node| plans(node) && !holds_live(&next.world, node));
                let late: Vec<_> = late.collect();
                next.overdue.retain(|node| !late.contains(node));
                next.overdue.extend(late);
            }
            Step::TimePasses => next.world.server.provider.end_periods(NOW, &mut |_| {}),
        }
        next.heap.extend(net.sent);
        if let Some(fault) = fault {
            next.left = next.left.with(fault, next.left.left(fault) - 1);
            next.disturbed |= fault != Fault::Renewal;
        }
        let mut judged = Vec::new();
        for event in &net.events {
            next.history.record(event);
            let instant = Instant {
                before: self,
                after: &next.world,
            };
            for (place, property) in PROPERTIES.iter().enumerate() {
                if let Judge::Event(judge) = property.judge {
                    judged.extend(judge(event, &next.history, &instant).map(|stands| (place, stands)));
                }
            }
        }
        let world = &next.world;
        next.history.forget(|node, asker| world.is_awaited(node, asker));
        next.tidy();
        (next, judged, net.events)
    }
}
