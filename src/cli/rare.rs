//! `tokenstorm rare`: how rare an event is that no run would wait for, by splitting runs that come near it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Args, ValueEnum};

use super::bar::Bar;
use super::format::width;
use super::interrupt::interrupt;
use super::limits::{self, Limits};
use super::run::{known_strategy, setting};
use super::say::{print, say};
use super::{Exit, validate};
use crate::base::Share;
use crate::campaign::precision::MOST_FOR_PRECISION;
use crate::campaign::rare::{self, RareEvent, RareOptions};
use crate::plan::SweepPoint;
use crate::record::rare::{FORMAT, RareFindings};
use crate::report::rare as report;
use crate::scenario::{Extent, MOST_REPLICATIONS, Overrides, Scenario};

#[derive(Debug, Args)]
#[command(after_help = HOW)]
pub(super) struct Arguments {
    /// A scenario file; `-` is standard input
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,
    /// What is looked for: failed_call, or livelock
    #[arg(long, value_name = "EVENT", default_value = "failed_call")]
    event: RareEvent,
    /// Only the strategy of this name
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Which point of its sweep [default: the first]
    #[arg(long, value_name = "KEY=VALUE")]
    point: Option<String>,
    /// A value in place of the scenario's, such as `fleet.web.nodes=4`; as often as one likes
    #[arg(long, value_name = "KEY=VALUE", value_parser = setting)]
    set: Vec<(String, String)>,
    /// Replicate until the figure is known to within this share of itself
    #[arg(long, value_name = "SHARE", default_value = "10%", conflicts_with = "replications", value_parser = precision)]
    precision: f64,
    /// So many replications, whatever precision they reach
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=i64::from(MOST_REPLICATIONS)))]
    replications: Option<u32>,
    /// No more replications for the sake of --precision
    #[arg(long, value_name = "N", default_value_t = MOST_FOR_PRECISION, value_parser = clap::value_parser!(u32).range(2..=i64::from(MOST_REPLICATIONS)))]
    max_replications: u32,
    /// Beside it the same by runs that are not split, of as many events
    #[arg(long)]
    crude: bool,
    /// Seed, in place of the scenario's
    #[arg(long, value_name = "N", value_parser = limits::seed, allow_hyphen_values = true)]
    seed: Option<u64>,
    /// Threads; the results do not depend on them [default: all cores]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, value_parser = limits::threads, allow_hyphen_values = true)]
    threads: usize,
    #[command(flatten)]
    limits: Limits,
    /// What is printed
    #[arg(long, value_enum, default_value_t)]
    format: RareFormat,
}

/// The forms in which a rare event can be printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum RareFormat {
    /// For people at a terminal.
    #[default]
    Text,
    /// For programs; `tokenstorm schema rare` describes it.
    Json,
    /// For spreadsheets: a row for each strategy and method.
    Csv,
    /// Markdown, for an issue or a page.
    Md,
}

const HOW: &str = "\
How: a run that comes nearer to the event is split, and what its copies see counts for less in proportion, so that the figure is the
same in the mean as that of runs that nobody splits. A pilot chooses where to split. The page `rare` of the manual tells more.";

/// Reads a share between 0 and 1.
fn precision(text: &str) -> Result<f64, String> {
    let share: Share = text.parse().map_err(|error| format!("{error}"))?;
    match share.get() {
        share if share <= 0.0 => {
            Err("no number of replications reaches a precision of zero; write a share such as 10%".to_owned())
        }
        share if share >= 1.0 => {
            Err("a figure that is known to within itself is not known; write a share such as 10%".to_owned())
        }
        share => Ok(share),
    }
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let usage = |message: String| {
        say!("error: {}: {message}", arguments.scenario.display());
        Exit::Usage
    };
    let overrides = Overrides {
        set: arguments.set.clone(),
        ..Overrides::default()
    };
    let Some(scenario) = validate::load_with(&arguments.scenario, &overrides) else {
        return Exit::Usage;
    };
    let chosen = point(&scenario, arguments).and_then(|(point, alone)| {
        allowed(&alone, arguments)?;
        Ok((point, alone))
    });
    let (point, alone) = match chosen {
        Ok(chosen) => chosen,
        Err(message) => return usage(message),
    };
    let stop = interrupt();
    let bar = Bar::new(&scenario.file.name);
    let findings = findings(&alone, &point, arguments, &bar, &stop);
    bar.end();
    let findings = match findings {
        Ok(findings) => findings,
        Err(message) => return usage(message),
    };
    let exit = print(&match arguments.format {
        RareFormat::Text => report::human(&findings, width()),
        RareFormat::Md => report::markdown(&findings),
        RareFormat::Json => findings.to_json(),
        RareFormat::Csv => findings.to_csv(),
    });
    say!("seed {}", findings.seed);
    if stop.load(Ordering::Relaxed) {
        return Exit::Interrupted;
    }
    exit
}

/// The point that is asked for, and the scenario there.
fn point(scenario: &Scenario, arguments: &Arguments) -> Result<(SweepPoint, Scenario), String> {
    let mut points = scenario.points();
    let count = points.len();
    let asked = arguments.point.as_deref();
    let place = asked.map_or(Ok(0), |asked| super::point::place(&points, asked))?;
    let (label, alone) = points.swap_remove(place);
    if asked.is_none() && count > 1 {
        say!("the first of {count} points is taken, {label}; --point chooses another");
    }
    Ok((label, alone))
}

/// Whether there is such a strategy, and the runs that are not split are not too large.
fn allowed(scenario: &Scenario, arguments: &Arguments) -> Result<(), String> {
    if let Some(only) = &arguments.only {
        known_strategy(only, scenario)?;
    }
    let threads = match arguments.threads {
        0 => limits::all_threads(),
        threads => threads,
    };
    let extent = Extent {
        only: arguments.only.as_deref(),
        replications: arguments.replications.unwrap_or(2),
        threads: threads.min(16),
    };
    arguments.limits.allow(scenario, extent).map(drop)
}

fn findings(
    scenario: &Scenario,
    point: &SweepPoint,
    arguments: &Arguments,
    bar: &Bar,
    stop: &AtomicBool,
) -> Result<RareFindings, String> {
    let options = RareOptions {
        event: arguments.event,
        seed: arguments.seed.unwrap_or(scenario.file.run.seed),
        precision: arguments.precision,
        replications: arguments.replications,
        most_replications: arguments.max_replications,
        most_events: arguments.limits.most_events(),
        levels: None,
        crude: arguments.crude,
        threads: arguments.threads,
    };
    let wanted = |name: &str| arguments.only.as_deref().is_none_or(|only| only == name);
    // All of them before the first one runs: an estimate that takes minutes is not thrown away for the next strategy's sake.
    let mut plans = Vec::new();
    for strategy in scenario.file.strategy.iter().filter(|strategy| wanted(&strategy.name)) {
        let plan = scenario.plan(strategy).map_err(|error| error.to_string())?;
        let allowed = options.event.allows(&strategy.name, &plan);
        allowed.map_err(|error| error.to_string())?;
        plans.push((&strategy.name, plan));
    }
    let mut strategies = Vec::new();
    for (name, plan) in plans {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let finding = rare::estimate(name, &plan, &options, bar, stop);
        strategies.push(finding.map_err(|error| error.to_string())?);
    }
    Ok(RareFindings {
        format: FORMAT,
        tokenstorm: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: scenario.file.name.clone(),
        summary: scenario.file.summary.clone(),
        point: point.to_string(),
        event: options.event.name().to_owned(),
        seed: options.seed,
        precision: options.replications.is_none().then_some(options.precision),
        strategies,
    })
}
