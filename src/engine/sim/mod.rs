//! The simulator: the clock jumps to the next event, the order is an event queue's, the dice are streams under one seed.
//!
//! Everything that happens in a run follows from the plan and the seed. The draws of a run are named by what they are for
//! (which call, which attempt, which request of which node), so that two strategies under one seed meet the same arrivals
//! and the same latencies.

mod event;
mod heap;
mod lane;
mod queue;
mod wheel;

use crate::base::{Chance, Delay, Dice, Duration, NodeId, Time, mix};
use crate::node::Strategy;
use crate::oauth::Token;
use crate::provider::{Provider, Rule};
use crate::scenario::plan::{Act, Links, Plan, Span, Stream};
use crate::trace::{Event, Sink};
use crate::with_strategy;
use crate::world::{Host, LEGS, Leg, Message, World};

use event::Class;
use queue::{Due, LIMIT, Queue};

/// What a run cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// Events that the queue delivered.
    pub events: u64,
    /// The most events that were pending at once.
    pub most_pending: usize,
}

/// Runs a plan once under a seed and tells the sink everything that happens.
pub fn run<K: Sink>(plan: &Plan, dice: Dice, sink: &mut K) -> Effort {
    with_strategy!(&plan.coordination, strategy => {
        let provider = Provider::new(
            plan.provider.rule.clone(),
            plan.provider.on_bad_slot,
            plan.provider.slots.clone(),
            plan.provider.stride,
        )
        .with_endpoints(plan.provider.token_endpoint.clone(), plan.provider.api_endpoint.clone());
        let world = World::new(strategy.clone(), plan.client.clone(), provider, plan.layout.clone());
        Sim::new(plan, world, dice, sink).run()
    })
}

/// Purposes of draws; those of messages are their legs, from zero.
const ARRIVALS: u64 = LEGS as u64;
const LOSS: u64 = ARRIVALS + 1;
const WAKE: u64 = LOSS + LEGS as u64;
const HIT: u64 = WAKE + 1;
const REPLICA: u64 = HIT + 1;
const LAG: u64 = REPLICA + 1;

/// The simulator's side of the world: clock, order and dice.
struct Clockwork<'a, K> {
    now: Time,
    queue: Queue,
    dice: Dice,
    links: Links,
    /// Latencies are multiplied by this many thousandths, by leg.
    slowness: [u64; LEGS],
    sink: &'a mut K,
}

fn class(message: &Message) -> Class {
    match message {
        Message::TokenRequest { .. } => Class::Commit,
        Message::ApiRequest { .. } => Class::Check,
        _ => Class::Other,
    }
}

/// Alarms that nearly always take the same time have ways of their own, after those of the legs.
fn way_of_alarm(alarm: &Message) -> Option<usize> {
    match alarm {
        Message::AttemptTimedOut { .. } => Some(LEGS),
        Message::TokenTimedOut { .. } => Some(LEGS + 1),
        Message::StoreTimedOut { .. } => Some(LEGS + 2),
        Message::BackoffOver { .. } => Some(LEGS + 3),
        _ => None,
    }
}

const _: () = assert!(LEGS + 4 <= queue::WAYS);

impl<K: Sink> Clockwork<'_, K> {
    #[inline]
    fn schedule(&mut self, way: Option<usize>, at: Time, message: Message) {
        match way {
            Some(way) => self.queue.push_steady(way, at, class(&message), message),
            None => self.queue.push_message(at, class(&message), message),
        }
    }
}

impl<K: Sink> Host for Clockwork<'_, K> {
    #[inline]
    fn now(&self) -> Time {
        self.now
    }

    #[inline]
    fn send(&mut self, leg: Leg, key: u64, message: Message) {
        let link = self.links.leg(leg);
        if !link.loss.is_never() && link.loss.hit(self.dice.draw(LOSS + leg as u64, key, 0)) {
            return;
        }
        let (way, latency) = match link.latency.as_constant() {
            Some(constant) => (Some(leg as usize), constant),
            None => (None, link.latency.sample(self.dice.draw(leg as u64, key, 0))),
        };
        let slowness = self.slowness[leg as usize];
        let latency = if slowness == 1000 {
            latency
        } else {
            latency.ratio(slowness, 1000)
        };
        self.schedule(way, self.now + latency, message);
    }

    #[inline]
    fn wake(&mut self, delay: Delay, key: u64, alarm: Message) -> Duration {
        let (way, delay) = if delay.spread.is_zero() {
            (way_of_alarm(&alarm), delay.at(0))
        } else {
            (None, delay.at(self.dice.draw(WAKE, key, 0)))
        };
        self.schedule(way, self.now + delay, alarm);
        delay
    }

    #[inline]
    fn hit(&mut self, chance: Chance, key: u64) -> bool {
        !chance.is_never() && chance.hit(self.dice.draw(HIT, key, 0))
    }

    #[inline]
    fn lags(&mut self, token: Token, key: u64) -> (Duration, Duration) {
        let Links {
            visible_after,
            invalidation,
            replicas,
            ..
        } = &self.links;
        if let (Some(visible_after), Some(invalidation)) = (visible_after.as_constant(), invalidation.as_constant()) {
            return (visible_after, invalidation);
        }
        let replica = (u128::from(self.dice.draw(REPLICA, key, 0)) * u128::from(*replicas)) >> 64;
        let party = (u64::from(token.sequence()) << 16) | replica as u64;
        (
            visible_after.sample(self.dice.draw(LAG, party, 0)),
            invalidation.sample(self.dice.draw(LAG, party, 1)),
        )
    }

    #[inline]
    fn note(&mut self, event: Event) {
        self.sink.hear(self.now, &event);
    }
}

