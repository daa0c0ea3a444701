//! Bounds on what is under way, raised until they decide nothing.
//!
//! A node with as many store operations under way as the bound allows is deaf to everything else, and so are two nodes with as
//! many notes to each other. A strategy that runs into a bound has runs that the search does not see, and some that only a
//! deaf node has.

use crate::node::Strategy;
use crate::provider::Rule;

use super::{CheckProgress, CheckReport, PropertyVerdict, System, check_strategy};

/// No bound is raised above this: every further message under way multiplies the states.
const MOST_UNDER_WAY: u8 = 5;

/// What a search came to whose bounds were raised where they held something back.
#[derive(Debug)]
pub struct Settled<R> {
    /// The system with the bounds that the report is about.
    pub system: System<R>,
    /// What the search came to.
    pub report: CheckReport,
    /// Why the bounds may matter, in words: then a property that is not broken has not been shown to hold. None where they held
    /// nothing back, or where a wider bound changed no verdict.
    pub doubt: Option<String>,
}

/// [`check_strategy`], again under wider bounds where the bounds have held something back: until they hold back nothing, or
/// until the next wider ones change no verdict.
pub fn settle<S: Strategy, R: Rule + Send + Sync>(
    strategy: &S,
    system: &System<R>,
    progress: &dyn CheckProgress,
) -> Settled<R> {
    let mut system = system.clone();
    let mut report = check_strategy(strategy.clone(), &system, progress);
    system.holder = report.holder;
    // A search that was given up says so anyway.
    while report.complete && report.held_back.any() {
        let held = report.held_back;
        let wider = System {
            store_operations: system.store_operations + u8::from(held.store_operations),
            notes: system.notes + u8::from(held.notes),
            ..system.clone()
        };
        let bounds = bounds(&system, &report);
        if wider.store_operations.max(wider.notes) > MOST_UNDER_WAY {
            let doubt = Some(format!("{bounds}, and no bound up to that settles the verdicts"));
            return Settled { system, report, doubt };
        }
        let next = check_strategy(strategy.clone(), &wider, progress);
        if !next.complete {
            let doubt = Some(format!("{bounds}, and the search with one more was given up"));
            return Settled { system, report, doubt };
        }
        if kinds(&next) == kinds(&report) {
            break;
        }
        (system, report) = (wider, next);
    }
    Settled {
        system,
        report,
        doubt: None,
    }
}

/// The bounds that held something back, in words.
fn bounds<R>(system: &System<R>, report: &CheckReport) -> String {
    let held = report.held_back;
    let store = format!(
        "a node has at most {} store operations under way",
        system.store_operations
    );
    let notes = format!("two nodes have at most {} notes under way to each other", system.notes);
    let all = [(held.store_operations, store), (held.notes, notes)];
    let all: Vec<_> = all
        .into_iter()
        .filter_map(|(held, words)| held.then_some(words))
        .collect();
    all.join(", ")
}

/// Verdicts without the lengths of runs, which differ where more can happen.
fn kinds(report: &CheckReport) -> Vec<u8> {
    let kind = |verdict: &PropertyVerdict| match verdict {
        PropertyVerdict::Holds(_) => 0,
        PropertyVerdict::NotReached => 1,
        PropertyVerdict::Open(_) => 2,
        PropertyVerdict::Breaks(_) => 3,
    };
    report.verdicts.iter().map(kind).collect()
}
