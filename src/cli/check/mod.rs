//! `tokenstorm check`: whether it can ever happen, in every order of deliveries and faults of a small system.

mod gate;
mod subject;
mod verdicts;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::Exit;
use super::format::Format;
use super::interrupt::interrupt;
use super::say::{note, print, say};
use crate::engine::check::expected::{self, Expectation};
use crate::engine::check::{self, CheckProgress, CheckReport, FaultBudget, PropertyVerdict, Setup};
use crate::property::{self, PROPERTIES, Property};
use crate::record::verdicts::{FORMAT, Searched, Verdicts};
use crate::record::write::{self, ResultFile};
use crate::report::{page, verdicts as shown};
use crate::scenario::Stated;
use gate::Expected;
use subject::{Subject, Subjects, subjects};

#[derive(Debug, Args)]
#[command(after_help = READING)]
pub(super) struct Arguments {
    /// The strategies and the provider of this scenario, in place of the built-in list under "latest only"
    scenario: Option<PathBuf>,
    /// Only the strategy of this name
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,
    /// Which point of the scenario's sweep [default: the first]
    #[arg(long, value_name = "KEY=VALUE", requires = "scenario")]
    point: Option<String>,
    /// The rules of this provider
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Nodes at which calls arrive
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=4))]
    nodes: u32,
    /// Calls at each node [default: 1, of a scenario whose used refresh tokens go on for a while 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3))]
    calls: Option<u32>,
    /// How many faults of each kind a run may have, such as drop=1,crash=1, or none [default: none, of a scenario one of each kind
    /// of which it tells]
    #[arg(long, value_name = "FAULTS")]
    faults: Option<FaultBudget>,
    /// Tell a shortest run that breaks this property, such as S1; wants a strategy
    #[arg(long, value_name = "PROPERTY", requires = "strategy")]
    trace: Option<String>,
    /// Where the picture of the run goes, as SVG
    #[arg(long, value_name = "FILE", requires = "trace")]
    svg: Option<PathBuf>,
    /// States after which a search is given up [default: 20000000, with three nodes or with faults 1100000]
    #[arg(long, value_name = "N")]
    states: Option<usize>,
    /// What is expected, beside [expect.check] of the scenario: ok or breaks for some properties, such as S1=ok,L2=breaks
    #[arg(long, value_name = "PROPERTIES", value_delimiter = ',', value_parser = gate::parse)]
    expect: Vec<(usize, Stated)>,
    /// Print the verdicts so; `tokenstorm schema verdicts` describes the JSON
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, conflicts_with = "trace")]
    format: Format,
    /// Leave the verdicts there too, as a page that shows each way to break a property, and as JSON and CSV
    #[arg(long, value_name = "DIR", conflicts_with = "trace")]
    out: Option<PathBuf>,
    /// Store operations that a node has under way at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=8))]
    store_operations: Option<u8>,
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
States that differ only in which node is which are one, unless nodes have --names.
Exit codes: 100 where a property that is expected to hold is broken or open, 99 where one that is expected to
break does not, by --expect, by [expect.check] of the scenario, or by the lists that the tests keep.";

