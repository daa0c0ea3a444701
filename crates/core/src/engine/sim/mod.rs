//! The simulator: the clock jumps to the next event, the order is an event queue's, the dice are streams under one seed.
//!
//! Everything that happens in a run follows from the plan and the seed. The draws of a run are named by what they are for
//! (which call, which attempt, which request of which node), so that two strategies under one seed meet the same arrivals
//! and the same latencies.

mod acts;
pub mod arrivals;
mod context;
pub mod drivers;
mod event;
mod heap;
mod host;
mod lane;
mod payload;
pub mod purpose;
mod queue;
mod rest;
mod scripted;
mod split;
mod stage;
mod turn;
mod watched;
mod wheel;

use std::sync::atomic::AtomicBool;

use host::Listener;
use turn::Sim;

use crate::base::{Dice, Time};
use crate::metric::{Controls, Observed};
use crate::node::Strategy;
use crate::plan::Plan;
use crate::provider::{Issuance, Rule};
use crate::strategy::{Coordination, each};
use crate::trace::Sink;
use crate::world::World;

pub use context::{control_setting, run_context};
pub use purpose::ARRIVALS;
pub use scripted::{Happening, Network, run_script};
pub use split::{SplitHalt, SplitRun, SplitWatcher};
pub use watched::{Watched, WatchedWorld, Watcher, keep_world, watch};

/// What a run cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunStats {
    /// Events that the queue delivered.
    pub events: u64,
    /// Where the run was ended because time stood still: more events in one instant than any sensible run has.
    pub stuck_at: Option<Time>,
    /// The run was ended from outside, before its time: what was counted is of a part of it.
    pub stopped: bool,
}

/// The interrupt of a run that nobody interrupts.
static NEVER: AtomicBool = AtomicBool::new(false);

/// Bytes of a memory up to which a strategy is run under its own type: with many nodes it is the memories that leave the cache. Each type
/// more is two seconds of a build.
const SMALL: usize = 8;

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
    simulate(plan, dice, Listener::Other(sink), shortcuts, &NEVER)
}

/// As [`run`], and ends soon after `stop` is set.
pub fn run_until(plan: &Plan, dice: Dice, sink: &mut dyn Sink, stop: &AtomicBool) -> RunStats {
    simulate(plan, dice, Listener::Other(sink), Shortcuts::ALL, stop)
}

/// As [`run_with`], for the counts of all metrics: compiled for them, and so the fastest.
pub fn observe(plan: &Plan, dice: Dice, observed: &mut Observed, shortcuts: Shortcuts) -> RunStats {
    observe_until(plan, dice, observed, shortcuts, &NEVER)
}

/// As [`observe`], and ends soon after `stop` is set.
pub fn observe_until(
    plan: &Plan,
    dice: Dice,
    observed: &mut Observed,
    shortcuts: Shortcuts,
    stop: &AtomicBool,
) -> RunStats {
    // Users who wait for the end of a call listen too.
    let listener = match plan.drivers.loops.is_empty() {
        true => Listener::Metrics(observed),
        false => Listener::Other(observed),
    };
    simulate(plan, dice, listener, shortcuts, stop)
}

/// As [`observe_until`], and tells the control variates too.
pub fn observe_controlled(
    plan: &Plan,
    dice: Dice,
    (observed, controls): (&mut Observed, &mut Controls),
    stop: &AtomicBool,
) -> RunStats {
    simulate(
        plan,
        dice,
        Listener::Controlled(observed, controls),
        Shortcuts::ALL,
        stop,
    )
}

fn simulate<'a>(
    plan: &'a Plan,
    dice: Dice,
    sink: Listener<'a>,
    shortcuts: Shortcuts,
    stop: &'a AtomicBool,
) -> RunStats {
    if plan.second.is_some() {
        return watched::run(plan, dice, sink, shortcuts, stop, &mut ());
    }
    if let Some(mix) = &plan.mix {
        let world = own_world(plan, mix.clone());
        return Sim::new(plan, world, dice, sink, shortcuts, |host| host).run(stop);
    }
    each!(Coordination, &plan.coordination, strategy => simulate_as(strategy, plan, dice, sink, shortcuts, stop))
}

/// Under the strategy's own type where its memory is small, and else as one of all: the engine is not compiled for each.
fn simulate_as<'a, S: Strategy>(
    strategy: &S,
    plan: &'a Plan,
    dice: Dice,
    sink: Listener<'a>,
    shortcuts: Shortcuts,
    stop: &'a AtomicBool,
) -> RunStats {
    if const { size_of::<S::Node>() <= SMALL } {
        let world = own_world(plan, strategy.clone());
        Sim::new(plan, world, dice, sink, shortcuts, |host| host).run(stop)
    } else {
        let world = own_world(plan, plan.coordination.clone());
        Sim::new(plan, world, dice, sink, shortcuts, |host| host).run(stop)
    }
}

/// As [`run`], for a strategy and a rule that need not be the crate's own: those of the plan are not looked at.
pub fn run_strategy<S: Strategy, R: Rule>(
    plan: &Plan,
    (strategy, rule): (S, R),
    dice: Dice,
    sink: &mut dyn Sink,
) -> RunStats {
    let world = world(plan, strategy, rule);
    Sim::new(plan, world, dice, Listener::Other(sink), Shortcuts::ALL, |host| host).run(&NEVER)
}

/// Under the rules of the plan, those of a second provider among them.
fn own_world<S: Strategy>(plan: &Plan, strategy: S) -> World<S, Issuance> {
    let world = world(plan, strategy, plan.provider.rule.clone());
    let Some(second) = plan.second.as_deref() else {
        return world;
    };
    let lags = plan.links.lags_of_second.as_deref().unwrap_or(&plan.links.lags);
    let provider = second.provider.build(second.provider.rule.clone(), lags);
    world.with_second(provider, second.policy.clone())
}

fn world<S: Strategy, R: Rule>(plan: &Plan, strategy: S, rule: R) -> World<S, R> {
    let provider = plan.provider.build(rule, &plan.links.lags);
    World::new(strategy, plan.policy.clone(), provider, plan.layout.clone())
}
