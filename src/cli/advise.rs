//! `tokenstorm advise`: tries every strategy and retry policy that a scenario allows, and recommends one, with reasons.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::bar::Bar;
use super::format::width;
use super::interrupt::interrupt;
use super::limits::{self, Limits};
use super::run::setting;
use super::say::{note, print, say};
use super::{Exit, validate};
use crate::campaign::advise::{AdviseError, AdviseOptions, Advising};
use crate::plan::SweepPoint;
use crate::record::advice::Advice;
use crate::record::write;
use crate::report::advice;
use crate::scenario::{Extent, Overrides, Scenario};

#[derive(Debug, Args)]
#[command(after_help = RULE)]
pub(super) struct Arguments {
    /// A scenario file; `-` is standard input
    scenario: PathBuf,
    /// Which point of its sweep [default: the first]
    #[arg(long, value_name = "KEY=VALUE")]
    point: Option<String>,
    /// A value in place of the scenario's, such as `fleet.web.nodes=4`; as often as one likes
    #[arg(long, value_name = "KEY=VALUE", value_parser = setting)]
    set: Vec<(String, String)>,
    /// There may be no store that nodes share
    #[arg(long)]
    no_store: bool,
    /// There may be no process that holds the token for all
    #[arg(long)]
    no_gateway: bool,
    /// Nodes cannot send each other notes
    #[arg(long)]
    no_peers: bool,
    /// All nodes of a domain run on one machine, and can lock a file of it
    #[arg(long)]
    one_machine: bool,
    /// Registered apps at most, the present one included [default: as many as nodes]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    max_apps: Option<u16>,
    /// Seed, in place of the scenario's
    #[arg(long, value_name = "N", value_parser = limits::seed, allow_hyphen_values = true)]
    seed: Option<u64>,
    /// Replications of each candidate in the screening
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(2..=1000))]
    screening: u32,
    /// Replications of each finalist [default: the scenario's, at most 30]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=10_000))]
    replications: Option<u32>,
    /// Finalists beside the scenario's own strategies
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=100))]
    finalists: u16,
    /// States after which a search for what can ever happen is given up
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    states: usize,
    /// Threads; the results do not depend on them [default: all cores]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, value_parser = limits::threads, allow_hyphen_values = true)]
    threads: usize,
    #[command(flatten)]
    limits: Limits,
    /// What is printed
    #[arg(long, value_enum, default_value_t)]
    format: AdviceFormat,
    /// Write a page that shows it
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
}

/// The forms in which advice can be printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum AdviceFormat {
    /// For people at a terminal.
    #[default]
    Text,
    /// For programs; `tokenstorm schema advice` describes it.
    Json,
    /// For spreadsheets: a row for each candidate.
    Csv,
    /// Markdown, for an issue or a page.
    Md,
}

const RULE: &str = "\
How it chooses, in this order; what is worse by no more than the margin counts as the same:
  fewest calls that fail (0.1 percentage points), fewest grants lost, least lasting harm that a search finds possible,
  fewest first attempts refused (1 percentage point), least added latency (10 ms), fewest calls that fail under other
  assumptions (1 percentage point), least infrastructure (2 points for a store or for notes between nodes, 3 for a process of its own,
  1 for slots, for a lock on one machine, and for each further app), fewest token requests (a tenth), lowest peak of token requests,
  fewest properties that a search finds broken or leaves open.
What it recommends is a [[strategy]] to copy; what else came close, and what would change it, stands below it.";

pub(super) fn run(arguments: &Arguments) -> Exit {
    advice_of(arguments).unwrap_or_else(|(exit, message)| {
        if !message.is_empty() {
            say!("error: {message}");
        }
        exit
    })
}

fn advice_of(arguments: &Arguments) -> Result<Exit, (Exit, String)> {
    let usage = |message: String| (Exit::Usage, format!("{}: {message}", arguments.scenario.display()));
    let overrides = Overrides {
        set: arguments.set.clone(),
        ..Overrides::default()
    };
    let scenario = validate::load_with(&arguments.scenario, &overrides).ok_or((Exit::Usage, String::new()))?;
    let (point, alone) = point(&scenario, arguments.point.as_deref()).map_err(usage)?;
    let advising = Advising::new(&alone, point, options(&alone, arguments));
    let advising = advising.map_err(|error| usage(error.to_string()))?;
    let (screened, replications) = advising.screening();
    let extent = Extent {
        only: None,
        replications,
        threads: match arguments.threads {
            0 => limits::all_threads(),
            threads => threads,
        },
    };
    arguments.limits.allow(screened, extent).map_err(usage)?;
    let stop = interrupt();
    let bar = Bar::new(&scenario.file.name);
    let advice = advising.run(&bar, &stop);
    bar.end();
    let advice = advice.map_err(|error| match error {
        AdviseError::Interrupted => (Exit::Interrupted, error.to_string()),
        other => usage(other.to_string()),
    })?;
    let mut exit = print(&match arguments.format {
        AdviceFormat::Text => advice::human(&advice, width()),
        AdviceFormat::Md => advice::markdown(&advice),
        AdviceFormat::Json => advice.to_json(),
        AdviceFormat::Csv => advice.to_csv(),
    });
    if let Some(file) = &arguments.page {
        write::place_alone(file, page(&advice).as_bytes()).map_err(|error| (Exit::Internal, error.to_string()))?;
        note!("wrote {}", file.display());
    }
    say!("seed {}", advice.seed);
    if advice.interrupted {
        say!("interrupted: some other assumptions were not tried");
        exit = exit.max(Exit::Interrupted);
    }
    Ok(exit)
}

fn page(advice: &Advice) -> String {
    advice::page(advice)
}

/// The point that is asked for, and how many there are.
fn point(scenario: &Scenario, wanted: Option<&str>) -> Result<((SweepPoint, usize), Scenario), String> {
    let mut points = scenario.points();
    let count = points.len();
    let place = wanted.map_or(Ok(0), |asked| super::point::place(&points, asked))?;
    let (label, alone) = points.swap_remove(place);
    if wanted.is_none() && count > 1 {
        say!("the first of {count} points is taken, {label}; --point chooses another");
    }
    Ok(((label, count), alone))
}

fn options(scenario: &Scenario, arguments: &Arguments) -> AdviseOptions {
    let plain = AdviseOptions::of(scenario);
    let mut allowed = plain.allowed;
    allowed.store &= !arguments.no_store;
    allowed.gateway &= !arguments.no_gateway;
    allowed.peers &= !arguments.no_peers;
    allowed.one_machine |= arguments.one_machine;
    allowed.apps = arguments.max_apps;
    AdviseOptions {
        seed: arguments.seed.unwrap_or(plain.seed),
        allowed,
        screening: arguments.screening,
        replications: arguments.replications.unwrap_or(plain.replications),
        finalists: usize::from(arguments.finalists),
        states: arguments.states,
        threads: arguments.threads,
    }
}
