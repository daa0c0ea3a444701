//! What it takes to run a scenario: an estimate from its text alone, on the safe side where it can be.

use super::file::ScenarioFile;
use super::files::Files;
use super::size::{ACT, plan_size};
use super::strategy::StrategySettings;
use crate::metric::{METRICS, TENANTS_TOLD};

/// How much of a scenario is run, and how.
#[derive(Clone, Copy, Debug)]
pub struct Extent<'a> {
    /// Only the strategy of this name.
    pub only: Option<&'a str>,
    /// Replications of each strategy at each point.
    pub replications: u32,
    /// Runs at the same time.
    pub threads: usize,
}

/// Events that may be asked for unless somebody says so.
pub const MOST_EVENTS: u64 = 20_000_000_000;

/// Bytes of memory that may be asked for unless somebody says so.
pub const MOST_MEMORY: u64 = 8_000_000_000;

/// What it takes to run a scenario.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// Points, strategies, cases of the trigger and replications, multiplied.
    pub runs: u64,
    /// Events of all runs where next to nothing is tried again; some millions take a second.
    pub events: u64,
    /// Bytes of memory at most, about.
    pub memory: u64,
}

/// Bytes of the table of a distribution.
const TABLE: f64 = 90_000.0;
/// Bytes of what an arm leaves in the record and in its files beside the figures: the series.
const ARM: f64 = 1_500_000.0;
/// Bytes of one figure in the record and in its files.
const READING: f64 = 1200.0;
/// Bytes of one metric of one replication.
const SAMPLE: f64 = 17.0;
/// Bytes of the course of one replication, where a trigger asks for it.
const COURSE: f64 = 40_000.0;
/// Replications whose counts are held at once, and what those of one take beside its nodes.
const HELD: f64 = 256.0;
const COUNTS: f64 = 400_000.0;
/// Bytes of the counts of a tenant of one arm, and of its row in the record and in its files.
const TENANT: f64 = 140.0;
const TENANT_ROW: f64 = 900.0;
/// The program itself.
const PROGRAM: f64 = 64e6;

/// What it takes to run so much of a scenario: the file itself, or its points with the lengths of their labels.
pub(super) fn effort(points: &[(usize, &ScenarioFile)], files: &Files, text: usize, extent: Extent<'_>) -> Effort {
    let triggered = points.iter().any(|(_, file)| file.trigger.is_some());
    let cases = if triggered { 3.0 } else { 1.0 };
    let replications = f64::from(extent.replications);
    let (mut runs, mut events) = (0.0, 0.0);
    let (mut kept, mut largest, mut counts): (f64, f64, f64) = (0.0, 0.0, 0.0);
    for (label, file) in points {
        let tenants = match file.app.iter().any(|app| app.tenants > 1) {
            true => file.app.iter().map(|app| f64::from(app.tenants)).sum(),
            false => 0.0,
        };
        let wanted = |strategy: &&StrategySettings| extent.only.is_none_or(|only| only == strategy.name);
        for strategy in file.strategy.iter().filter(wanted) {
            let size = plan_size(file, strategy, files);
            let figures = METRICS.len() as f64 * (1.0 + size.parts);
            runs += cases * replications;
            events += cases * replications * size.events();
            kept += cases * (size.acts * ACT + size.tables * TABLE + ARM)
                + figures * (READING + 4.0 * *label as f64)
                + cases * replications * (figures * SAMPLE + 150.0)
                + cases * tenants * TENANT
                + tenants.min(TENANTS_TOLD as f64 + 1.0) * TENANT_ROW
                + if cases > 1.0 {
                    cases * replications * COURSE
                } else {
                    0.0
                };
            largest = largest.max(size.bytes());
            counts = counts.max(COUNTS + 16.0 * size.nodes + 100.0 * size.parts);
        }
    }
    let text = text as f64 * 20.0;
    let at_once = runs.min(extent.threads.max(1) as f64);
    let memory = PROGRAM + text + kept + at_once * largest + runs.min(HELD) * counts;
    Effort {
        runs: runs as u64,
        events: events as u64,
        memory: memory as u64,
    }
}
