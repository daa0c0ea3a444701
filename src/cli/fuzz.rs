//! `tokenstorm fuzz`: small systems and schedules by chance; what breaks a property is told as short as it can be, and kept.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::interrupt::interrupt;
use super::say::{print, say};
use super::{Exit, replay, validate};
use crate::campaign::scope::of_scenario as of_scenario_file;
use crate::engine::check::expected::{self, Expectation, FAULTY};
use crate::engine::check::systems::{self, EACH_ONCE, REFRESHERS, SYSTEMS};
use crate::engine::check::{self, FAULTS, Fault, FaultBudget, Setup};
use crate::engine::fuzz::{self, Finding, FuzzOptions, FuzzProgress, FuzzReport, RULES, Saved, SystemParams};
use crate::property::{self, PROPERTIES};
use crate::provider::settings::Settings;
use crate::provider::{Issuance, profiles};
use crate::record::{sha256, write};

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
        Ok((subjects, wanted)) => fuzz_all(arguments, &subjects, wanted),
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
    /// The provider, where a scenario describes it.
    provider: Option<Settings>,
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
            listed: true,
        }
    }
}

fn subjects(arguments: &Arguments) -> Result<Vec<Subject>, String> {
    let subjects = match &arguments.scenario {
        None => of_cast(arguments)?,
        Some(path) => of_scenario(path, arguments)?,
    };
    let known: Vec<_> = subjects.iter().map(|subject| subject.name.clone()).collect();
    let Some(name) = &arguments.strategy else {
        return Ok(subjects);
    };
    let chosen: Vec<_> = subjects.into_iter().filter(|subject| subject.name == *name).collect();
    if chosen.is_empty() {
        return Err(format!(
            "there is no strategy `{name}`; there are: {}",
            known.join(", ")
        ));
    }
    Ok(chosen)
}

fn of_cast(arguments: &Arguments) -> Result<Vec<Subject>, String> {
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
        return Ok(SYSTEMS
            .iter()
            .map(alone)
            .chain(REFRESHERS.iter().map(refresher))
            .collect());
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
    Ok(SYSTEMS.iter().map(under).collect())
}

