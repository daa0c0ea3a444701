//! A run that somebody looks at, step by step: what is sent, what is lost, what arrives, and the world in between.
//!
//! It is the run of the same plan under the same seed, draw by draw. The engine is compiled once more for it, for all strategies
//! together; runs that nobody looks at pay nothing.

use std::sync::atomic::AtomicBool;

use super::host::{Listener, SimHost};
use super::payload::Taken;
use super::stage::{Occasion, Stage};
use super::turn::Sim;
use super::{RunStats, Shortcuts};
use crate::base::{Chance, Delay, Dice, Duration, NodeId, Time};
use crate::oauth::Token;
use crate::plan::{Act, Plan};
use crate::provider::Issuance;
use crate::strategy::Mixed;
use crate::trace::Event;
use crate::world::{Delivery, Host, Leg, Message, World};

/// The world of a watched run.
pub type WatchedWorld = World<Mixed, Issuance>;

/// Keeps the world as it is now, in the place of what was kept of it before. Compiled here, and so for speed, whoever calls it.
pub fn keep_world(now: &WatchedWorld, kept: &mut Option<WatchedWorld>) {
    match kept {
        Some(kept) => kept.clone_from(now),
        None => *kept = Some(now.clone()),
    }
}

/// What a step of a run is.
#[derive(Clone, Copy, Debug)]
pub enum Watched<'a> {
    /// A message arrives, or an alarm goes off.
    Message(&'a Message),
    /// The timeline does something.
    Act(&'a Act),
    /// A node pauses by chance, until then.
    Pause(NodeId, Time),
    /// A pause by chance is over.
    Resume(NodeId),
    /// The provider revokes the tokens of this client.
    Revocation(u16),
    /// The run ends.
    End,
}

/// Somebody who looks at a run.
pub trait Watcher {
    /// A step is about to happen at this instant.
    fn begins(&mut self, now: Time, what: Watched<'_>, world: &WatchedWorld);

    /// A message is sent, or an alarm set, that arrives then; none for one that is lost, or that never goes off.
    fn sent(&mut self, now: Time, message: &Message, arrives: Option<Time>);

    /// The trace is told of something.
    fn told(&mut self, now: Time, event: &Event);

    /// The step has happened.
    fn done(&mut self, now: Time, world: &WatchedWorld);

    /// Whether the run may end here, because the watcher has seen enough.
    fn has_seen_enough(&self) -> bool;

    /// Whether it wants to be told details too, which only properties ask for.
    fn wants_details(&self) -> bool {
        false
    }
}

/// Runs a plan once under a seed, as [`run`](super::run) does, and shows a watcher every step.
pub fn watch(plan: &Plan, dice: Dice, watcher: &mut dyn Watcher) -> RunStats {
    let mut nobody = ();
    run(
        plan,
        dice,
        Listener::Other(&mut nobody),
        Shortcuts::ALL,
        &super::NEVER,
        watcher,
    )
}

/// The same for somebody who listens too. Runs with a second provider are run so, looked at by nobody: all others are compiled without one.
pub(super) fn run<'a>(
    plan: &'a Plan,
    dice: Dice,
    sink: Listener<'a>,
    shortcuts: Shortcuts,
    stop: &AtomicBool,
    watcher: &mut dyn Watcher,
) -> RunStats {
    let alone = || Mixed::alone(plan.coordination.clone());
    let strategy = plan.mix.clone().unwrap_or_else(alone);
    let world = super::own_world(plan, strategy);
    Sim::new(plan, world, dice, sink, shortcuts, |sim| WatchedHost { sim, watcher }).run(stop)
}

/// Nobody.
impl Watcher for () {
    fn begins(&mut self, _: Time, _: Watched<'_>, _: &WatchedWorld) {}

    fn sent(&mut self, _: Time, _: &Message, _: Option<Time>) {}

    fn told(&mut self, _: Time, _: &Event) {}

    fn done(&mut self, _: Time, _: &WatchedWorld) {}

    fn has_seen_enough(&self) -> bool {
        false
    }
}

struct WatchedHost<'a, 'w> {
    sim: SimHost<'a>,
    watcher: &'w mut dyn Watcher,
}

impl Host for WatchedHost<'_, '_> {
    fn now(&self) -> Time {
        self.sim.now
    }

    fn send(&mut self, leg: Leg, key: u64, message: Message) {
        let way = self.sim.way(leg, key);
        let now = self.sim.now;
        self.watcher.sent(now, &message, way.map(|(_, latency)| now + latency));
        match way {
            Some((way, latency)) => self.sim.schedule(way, now + latency, message),
            None => {
                if let Some(event) = SimHost::loss(leg) {
                    self.note(|| event);
                }
            }
        }
    }

    fn wake(&mut self, delay: Delay, key: u64, alarm: Message) -> Duration {
        let delay = self.sim.wake(delay, key, alarm);
        let (now, never) = (self.sim.now, Delay::is_never(delay));
        self.watcher.sent(now, &alarm, (!never).then(|| now + delay));
        delay
    }

    fn hit(&mut self, chance: Chance, key: u64) -> bool {
        Host::hit(&mut self.sim, chance, key)
    }

    fn lags(&mut self, token: Token, key: u64) -> (Duration, Duration) {
        Host::lags(&mut self.sim, token, key)
    }

    fn note(&mut self, event: impl FnOnce() -> Event) {
        let event = event();
        Host::note(&mut self.sim, || event);
        self.watcher.told(self.sim.now, &event);
    }

    fn wants_holdings(&self) -> bool {
        Host::wants_holdings(&self.sim)
    }

    fn wants_details(&self) -> bool {
        self.watcher.wants_details()
    }
}

impl Delivery<WatchedHost<'_, '_>> for Taken {
    fn message<'m>(&'m self, host: &'m WatchedHost<'_, '_>) -> &'m Message {
        host.sim.queue.message(*self)
    }
}

impl<'a> Stage<'a, Mixed, Issuance> for WatchedHost<'a, '_> {
    fn sim(&self) -> &SimHost<'a> {
        &self.sim
    }

    fn sim_mut(&mut self) -> &mut SimHost<'a> {
        &mut self.sim
    }

    fn begins(&mut self, world: &WatchedWorld, what: Occasion<'_>) {
        let what = match what {
            Occasion::Taken(taken) => Watched::Message(self.sim.queue.message(taken)),
            Occasion::Message(message) => Watched::Message(message),
            Occasion::Act(act) => Watched::Act(act),
            Occasion::Pause(node, until) => Watched::Pause(node, until),
            Occasion::Resume(node) => Watched::Resume(node),
            Occasion::Revocation(client) => Watched::Revocation(client),
            Occasion::End => Watched::End,
        };
        self.watcher.begins(self.sim.now, what, world);
    }

    fn done(&mut self, world: &WatchedWorld) {
        self.watcher.done(self.sim.now, world);
    }

    fn has_seen_enough(&self) -> bool {
        self.watcher.has_seen_enough()
    }
}
