//! A run that can be split: it pauses where the level of its state leaves a range, and as many runs as one likes can be split off
//! it there, which go on from the same state with draws of their own.
//!
//! All of the state is copied: the world, the queue with every message under way and every arrival that is due next, and the
//! streams of draws. What had been drawn at the split is part of the state and is shared; everything after it is drawn anew. A run that
//! is not split off another is the run of the same plan under the same seed, draw by draw.

use std::ops::Range;
use std::sync::atomic::AtomicBool;

use super::Shortcuts;
use super::host::{Listener, SimHost};
use super::payload::Taken;
use super::stage::Stage;
use super::turn::{Halt, Sim};
use super::watched::WatchedWorld;
use crate::base::{Chance, Delay, Dice, Duration, Time};
use crate::oauth::Token;
use crate::plan::Plan;
use crate::provider::Issuance;
use crate::strategy::Mixed;
use crate::trace::Event;
use crate::world::{Delivery, Host, Leg, Message};

/// Somebody who looks on at a run that can be split, and says how near it is to what is looked for.
pub trait SplitWatcher: Clone {
    /// The trace is told of something.
    fn told(&mut self, now: Time, event: &Event);

    /// The level of the state between two events, zero for the lowest. It decides where runs are split and nothing else.
    fn level(&mut self, now: Time, world: &WatchedWorld) -> u32;

    /// Whether the run ends here, as what comes no longer matters.
    fn is_over(&self) -> bool;
}

/// Why a run that can be split has paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitHalt {
    /// The level of its state has left the range.
    Left,
    /// It is at its end.
    Over,
}

/// A run that can be split, between two events.
pub struct SplitRun<'a, W: SplitWatcher> {
    sim: Sim<'a, Mixed, Issuance, SplitHost<'a, W>>,
    dice: Dice,
    /// How many runs have been split off it.
    branches: u64,
    over: bool,
}

/// How often the level has risen to each value or beyond it, since somebody asked.
#[derive(Clone, Debug, Default)]
struct Rises {
    counts: Vec<u64>,
    least: usize,
}

struct SplitHost<'a, W> {
    sim: SimHost<'a>,
    watcher: W,
    level: u32,
    range: Range<u32>,
    rises: Rises,
}

impl<'a, W: SplitWatcher> SplitRun<'a, W> {
    /// The run of a plan under a seed, at its start.
    pub fn new(plan: &'a Plan, dice: Dice, watcher: W) -> Self {
        let alone = || Mixed::alone(plan.coordination.clone());
        let strategy = plan.mix.clone().unwrap_or_else(alone);
        let world = super::own_world(plan, strategy);
        // Lanes and wheels would be copied with each split, and they are larger than the few events of a heap.
        let shortcuts = Shortcuts {
            order: false,
            ..Shortcuts::ALL
        };
        let host = |sim| SplitHost {
            sim,
            watcher,
            level: 0,
            range: 0..u32::MAX,
            rises: Rises::default(),
        };
        let mut sim = Sim::new(plan, world, dice, Listener::Nobody, shortcuts, host);
        sim.set_out();
        Self {
            sim,
            dice,
            branches: 0,
            over: false,
        }
    }

    /// Goes on until the level is outside the range, or the run is over; or until soon after `stop` is set, when it is over too.
    pub fn go_on(&mut self, range: Range<u32>, stop: &AtomicBool) -> SplitHalt {
        self.sim.host.range = range;
        if !self.over && self.sim.go_on(stop) == Halt::Pause && !self.sim.host.watcher.is_over() {
            return SplitHalt::Left;
        }
        if !self.over && !self.sim.host.watcher.is_over() {
            self.sim.end();
        }
        self.over = true;
        SplitHalt::Over
    }

    /// One more run that goes on from this state, with draws of its own.
    pub fn branch(&mut self) -> Self {
        let dice = self.dice.branch(self.branches);
        self.branches += 1;
        let host = &self.sim.host;
        let (watcher, level) = (host.watcher.clone(), host.level);
        let branch = |sim| SplitHost {
            sim,
            watcher,
            level,
            range: 0..u32::MAX,
            rises: Rises::default(),
        };
        Self {
            sim: self.sim.branch(dice, branch),
            dice,
            branches: 0,
            over: self.over,
        }
    }

    /// The level of its state.
    pub fn level(&self) -> u32 {
        self.sim.host.level
    }

    /// Who looks on.
    pub fn watcher(&mut self) -> &mut W {
        &mut self.sim.host.watcher
    }

    /// Events that it has had, or since it was split off.
    pub fn events(&self) -> u64 {
        self.sim.effort().events
    }

    /// Where it was ended because time stood still.
    pub fn stuck_at(&self) -> Option<Time> {
        self.sim.effort().stuck_at
    }

    /// Tells how often the level has risen to a value, or beyond it from below, since this was last asked.
    pub fn rises(&mut self, mut tell: impl FnMut(u32, u64)) {
        let Rises { counts, least } = &mut self.sim.host.rises;
        for (level, count) in counts.iter_mut().enumerate().skip(*least) {
            match std::mem::take(count) {
                0 => {}
                count => tell(level as u32, count),
            }
        }
        *least = counts.len();
    }
}

impl Rises {
    fn rise(&mut self, from: u32, to: u32) {
        let (from, to) = (from as usize + 1, to as usize);
        if self.counts.len() <= to {
            self.counts.resize(to + 1, 0);
        }
        self.least = self.least.min(from);
        self.counts[from..=to].iter_mut().for_each(|count| *count += 1);
    }
}

impl<W: SplitWatcher> Host for SplitHost<'_, W> {
    #[inline]
    fn now(&self) -> Time {
        self.sim.now
    }

    #[inline]
    fn send(&mut self, leg: Leg, key: u64, message: Message) {
        match self.sim.way(leg, key) {
            Some((way, latency)) => self.sim.schedule(way, self.sim.now + latency, message),
            None => {
                if let Some(event) = SimHost::loss(leg) {
                    self.note(|| event);
                }
            }
        }
    }

    #[inline]
    fn wake(&mut self, delay: Delay, key: u64, alarm: Message) -> Duration {
        self.sim.wake(delay, key, alarm)
    }

    #[inline]
    fn hit(&mut self, chance: Chance, key: u64) -> bool {
        Host::hit(&mut self.sim, chance, key)
    }

    #[inline]
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
}

impl<W> Delivery<SplitHost<'_, W>> for Taken {
    fn message<'m>(&'m self, host: &'m SplitHost<'_, W>) -> &'m Message {
        host.sim.queue.message(*self)
    }
}

impl<'a, W: SplitWatcher> Stage<'a, Mixed, Issuance> for SplitHost<'a, W> {
    fn sim(&self) -> &SimHost<'a> {
        &self.sim
    }

    fn sim_mut(&mut self) -> &mut SimHost<'a> {
        &mut self.sim
    }

    fn pauses(&mut self, world: &WatchedWorld) -> bool {
        let level = self.watcher.level(self.sim.now, world);
        if level > self.level {
            self.rises.rise(self.level, level);
        }
        self.level = level;
        !self.range.contains(&level) || self.watcher.is_over()
    }
}
