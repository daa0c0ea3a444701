//! `tokenstorm fuzz`: small systems and schedules by chance; what breaks a property is told as short as it can be, and kept.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Exit, print, validate};
use crate::engine::check::cast::{self, CAST, EACH_ONCE};
use crate::engine::check::expected::{self, Expectation, FAULTY};
use crate::engine::check::{self, Budget, FAULTS, Needs, Setup};
use crate::engine::fuzz::{self, Draw, Effort, Finding, Progress, RULES, Report, Saved};
use crate::property::{self, PROPERTIES};
use crate::provider::{Issuance, Reveals, profiles};
use crate::scenario;

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
    faults: Budget,
    /// Go on for so long with each strategy
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
    /// Cases of each strategy, unless --seconds says otherwise
    #[arg(long, value_name = "N", default_value_t = 2000)]
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
        return replay(file);
    }
    match subjects(arguments).and_then(|subjects| Ok((subjects, wanted(arguments)?))) {
        Ok((subjects, wanted)) => fuzz_all(arguments, &subjects, wanted),
        Err(message) => {
            eprintln!("error: {message}");
            Exit::Usage
        }
    }
}

/// A strategy with the rules that it is tried under.
struct Subject {
    name: String,
    setup: Setup,
    rules: Vec<(String, Issuance)>,
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
    let names: Vec<&str> = match &arguments.profile {
        Some(profile) => vec![profile],
        None => RULES.iter().map(|(name, _)| *name).collect(),
    };
    let mut rules = Vec::new();
    for name in names {
        let rule = fuzz::rule(name).ok_or_else(|| {
            let known: Vec<_> = profiles::PROFILES.iter().map(|(name, _)| *name).collect();
            format!("there is no provider `{name}`; there are: {}", known.join(", "))
        })?;
        rules.push((name.to_owned(), rule));
    }
    let subject = |(name, _): &(&str, &str)| Subject {
        name: (*name).to_owned(),
        setup: cast::setup(name, arguments.nodes, arguments.calls, arguments.faults).expect("a name of the cast"),
        rules: rules.clone(),
    };
    Ok(CAST.iter().map(subject).collect())
}

fn of_scenario(path: &Path, arguments: &Arguments) -> Result<Vec<Subject>, String> {
    let scenario = validate::load(path).ok_or_else(|| format!("{} cannot be used", path.display()))?;
    let rule = scenario::rule(scenario.provider());
    let name = fuzz::name_of_rule(&rule).unwrap_or_default();
    let subject = |strategy: &scenario::Strategy| {
        let coordination = strategy.coordination.clone();
        let any = cast::setup("naive", arguments.nodes, arguments.calls, arguments.faults).expect("a name of the cast");
        let mut system = any.system;
        system.needs = Needs::from(&coordination);
        system.slots = coordination.highest_slot().map_or(1, |highest| highest + 1);
        system.rule = rule.clone();
        Subject {
            name: strategy.name.clone(),
            setup: Setup { coordination, system },
            rules: vec![(name.clone(), rule.clone())],
        }
    };
    Ok(scenario.file.strategy.iter().map(subject).collect())
}