pub(super) fn run(arguments: &Arguments) -> Exit {
    let subjects = match subjects(arguments) {
        Ok(subjects) => subjects,
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
    let mut exit = Exit::Ok;
    let mut reports = Vec::new();
    for (place, Subject { name, setup, expected }) in subjects.all.iter().enumerate() {
        let counter = Counter::new(name, &stop);
        let mut report = check::check(setup, &counter);
        crate::campaign::scope::open(name, &mut report, &subjects.left_out);
        counter.0.finish_and_clear();
        exit = exit.max(judge(name, arguments, &subjects, expected, &report));
        let interrupted = stop.load(Ordering::Relaxed);
        if interrupted {
            say_interrupted(name, &report, &subjects.all[place + 1..]);
            exit = Exit::Interrupted;
        }
        if let Some(property) = wanted {
            return exit.max(trace(setup, name, property, &report, arguments));
        }
        reports.push(report);
        if interrupted {
            break;
        }
    }
    let record = record(arguments, &subjects, &reports, exit);
    exit = exit.max(print(&match arguments.format {
        Format::Table => shown::human(&record),
        Format::Md => shown::markdown(&record),
        Format::Json => record.to_json(),
        Format::Csv => record.to_csv(),
    }));
    if let Some(folder) = &arguments.out {
        let draw = |system: usize, property: usize, title: &str| match &reports[system].verdicts[property] {
            PropertyVerdict::Breaks(example) => {
                let story = check::narrate(&subjects.all[system].setup, example);
                Some(check::svg(&story, title))
            }
            _ => None,
        };
        exit = exit.max(leave(folder, &record, &draw));
    }
    exit
}

/// Leaves everything in a folder.
fn leave(folder: &Path, record: &Verdicts, draw: &dyn Fn(usize, usize, &str) -> Option<String>) -> Exit {
    let files = [
        ResultFile::new("verdicts.json", record.to_json()),
        ResultFile::new("verdicts.csv", record.to_csv()),
        ResultFile::new(page::NAME, shown::page(record, draw)),
    ];
    match write::place(folder, &files, &[]) {
        Ok(()) => {
            note!("wrote {}", folder.join(page::NAME).display());
            Exit::Ok
        }
        Err(error) => {
            say!("error: {error}");
            Exit::Internal
        }
    }
}

/// Says what did not come as expected, by the lists or by what the user states.
fn judge(name: &str, arguments: &Arguments, subjects: &Subjects, expected: &Expected, report: &CheckReport) -> Exit {
    let (unmet, mut exit) = gate::unmet(name, expected, report);
    for words in unmet {
        say!("{words}");
    }
    let unexpected = match subjects.listed {
        true => unexpected(name, arguments, subjects.faults, report),
        false => Vec::new(),
    };
    if !unexpected.is_empty() {
        say!("{name}: expected to hold, but broken: {}", unexpected.join(", "));
        exit = Exit::PropertyBroken;
    }
    exit
}

/// Everything that was found, in one piece.
fn record(arguments: &Arguments, subjects: &Subjects, reports: &[CheckReport], exit: Exit) -> Verdicts {
    let searched = Searched {
        nodes: arguments.nodes,
        calls: subjects.calls,
        kinds: subjects.kinds.clone(),
        faults: subjects.faults.to_string(),
        profile: arguments.profile.clone(),
        left_out: subjects.left_out.iter().map(|item| item.words.clone()).collect(),
    };
    let systems = subjects.all.iter().zip(reports);
    let systems =
        systems.map(|(subject, report)| verdicts::system(&subject.name, &subject.setup, report, &subject.expected));
    let rest = subjects.all.iter().skip(reports.len());
    Verdicts {
        format: FORMAT,
        tokenstorm: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: subjects.scenario.clone(),
        searched,
        systems: systems.collect(),
        as_expected: exit == Exit::Ok,
        command_line: command_line(arguments),
        not_searched: rest.map(|subject| subject.name.clone()).collect(),
    }
}

/// The command that finds the same, without what only says how it is shown.
fn command_line(arguments: &Arguments) -> Vec<String> {
    let mut words = vec!["tokenstorm".to_owned(), "check".to_owned()];
    words.extend(arguments.scenario.as_ref().map(|path| path.display().to_string()));
    let mut option = |name: &str, value: Option<String>| words.extend(value.map(|value| format!("--{name}={value}")));
    option("strategy", arguments.strategy.clone());
    option("point", arguments.point.clone());
    option("profile", arguments.profile.clone());
    option("nodes", Some(arguments.nodes.to_string()));
    option("calls", arguments.calls.map(|calls| calls.to_string()));
    option("faults", arguments.faults.map(|faults| faults.to_string()));
    option("states", arguments.states.map(|states| states.to_string()));
    option(
        "store-operations",
        arguments.store_operations.map(|most| most.to_string()),
    );
    for (place, stated) in &arguments.expect {
        option("expect", Some(format!("{}={stated}", PROPERTIES[*place].name)));
    }
    words.extend(arguments.names.then(|| "--names".to_owned()));
    words
}

/// What an interrupt has left undone.
fn say_interrupted(name: &str, report: &CheckReport, rest: &[Subject]) {
    if !report.complete {
        say!(
            "interrupted: of `{name}` {} states were looked at, and `?` is what they do not break",
            report.states
        );
    }
    if !rest.is_empty() {
        let rest: Vec<_> = rest.iter().map(|subject| subject.name.as_str()).collect();
        say!("interrupted: not looked at: {}", rest.join(", "));
    }
}

/// Properties that are broken though the list of expectations has them hold; where there is a list for so many nodes and such
/// faults.
fn unexpected(name: &str, arguments: &Arguments, faults: FaultBudget, report: &CheckReport) -> Vec<&'static str> {
    let Some(expected) = expected::of(name, arguments.nodes, faults) else {
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
        if let Some(PropertyVerdict::Open(why)) = verdict {
            let words = format!(
                "{} ({}) is not broken, but open: {why}\n",
                property.name, property.title
            );
            return print(&words);
        }
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
    let exit = print(&format!(
        "{title}\n{}\n\n{}\n{}",
        property.about,
        check::text(&story),
        check::explain(&story, property)
    ));
    if let Some(file) = &arguments.svg {
        if let Err(error) = write::place_alone(file, check::svg(&story, &title).as_bytes()) {
            say!("error: {error}");
            return Exit::Internal;
        }
        note!("wrote {}", file.display());
    }
    exit
}

/// States so far and states per second, on standard error, nothing where that is no terminal; and whether to go on.
struct Counter<'a>(ProgressBar, Instant, &'a AtomicBool);

impl<'a> Counter<'a> {
    fn new(name: &str, stop: &'a AtomicBool) -> Self {
        let bar = ProgressBar::with_draw_target(None, super::say::bar());
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