fn of_scenario(path: &Path, arguments: &Arguments) -> Result<Vec<Subject>, String> {
    let scenario = validate::load(path).ok_or_else(|| format!("{} cannot be used", path.display()))?;
    let systems = of_scenario_file(&scenario, arguments.nodes, arguments.calls, arguments.faults);
    let subject = |(name, setup): (String, Setup)| Subject {
        listed: false,
        provider: Some(scenario.file.provider.clone()),
        ..Subject::new(&name, setup)
    };
    let (alike, mixed): (Vec<_>, Vec<_>) = systems.into_iter().partition(|(_, setup)| setup.mix.is_empty());
    for (name, _) in &mixed {
        say!("`{name}` is left out: its nodes do not all follow the same, which `tokenstorm check` searches");
    }
    if alike.is_empty() {
        return Err("no strategy is left to be tried".to_owned());
    }
    Ok(alike.into_iter().map(subject).collect())
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

fn fuzz_all(arguments: &Arguments, subjects: &[Subject], wanted: fuzz::PropertySet) -> Exit {
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
    for subject in subjects {
        let rules: Vec<_> = subject.rules.iter().map(|(_, rule)| rule.clone()).collect();
        let clock = Clock::new(&subject.name, arguments.seconds, &stop);
        let report = fuzz::fuzz_setup(&subject.setup, &rules, &effort, &clock);
        clock.bar.finish_and_clear();
        exit = exit.max(tell(arguments, subject, seed, &report));
        if stop.load(Ordering::Relaxed) {
            return Exit::Interrupted;
        }
    }
    exit
}

/// What was found about one strategy: a line for each property, and the whole story of what should have held.
fn tell(arguments: &Arguments, subject: &Subject, seed: u64, report: &FuzzReport) -> Exit {
    let mut exit = Exit::Ok;
    let mut text = format!(
        "{}: {} cases, {} properties broken\n",
        subject.name,
        report.cases,
        report.findings.len()
    );
    for finding in &report.findings {
        let property = &PROPERTIES[finding.property];
        let asked_for = !arguments.property.is_empty();
        let unexpected = asked_for || should_hold(subject, finding);
        text.push_str(&format!(
            "  {:4}{:32}{}\n",
            property.name,
            property.title,
            size(subject, finding)
        ));
        if unexpected {
            exit = Exit::PropertyBroken;
            text.push_str(&story(subject, finding));
        }
        if let Some(folder) = &arguments.save {
            match save(folder, subject, seed, finding) {
                Ok(file) => say!("wrote {}", file.display()),
                Err(message) => {
                    say!("error: {message}");
                    exit = exit.max(Exit::Internal);
                }
            }
        }
    }
    text.push_str(&report.coverage.to_string());
    let never = report.coverage.never(arguments.faults);
    if !never.is_empty() {
        text.push_str(&format!(
            "  never met, although the limits allow it: {}\n",
            never.join(", ")
        ));
    }
    exit.max(print(&text))
}

fn size(subject: &Subject, finding: &Finding) -> String {
    let SystemParams {
        nodes,
        calls,
        rule,
        faults,
    } = finding.case.draw;
    let around = match finding.example.around {
        0 => String::new(),
        around => format!(" and {around} around"),
    };
    let steps = finding.example.steps();
    let rule = &subject.rules[rule].0;
    format!(
        "{steps} steps{around}, nodes {nodes}, calls {calls}, faults {faults}, {rule}, case {}",
        finding.number
    )
}

fn story(subject: &Subject, finding: &Finding) -> String {
    let mut setup = subject.setup.clone();
    let draw = &finding.case.draw;
    (setup.system.nodes, setup.system.calls) = (draw.nodes, draw.calls);
    setup.system.faults = draw.faults;
    setup.system.rule = subject.rules[draw.rule].1.clone();
    let story = check::narrate(&setup, &finding.example);
    let words = check::explain(&story, &PROPERTIES[finding.property]);
    format!("\n{}\n{words}\n", check::text(&story))
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

fn save(folder: &Path, subject: &Subject, seed: u64, finding: &Finding) -> Result<PathBuf, String> {
    let rule = &subject.rules[finding.case.draw.rule].1;
    let setup = (&subject.setup, subject.provider.as_ref());
    let saved = Saved::new(finding.property, Some(seed), setup, rule, &finding.case)?;
    let file = folder.join(file_name(&subject.name, &saved));
    std::fs::create_dir_all(folder).map_err(|error| format!("cannot write {}: {error}", folder.display()))?;
    write::place_alone(&file, saved.to_string().as_bytes()).map_err(|error| error.to_string())?;
    Ok(file)
}

/// A name that no other case has: the strategy as far as a file can be called so, the property, and what the case itself comes to.
/// The same case found again has the same one.
fn file_name(strategy: &str, saved: &Saved) -> String {
    let word = |c: char| if c.is_alphanumeric() { c } else { '_' };
    let strategy: String = strategy.chars().map(word).take(NAME).collect();
    let content = &sha256(saved.to_string().as_bytes())[..8];
    format!("{strategy}-{}-{content}.toml", saved.property.to_lowercase())
}

/// Letters of a strategy's name in the name of a file, which cannot be of any length.
const NAME: usize = 40;

/// Cases so far on standard error, and when it is enough.
struct Clock<'a> {
    bar: ProgressBar,
    start: Instant,
    limit: Option<Duration>,
    stop: &'a AtomicBool,
}

impl<'a> Clock<'a> {
    fn new(name: &str, seconds: Option<u64>, stop: &'a AtomicBool) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        bar.set_style(ProgressStyle::with_template("{prefix} {msg}").expect("the template is a constant"));
        bar.set_prefix(name.to_owned());
        Self {
            bar,
            start: Instant::now(),
            limit: seconds.map(Duration::from_secs),
            stop,
        }
    }
}

impl FuzzProgress for Clock<'_> {
    fn fuzzed(&self, cases: u64, broken: usize) -> bool {
        let elapsed = self.start.elapsed();
        let rate = cases as f64 / elapsed.as_secs_f64().max(1e-3);
        self.bar
            .set_message(format!("{cases} cases, {broken} properties broken, {rate:.0} cases/s"));
        !self.stop.load(Ordering::Relaxed) && self.limit.is_none_or(|limit| elapsed < limit)
    }
}
