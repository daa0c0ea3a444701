//! One run, event by event.

use std::sync::atomic::{AtomicBool, Ordering};

use super::arrivals::Sources;
use super::drivers::{DriverQueue, DriverTurn};
use super::host::{Listener, SimHost};
use super::payload::{Due, Taken};
use super::purpose::CALLS;
use super::queue::Queue;
use super::stage::{Occasion, Stage};
use super::{RunStats, Shortcuts};
use crate::base::{Dice, Group, NodeId, Time};
use crate::node::Strategy;
use crate::plan::{Act, Plan, Span};
use crate::provider::Rule;
use crate::world::{Delivery, LEGS, Leg, Message, World};

/// Events that one instant may have, and as many more for each node: a fleet that starts at once has some dozens for each.
const MOST_IN_AN_INSTANT: u64 = 10_000_000;

const MOST_IN_AN_INSTANT_PER_NODE: u64 = 1000;

/// Events between two looks at the interrupt and at whether time moves: some milliseconds, and one comparison for each event.
const LOOK: u64 = 1 << 16;

/// From this many nodes on, what a message touches has probably left the cache.
const LARGE: u32 = 4096;

/// How many messages of a lane ahead the engine says what will be needed, and says it again.
const FAR: u32 = 12;
const NEAR: u32 = 6;

fn most_in_an_instant(plan: &Plan) -> u64 {
    MOST_IN_AN_INSTANT + plan.nodes() as u64 * MOST_IN_AN_INSTANT_PER_NODE
}

/// One run.
pub(super) struct Sim<'a, S: Strategy, R, H> {
    plan: &'a Plan,
    pub(super) world: World<S, R>,
    pub(super) host: H,
    span: Span,
    sources: Sources,
    acts: usize,
    effort: RunStats,
    /// When it was looked at whether time moves, and the number of events after which it is again.
    moved: (Time, u64),
}

/// How a run came to a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Halt {
    /// At its end.
    End,
    /// Its host has paused it.
    Pause,
    /// Nobody wants to see more.
    SeenEnough,
}

