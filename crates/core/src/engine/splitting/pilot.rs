//! The pilot: runs apart from those that count, which find out how often each level is risen to, and so where to split.

use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

use super::error::RareError;
use super::event::Approach;
use super::levels::Levels;
use super::tree::{TreeTally, grow};
use crate::base::Dice;
use crate::plan::Plan;

/// The first of the dice that are the pilot's: no replication has a number that high.
const PILOT: u64 = 1 << 40;

/// Replications of a round at first.
const ROUND: u64 = 16;

/// Runs that should go on from each threshold in each replication of the pilot.
const AIM: f64 = 100.0;

/// A level that was risen to so often is known well enough to be a threshold.
const ENOUGH_RISES: u64 = 20;

/// The pilot is over once the event was seen so often.
const ENOUGH_HITS: u64 = 50;

/// Events beyond the thresholds for each one of the runs that are not split: more of them cost more than they tell, fewer leave the
/// runs that are not split to tell little.
const SPLIT_WORK: f64 = 4.0;

/// What the pilot found out.
#[derive(Clone, Debug)]
pub struct Pilot {
    /// Where to split.
    pub levels: Levels,
    /// By level from 1: how often an unsplit run rises to it.
    pub rises: Vec<f64>,
    /// The highest level that was seen.
    pub highest: u32,
    /// Events that the pilot took.
    pub events: u64,
    /// The event was seen.
    pub arrived: bool,
}

impl Pilot {
    /// Without a pilot: somebody says where to split.
    pub fn left_out(levels: Levels) -> Self {
        Self {
            levels,
            rises: Vec::new(),
            highest: 0,
            events: 0,
            arrived: true,
        }
    }
}

/// Several replications together.
#[derive(Default)]
struct Round {
    rises: Vec<(f64, u64)>,
    hits: f64,
    seen: u64,
    events: u64,
    main_events: u64,
}

/// Round after round, each of which splits where the ones before have been, until the event is seen; or until so many events are used up.
pub fn explore(
    (plan, approach): (&Plan, &Approach),
    seed: u64,
    most_events: u64,
    stop: &AtomicBool,
) -> Result<Pilot, RareError> {
    let mut pilot = Pilot {
        levels: Levels::none(),
        rises: Vec::new(),
        highest: 0,
        events: 0,
        arrived: false,
    };
    let (mut first, mut count, mut aim, mut balanced) = (PILOT, ROUND, AIM, false);
    loop {
        let left = most_events.saturating_sub(pilot.events);
        let dice = (first..first + count).map(|index| Dice::replication(seed, index));
        let dice: Vec<_> = dice.collect();
        first += count;
        let trees: Vec<_> = dice
            .into_par_iter()
            .map(|dice| grow((plan, approach), &pilot.levels, dice, left, stop))
            .collect();
        if let Some(at) = trees.iter().find_map(|tree| tree.stuck_at) {
            return Err(RareError::Stuck { at });
        }
        let round = Round::of(&trees);
        pilot.events += round.events;
        pilot.highest = pilot
            .highest
            .max(round.rises.iter().filter(|(_, seen)| *seen > 0).count() as u32);
        let cut = trees.iter().any(|tree| tree.cut);
        let arrived = !cut && round.seen >= ENOUGH_HITS;
        if arrived {
            (pilot.rises, pilot.arrived) = (round.often(count), true);
            aim = round.balanced(aim);
            pilot.levels = Levels::fitting(&pilot.rises, round.hits / count as f64, aim);
        }
        // Once more, as the work beyond the thresholds is another with other thresholds.
        match (arrived || balanced, balanced) {
            (true, true) => return Ok(pilot),
            (true, false) => {
                balanced = true;
                continue;
            }
            _ => {}
        }
        if !cut {
            pilot.rises = round.often(count);
        }
        let next = Levels::fitting(&pilot.rises, 0.0, aim);
        if cut || pilot.events + round.events > most_events {
            pilot.levels = next;
            pilot.arrived = round.seen > 0;
            return Ok(pilot);
        }
        if next == pilot.levels || next.splits().last() == pilot.levels.splits().last() {
            // Nobody came further: more of them.
            (count, aim) = (count.saturating_mul(2).min(1 << 20), aim * 1.5);
        }
        pilot.levels = Levels::fitting(&pilot.rises, 0.0, aim);
    }
}

impl Round {
    fn of(trees: &[TreeTally]) -> Self {
        let mut round = Self::default();
        for tree in trees {
            round.hits += tree.hits[0] + tree.hits[1];
            round.seen += tree.seen;
            round.events += tree.events;
            round.main_events += tree.main_events;
            if round.rises.len() < tree.rises.len() {
                round.rises.resize(tree.rises.len(), (0.0, 0));
            }
            for ((weighted, seen), more) in round.rises.iter_mut().zip(&tree.rises) {
                *weighted += more.0;
                *seen += more.1;
            }
        }
        round
    }

    /// How often one unsplit run of so many rises to each level, as far up as was seen often enough.
    fn often(&self, replications: u64) -> Vec<f64> {
        let known = self.rises.iter().take_while(|(_, seen)| *seen >= ENOUGH_RISES);
        known.map(|(weighted, _)| weighted / replications as f64).collect()
    }

    /// How many runs should go on from each threshold, given the work that `aim` made.
    fn balanced(&self, aim: f64) -> f64 {
        let split = self.events - self.main_events;
        match split {
            0 => aim,
            split => (aim * SPLIT_WORK * self.main_events as f64 / split as f64).clamp(1.0, 1e6),
        }
    }
}
