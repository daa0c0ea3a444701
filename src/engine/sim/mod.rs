//! The simulator: the clock jumps to the next event, the order is an event queue's, the dice are streams under one seed.
//!
//! Everything that happens in a run follows from the plan and the seed. The draws of a run are named by what they are for
//! (which call, which attempt, which request of which node), so that two strategies under one seed meet the same arrivals
//! and the same latencies.

mod arrivals;
mod drivers;
mod event;
mod heap;
mod lane;
mod queue;
mod scripted;
mod wheel;

use crate::base::{Chance, Delay, Dice, Duration, Group, NodeId, Time};
use crate::metric::Observed;
use crate::node::Strategy;
use crate::oauth::Token;
use crate::provider::{Provider, Rule};
use crate::scenario::plan::{Act, Links, Plan, Span};
use crate::trace::{Event, Sink};
use crate::with_strategy;
use crate::world::{Delivery, Host, LEGS, Leg, Message, World};

use arrivals::Sources;
use drivers::{DriverQueue, DriverTurn};
use event::Class;
use queue::{Due, Queue, Taken};

pub use scripted::{Happening, Network, run_script};

/// What a run cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunStats {
    /// Events that the queue delivered.
    pub events: u64,
    /// Where the run was ended because time stood still: more events in one instant than any sensible run has.
    pub stuck_at: Option<Time>,
}

/// Events that one instant may have, and as many more for each node: a fleet that starts at once has some dozens for each.
const MOST_IN_AN_INSTANT: u64 = 10_000_000;
const MOST_IN_AN_INSTANT_PER_NODE: u64 = 1000;

/// The ways in which a run may be made shorter. Without any, all events lie in one heap and every node has arrivals of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortcuts {
    /// Constant latencies are kept as lists and many events in a wheel: the same trace, sooner.
    pub order: bool,
    /// Like Poisson arrivals of one fleet are drawn as one stream: the same law by other draws.
    pub crowds: bool,
}

impl Shortcuts {
    /// Every shortcut.
    pub const ALL: Self = Self {
        order: true,
        crowds: true,
    };
    /// The general path: no shortcut.
    pub const NONE: Self = Self {
        order: false,
        crowds: false,
    };
}

/// Runs a plan once under a seed and tells the sink everything that happens.
pub fn run(plan: &Plan, dice: Dice, sink: &mut dyn Sink) -> RunStats {
    run_with(plan, dice, sink, Shortcuts::ALL)
}

/// As [`run`], with a choice of shortcuts.
pub fn run_with(plan: &Plan, dice: Dice, sink: &mut dyn Sink, shortcuts: Shortcuts) -> RunStats {
    simulate(plan, dice, Listener::Other(sink), shortcuts)
}

/// As [`run_with`], for the counts of all metrics: compiled for them, and so the fastest.
pub fn observe(plan: &Plan, dice: Dice, observed: &mut Observed, shortcuts: Shortcuts) -> RunStats {
    // Users who wait for the end of a call listen too.
    let listener = match plan.drivers.loops.is_empty() {
        true => Listener::Metrics(observed),
        false => Listener::Other(observed),
    };
    simulate(plan, dice, listener, shortcuts)
}

/// Who hears of a run. Not a type parameter: the engine would be compiled anew for every listener and every strategy, which
/// takes minutes.
enum Listener<'a> {
    /// All metrics, and nobody else.
    Metrics(&'a mut Observed),
    Other(&'a mut dyn Sink),
}

fn simulate<'a>(plan: &'a Plan, dice: Dice, sink: Listener<'a>, shortcuts: Shortcuts) -> RunStats {
    with_strategy!(&plan.coordination, strategy => {
        #[allow(clippy::clone_on_copy)] // Most strategies are `Copy`, not all.
        let world = world(plan, strategy.clone(), plan.provider.rule.clone());
        Sim::new(plan, world, dice, sink, shortcuts).run()
    })
}