/// The properties that are looked at.
fn wanted(arguments: &Arguments) -> Result<fuzz::Claims, String> {
    if arguments.property.is_empty() {
        return Ok(fuzz::all_claims());
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

fn fuzz_all(arguments: &Arguments, subjects: &[Subject], wanted: fuzz::Claims) -> Exit {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seed = arguments
        .seed
        .unwrap_or_else(|| now.map_or(0, |now| now.as_nanos() as u64 % 1_000_000_007));
    eprintln!("seed {seed}");
    let stop = Arc::new(AtomicBool::new(false));
    let handle = Arc::clone(&stop);
    // A second interrupt ends at once.
    let installed = ctrlc::set_handler(move || {
        if handle.swap(true, Ordering::Relaxed) {
            std::process::exit(Exit::Interrupted as i32);
        }
    });
    if let Err(error) = installed {
        eprintln!("warning: an interrupt will lose what is finished: {error}");
    }
    let effort = Effort {
        wanted,
        ..Effort::of(
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
fn tell(arguments: &Arguments, subject: &Subject, seed: u64, report: &Report) -> Exit {
    let mut exit = Exit::Ok;
    let mut text = format!(
        "{}: {} cases, {} properties broken\n",
        subject.name,
        report.cases,
        report.findings.len()
    );
    for finding in &report.findings {
        let property = &PROPERTIES[finding.claim];
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
                Ok(file) => eprintln!("wrote {}", file.display()),
                Err(message) => {
                    eprintln!("error: {message}");
                    exit = exit.max(Exit::Internal);
                }
            }
        }
    }
    exit.max(print(&text))
}

fn size(subject: &Subject, finding: &Finding) -> String {
    let Draw {
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
    format!("\n{}\n", check::text(&check::tell(&setup, &finding.example)))
}

/// Whether the checker has shown that this cannot happen: for this strategy among at most two nodes with a call each, and with
/// no more faults than in a list.
fn should_hold(subject: &Subject, finding: &Finding) -> bool {
    let draw = &finding.case.draw;
    if draw.rule > 0 || subject.rules[0].0 != "latest_only" || draw.nodes > 2 || draw.calls > 1 {
        return false;
    }
    let within = |most: &Budget| {
        FAULTS
            .iter()
            .all(|(fault, ..)| draw.faults.left(*fault) <= most.left(*fault))
    };
    [Budget::NONE, FAULTY].iter().filter(|most| within(most)).any(|&most| {
        let expected = expected::of(&subject.name, 2, most);
        let shown = |verdict: &Expectation| matches!(verdict, Expectation::Holds(_) | Expectation::NotReached);
        expected.is_some_and(|list| shown(&list.verdicts[finding.claim]))
    })
}

fn save(folder: &Path, subject: &Subject, seed: u64, finding: &Finding) -> Result<PathBuf, String> {
    let rule = &subject.rules[finding.case.draw.rule].0;
    if rule.is_empty() {
        return Err("a case is saved under the rule of a profile, which the scenario has changed".to_owned());
    }
    if subject.setup.system.rotation.is_some() || subject.setup.system.reveals != Reveals::Nothing {
        return Err("what a provider reveals, and its refresh tokens, are not kept in a case".to_owned());
    }
    let saved = Saved::new(finding.claim, Some(seed), &subject.setup, rule, &finding.case);
    let name: String = subject
        .name
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '_' })
        .collect();
    let file = folder.join(format!("{name}-{}.toml", saved.property.to_lowercase()));
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&file, saved.to_string()))
        .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    Ok(file)
}

fn replay(file: &Path) -> Exit {
    let read = std::fs::read_to_string(file).map_err(|error| error.to_string());
    let saved: Saved = match read.and_then(|text| text.parse()) {
        Ok(saved) => saved,
        Err(message) => {
            eprintln!("error: {}: {message}", file.display());
            return Exit::Usage;
        }
    };
    let property = &PROPERTIES[saved.claim()];
    let Some(example) = saved.run() else {
        return print(&format!("{} ({}) is not broken\n", property.name, property.title));
    };
    let effects = saved.effects();
    if effects.checker != effects.simulator {
        eprintln!("error: the simulator does not do what the checker does; this is a bug of one of them");
        return Exit::Internal;
    }
    let told = check::tell(&saved.setup(), &example);
    let text = format!(
        "{} ({}) is broken; the simulator does the same, {} effects\n\n{}",
        property.name,
        property.title,
        effects.simulator.len(),
        check::text(&told)
    );
    print(&text).max(Exit::PropertyBroken)
}

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

impl Progress for Clock<'_> {
    fn fuzzed(&self, cases: u64, broken: usize) -> bool {
        let elapsed = self.start.elapsed();
        let rate = cases as f64 / elapsed.as_secs_f64().max(1e-3);
        self.bar
            .set_message(format!("{cases} cases, {broken} properties broken, {rate:.0} cases/s"));
        !self.stop.load(Ordering::Relaxed) && self.limit.is_none_or(|limit| elapsed < limit)
    }
}
