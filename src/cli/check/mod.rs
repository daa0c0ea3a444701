//! `tokenstorm check`: whether it can ever happen, in every order of deliveries and faults of a small system.

mod table;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::interrupt::interrupt;
use super::say::{print, say};
use super::{Exit, validate};
use crate::engine::check::expected::{self, Expectation};
use crate::engine::check::systems::{self, REFRESHERS, SYSTEMS};
use crate::engine::check::{self, CheckProgress, CheckReport, FaultBudget, PropertyVerdict, Setup};
use crate::property::{self, PROPERTIES, Property};
use crate::provider::profiles;
use crate::record::write;
use crate::scenario::Scenario;
use table::Table;

#[derive(Debug, Args)]
#[command(after_help = READING)]
pub(super) struct Arguments {
    /// The strategies and the provider of this scenario, in place of the built-in list under "latest only"
    scenario: Option<PathBuf>,
    /// Only the strategy of this name
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,
    /// The rules of this provider
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Nodes at which calls arrive
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=4))]
    nodes: u32,
    /// Calls at each node
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=3))]
    calls: u32,
    /// How many faults of each kind a run may have, such as drop=1,crash=1, or none
    #[arg(long, value_name = "FAULTS", default_value_t = FaultBudget::NONE)]
    faults: FaultBudget,
    /// Tell a shortest run that breaks this property, such as S1; wants a strategy
    #[arg(long, value_name = "PROPERTY", requires = "strategy")]
    trace: Option<String>,
    /// Where the picture of the run goes, as SVG
    #[arg(long, value_name = "FILE", requires = "trace")]
    svg: Option<PathBuf>,
    /// States after which a search is given up [default: 20000000, with three nodes or with faults 1100000]
    #[arg(long, value_name = "N")]
    states: Option<usize>,
    /// Take states for different ones that differ only in which node is which
    #[arg(long)]
    names: bool,
}

const READING: &str = "\
How to read the table:
  ok     holds in every run
  <=n    holds, and no run has more than n (attempts, issuances)
  n      broken; the shortest run has n steps
  n+m    broken by a cycle of m steps that n steps lead to
  -      nothing that it is about ever happens
  ?      not broken in the states that were looked at
  issued tokens that a run issues in the mean, if each step that can come next is as likely as any other
An interrupt ends the search that is under way, and the table tells what has been found until then.
States that differ only in which node is which are one, unless nodes have --names.";

pub(super) fn run(arguments: &Arguments) -> Exit {
    let (systems, builtin) = match systems(arguments) {
        Ok(systems) => systems,
        Err(message) => {
            if let Some(message) = message {
                say!("error: {message}");
            }
            return Exit::Usage;
        }
    };
    let wanted = match arguments.trace.as_deref().map(|name| (name, property::find(name))) {
        Some((name, None)) => {
            let known: Vec<_> = PROPERTIES.iter().map(|property| property.name).collect();
            say!("error: there is no property `{name}`; there are: {}", known.join(", "));
            return Exit::Usage;
        }
        Some((_, found)) => found,
        None => None,
    };
    let stop = interrupt();
    let mut tables = [Table::new(), Table::new()];
    let mut exit = Exit::Ok;
    for (place, (name, setup)) in systems.iter().enumerate() {
        let counter = Counter::new(name, &stop);
        let report = check::check(setup, &counter);
        counter.0.finish_and_clear();
        let unexpected = if builtin {
            unexpected(name, arguments, &report)
        } else {
            Vec::new()
        };
        if !unexpected.is_empty() {
            say!("{name}: expected to hold, but broken: {}", unexpected.join(", "));
            exit = Exit::PropertyBroken;
        }
        let interrupted = stop.load(Ordering::Relaxed);
        if interrupted {
            say_interrupted(name, &report, &systems[place + 1..]);
            exit = Exit::Interrupted;
        }
        if let Some(property) = wanted {
            return exit.max(trace(setup, name, property, &report, arguments));
        }
        tables[usize::from(setup.system.rotation.is_some())].push(name, &report);
        if interrupted {
            break;
        }
    }
    let tables: Vec<_> = tables
        .iter()
        .map(Table::print)
        .filter(|table| !table.is_empty())
        .collect();
    exit.max(print(&tables.join("\n")))
}

/// What an interrupt has left undone.
fn say_interrupted(name: &str, report: &CheckReport, rest: &[(String, Setup)]) {
    if !report.complete {
        say!(
            "interrupted: of `{name}` {} states were looked at, and `?` is what they do not break",
            report.states
        );
    }
    if !rest.is_empty() {
        let rest: Vec<_> = rest.iter().map(|(name, _)| name.as_str()).collect();
        say!("interrupted: not looked at: {}", rest.join(", "));
    }
}

/// Systems with their names, and whether there are expectations of them.
type Systems = (Vec<(String, Setup)>, bool);