/// As [`run`], for a strategy and a rule that need not be the crate's own: those of the plan are not looked at.
pub fn run_strategy<S: Strategy, R: Rule>(
    plan: &Plan,
    (strategy, rule): (S, R),
    dice: Dice,
    sink: &mut dyn Sink,
) -> RunStats {
    let world = world(plan, strategy, rule);
    Sim::new(plan, world, dice, Listener::Other(sink), Shortcuts::ALL).run()
}

fn world<S: Strategy, R: Rule>(plan: &Plan, strategy: S, rule: R) -> World<S, R> {
    let settings = &plan.provider;
    let provider = Provider::new(rule, settings.on_bad_slot, settings.slots.clone(), settings.stride)
        .with_endpoints(settings.token_endpoint.clone(), settings.api_endpoint.clone());
    let mut provider = provider.with_rotation(settings.rotation);
    provider.reveals = settings.reveals;
    provider.ledger.remember_for(plan.links.invalidation.longest());
    World::new(strategy, plan.policy.clone(), provider, plan.layout.clone())
}

const ALL_LEGS: [Leg; LEGS] = [
    Leg::TokenRequest,
    Leg::TokenResponse,
    Leg::ApiRequest,
    Leg::ApiResponse,
    Leg::StoreRequest,
    Leg::StoreResponse,
    Leg::GatewayRequest,
    Leg::GatewayResponse,
    Leg::TokenService,
    Leg::ApiService,
    Leg::Peer,
];

/// From this many nodes on, what a message touches has probably left the cache.
const LARGE: u32 = 4096;
/// How many messages of a lane ahead the engine says what will be needed, and says it again.
const FAR: u32 = 12;
const NEAR: u32 = 6;

/// Purposes of draws. A number once given stays: a new one must not shift the draws of another. The latencies of the first ten legs are
/// named by their place, their losses by it after the losses' own.
///
/// This one is for the gaps between calls: a loop that is to meet the same calls draws from the same stream.
pub const ARRIVALS: u64 = 10;
const LOSS: u64 = 11;
const WAKE: u64 = 21;
const HIT: u64 = WAKE + 1;
const REPLICA: u64 = HIT + 1;
const LAG: u64 = REPLICA + 1;
const PHASE: u64 = LAG + 1;
const USERS: u64 = PHASE + 1;
const REPLAYS: u64 = USERS + 1;
const PAUSES: u64 = REPLAYS + 1;
const REVOCATIONS: u64 = PAUSES + 1;
/// And the number after it.
const PEER: u64 = REVOCATIONS + 1;
const CALLS: u64 = PEER + 2;

fn latency_of(leg: Leg) -> u64 {
    match leg {
        Leg::Peer => PEER,
        _ => leg as u64,
    }
}

fn loss_of(leg: Leg) -> u64 {
    match leg {
        Leg::Peer => PEER + 1,
        _ => LOSS + leg as u64,
    }
}

/// The simulator's side of the world: clock, order and dice.
struct SimHost<'a> {
    now: Time,
    queue: Queue,
    dice: Dice,
    links: Links,
    /// Latencies are multiplied by this many thousandths, by leg.
    slowness: [u64; LEGS],
    /// Legs that lose nothing and always take the same time, with this time.
    steady: [Option<Duration>; LEGS],
    /// The lags of the resource servers, where they are always the same.
    steady_lags: Option<(Duration, Duration)>,
    drivers: DriverQueue<'a>,
    sink: Listener<'a>,
}