impl<'a, S: Strategy, R: Rule, H: Stage<'a, S, R>> Sim<'a, S, R, H>
where
    Taken: Delivery<H>,
{
    pub(super) fn new(
        plan: &'a Plan,
        world: World<S, R>,
        dice: Dice,
        sink: Listener<'a>,
        shortcuts: Shortcuts,
        stage: impl FnOnce(SimHost<'a>) -> H,
    ) -> Self {
        let links = &plan.links;
        let sources = Sources::new(plan, dice, shortcuts.crowds);
        let mut host = SimHost {
            now: Time::ZERO,
            queue: Queue::new(shortcuts.order),
            dice,
            standing: dice,
            links: links.clone(),
            slowness: [1000; LEGS],
            steady: [None; LEGS],
            steady_lags: links.lags.steady().filter(|_| links.lags_of_second.is_none()),
            drivers: DriverQueue::new(plan, dice, sources.end()),
            holdings: plan.usable_tokens,
            sink,
        };
        host.slow(&Leg::ALL, 1000);
        Self {
            plan,
            world,
            host: stage(host),
            span: plan.span,
            sources,
            acts: 0,
            effort: RunStats::default(),
            moved: (Time::ZERO, most_in_an_instant(plan)),
        }
    }

    /// Runs to the end, or until `stop` is set.
    pub(super) fn run(mut self, stop: &AtomicBool) -> RunStats {
        self.set_out();
        if self.go_on(stop) == Halt::End {
            self.end();
        }
        self.effort
    }

    /// What it has cost so far.
    pub(super) fn effort(&self) -> RunStats {
        self.effort
    }

    /// What is due first.
    pub(super) fn set_out(&mut self) {
        self.schedule_act();
        let SimHost { queue, drivers, .. } = self.host.sim_mut();
        drivers.begin(|number, at| queue.push_arrival(at, number));
    }

    /// One event after another.
    #[inline(always)] // In each kind of run once.
    pub(super) fn go_on(&mut self, stop: &AtomicBool) -> Halt {
        let mut look = (self.effort.events / LOOK + 1) * LOOK;
        let large = self.plan.layout.fleets.last().map_or(0, |fleet| fleet.nodes.end) >= LARGE;
        loop {
            if self.host.pauses(&self.world) {
                return Halt::Pause;
            }
            let Some((at, due)) = self.host.sim_mut().queue.pop() else {
                return Halt::End;
            };
            // Once the arrivals have stopped, the run ends with its last call.
            if at >= self.span.horizon && (at > self.span.end || self.world.calls().is_empty()) {
                return Halt::End;
            }
            if self.host.has_seen_enough() {
                return Halt::SeenEnough;
            }
            self.effort.events += 1;
            if self.effort.events == look {
                look += LOOK;
                if self.ends_early(at, stop) {
                    return Halt::End;
                }
            }
            self.host.sim_mut().now = at;
            match due {
                Due::Message(place) => {
                    let taken = self.host.sim_mut().queue.take(place);
                    if large {
                        for (places, beyond, again) in [(FAR, 2 * FAR, false), (NEAR, 2 * FAR + 1, true)] {
                            if let Some(message) = self.host.sim().queue.ahead(place, places, beyond) {
                                self.world.expect(message, again);
                            }
                        }
                    }
                    self.host.begins(&self.world, Occasion::Taken(taken));
                    self.world.deliver(taken, &mut self.host);
                    self.host.done(&self.world);
                }
                Due::Arrival(stream) => self.arrival(stream),
                Due::Act => self.act(),
            }
        }
    }

    /// The run is over: what is left is told.
    pub(super) fn end(&mut self) {
        let now = &mut self.host.sim_mut().now;
        *now = (*now).max(self.span.horizon).min(self.span.end);
        self.host.begins(&self.world, Occasion::End);
        self.world.close(&mut self.host);
        self.host.done(&self.world);
    }

    /// The same run at this instant, to go on with other draws, in a host made of the simulator's own.
    pub(super) fn branch(&self, dice: Dice, stage: impl FnOnce(SimHost<'a>) -> H) -> Self
    where
        S: Clone,
        R: Clone,
    {
        let mut sources = self.sources.clone();
        sources.redraw(dice);
        Self {
            plan: self.plan,
            world: self.world.clone(),
            host: stage(self.host.sim().branch(dice)),
            span: self.span,
            sources,
            acts: self.acts,
            effort: RunStats::default(),
            moved: (Time::ZERO, most_in_an_instant(self.plan)),
        }
    }

    /// Whether the run ends here: it was interrupted, or time stands still. Time is looked at every so many events, and where it
    /// has not moved in between, it stands.
    #[cold]
    fn ends_early(&mut self, at: Time, stop: &AtomicBool) -> bool {
        if stop.load(Ordering::Relaxed) {
            self.effort.stopped = true;
        } else if self.effort.events >= self.moved.1 {
            if at == self.moved.0 {
                self.effort.stuck_at = Some(at);
            }
            self.moved = (at, self.effort.events + most_in_an_instant(self.plan));
        }
        self.effort.stopped || self.effort.stuck_at.is_some()
    }

    #[inline]
    fn arrival(&mut self, number: u32) {
        let now = self.host.now();
        if number >= self.host.sim().drivers.first() {
            self.drivers(number);
            return;
        }
        if now >= self.span.horizon {
            return;
        }
        let (plan, world, host) = (self.plan, &mut self.world, &mut self.host);
        let next = self
            .sources
            .arrive(plan, now, number, |call| Self::hand_over(plan, world, host, call));
        if let Some(gap) = next {
            if let Some(node) = self.sources.upcoming(number) {
                self.world.expect_node(node);
            }
            self.host.sim_mut().queue.push_arrival(now + gap, number);
        }
    }

    /// A call arrives that did not come through the queue. It is handed to its node: a whole delivery, with the code for every kind of
    /// message, would be compiled into each place that has calls, in each kind of run and for each strategy.
    #[inline(always)]
    fn hand_over(plan: &Plan, world: &mut World<S, R>, host: &mut H, mut call: Message) {
        let Message::Arrival { node, group, draw_key } = &mut call else {
            unreachable!("only calls are handed over");
        };
        node.0 += plan.credential(*group, *draw_key);
        let (node, group, draw_key) = (*node, *group, *draw_key);
        host.begins(world, Occasion::Message(&call));
        world.arrive(node, group, draw_key, host);
        host.done(world);
    }

    /// The same where calls are rare.
    #[inline(never)]
    fn deliver(&mut self, call: Message) {
        Self::hand_over(self.plan, &mut self.world, &mut self.host, call);
    }

    /// Something is due that is no stream of arrivals.
    #[cold]
    pub(super) fn drivers(&mut self, number: u32) {
        let now = self.host.now();
        let turn = self.host.sim().drivers.turn(number);
        if now >= self.span.horizon && !matches!(turn, DriverTurn::Resume(_)) {
            return;
        }
        let world = &mut self.world;
        match turn {
            DriverTurn::User(node) => match world.is_up(node) {
                true => {
                    let arrival = self.host.sim_mut().drivers.call(number, node);
                    self.deliver(arrival);
                }
                false => self.host.sim_mut().drivers.wait_for(number),
            },
            DriverTurn::Replay => {
                let sim = self.host.sim_mut();
                let call = sim.drivers.replayed(number, |node| world.is_up(node));
                if let Some(at) = call.next {
                    sim.queue.push_arrival(at, number);
                }
                if let Some(arrival) = call.arrival {
                    self.deliver(arrival);
                }
            }
            DriverTurn::Pause => {
                let sim = self.host.sim_mut();
                let (nodes, lasts, next) = sim.drivers.pause(number, now);
                sim.queue.push_arrival(next, number);
                for node in nodes.map(NodeId) {
                    if world.is_up(node) && !world.is_paused(node) {
                        self.host.begins(world, Occasion::Pause(node, now + lasts));
                        world.pause(node, now + lasts, &mut self.host);
                        self.host.done(world);
                        self.host.sim_mut().resume_at(now + lasts, node);
                    }
                }
            }
            DriverTurn::Revocation => {
                let sim = self.host.sim_mut();
                let (chosen, next) = sim.drivers.revocation(now);
                sim.queue.push_arrival(next, number);
                let (client, tenant) = world.server.provider.grant_of(chosen);
                self.host.begins(world, Occasion::Revocation(client));
                world.revoke(false, client, Some(tenant), None, &mut self.host);
                self.host.done(world);
            }
            DriverTurn::Resume(node) => {
                self.host.begins(world, Occasion::Resume(node));
                world.resume(node, &mut self.host);
                self.host.done(world);
            }
        }
    }

    /// Begins the arrivals of a node that starts.
    pub(super) fn begin(&mut self, node: NodeId) {
        let SimHost {
            queue, now, drivers, ..
        } = self.host.sim_mut();
        let mut due = |number, gap| queue.push_arrival(*now + gap, number);
        self.sources.begin(self.plan, *now, node, &mut due);
        drivers.started(node, due);
    }

    /// Calls beyond those of the workload; drawn apart, so that the workload's stay as they are.
    fn calls(&mut self, nodes: std::ops::Range<u32>, group: Group, each: u32) {
        // Sampling must not shift the draws of the calls.
        let done = self.plan.timeline[..self.acts].iter();
        let acts = done.filter(|(_, act)| !matches!(act, Act::Sample { .. })).count() as u64;
        for node in nodes.clone().step_by(self.plan.nodes_of_a_process(nodes.start)) {
            for call in 0..each {
                let count = (acts << 32) | u64::from(call);
                let draw_key = self.host.sim().dice.draw(CALLS, node.into(), count) as u32;
                let node = NodeId(node);
                self.deliver(Message::Arrival { node, group, draw_key });
            }
        }
    }

    fn schedule_act(&mut self) {
        if let Some((at, _)) = self.plan.timeline.get(self.acts) {
            self.host.sim_mut().queue.push_act(*at);
        }
    }

    fn act(&mut self) {
        let (_, act) = &self.plan.timeline[self.acts];
        self.acts += 1;
        // Each of these calls is looked at for itself.
        if let Act::Calls { nodes, group, each } = act {
            self.calls(nodes.clone(), *group, *each);
        } else {
            self.host.begins(&self.world, Occasion::Act(act));
            self.perform(act);
            self.host.done(&self.world);
        }
        self.schedule_act();
    }
}