/// One run.
struct Sim<'a, S: Strategy, R, K> {
    plan: &'a Plan,
    world: World<S, R>,
    clockwork: Clockwork<'a, K>,
    span: Span,
    /// Streams of a fleet's nodes lie together, those of one node side by side; this is where each fleet's begin.
    first_stream: Vec<u32>,
    /// State of each arrival stream; zero before its node has started for the first time.
    streams: Vec<u64>,
    acts: usize,
    effort: Effort,
}

impl<'a, S: Strategy, R: Rule, K: Sink> Sim<'a, S, R, K> {
    fn new(plan: &'a Plan, world: World<S, R>, dice: Dice, sink: &'a mut K) -> Self {
        let mut first_stream = Vec::with_capacity(plan.workloads.len() + 1);
        let mut count = 0;
        for (fleet, workloads) in plan.layout.fleets.iter().zip(&plan.workloads) {
            first_stream.push(count);
            count += (fleet.nodes.end - fleet.nodes.start) * workloads.len() as u32;
        }
        first_stream.push(count);
        assert!(count < LIMIT, "fewer than 2^30 arrival streams");
        Self {
            plan,
            world,
            clockwork: Clockwork {
                now: Time::ZERO,
                queue: Queue::new(true),
                dice,
                links: plan.links.clone(),
                slowness: [1000; LEGS],
                sink,
            },
            span: plan.span,
            first_stream,
            streams: vec![0; count as usize],
            acts: 0,
            effort: Effort::default(),
        }
    }

    fn run(mut self) -> Effort {
        self.schedule_act();
        while let Some((at, due)) = self.clockwork.queue.pop() {
            // Once the arrivals have stopped, the run ends with its last call.
            if at > self.span.end || (at >= self.span.horizon && self.world.calls().is_empty()) {
                break;
            }
            self.effort.events += 1;
            self.clockwork.now = at;
            match due {
                Due::Message(message) => self.world.deliver(message, &mut self.clockwork),
                Due::Arrival(stream) => self.arrival(stream),
                Due::Act => self.act(),
            }
        }
        self.effort.most_pending = self.clockwork.queue.most_pending();
        self.clockwork.now = self.clockwork.now.max(self.span.horizon).min(self.span.end);
        self.world.close(&mut self.clockwork);
        self.effort
    }

    /// Which node and which of its workloads a stream belongs to.
    fn owner(&self, stream: u32) -> (NodeId, Stream) {
        let fleet = self.first_stream.partition_point(|&first| first <= stream) - 1;
        let workloads = &self.plan.workloads[fleet];
        let place = stream - self.first_stream[fleet];
        let count = workloads.len() as u32;
        let node = self.plan.layout.fleets[fleet].nodes.start + place / count;
        (NodeId(node), workloads[(place % count) as usize])
    }

    fn arrival(&mut self, index: u32) {
        let now = self.clockwork.now;
        if now >= self.span.horizon {
            return;
        }
        let (node, stream) = self.owner(index);
        let mut draw = Dice::next(&mut self.streams[index as usize]);
        let Some(next) = stream.arrivals.next(1, draw) else {
            return;
        };
        for _ in 0..next.calls {
            draw = mix(draw);
            let message = Message::Arrival {
                node,
                group: stream.group,
                luck: draw as u32,
            };
            self.world.deliver(message, &mut self.clockwork);
        }
        self.clockwork.queue.push_arrival(now + next.gap, index);
    }

    /// Begins the arrivals of a node that starts for the first time.
    fn begin(&mut self, node: NodeId) {
        let fleet = self
            .plan
            .layout
            .fleets
            .partition_point(|fleet| fleet.nodes.end <= node.0);
        let workloads = &self.plan.workloads[fleet];
        let place = node.0 - self.plan.layout.fleets[fleet].nodes.start;
        for (index, stream) in workloads.iter().enumerate() {
            let at = self.first_stream[fleet] + place * workloads.len() as u32 + index as u32;
            let state = &mut self.streams[at as usize];
            if *state != 0 {
                continue;
            }
            *state = self
                .clockwork
                .dice
                .stream(ARRIVALS, (u64::from(node.0) << 8) | index as u64)
                .max(1);
            let draw = Dice::next(state);
            if let Some(first) = stream.arrivals.next(0, draw) {
                let due = self.clockwork.now + first.gap;
                self.clockwork.queue.push_arrival(due, at);
            }
        }
    }

    fn schedule_act(&mut self) {
        if let Some((at, _)) = self.plan.timeline.get(self.acts) {
            self.clockwork.queue.push_act(*at);
        }
    }

    fn act(&mut self) {
        let plan = self.plan;
        let (_, act) = &plan.timeline[self.acts];
        self.acts += 1;
        let host = &mut self.clockwork;
        match act {
            Act::Start(nodes) => {
                for node in nodes.clone().map(NodeId) {
                    self.world.start(node, &mut self.clockwork);
                    self.begin(node);
                }
            }
            Act::Stop(nodes) => nodes.clone().for_each(|node| self.world.stop(NodeId(node), host)),
            Act::Crash(node) => self.world.crash(*node, host),
            Act::TokenOutage(outage) => self.world.provider.token_endpoint.outage = *outage,
            Act::ApiOutage(outage) => self.world.provider.api_endpoint.outage = *outage,
            Act::StoreOutage(outage) => self.world.set_store_outage(*outage),
            Act::Slow { legs, thousandths } => legs.iter().for_each(|&leg| host.slowness[leg as usize] = *thousandths),
            Act::GrantSlots { clients, slots } => {
                clients
                    .clone()
                    .for_each(|client| self.world.provider.grant_slots(client, *slots));
            }
            Act::Revoke { clients, slot } => clients
                .clone()
                .for_each(|client| self.world.revoke(client, *slot, host)),
        }
        self.schedule_act();
    }
}
