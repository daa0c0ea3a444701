//! A look at a scenario: its text with what was set, checked as a file is, its controls, and the figures of a preview or of all of it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration as Span, Instant};

use serde::{Deserialize, Serialize};

use super::controls::{self, Section};
use super::edit;
use super::effort::{Pace, Portion, events};
use super::told::{self, Wrong};
use crate::campaign::{self, CampaignOptions, CampaignProgress};
use crate::report::page;
use crate::scenario::{Extent, MOST_EVENTS, MOST_MEMORY, Scenario};

/// What a page asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// Which page it is; a newer look of a page ends its older one.
    pub page: String,
    pub text: String,
    /// Keys and values to be set in the text, as `--set` has them.
    #[serde(default)]
    pub set: Vec<(String, String)>,
    /// All of it, not a preview.
    #[serde(default)]
    pub whole: bool,
    /// The controls that the page has, by their shape.
    #[serde(default)]
    pub shape: String,
}

/// What the page is told, a line each.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Line {
    /// The text with what was set, and its controls.
    Read {
        text: String,
        name: String,
        summary: String,
        shape: String,
        /// None where the page has them already.
        controls: Option<String>,
        values: Vec<(String, Option<String>)>,
        /// Names of those that are compared.
        strategies: Vec<String>,
        warnings: Vec<String>,
    },
    /// Nothing was run.
    Wrong {
        wrong: Wrong,
        /// It is what was to be set, not the text, that is wrong.
        refused: bool,
    },
    /// So many runs of so many are done.
    Progress { done: u64, planned: u64 },
    /// What came out.
    Figures(Box<Figures>),
}

/// What came out of a run.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    /// All of the scenario was run.
    whole: bool,
    /// What a preview leaves out.
    note: Option<String>,
    answer: String,
    effort: String,
    table: String,
    words: String,
    charts: String,
    simulated_ms: f64,
    drawn_ms: f64,
}

/// Settings at once; a hand moves one.
const MOST_SETTINGS: usize = 100;

/// Looks at a scenario; `stop` ends it early, without figures.
pub(super) fn look(asked: &Asked, folder: &Path, pace: &Pace, stop: &AtomicBool, say: &(dyn Fn(Line) + Sync)) {
    let (text, scenario) = match read(asked, folder) {
        Ok(read) => read,
        Err((refused, wrong)) => return say(Line::Wrong { wrong, refused }),
    };
    say(described(&text, &scenario, &asked.shape));
    let too_much = |message| {
        say(Line::Wrong {
            wrong: told::other(message),
            refused: false,
        });
    };
    if let Err(message) = allowed(&scenario) {
        return too_much(message);
    }
    let portion = match asked.whole {
        true => Portion::whole(&scenario),
        false => pace.preview(&scenario),
    };
    if let Err(message) = run(&scenario, portion, pace, stop, say) {
        too_much(message);
    }
}

/// The text with what was set, as a scenario; else whether it is only what was to be set that is wrong, and what is.
fn read(asked: &Asked, folder: &Path) -> Result<(String, Scenario), (bool, Wrong)> {
    let parse = |text: &str| Scenario::parse("scenario", text, folder).map_err(|error| told::wrong(&error, text));
    let mut text = asked.text.clone();
    let mut scenario = parse(&text).map_err(|wrong| (false, wrong))?;
    if asked.set.len() > MOST_SETTINGS {
        let message = format!("{} settings at once; there can be {MOST_SETTINGS}", asked.set.len());
        return Err((true, told::other(message)));
    }
    for (key, value) in &asked.set {
        let resolved = toml::Table::try_from(&scenario.file).expect("what was read can be written");
        text = edit::set(&text, &resolved, key, value).map_err(|message| (true, told::other(message)))?;
        scenario = parse(&text).map_err(|wrong| (true, wrong))?;
    }
    Ok((text, scenario))
}