#[inline(always)]
fn class(message: &Message) -> Class {
    match message {
        Message::TokenRequest { .. } | Message::TokenServed { .. } => Class::Commit,
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

impl SimHost<'_> {
    #[cold]
    #[inline(never)]
    fn tell(&mut self, event: &Event) {
        if let Event::CallEnded { node, group, .. } = *event
            && let Some((number, think)) = self.drivers.ended(node, group)
        {
            self.queue.push_arrival(self.now + think, number);
        }
        if let Listener::Other(sink) = &mut self.sink {
            sink.record(self.now, event);
        }
    }

    /// Which way a message on this leg goes, and how long it takes; none if it is lost.
    fn by_chance(&self, leg: Leg, key: u64) -> Option<(Option<usize>, Duration)> {
        let link = self.links.leg(leg);
        if !link.loss.is_never() && link.loss.hit(self.dice.draw(loss_of(leg), key, 0)) {
            return None;
        }
        let (way, latency) = match link.latency.as_constant() {
            Some(constant) => (Some(leg as usize), constant),
            None => (None, link.latency.sample(self.dice.draw(latency_of(leg), key, 0))),
        };
        Some((way, self.slowed(leg, latency)))
    }

    fn slowed(&self, leg: Leg, latency: Duration) -> Duration {
        match self.slowness[leg as usize] {
            1000 => latency,
            thousandths => latency.ratio(thousandths, 1000),
        }
    }

    /// From now on the latencies of these legs are multiplied by so many thousandths.
    fn slow(&mut self, legs: &[Leg], thousandths: u64) {
        for &leg in legs {
            self.slowness[leg as usize] = thousandths;
            let link = self.links.leg(leg);
            let constant = link.latency.as_constant().filter(|_| link.loss.is_never());
            self.steady[leg as usize] = constant.map(|latency| self.slowed(leg, latency));
        }
    }

    #[inline(always)]
    fn schedule(&mut self, way: Option<usize>, at: Time, message: Message) {
        match way {
            Some(way) => self.queue.push_steady(way, at, class(&message), message),
            None => self.queue.push_message(at, class(&message), message),
        }
    }
}

impl Host for SimHost<'_> {
    #[inline]
    fn now(&self) -> Time {
        self.now
    }

    #[inline(always)] // Which leg and which kind of message is known where it is sent.
    fn send(&mut self, leg: Leg, key: u64, message: Message) {
        let steady = self.steady[leg as usize].map(|latency| (Some(leg as usize), latency));
        if let Some((way, latency)) = steady.or_else(|| self.by_chance(leg, key)) {
            self.schedule(way, self.now + latency, message);
        }
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
        if let Some(lags) = self.steady_lags {
            return lags;
        }
        let Links {
            visible_after,
            invalidation,
            replicas,
            ..
        } = &self.links;
        let replica = (u128::from(self.dice.draw(REPLICA, key, 0)) * u128::from(*replicas)) >> 64;
        let party = (u64::from(token.sequence()) << 16) | replica as u64;
        (
            visible_after.sample(self.dice.draw(LAG, party, 0)),
            invalidation.sample(self.dice.draw(LAG, party, 1)),
        )
    }

    #[inline(always)] // The metrics then meet only the event that is told here, and of it only what they count.
    fn note(&mut self, event: impl FnOnce() -> Event) {
        match &mut self.sink {
            Listener::Metrics(observed) => observed.record(self.now, &event()),
            Listener::Other(_) => self.tell(&event()),
        }
    }
}

impl Delivery<SimHost<'_>> for Taken {
    #[inline(always)]
    fn message<'a>(&'a self, host: &'a SimHost<'_>) -> &'a Message {
        host.queue.message(*self)
    }
}

/// One run.
struct Sim<'a, S: Strategy, R> {
    plan: &'a Plan,
    world: World<S, R>,
    host: SimHost<'a>,
    span: Span,
    sources: Sources,
    acts: usize,
    effort: RunStats,
}