/// What is to be checked. The error is what is wrong, unless that has been said already.
fn systems(arguments: &Arguments) -> Result<Systems, Option<String>> {
    let scenario = match &arguments.scenario {
        Some(path) => Some(validate::load(path).ok_or(None)?),
        None => None,
    };
    let mut systems = match &scenario {
        Some(scenario) => of_scenario(scenario, arguments),
        None => builtin(arguments),
    };
    if let Some(name) = &arguments.strategy {
        let known: Vec<_> = systems.iter().map(|(name, _)| name.clone()).collect();
        systems.retain(|(known, _)| known == name);
        if systems.is_empty() {
            let known = known.join(", ");
            return Err(Some(format!("there is no strategy `{name}`; there are: {known}")));
        }
    }
    if let Some(name) = &arguments.profile {
        let Some(profile) = profiles::find(name) else {
            let known: Vec<_> = profiles::PROFILES.iter().map(|(name, _)| *name).collect();
            let known = known.join(", ");
            return Err(Some(format!("there is no provider `{name}`; there are: {known}")));
        };
        for (_, setup) in &mut systems {
            setup.system = setup.system.clone().under(&profile.provider);
        }
    }
    let most = arguments
        .states
        .unwrap_or(systems::most(arguments.nodes, arguments.faults));
    let systems = systems.into_iter().map(|(name, mut setup)| {
        setup.system.most = most;
        (name, if arguments.names { setup } else { setup.without_names() })
    });
    let expected = scenario.is_none() && arguments.profile.is_none() && arguments.calls == 1;
    Ok((systems.collect(), expected))
}

/// The list; under a provider of their own, those that differ from another by the provider alone are left out.
fn builtin(arguments: &Arguments) -> Vec<(String, Setup)> {
    let refreshers = if arguments.profile.is_none() {
        &REFRESHERS[..]
    } else {
        &[]
    };
    let names = SYSTEMS.iter().chain(refreshers).map(|(name, _)| *name);
    names
        .map(|name| {
            let setup = systems::setup(name, arguments.nodes, arguments.calls, arguments.faults);
            (name.to_owned(), setup.expect("a name of the list"))
        })
        .collect()
}

/// A scenario's strategies under its provider, among a few nodes.
fn of_scenario(scenario: &Scenario, arguments: &Arguments) -> Vec<(String, Setup)> {
    let slots = scenario.file.app.iter().map(|app| app.slots).max().unwrap_or(1);
    let strategies = scenario.file.strategy.iter();
    strategies
        .map(|strategy| {
            let coordination = strategy.coordination.clone().scaled_down();
            let mut setup = systems::system_for(coordination, arguments.nodes, arguments.calls, arguments.faults);
            setup.system = setup.system.under(scenario.provider());
            setup.system.slots = slots;
            (strategy.name.clone(), setup)
        })
        .collect()
}

/// Properties that are broken though the list of expectations has them hold; where there is a list for so many nodes and such
/// faults.
fn unexpected(name: &str, arguments: &Arguments, report: &CheckReport) -> Vec<&'static str> {
    let Some(expected) = expected::of(name, arguments.nodes, arguments.faults) else {
        return Vec::new();
    };
    let pairs = PROPERTIES.iter().zip(&report.verdicts).zip(&expected.verdicts);
    pairs
        .filter(|((_, found), expected)| {
            matches!(found, PropertyVerdict::Breaks(_))
                && matches!(expected, Expectation::Holds(_) | Expectation::NotReached)
        })
        .map(|((property, _), _)| property.name)
        .collect()
}

fn trace(setup: &Setup, name: &str, property: &Property, report: &CheckReport, arguments: &Arguments) -> Exit {
    let place = PROPERTIES.iter().position(|other| other.name == property.name);
    let verdict = place.map(|place| &report.verdicts[place]);
    let Some(PropertyVerdict::Breaks(example)) = verdict else {
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
    let story = check::narrate(setup, example);
    let title = format!("{name} breaks {}: {}", property.name, property.title);
    let exit = print(&format!("{title}\n{}\n\n{}", property.about, check::text(&story)));
    if let Some(file) = &arguments.svg {
        if let Err(error) = write::place_alone(file, check::svg(&story, &title).as_bytes()) {
            say!("error: {error}");
            return Exit::Internal;
        }
        say!("wrote {}", file.display());
    }
    exit
}

/// States so far and states per second, on standard error, nothing where that is no terminal; and whether to go on.
struct Counter<'a>(ProgressBar, Instant, &'a AtomicBool);

impl<'a> Counter<'a> {
    fn new(name: &str, stop: &'a AtomicBool) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        bar.set_style(ProgressStyle::with_template("{prefix} {msg}").expect("the template is a constant"));
        bar.set_prefix(name.to_owned());
        Self(bar, Instant::now(), stop)
    }
}

impl CheckProgress for Counter<'_> {
    fn explored(&self, states: usize, transitions: usize, depth: u32) -> bool {
        let rate = states as f64 / self.1.elapsed().as_secs_f64().max(1e-3);
        self.0.set_message(format!(
            "{states} states, {transitions} steps, {depth} deep, {rate:.0} states/s"
        ));
        !self.2.load(Ordering::Relaxed)
    }
}
