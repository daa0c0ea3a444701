//! What is fuzzed: three functions of bytes that must come back, whatever the bytes are. `cargo fuzz` calls them by its targets,
//! `drive` with texts that it makes of the corpus itself.
//!
//! The corpus is the scenarios of the repository, the kept cases of the fuzzer, and `corpus/` here: what failed once.

#![forbid(unsafe_code)]

mod audit;
pub mod mutate;

use std::path::Path;
use std::sync::atomic::AtomicBool;

use miette::{GraphicalReportHandler, GraphicalTheme};
use peak_alloc::PeakAlloc;
use tokenstorm::base::Dice;
use tokenstorm::campaign::{self, CampaignError, CampaignOptions};
use tokenstorm::engine::fuzz::Saved;
use tokenstorm::engine::sim;
use tokenstorm::record::write;
use tokenstorm::scenario::{Extent, Overrides, Scenario};

use audit::Audit;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What became of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was refused with a message.
    Refused,
    /// It was read.
    Read,
    /// It was run.
    Ran,
}

/// Events of a run that is short.
const SHORT: u64 = 60_000;
/// Bytes that a run may take here.
const SMALL: u64 = 1 << 30;
/// Nothing that belongs to a scenario lies here.
const NOWHERE: &str = "/nonexistent";

fn parse(text: &str, overrides: &Overrides) -> Option<Scenario> {
    match Scenario::parse_with("fuzz.toml", text, Path::new(NOWHERE), overrides) {
        Ok(scenario) => Some(scenario),
        Err(error) => {
            assert!(!error.mistakes().is_empty());
            let mut shown = String::new();
            GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
                .render_report(&mut shown, &error)
                .expect("a mistake can be shown");
            let odd = |letter: char| tokenstorm::base::shown::is_odd(letter) && !matches!(letter, '\n' | '\t');
            assert!(!shown.contains(odd), "an odd character is shown: {shown:?}");
            assert!(!shown.contains("Failed to read"), "{shown}");
            None
        }
    }
}

/// The text of a scenario is read or refused, what was read can be written and read again, and planned.
pub fn scenario_text(data: &[u8]) -> Fate {
    let text = String::from_utf8_lossy(data);
    let Some(scenario) = parse(&text, &Overrides::default()) else {
        return Fate::Refused;
    };
    let extent = Extent {
        only: None,
        replications: 1,
        threads: 1,
    };
    let effort = scenario.effort(extent);
    if text.len() < 100_000 {
        let again = scenario.to_resolved_toml();
        match Scenario::parse("again.toml", &again, Path::new(NOWHERE)) {
            Ok(read) => assert!(read == scenario, "it reads back as another one:\n{again}"),
            Err(error) => panic!("what was resolved is refused: {error}\n{again}"),
        }
    }
    if effort.memory < SMALL && effort.runs <= 64 {
        let (_, point) = scenario.points().swap_remove(0);
        // Another one for texts of other lengths.
        let strategies = &point.file.strategy;
        point
            .plan(&strategies[text.len() % strategies.len()])
            .expect("no file is needed");
    }
    Fate::Read
}

/// The text of a kept case is read or refused, and what was read runs alike in the checker and in the simulator.
pub fn case_file(data: &[u8]) -> Fate {
    let text = String::from_utf8_lossy(data);
    let Ok(saved) = text.parse::<Saved>() else {
        return Fate::Refused;
    };
    let again: Saved = saved.to_string().parse().expect("what was written is read");
    assert_eq!(again, saved);
    saved.run();
    let effects = saved.effects();
    assert_eq!(effects.checker, effects.simulator, "the engines differ");
    Fate::Ran
}

/// A scenario that is short enough is run once, with its books audited, and takes no more memory than was foretold.
pub fn short_run(data: &[u8]) -> Fate {
    let text = String::from_utf8_lossy(data);
    let durations = [None, Some("1min"), Some("2s")];
    for duration in durations {
        let set = duration.map(|span| {
            [("run.duration", span), ("run.warmup", "0s"), ("run.drain", "10s")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
        });
        let overrides = Overrides {
            set: set.into_iter().flatten().collect(),
            ..Overrides::default()
        };
        let Some(scenario) = parse(&text, &overrides) else {
            if duration.is_none() {
                return Fate::Refused;
            }
            continue;
        };
        if run(&scenario, data.len()) {
            return Fate::Ran;
        }
    }
    Fate::Read
}

/// Runs one strategy of a scenario, if that is short.
fn run(scenario: &Scenario, choice: usize) -> bool {
    let strategies = &scenario.file.strategy;
    let strategy = &strategies[choice % strategies.len()];
    let extent = Extent {
        only: Some(&strategy.name),
        replications: 1,
        threads: 1,
    };
    let effort = scenario.effort(extent);
    if effort.events > SHORT || effort.memory > SMALL || effort.runs > 8 {
        return false;
    }
    let (_, point) = scenario.points().swap_remove(0);
    let Some(strategy) = point.file.strategy.iter().find(|known| known.name == strategy.name) else {
        return false;
    };
    let plan = point.plan(strategy).expect("no file is needed");
    let mut audit = Audit::default();
    let stats = sim::run(&plan, Dice::replication(scenario.file.run.seed, 0), &mut audit);
    if stats.stuck_at.is_none() {
        audit.close();
    }
    drop((audit, plan, point));
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let options = CampaignOptions {
        only: Some(scenario.file.strategy[choice % strategies.len()].name.clone()),
        replications: 1,
        threads: 1,
        ..CampaignOptions::of(scenario)
    };
    match campaign::run(scenario, options, &(), &AtomicBool::new(false)) {
        Ok(outcome) => {
            assert!(!write::files(&outcome.record).is_empty());
        }
        Err(CampaignError::Stuck { .. }) => {}
        Err(error) => panic!("{error}"),
    }
    let taken = MEMORY.peak_usage().saturating_sub(before) as u64;
    assert!(
        taken <= effort.memory,
        "{taken} bytes were taken, and {} foretold",
        effort.memory
    );
    true
}

/// Bytes in use at most since the last short run began.
pub fn peak() -> usize {
    MEMORY.peak_usage()
}