impl<'a, S: Strategy, R: Rule> Sim<'a, S, R> {
    fn new(plan: &'a Plan, world: World<S, R>, dice: Dice, sink: Listener<'a>, shortcuts: Shortcuts) -> Self {
        let links = &plan.links;
        let sources = Sources::new(plan, dice, shortcuts.crowds);
        let mut sim = Self {
            plan,
            world,
            host: SimHost {
                now: Time::ZERO,
                queue: Queue::new(shortcuts.order),
                dice,
                links: plan.links.clone(),
                slowness: [1000; LEGS],
                steady: [None; LEGS],
                steady_lags: links.visible_after.as_constant().zip(links.invalidation.as_constant()),
                drivers: DriverQueue::new(plan, dice, sources.end()),
                sink,
            },
            span: plan.span,
            sources,
            acts: 0,
            effort: RunStats::default(),
        };
        sim.host.slow(&ALL_LEGS, 1000);
        sim
    }

    fn run(mut self) -> RunStats {
        self.schedule_act();
        let SimHost { queue, drivers, .. } = &mut self.host;
        drivers.begin(|number, at| queue.push_arrival(at, number));
        let most = MOST_IN_AN_INSTANT + self.plan.nodes() as u64 * MOST_IN_AN_INSTANT_PER_NODE;
        // Time is looked at every so many events: where it has not moved in between, it stands still.
        let (mut look, mut seen) = (most, Time::ZERO);
        let large = self.plan.layout.fleets.last().map_or(0, |fleet| fleet.nodes.end) >= LARGE;
        while let Some((at, due)) = self.host.queue.pop() {
            // Once the arrivals have stopped, the run ends with its last call.
            if at >= self.span.horizon && (at > self.span.end || self.world.calls().is_empty()) {
                break;
            }
            self.effort.events += 1;
            if self.effort.events == look {
                if at == seen {
                    self.effort.stuck_at = Some(at);
                    break;
                }
                (look, seen) = (look + most, at);
            }
            self.host.now = at;
            match due {
                Due::Message(place) => {
                    let taken = self.host.queue.take(place);
                    if large {
                        for (places, beyond, again) in [(FAR, 2 * FAR, false), (NEAR, 2 * FAR + 1, true)] {
                            if let Some(message) = self.host.queue.ahead(place, places, beyond) {
                                self.world.expect(message, again);
                            }
                        }
                    }
                    self.world.deliver(taken, &mut self.host);
                }
                Due::Arrival(stream) => self.arrival(stream),
                Due::Act => self.act(),
            }
        }
        self.host.now = self.host.now.max(self.span.horizon).min(self.span.end);
        self.world.close(&mut self.host);
        self.effort
    }

    #[inline]
    fn arrival(&mut self, number: u32) {
        let now = self.host.now;
        if number >= self.host.drivers.first() {
            self.drivers(number);
            return;
        }
        if now >= self.span.horizon {
            return;
        }
        let next = self.sources.arrive(self.plan, now, number, |message| {
            self.world.deliver(message, &mut self.host);
        });
        if let Some(gap) = next {
            if let Some(node) = self.sources.upcoming(number) {
                self.world.expect_node(node);
            }
            self.host.queue.push_arrival(now + gap, number);
        }
    }

    /// Something is due that is no stream of arrivals.
    #[cold]
    fn drivers(&mut self, number: u32) {
        let now = self.host.now;
        let turn = self.host.drivers.turn(number);
        if now >= self.span.horizon && !matches!(turn, DriverTurn::Resume(_)) {
            return;
        }
        let world = &mut self.world;
        match turn {
            DriverTurn::User(node) => match world.is_up(node) {
                true => {
                    let arrival = self.host.drivers.call(number, node);
                    world.deliver(arrival, &mut self.host);
                }
                false => self.host.drivers.wait_for(number),
            },
            DriverTurn::Replay => {
                let call = self.host.drivers.replayed(number, |node| world.is_up(node));
                if let Some(at) = call.next {
                    self.host.queue.push_arrival(at, number);
                }
                if let Some(arrival) = call.arrival {
                    world.deliver(arrival, &mut self.host);
                }
            }
            DriverTurn::Pause => {
                let (node, lasts, next) = self.host.drivers.pause(number, now);
                self.host.queue.push_arrival(next, number);
                if world.is_up(node) && !world.is_paused(node) {
                    world.pause(node, now + lasts, &mut self.host);
                    let resume = self.host.drivers.resumption(node);
                    self.host.queue.push_arrival(now + lasts, resume);
                }
            }
            DriverTurn::Revocation => {
                let (draw, next) = self.host.drivers.revocation(now);
                self.host.queue.push_arrival(next, number);
                let client = (u128::from(draw) * u128::from(world.provider.clients())) >> 64;
                world.revoke(client as u16, None, &mut self.host);
            }
            DriverTurn::Resume(node) => world.resume(node, &mut self.host),
        }
    }

