//! `tokenstorm fuzz`: small systems and schedules by chance; what breaks a property is told as short as it can be, and kept.

mod clock;
mod save;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use clap::Args;

use self::clock::Clock;
use self::save::save;
use super::format::Format;
use super::interrupt::interrupt;
use super::say::{note, print, say};
use super::{Exit, replay, validate};
use crate::campaign::scope::{self, Omission, of_scenario as of_scenario_file};
use crate::engine::check::expected::{self, Expectation, FAULTY};
use crate::engine::check::systems::{self, EACH_ONCE, REFRESHERS, SYSTEMS};
use crate::engine::check::{self, FAULTS, Fault, FaultBudget, Setup};
use crate::engine::fuzz::{self, Finding, FuzzOptions, FuzzReport, RULES};
use crate::property::{self, PROPERTIES};
use crate::provider::settings::Settings;
use crate::provider::{Issuance, profiles};
use crate::record::findings::{FORMAT, FoundCase, FuzzFindings, FuzzedSystem, MetInCases};
use crate::report::findings as shown;

#[derive(Debug, Args)]
#[command(after_help = READING)]
pub(super) struct Arguments {
    /// Take the strategies and the provider of this scenario
    #[arg(value_name = "SCENARIO")]
    scenario: Option<PathBuf>,
    /// Only the strategy of this name
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,
    /// The rule of this provider, in place of all
    #[arg(long, value_name = "NAME", conflicts_with = "scenario")]
    profile: Option<String>,
    /// Only this property, which is then expected to hold; can be given again
    #[arg(long, value_name = "PROPERTY")]
    property: Vec<String>,
    /// The most nodes at which calls arrive
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=4))]
    nodes: u32,
    /// The most calls at each node
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=3))]
    calls: u32,
    /// The most faults of each kind, such as drop=1,crash=1, or none
    #[arg(long, value_name = "FAULTS", default_value_t = EACH_ONCE)]
    faults: FaultBudget,
    /// Go on for so long with each strategy
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
    /// Cases of each strategy, unless --seconds says otherwise
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u64).range(1..))]
    cases: u64,
    /// What the cases follow from; without it, one that is chosen anew each time
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Where the smallest case of each finding goes
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// Run a saved case once more, in the checker and in the simulator
    #[arg(long, value_name = "FILE", conflicts_with_all = ["scenario", "strategy", "save", "seed", "seconds"])]
    replay: Option<PathBuf>,
    /// What is printed; `tokenstorm schema findings` describes the JSON
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

const READING: &str = "\
A finding is the smallest case that was found, not a shortest run: that is the checker's to show.
What is not found has not been shown to hold. Without --property the exit code is 100 where a case
breaks what the lists of `tokenstorm check` have hold for that strategy, that small and with those faults.";

pub(super) fn run(arguments: &Arguments) -> Exit {
    if let Some(file) = &arguments.replay {
        return replay::replay(file);
    }
    match subjects(arguments).and_then(|subjects| Ok((subjects, wanted(arguments)?))) {
        Ok(((subjects, left_out), wanted)) => fuzz_all(arguments, &subjects, left_out, wanted),
        Err(message) => {
            say!("error: {message}");
            Exit::Usage
        }
    }
}

/// A strategy with the rules that it is tried under.
struct Subject {
    name: String,
    setup: Setup,
    /// The plainest first.
    rules: Vec<(String, Issuance)>,
    /// The provider, where a scenario describes it, and the scenario's name.
    provider: Option<Settings>,
    scenario: Option<String>,
    /// It is one of the checker's lists, under their rule as the plainest.
    listed: bool,
}

impl Subject {
    /// One of the lists, under its one rule.
    fn new(name: &str, setup: Setup) -> Self {
        let rule = setup.system.rule.clone();
        Self {
            name: name.to_owned(),
            rules: vec![(
                fuzz::name_of_rule(&rule).unwrap_or_else(|| "a rule of its own".to_owned()),
                rule,
            )],
            setup,
            provider: None,
            scenario: None,
            listed: true,
        }
    }
}

/// What is tried, and what is left out of it.
fn subjects(arguments: &Arguments) -> Result<(Vec<Subject>, Vec<Omission>), String> {
    let (subjects, left_out) = match &arguments.scenario {
        None => of_cast(arguments)?,
        Some(path) => of_scenario(path, arguments)?,
    };
    let known: Vec<_> = subjects.iter().map(|subject| subject.name.clone()).collect();
    let Some(name) = &arguments.strategy else {
        return Ok((subjects, left_out));
    };
    let chosen: Vec<_> = subjects.into_iter().filter(|subject| subject.name == *name).collect();
    if chosen.is_empty() {
        return Err(format!(
            "there is no strategy `{name}`; there are: {}",
            known.join(", ")
        ));
    }
    Ok((chosen, left_out))
}

