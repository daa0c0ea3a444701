//! Whether a strategy can ever fail: every order of events of a small system, for a bounded time.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration as Span, Instant};

use serde::{Deserialize, Serialize};

use crate::engine::check::{self, CheckProgress, FaultBudget, PropertyVerdict, systems};
use crate::film::{Film, film_of};
use crate::property::PROPERTIES;
use crate::retry::Attempts;
use crate::scenario::Scenario;

/// Whose runs are searched.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EverAsked {
    pub text: String,
    pub strategy: String,
}

/// What a search came to.
#[derive(Debug, Serialize)]
pub(super) struct Ever {
    /// What was searched, and what was not, in words.
    searched: String,
    broken: Vec<Broken>,
}

/// A property that some run breaks.
#[derive(Debug, Serialize)]
struct Broken {
    name: &'static str,
    title: &'static str,
    about: &'static str,
    /// A shortest run that does.
    film: Film,
}

/// Nodes, and calls at each.
const NODES: u32 = 2;
const CALLS: u32 = 1;
/// States, and time, after which a search is given up.
const MOST_STATES: usize = 400_000;
const LONGEST: Span = Span::from_secs(8);
/// More tries of a call than this are searched as any number of them, as `tokenstorm check` does.
const MOST_TRIES: u32 = 5;

/// Searches a strategy of a scenario under its provider.
///
/// # Errors
/// In words, where there is no such strategy.
pub(super) fn ever(asked: &EverAsked, folder: &Path, stop: &AtomicBool) -> Result<Ever, String> {
    let scenario = Scenario::parse("scenario", &asked.text, folder).map_err(|error| error.to_string())?;
    let strategies = &scenario.file.strategy;
    let found = strategies.iter().find(|strategy| strategy.name == asked.strategy);
    let strategy = found.ok_or_else(|| format!("there is no strategy “{}”", asked.strategy))?;
    let coordination = strategy.coordination.clone().scaled_down();
    let mut setup = systems::system_for(coordination, NODES, CALLS, FaultBudget::NONE);
    setup.system = setup.system.under(scenario.provider());
    setup.system.slots = scenario.file.app.iter().map(|app| app.slots).max().unwrap_or(1);
    let attempts = strategy.retry.attempts();
    setup.system.attempts = match attempts.allow_another(MOST_TRIES) {
        true => Attempts::UNBOUNDED,
        false => attempts,
    };
    setup.system.most = MOST_STATES;
    let setup = setup.without_names();
    let report = check::check(
        &setup,
        &Patience {
            begin: Instant::now(),
            stop,
        },
    );
    let verdicts = PROPERTIES.iter().zip(&report.verdicts);
    let broken = verdicts.filter_map(|(property, verdict)| {
        let PropertyVerdict::Breaks(example) = verdict else {
            return None;
        };
        let story = check::narrate(&setup, example);
        let about = format!("{} breaks {}: {}", strategy.name, property.name, property.title);
        Some(Broken {
            name: property.name,
            title: property.title,
            about: property.about,
            film: film_of(&story, &about, &strategy.name),
        })
    });
    let broken: Vec<_> = broken.collect();
    let extent = match report.complete {
        true => "every order of events",
        false => "not every order of events: the search was given up after its time or its states",
    };
    Ok(Ever {
        searched: format!(
            "Searched: {extent}, of {NODES} processes with one call each, {} states. No message is lost and nobody crashes; load, limits, \
             lags and events of the scenario are left out; tokenstorm check has faults and more calls.",
            report.states
        ),
        broken,
    })
}

/// How long a search may take.
struct Patience<'a> {
    begin: Instant,
    stop: &'a AtomicBool,
}

impl CheckProgress for Patience<'_> {
    fn explored(&self, _: usize, _: usize, _: u32) -> bool {
        self.begin.elapsed() < LONGEST && !self.stop.load(Ordering::Relaxed)
    }
}