    /// Begins the arrivals of a node that starts.
    fn begin(&mut self, node: NodeId) {
        let SimHost {
            queue, now, drivers, ..
        } = &mut self.host;
        let mut due = |number, gap| queue.push_arrival(*now + gap, number);
        self.sources.begin(self.plan, *now, node, &mut due);
        drivers.started(node, due);
    }

    /// Calls beyond those of the workload; drawn apart, so that the workload's stay as they are.
    fn calls(&mut self, nodes: std::ops::Range<u32>, group: Group, each: u32) {
        // Sampling must not shift the draws of the calls.
        let done = self.plan.timeline[..self.acts].iter();
        let acts = done.filter(|(_, act)| !matches!(act, Act::Sample { .. })).count() as u64;
        for node in nodes {
            for call in 0..each {
                let count = (acts << 32) | u64::from(call);
                let draw_key = self.host.dice.draw(CALLS, node.into(), count) as u32;
                let node = NodeId(node);
                let message = Message::Arrival { node, group, draw_key };
                self.world.deliver(message, &mut self.host);
            }
        }
    }

    fn schedule_act(&mut self) {
        if let Some((at, _)) = self.plan.timeline.get(self.acts) {
            self.host.queue.push_act(*at);
        }
    }

    fn act(&mut self) {
        let plan = self.plan;
        let (_, act) = &plan.timeline[self.acts];
        self.acts += 1;
        let host = &mut self.host;
        match act {
            Act::Start(nodes) => {
                for node in nodes.clone().map(NodeId) {
                    self.world.start(node, &mut self.host);
                    self.begin(node);
                }
            }
            Act::Stop(nodes) => nodes.clone().for_each(|node| self.world.stop(NodeId(node), host)),
            Act::Crash(nodes) => self.world.crash(nodes.clone(), host),
            Act::Pause { nodes, until } => {
                let nodes = nodes.clone().map(NodeId);
                nodes.for_each(|node| self.world.pause(node, *until, host));
            }
            Act::Resume(nodes) => nodes.clone().for_each(|node| self.world.resume(NodeId(node), host)),
            Act::Cut { nodes, from, until } => self.world.cut(nodes.clone(), *from, *until),
            Act::Mend => self.world.mend(host.now),
            Act::TokenOutage(outage) => self.world.provider.token_endpoint.outage = *outage,
            Act::ApiOutage(outage) => self.world.provider.api_endpoint.outage = *outage,
            Act::StoreOutage(outage) => self.world.set_store_outage(*outage),
            Act::StoreFailover { loses } => self.world.fail_over_stores(*loses, host),
            Act::Slow { legs, thousandths } => host.slow(legs, *thousandths),
            Act::GrantSlots { clients, slots } => {
                clients
                    .clone()
                    .for_each(|client| self.world.provider.grant_slots(client, *slots));
            }
            Act::Sample { nodes, every } => {
                for node in nodes.clone().step_by(*every as usize).map(NodeId) {
                    let holds = self.world.look(node, host.now);
                    host.note(|| Event::Sampled { node, holds });
                }
            }
            Act::Calls { nodes, group, each } => self.calls(nodes.clone(), *group, *each),
            Act::Revoke { clients, slot } => clients
                .clone()
                .for_each(|client| self.world.revoke(client, *slot, host)),
        }
        self.schedule_act();
    }
}