fn of_cast(arguments: &Arguments) -> Result<(Vec<Subject>, Vec<Omission>), String> {
    let setup = |name: &str| {
        let setup = systems::setup(name, arguments.nodes, arguments.calls, arguments.faults);
        setup.expect("the name of a system")
    };
    let Some(name) = &arguments.profile else {
        let known = |(name, _): &(&str, _)| Some(((*name).to_owned(), fuzz::rule(name)?));
        let rules: Vec<_> = RULES.iter().filter_map(known).collect();
        let alone = |(name, _): &(&str, _)| Subject {
            rules: rules.clone(),
            ..Subject::new(name, setup(name))
        };
        let refresher = |(name, _): &(&str, _)| Subject::new(name, setup(name));
        let all = SYSTEMS.iter().map(alone).chain(REFRESHERS.iter().map(refresher));
        return Ok((all.collect(), Vec::new()));
    };
    let profile = profiles::find(name).ok_or_else(|| {
        let known: Vec<_> = profiles::PROFILES.iter().map(|(name, _)| *name).collect();
        format!("there is no provider `{name}`; there are: {}", known.join(", "))
    })?;
    let under = |(name, _): &(&str, _)| {
        let mut setup = setup(name);
        setup.system = setup.system.under(&profile.provider);
        Subject {
            listed: false,
            ..Subject::new(name, setup)
        }
    };
    let left_out = scope::left_out_of(&profile.provider, arguments.faults);
    Ok((SYSTEMS.iter().map(under).collect(), left_out))
}

fn of_scenario(path: &Path, arguments: &Arguments) -> Result<(Vec<Subject>, Vec<Omission>), String> {
    let scenario = validate::load(path).ok_or_else(|| format!("{} cannot be used", path.display()))?;
    let systems = of_scenario_file(&scenario, arguments.nodes, arguments.calls, arguments.faults);
    let subject = |(name, setup): (String, Setup)| Subject {
        listed: false,
        provider: Some(scenario.file.provider.clone()),
        scenario: Some(scenario.file.name.clone()),
        ..Subject::new(&name, setup)
    };
    let (alike, mixed): (Vec<_>, Vec<_>) = systems.into_iter().partition(|(_, setup)| setup.mix.is_empty());
    for (name, _) in &mixed {
        say!("`{name}` is left out: its nodes do not all follow the same, which `tokenstorm check` searches");
    }
    if alike.is_empty() {
        return Err("no strategy is left to be tried".to_owned());
    }
    let left_out = scope::left_out(&scenario, arguments.faults, (arguments.nodes, arguments.calls));
    Ok((alike.into_iter().map(subject).collect(), left_out))
}

/// The properties that are looked at.
fn wanted(arguments: &Arguments) -> Result<fuzz::PropertySet, String> {
    if arguments.property.is_empty() {
        return Ok(fuzz::all_properties());
    }
    arguments.property.iter().try_fold(0, |wanted, name| {
        let found = property::find(name).ok_or_else(|| {
            let known: Vec<_> = PROPERTIES.iter().map(|property| property.name).collect();
            format!("there is no property `{name}`; there are: {}", known.join(", "))
        })?;
        let place = PROPERTIES.iter().position(|property| property.name == found.name);
        Ok(wanted | 1 << place.expect("what was found is in the list"))
    })
}

fn fuzz_all(arguments: &Arguments, subjects: &[Subject], left_out: Vec<Omission>, wanted: fuzz::PropertySet) -> Exit {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seed = arguments
        .seed
        .unwrap_or_else(|| now.map_or(0, |now| now.as_nanos() as u64 % 1_000_000_007));
    say!("seed {seed}");
    let stop = interrupt();
    let effort = FuzzOptions {
        wanted,
        ..FuzzOptions::of(
            seed,
            if arguments.seconds.is_some() {
                u64::MAX
            } else {
                arguments.cases
            },
        )
    };
    let mut exit = Exit::Ok;
    let mut systems = Vec::new();
    for subject in subjects {
        let rules: Vec<_> = subject.rules.iter().map(|(_, rule)| rule.clone()).collect();
        let clock = Clock::new(&subject.name, arguments.seconds, &stop);
        let report = fuzz::fuzz_setup(&subject.setup, &rules, &effort, &clock);
        clock.bar.finish_and_clear();
        let (outcome, system) = found(arguments, subject, seed, &report);
        exit = exit.max(outcome);
        if arguments.format == Format::Table {
            let told = |place: usize| format!("\n{}\n", story(subject, &report.findings[place]).0);
            exit = exit.max(print(&shown::human(&system, &told)));
        }
        systems.push(system);
        if stop.load(Ordering::Relaxed) {
            exit = Exit::Interrupted;
            break;
        }
    }
    let findings = FuzzFindings {
        format: FORMAT,
        tokenstorm: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: subjects.first().and_then(|subject| subject.scenario.clone()),
        seed,
        as_expected: !systems
            .iter()
            .flat_map(|system| &system.findings)
            .any(|found| found.unexpected),
        interrupted: exit == Exit::Interrupted,
        kinds: subjects
            .first()
            .map(|subject| scope::kinds_in_words(&subject.setup.system))
            .unwrap_or_default(),
        left_out: left_out.into_iter().map(|omission| omission.words).collect(),
        systems,
    };
    exit.max(match arguments.format {
        Format::Table => print(&shown::extent(&findings)),
        Format::Md => print(&shown::markdown(&findings)),
        Format::Json => print(&findings.to_json()),
        Format::Csv => print(&findings.to_csv()),
    })
}

