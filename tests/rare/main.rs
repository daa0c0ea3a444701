//! Rare events by splitting: held to closed forms, to crude simulation where that can reach, and to the same bytes on any number of threads.
//!
//! Confidence: every comparison is a two-sided test at 99.9 % over independent experiments under fixed seeds ([`common::holds`]). An
//! experiment is a whole estimate from a few replications, so that what is tested is that estimates are right in the mean, however rare the
//! event and however bad the levels.

mod closed_forms;
#[path = "../common/mod.rs"]
mod common;
mod crude;
mod exact;
mod refusals;

use std::sync::atomic::AtomicBool;

use tokenstorm::campaign::rare::{self, Levels, RareEvent, RareOptions, SplitLevel};
use tokenstorm::plan::Plan;
use tokenstorm::record::rare::RareFinding;

use crate::common::{Mean, over_runs};

/// So many replications with these levels, or with those of a pilot.
fn options(event: RareEvent, seed: u64, replications: u32, levels: Option<Levels>) -> RareOptions {
    RareOptions {
        event,
        seed,
        precision: 0.1,
        replications: Some(replications),
        most_replications: replications,
        most_events: 1_000_000_000,
        levels,
        crude: false,
        threads: 1,
    }
}

fn estimate(plan: &Plan, options: &RareOptions) -> RareFinding {
    rare::estimate("the strategy", plan, options, &(), &AtomicBool::new(false)).unwrap()
}

/// The mean over independent experiments of what each estimates from so many replications.
fn experiments(plan: &Plan, event: RareEvent, (count, replications): (u64, u32), seed: u64, levels: &Levels) -> Mean {
    over_runs(count, |index| {
        let seed = seed * 1_000_000 + index;
        let options = options(event, seed, replications, Some(levels.clone()));
        estimate(plan, &options).split.rate.unwrap_or(0.0)
    })
}

fn levels(splits: &[(u32, u32)]) -> Levels {
    let splits = splits.iter().map(|&(level, runs)| SplitLevel { level, runs });
    Levels::new(splits.collect()).unwrap()
}
