//! Whether a strategy can ever fail: every order of events of a small system, for a bounded time.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration as Span, Instant};

use serde::{Deserialize, Serialize};

use crate::campaign::scope::{self, Omission};
use crate::engine::check::{self, CheckProgress, CheckReport, PropertyVerdict, Setup};
use crate::film::{Film, film_of};
use crate::property::PROPERTIES;
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

const NODES: u32 = 2;
/// States, and time, after which a search is given up.
const MOST_STATES: usize = 400_000;
const LONGEST: Span = Span::from_secs(8);

/// Searches a strategy of a scenario under its provider.
///
/// # Errors
/// In words, where there is no such strategy.
pub(super) fn ever(asked: &EverAsked, folder: &Path, stop: &AtomicBool) -> Result<Ever, String> {
    let scenario = Scenario::parse("scenario", &asked.text, folder).map_err(|error| error.to_string())?;
    let mut points = scenario.points();
    let of_sweep = scope::left_out_of_sweep(&points, 0, NODES);
    let (_, scenario) = points.swap_remove(0);
    // The system that `tokenstorm check` searches for this scenario.
    let (faults, calls) = (scope::faults(&scenario), scope::calls(&scenario));
    let systems = scope::systems_of(&scenario, NODES);
    let mut found = scenario.file.strategy.iter().zip(systems);
    let found = found.find(|(strategy, _)| strategy.name == asked.strategy);
    let (strategy, mut setup) = found.ok_or_else(|| format!("there is no strategy “{}”", asked.strategy))?;
    setup.system.most = MOST_STATES;
    let setup = setup.without_names();
    let patience = Patience {
        begin: Instant::now(),
        stop,
    };
    let mut report = check::check(&setup, &patience);
    let mut left_out = scope::left_out(&scenario, faults, (NODES, calls));
    left_out.extend(of_sweep);
    scope::open(&strategy.name, &mut report, &left_out);
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
    Ok(Ever {
        searched: searched(&setup, &report, &left_out),
        broken,
    })
}

/// What the verdicts rest on.
fn searched(setup: &Setup, report: &CheckReport, left_out: &[Omission]) -> String {
    let extent = match report.complete {
        true => "every order of events",
        false => "not every order of events: the search was given up after its time or its states",
    };
    let calls = match setup.system.calls {
        1 => "one call".to_owned(),
        more => format!("{more} calls"),
    };
    let kinds = match scope::kinds_in_words(&setup.system) {
        kinds if kinds.is_empty() => String::new(),
        kinds => format!(", which is {}", kinds.join(", or ")),
    };
    let mut text = format!(
        "Searched: {extent}, of {NODES} processes with {calls} each{kinds}, {} states; faults: {}.",
        report.states, setup.system.faults
    );
    let omitted: Vec<&str> = left_out.iter().map(|item| item.words.as_str()).collect();
    let verdicts = PROPERTIES.iter().zip(&report.verdicts);
    let open = verdicts.filter(|(_, verdict)| matches!(verdict, PropertyVerdict::Open(_)));
    let open: Vec<&str> = open.map(|(property, _)| property.name).collect();
    for (head, names) in [("Left out of the scenario", omitted), ("Not known therefore", open)] {
        if !names.is_empty() {
            text.push_str(&format!(" {head}: {}.", names.join(", ")));
        }
    }
    text
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