/// What was found about one strategy, and kept where it shall be.
fn found(arguments: &Arguments, subject: &Subject, seed: u64, report: &FuzzReport) -> (Exit, FuzzedSystem) {
    let mut exit = Exit::Ok;
    let mut findings = Vec::new();
    for finding in &report.findings {
        let mut case = case(subject, finding);
        case.unexpected = !arguments.property.is_empty() || should_hold(subject, finding);
        if case.unexpected {
            exit = exit.max(Exit::PropertyBroken);
        }
        if let Some(folder) = &arguments.save {
            match save(folder, subject, seed, finding) {
                Ok(file) => {
                    note!("wrote {}", file.display());
                    case.saved = Some(file.display().to_string());
                }
                Err(message) => {
                    say!("error: {message}");
                    exit = exit.max(Exit::Internal);
                }
            }
        }
        findings.push(case);
    }
    let coverage = &report.coverage;
    let met = |(name, count): (&str, u64)| MetInCases {
        name: name.to_owned(),
        count,
    };
    let faults = FAULTS.iter().map(|(fault, name, _)| (*name, coverage.fault(*fault)));
    let never_met = coverage.never(arguments.faults);
    let system = FuzzedSystem {
        strategy: subject.name.clone(),
        cases: report.cases,
        findings,
        arrived: coverage.delivered().into_iter().map(met).collect(),
        faults: faults.filter(|(_, count)| *count > 0).map(met).collect(),
        never_met: never_met.into_iter().map(str::to_owned).collect(),
    };
    (exit, system)
}

fn case(subject: &Subject, finding: &Finding) -> FoundCase {
    let property = &PROPERTIES[finding.property];
    let draw = &finding.case.draw;
    let (_, run, shows) = story(subject, finding);
    FoundCase {
        property: property.name.to_owned(),
        title: property.title.to_owned(),
        steps: finding.example.steps(),
        around: finding.example.around,
        nodes: draw.nodes,
        calls: draw.calls,
        faults: draw.faults.to_string(),
        rule: subject.rules[draw.rule].0.clone(),
        case: finding.number,
        unexpected: false,
        run,
        shows,
        saved: None,
    }
}

/// The run as a diagram with its words, as lines, and what it shows.
fn story(subject: &Subject, finding: &Finding) -> (String, Vec<String>, Vec<String>) {
    let mut setup = subject.setup.clone();
    let draw = &finding.case.draw;
    (setup.system.nodes, setup.system.calls) = (draw.nodes, draw.calls);
    setup.system.faults = draw.faults;
    setup.system.rule = subject.rules[draw.rule].1.clone();
    let story = check::narrate(&setup, &finding.example);
    let words = check::explain(&story, &PROPERTIES[finding.property]);
    let shows = words.lines().map(str::to_owned).collect();
    let whole = format!("{}\n{words}", check::text(&story));
    (whole, story.lines.into_iter().map(|line| line.text).collect(), shows)
}

/// Whether the checker has shown that this cannot happen: for this strategy among at most two nodes with a call each, and with
/// no more faults than in a list.
fn should_hold(subject: &Subject, finding: &Finding) -> bool {
    let draw = &finding.case.draw;
    if !subject.listed || draw.rule > 0 || draw.nodes > 2 || draw.calls > 1 {
        return false;
    }
    // The lists leave out that the access token expires once wherever it is refreshed.
    let rotates = subject.setup.system.rotation.is_some();
    let mut draw = *draw;
    if rotates && draw.faults.left(Fault::Expiry) <= 1 {
        draw.faults = draw.faults.with(Fault::Expiry, 0);
    }
    let within = |most: &FaultBudget| {
        FAULTS
            .iter()
            .all(|(fault, ..)| draw.faults.left(*fault) <= most.left(*fault))
    };
    [FaultBudget::NONE, FAULTY]
        .iter()
        .filter(|most| within(most))
        .any(|&most| {
            let expected = expected::of(&subject.name, 2, most);
            let shown = |verdict: &Expectation| matches!(verdict, Expectation::Holds(_) | Expectation::NotReached);
            expected.is_some_and(|list| shown(&list.verdicts[finding.property]))
        })
}
