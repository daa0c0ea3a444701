//! One replication: a run and all that are split off it.
//!
//! RESTART: a run whose level rises to a threshold is split into R; R - 1 of them end when the level falls below that threshold again,
//! and one goes on. What happens beyond i thresholds counts 1/(R1 ... Ri). The weighted count of anything that happens is then as
//! large in the mean as in a run that is not split, whatever the thresholds are, as long as they are fixed beforehand.
//! Sources: M. Villén-Altamirano and J. Villén-Altamirano, "On the efficiency of RESTART for multidimensional state systems", ACM TOMACS 16,
//! 2006; P. L'Ecuyer, V. Demers and B. Tuffin, "Rare events, splitting, and quasi-Monte Carlo", ACM TOMACS 17, 2007.

use std::sync::atomic::{AtomicBool, Ordering};

use super::event::Approach;
use super::levels::Levels;
use super::watch::RareWatch;
use crate::base::{Dice, Time};
use crate::engine::sim::{SplitHalt, SplitRun};
use crate::plan::Plan;

/// What a replication came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TreeTally {
    /// Weighted, in each half of the measured span.
    pub hits: [f64; 2],
    /// As they were seen.
    pub seen: u64,
    /// Of what the hits are a part: calls of the main run, or its seconds until the livelock; in each half.
    pub exposure: [f64; 2],
    /// Events of all runs.
    pub events: u64,
    /// Events of the main run alone.
    pub main_events: u64,
    /// By level from 1: how often it was risen to, weighted and as it was seen.
    pub rises: Vec<(f64, u64)>,
    /// Events or time ran out: the tally is of no use.
    pub cut: bool,
    /// Where time stood still.
    pub stuck_at: Option<Time>,
}

/// A replication under way.
struct Tree<'a> {
    levels: &'a Levels,
    most_events: u64,
    stop: &'a AtomicBool,
    tally: TreeTally,
}

/// Runs one replication with these dice, of no more than so many events.
pub fn grow(
    (plan, approach): (&Plan, &Approach),
    levels: &Levels,
    dice: Dice,
    most_events: u64,
    stop: &AtomicBool,
) -> TreeTally {
    let mut tree = Tree {
        levels,
        most_events,
        stop,
        tally: TreeTally::default(),
    };
    let mut main = SplitRun::new(plan, dice, RareWatch::new(approach, plan.span, plan.nodes()));
    tree.follow(&mut main, 0, 0);
    tree.tally.main_events = main.events();
    tree.tally.exposure = main.watcher().exposure();
    tree.tally
}

impl Tree<'_> {
    /// Follows a run that is beyond `region` thresholds, to its end or until it is beyond fewer than `born`.
    fn follow(&mut self, run: &mut SplitRun<'_, RareWatch>, mut region: usize, born: usize) {
        loop {
            let before = run.events();
            let halt = run.go_on(self.levels.range(region), self.stop);
            self.take(run, region, before);
            if halt == SplitHalt::Over || self.tally.cut {
                return;
            }
            let now = self.levels.region(run.level());
            if now < born {
                return;
            }
            if now > region {
                self.split(run, region, now);
            }
            region = now;
        }
    }

    /// A run has risen from beyond `from` thresholds to beyond `to`: follows all that are split off it.
    fn split(&mut self, run: &mut SplitRun<'_, RareWatch>, from: usize, to: usize) {
        for region in from + 1..=to {
            for _ in 1..self.levels.splits()[region - 1].runs {
                if self.tally.cut {
                    return;
                }
                let mut branch = run.branch();
                self.split(&mut branch, region, to);
                self.follow(&mut branch, to, region);
            }
        }
    }

    /// Takes down what a run has seen since it had so many events, beyond so many thresholds.
    fn take(&mut self, run: &mut SplitRun<'_, RareWatch>, region: usize, before: u64) {
        let weight = self.levels.weight(region);
        let hits = run.watcher().take_hits();
        let tally = &mut self.tally;
        tally.hits[0] += weight * hits.first_half as f64;
        tally.hits[1] += weight * hits.second_half as f64;
        tally.seen += hits.all();
        tally.events += run.events() - before;
        tally.stuck_at = tally.stuck_at.or(run.stuck_at());
        tally.cut |= tally.events > self.most_events || tally.stuck_at.is_some() || self.stop.load(Ordering::Relaxed);
        run.rises(|level, count| {
            let index = level as usize - 1;
            if tally.rises.len() <= index {
                tally.rises.resize(index + 1, (0.0, 0));
            }
            tally.rises[index].0 += weight * count as f64;
            tally.rises[index].1 += count;
        });
    }
}
