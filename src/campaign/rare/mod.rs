//! Events that are too rare to be waited for: importance splitting, with levels that a pilot chooses.
//!
//! The page [`rare`](crate::manual::rare) of the manual says what is estimated, what that rests on, and when it fails.

mod estimate;

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::options::CampaignProgress;
use super::precision::{FIRST_LOOK, next_look};
use super::statistics::{ENOUGH, ENOUGH_AFTER_LOOKS};
use crate::base::Dice;
use crate::engine::splitting::{self, Approach, Pilot, TreeTally, grow};
use crate::plan::Plan;
use crate::record::rare::{RareEnd, RareFigure, RareFinding, RareLevel};

pub use crate::engine::splitting::{Levels, RARE_EVENTS, RareError, RareEvent, SplitLevel};

/// The first of the dice of runs that are not split: apart from all others.
const CRUDE: u64 = 1 << 41;

/// The pilot may have one event in so many.
const PILOT_SHARE: u64 = 20;

/// Replications that are run before it is looked at the events.
const CHUNK: u32 = 100;

/// How well a rare event is to be known, and what that may take.
#[derive(Clone, Debug, PartialEq)]
pub struct RareOptions {
    /// What is looked for.
    pub event: RareEvent,
    /// Every draw follows from it.
    pub seed: u64,
    /// Half of the interval at most, as a share of the figure.
    pub precision: f64,
    /// So many replications, whatever the precision.
    pub replications: Option<u32>,
    /// No more replications for the sake of precision.
    pub most_replications: u32,
    /// No more simulator events for each strategy.
    pub most_events: u64,
    /// These levels in place of those of a pilot.
    pub levels: Option<Levels>,
    /// Crude simulation too, with as many events.
    pub crude: bool,
    /// Zero for all cores.
    pub threads: usize,
}

/// Estimates how rare an event is under one strategy.
pub fn estimate(
    strategy: &str,
    plan: &Plan,
    options: &RareOptions,
    progress: &dyn CampaignProgress,
    stop: &AtomicBool,
) -> Result<RareFinding, RareError> {
    let threads = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build();
    let threads = threads.map_err(|error| RareError::Threads {
        threads: options.threads,
        reason: error.to_string(),
    })?;
    threads.install(|| estimate_here(strategy, plan, options, progress, stop))
}

fn estimate_here(
    strategy: &str,
    plan: &Plan,
    options: &RareOptions,
    progress: &dyn CampaignProgress,
    stop: &AtomicBool,
) -> Result<RareFinding, RareError> {
    let approach = options.event.approach(strategy, plan)?;
    let pilot = match &options.levels {
        Some(levels) => Pilot::left_out(levels.clone()),
        None => {
            let most = options.most_events / PILOT_SHARE;
            splitting::explore((plan, &approach), options.seed, most, stop)?
        }
    };
    let study = Study {
        plan,
        approach: &approach,
        options,
        progress,
        stop,
    };
    let left = options.most_events.saturating_sub(pilot.events);
    let approached = options.levels.is_some() || pilot.arrived;
    let (trees, ended_by) = match approached {
        true => study.replicate(&pilot.levels, left)?,
        false if stop.load(Ordering::Relaxed) => (Vec::new(), RareEnd::Interrupted),
        false => (Vec::new(), RareEnd::NotApproached),
    };
    let split = figure(options, &trees);
    let crude = match options.crude && approached {
        true => Some(figure(options, &study.crude(split.events)?)),
        false => None,
    };
    let main_events: u64 = trees.iter().map(|tree| tree.main_events).sum();
    Ok(RareFinding {
        strategy: strategy.to_owned(),
        crude_events: crude_events(&split, main_events),
        levels: told(&pilot),
        highest_seen: pilot
            .highest
            .max(trees.iter().map(|tree| tree.rises.len() as u32).max().unwrap_or(0)),
        highest: approach.nearness.highest(),
        level_counts: approach.nearness.words().to_owned(),
        pilot_events: pilot.events,
        split,
        crude,
        ended_by,
    })
}

/// The thresholds, with what the pilot saw of each.
fn told(pilot: &Pilot) -> Vec<RareLevel> {
    let splits = pilot.levels.splits().iter();
    let told = splits.map(|split| RareLevel {
        level: split.level,
        runs: split.runs,
        rises: pilot.rises.get(split.level as usize - 1).copied().unwrap_or_default(),
    });
    told.collect()
}

/// What all replications share.
struct Study<'a> {
    plan: &'a Plan,
    approach: &'a Approach,
    options: &'a RareOptions,
    progress: &'a dyn CampaignProgress,
    stop: &'a AtomicBool,
}

