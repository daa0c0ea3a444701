//! `tokenstorm check`: whether it can ever happen, in every order of deliveries and faults of a small system.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Exit, print};
use crate::engine::check::cast::{self, CAST};
use crate::engine::check::expected::{self, Expectation};
use crate::engine::check::{self, Budget, Progress, Report, Setup, Verdict};
use crate::property::{self, PROPERTIES, Property};
use crate::provider::profiles;
use crate::scenario;

#[derive(Debug, Args)]
#[command(after_help = READING)]
pub(super) struct Arguments {
    /// Only the strategy of this name
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,
    /// The rule of this provider, in place of "latest only"
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Nodes at which calls arrive
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=4))]
    nodes: u32,
    /// Calls at each node
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=3))]
    calls: u32,
    /// How many faults of each kind a run may have, such as drop=1,crash=1, or none
    #[arg(long, value_name = "FAULTS", default_value_t = Budget::NONE)]
    faults: Budget,
    /// Tell a shortest run that breaks this property, such as S1; wants a strategy
    #[arg(long, value_name = "PROPERTY", requires = "strategy")]
    trace: Option<String>,
    /// Where the picture of the run goes, as SVG
    #[arg(long, value_name = "FILE", requires = "trace")]
    svg: Option<PathBuf>,
    /// States after which a search is given up
    #[arg(long, value_name = "N", default_value_t = cast::MOST)]
    states: usize,
}

const READING: &str = "\
How to read the table:
  ok     holds in every run
  <=n    holds, and no run has more than n (attempts, issuances)
  n      broken; the shortest run has n steps
  n+m    broken by a cycle of m steps that n steps lead to
  -      nothing that it is about ever happens
  ?      not broken in the states that were looked at";

pub(super) fn run(arguments: &Arguments) -> Exit {
    let names: Vec<&str> = match &arguments.strategy {
        None => CAST.iter().map(|(name, _)| *name).collect(),
        Some(name) => match CAST.iter().find(|(known, _)| known == name) {
            Some((known, _)) => vec![known],
            None => {
                let known: Vec<_> = CAST.iter().map(|(name, _)| *name).collect();
                eprintln!("error: there is no strategy `{name}`; there are: {}", known.join(", "));
                return Exit::Usage;
            }
        },
    };
    let wanted = match arguments.trace.as_deref().map(|name| (name, property::find(name))) {
        Some((name, None)) => {
            let known: Vec<_> = PROPERTIES.iter().map(|property| property.name).collect();
            eprintln!("error: there is no property `{name}`; there are: {}", known.join(", "));
            return Exit::Usage;
        }
        Some((_, found)) => found,
        None => None,
    };
    let mut table = header();
    let mut exit = Exit::Ok;
    for name in names {
        let mut setup =
            cast::setup(name, arguments.nodes, arguments.calls, arguments.faults).expect("a name of the list");
        setup.system.most = arguments.states;
        if let Some(profile) = &arguments.profile
            && let Err(message) = under_profile(&mut setup, profile)
        {
            eprintln!("error: {message}");
            return Exit::Usage;
        }
        let counter = Counter::new(name);
        let report = check::check(&setup, &counter);
        counter.0.finish_and_clear();
        let unexpected = unexpected(name, arguments, &report);
        if !unexpected.is_empty() {
            eprintln!("{name}: expected to hold, but broken: {}", unexpected.join(", "));
            exit = Exit::PropertyBroken;
        }
        if let Some(property) = wanted {
            return exit.max(trace(&setup, name, property, &report, arguments));
        }
        table.push_str(&row(name, &report));
    }
    exit.max(print(&table))
}

/// Properties that are broken though the list of expectations has them hold; it is about the default provider, and two nodes
/// with a call each, alone.
fn unexpected(name: &str, arguments: &Arguments, report: &Report) -> Vec<&'static str> {
    if arguments.profile.is_some() || (arguments.nodes, arguments.calls) != (2, 1) {
        return Vec::new();
    }
    let Some(expected) = expected::of(name, arguments.faults) else {
        return Vec::new();
    };
    let pairs = PROPERTIES.iter().zip(&report.verdicts).zip(&expected.verdicts);
    pairs
        .filter(|((_, found), expected)| {
            matches!(found, Verdict::Breaks(_)) && matches!(expected, Expectation::Holds(_) | Expectation::NotReached)
        })
        .filter(|((property, _), _)| property.name != "V")
        .map(|((property, _), _)| property.name)
        .collect()
}

fn under_profile(setup: &mut Setup, name: &str) -> Result<(), String> {
    let Some(profile) = profiles::find(name) else {
        let known: Vec<_> = profiles::PROFILES.iter().map(|(name, _)| *name).collect();
        return Err(format!(
            "there is no provider `{name}`; there are: {}",
            known.join(", ")
        ));
    };
    setup.system.rule = scenario::rule(&profile.provider);
    Ok(())
}

fn header() -> String {
    let mut line = format!("{:16}", "");
    for property in &PROPERTIES {
        line.push_str(&format!("{:>7}", property.name));
    }
    line + &format!("{:>10}{:>12}\n", "states", "steps")
}

fn row(name: &str, report: &Report) -> String {
    let mut line = format!("{name:16}");
    for verdict in &report.verdicts {
        let cell = match Expectation::from(verdict) {
            Expectation::Holds(_) | Expectation::NotReached if !report.complete => "?".to_owned(),
            other => other.to_string(),
        };
        line.push_str(&format!("{cell:>7}"));
    }
    line + &format!("{:>10}{:>12}\n", report.states, report.transitions)
}

fn trace(setup: &Setup, name: &str, property: &Property, report: &Report, arguments: &Arguments) -> Exit {
    let place = PROPERTIES.iter().position(|other| other.name == property.name);
    let verdict = place.map(|place| &report.verdicts[place]);
    let Some(Verdict::Breaks(example)) = verdict else {
        let how = if report.complete {
            "in no run"
        } else {
            "in none of the states that were looked at"
        };
        return print(&format!(
            "{} ({}) is broken {how} of `{name}` with {} states\n",
            property.name, property.title, report.states
        ));
    };
    let story = check::tell(setup, example);
    let title = format!("{name} breaks {}: {}", property.name, property.title);
    if let Some(file) = &arguments.svg {
        if let Err(error) = std::fs::write(file, check::svg(&story, &title)) {
            eprintln!("error: cannot write {}: {error}", file.display());
            return Exit::Internal;
        }
        eprintln!("wrote {}", file.display());
    }
    print(&format!("{title}\n{}\n\n{}", property.about, check::text(&story)))
}

/// States so far and states per second, on standard error; nothing where that is no terminal.
struct Counter(ProgressBar, Instant);

impl Counter {
    fn new(name: &str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        bar.set_style(ProgressStyle::with_template("{prefix} {msg}").expect("the template is a constant"));
        bar.set_prefix(name.to_owned());
        Self(bar, Instant::now())
    }
}

impl Progress for Counter {
    fn explored(&self, states: usize, transitions: usize, depth: u32) -> bool {
        let rate = states as f64 / self.1.elapsed().as_secs_f64().max(1e-3);
        self.0.set_message(format!(
            "{states} states, {transitions} steps, {depth} deep, {rate:.0} states/s"
        ));
        true
    }
}