fn described(text: &str, scenario: &Scenario, known: &str) -> Line {
    let sections = controls::of(scenario);
    let shape = controls::shape(&sections);
    Line::Read {
        text: text.to_owned(),
        name: scenario.file.name.clone(),
        summary: scenario.file.summary.clone(),
        controls: (shape != known).then(|| controls::draw(&sections).into_string()),
        values: values(&sections),
        strategies: scenario
            .file
            .strategy
            .iter()
            .map(|strategy| strategy.name.clone())
            .collect(),
        warnings: scenario
            .warnings()
            .iter()
            .map(|warning| warning.message().to_owned())
            .collect(),
        shape,
    }
}

fn values(sections: &[Section]) -> Vec<(String, Option<String>)> {
    controls::each(sections)
        .map(|control| (control.key.clone(), control.value.clone()))
        .collect()
}

/// Errors, in words, where it is too much.
fn allowed(scenario: &Scenario) -> Result<(), String> {
    let effort = scenario.effort(Extent {
        only: None,
        replications: scenario.file.run.replications,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
    });
    if effort.events <= MOST_EVENTS && effort.memory <= MOST_MEMORY {
        return Ok(());
    }
    Err(format!(
        "{} runs may have {:.0} million events and need {:.1} GB of memory, which is more than a page should wait for: fewer points, nodes, \
         calls or replications need less, and `tokenstorm run` has --max-events and --max-memory",
        effort.runs,
        effort.events as f64 / 1e6,
        effort.memory as f64 / 1e9
    ))
}

fn run(
    scenario: &Scenario,
    portion: Portion,
    pace: &Pace,
    stop: &AtomicBool,
    say: &(dyn Fn(Line) + Sync),
) -> Result<(), String> {
    let overrides = portion.overrides();
    let shorter = match overrides.set.is_empty() {
        true => None,
        false => Scenario::parse_with(&scenario.origin, &scenario.text, &scenario.folder, &overrides).ok(),
    };
    // Where the shorter span is none that it can have, all of the span is run.
    let portion = Portion {
        duration: portion.duration.filter(|_| shorter.is_some()),
        ..portion
    };
    let subject = shorter.as_ref().unwrap_or(scenario);
    let options = CampaignOptions {
        replications: portion.replications,
        ..CampaignOptions::of(subject)
    };
    let progress = Told::new(say);
    let begin = Instant::now();
    let results = campaign::run(subject, options, &progress, stop).map_err(|error| error.to_string())?;
    let simulated = begin.elapsed();
    if results.interrupted {
        return Ok(());
    }
    pace.learn(events(subject, portion.replications), simulated);
    let begin = Instant::now();
    let parts = page::parts(&results.record);
    let note = portion.told(scenario);
    say(Line::Figures(Box::new(Figures {
        whole: note.is_none(),
        note,
        answer: parts.answer,
        effort: parts.effort,
        table: parts.table,
        words: parts.words,
        charts: parts.charts,
        simulated_ms: milliseconds(simulated),
        drawn_ms: milliseconds(begin.elapsed()),
    })));
    Ok(())
}

fn milliseconds(span: Span) -> f64 {
    (span.as_secs_f64() * 1e4).round() / 10.0
}

/// Tells the page how far a run is, now and then.
struct Told<'a> {
    say: &'a (dyn Fn(Line) + Sync),
    begin: Instant,
    planned: AtomicU64,
    done: AtomicU64,
    /// Milliseconds after the beginning when it was told last.
    last: AtomicU64,
}

/// Milliseconds between two tellings.
const PAUSE: u64 = 200;

impl<'a> Told<'a> {
    fn new(say: &'a (dyn Fn(Line) + Sync)) -> Self {
        Self {
            say,
            begin: Instant::now(),
            planned: AtomicU64::new(0),
            done: AtomicU64::new(0),
            last: AtomicU64::new(0),
        }
    }
}

impl CampaignProgress for Told<'_> {
    fn planned(&self, runs: u64) {
        self.planned.fetch_add(runs, Ordering::Relaxed);
    }

    fn done(&self) {
        let done = 1 + self.done.fetch_add(1, Ordering::Relaxed);
        let now = u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX);
        let last = self.last.load(Ordering::Relaxed);
        let due = now >= last.saturating_add(PAUSE);
        if due
            && self
                .last
                .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            let planned = self.planned.load(Ordering::Relaxed);
            (self.say)(Line::Progress { done, planned });
        }
    }
}