impl Study<'_> {
    /// Replications until the figure is known well enough, looked at after each doubling; or as many as were asked for.
    fn replicate(&self, levels: &Levels, most_events: u64) -> Result<(Vec<TreeTally>, RareEnd), RareError> {
        let options = self.options;
        let mut wanted = options
            .replications
            .unwrap_or(FIRST_LOOK.min(options.most_replications));
        let mut trees = Vec::new();
        loop {
            self.run(levels, 0, wanted, most_events, &mut trees)?;
            if self.stop.load(Ordering::Relaxed) {
                return Ok((trees, RareEnd::Interrupted));
            }
            let events: u64 = trees.iter().map(|tree| tree.events).sum();
            let met = estimate::rate(&trees).is_some_and(|figure| figure.is_within(options.precision));
            if options.replications.is_some() {
                return Ok((trees, RareEnd::Replications));
            }
            if met {
                return Ok((trees, RareEnd::Reached));
            }
            if wanted >= options.most_replications {
                return Ok((trees, RareEnd::Replications));
            }
            let affordable = u128::from(most_events) * u128::from(wanted) / u128::from(events.max(1));
            let affordable = u32::try_from(affordable).unwrap_or(u32::MAX);
            let next = next_look(wanted).min(options.most_replications).min(affordable);
            if next <= wanted {
                return Ok((trees, RareEnd::Events));
            }
            wanted = next;
        }
    }

    /// Runs that are not split, of about as many events.
    fn crude(&self, events: u64) -> Result<Vec<TreeTally>, RareError> {
        let (levels, mut trees) = (Levels::none(), Vec::new());
        self.run(&levels, CRUDE, 2, u64::MAX, &mut trees)?;
        let each = trees.iter().map(|tree| tree.events).sum::<u64>() / trees.len().max(1) as u64;
        let count = events.div_ceil(each.max(1)).clamp(2, u64::from(u32::MAX)) as u32;
        self.run(&levels, CRUDE, count, u64::MAX, &mut trees)?;
        Ok(trees)
    }

    /// Runs more replications until there are so many; an interrupt leaves those that were finished.
    fn run(
        &self,
        levels: &Levels,
        first: u64,
        until: u32,
        most_events: u64,
        trees: &mut Vec<TreeTally>,
    ) -> Result<(), RareError> {
        let (tried, options) = ((self.plan, self.approach), self.options);
        self.progress.planned(u64::from(until) - trees.len() as u64);
        while (trees.len() as u32) < until && !self.stop.load(Ordering::Relaxed) {
            let from = trees.len() as u64;
            let more = (u64::from(until) - from).min(u64::from(CHUNK));
            let grown: Vec<_> = (from..from + more)
                .into_par_iter()
                .map(|index| {
                    let dice = Dice::replication(options.seed, first + index);
                    let tree = grow(tried, levels, dice, most_events, self.stop);
                    self.progress.done();
                    tree
                })
                .collect();
            if let Some(at) = grown.iter().find_map(|tree| tree.stuck_at) {
                return Err(RareError::Stuck { at });
            }
            let stopped = self.stop.load(Ordering::Relaxed);
            if grown.iter().any(|tree| tree.cut) && !stopped {
                return Err(RareError::Endless { most_events });
            }
            // In order: what was finished behind one that was not tells of the quicker ones alone.
            trees.extend(grown.into_iter().take_while(|tree| !tree.cut));
        }
        Ok(())
    }
}

/// What so many replications tell.
fn figure(options: &RareOptions, trees: &[TreeTally]) -> RareFigure {
    let estimate = estimate::rate(trees);
    let rate = estimate.map(|estimate| estimate.rate);
    let ci95 = rate.and_then(|rate| rate.interval);
    let enough = match options.replications {
        Some(_) => ENOUGH,
        None => ENOUGH_AFTER_LOOKS,
    };
    let times = options.event == RareEvent::Livelock;
    let over = |rate: f64| (rate > 0.0).then(|| 1.0 / rate);
    RareFigure {
        rate: rate.map(|rate| rate.mean),
        ci95,
        mean_time_s: rate.filter(|_| times).and_then(|rate| over(rate.mean)),
        mean_time_ci95: ci95
            .filter(|_| times)
            .and_then(|(low, high)| Some((over(high)?, over(low)))),
        doubtful: rate.is_some_and(|rate| rate.is_doubtful(enough)),
        drift_ci99: estimate.and_then(|estimate| estimate.drift),
        replications: trees.len() as u32,
        seen: trees.iter().map(|tree| tree.seen).sum(),
        exposure: trees
            .iter()
            .fold(0.0, |sum, tree| sum + tree.exposure[0] + tree.exposure[1]),
        events: trees.iter().map(|tree| tree.events).sum(),
    }
}

/// About as many events of runs that are not split have an interval as narrow: of independent hits, (1.96 / width)^2.
fn crude_events(split: &RareFigure, main_events: u64) -> Option<f64> {
    let (rate, (low, high)) = (split.rate?, split.ci95?);
    let width = (high - low) / 2.0 / rate;
    let hits = (1.96 / width).powi(2);
    (width > 0.0 && split.exposure > 0.0).then(|| hits / rate * main_events as f64 / split.exposure)
}
