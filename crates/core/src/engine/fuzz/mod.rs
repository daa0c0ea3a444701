//! The fuzzer: small systems and schedules by chance, where a search of everything would not come to its end; what breaks a
//! property is made as small as it can be, and kept.
//!
//! Runs the states of [`check`](super::check) along schedules of steps by name. Which cases there are follows from the seed
//! alone, on any number of threads.

mod case;
mod coverage;
mod replay;
mod rules;
mod saved;
mod shrink;
mod step;
mod walk;

use rayon::prelude::*;

use crate::base::Dice;
use crate::engine::check::{Counterexample, Setup};
use crate::node::Strategy;
use crate::property::PROPERTIES;
use crate::provider::{Issuance, Rule};

pub use super::check::PropertySet;
pub use case::{Case, Cases, SearchSpace, SystemParams};
pub use coverage::Coverage;
pub use replay::{Effect, Effects, replay};
pub use rules::{CaseProvider, CaseRule, RULES, name_of_rule, rule};
pub use saved::Saved;
pub use shrink::{breaks, smallest};
pub use step::{Actor, MessageFate, MessageKind, ScheduleStep};
pub use walk::{Walk, along};

/// Options of a fuzzing run.
#[derive(Clone, Debug)]
pub struct FuzzOptions {
    /// Every draw follows from it.
    pub seed: u64,
    /// Cases to be drawn.
    pub cases: u64,
    /// Steps of the longest schedule.
    pub longest: usize,
    /// Cases that are shrunk for each property; the smallest is kept.
    pub shrinks: u32,
    /// Properties that are looked at.
    pub wanted: PropertySet,
}

impl FuzzOptions {
    /// This many cases of a seed, for all properties that a single run can break.
    pub fn of(seed: u64, cases: u64) -> Self {
        Self {
            seed,
            cases,
            longest: 120,
            shrinks: 8,
            wanted: all_properties(),
        }
    }
}

/// All properties but the last, which is about all runs together.
pub fn all_properties() -> PropertySet {
    PROPERTIES
        .iter()
        .enumerate()
        .filter(|(_, property)| property.name != "V")
        .fold(0, |all, (place, _)| all | 1 << place)
}

/// Receives the progress of the fuzzer.
pub trait FuzzProgress: Sync {
    /// Called after each round with the cases so far and the number of broken properties; returns whether to go on.
    fn fuzzed(&self, cases: u64, broken: usize) -> bool;
}

/// Lets the fuzzer run all its cases.
impl FuzzProgress for () {
    fn fuzzed(&self, _: u64, _: usize) -> bool {
        true
    }
}

/// A property that is broken, and the smallest case found that breaks it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Its place in [`PROPERTIES`].
    pub property: usize,
    /// Number of the case of the seed that it was shrunk from.
    pub number: u64,
    /// The case.
    pub case: Case,
    /// Its run up to the break.
    pub example: Counterexample,
}

/// The outcome of all cases.
#[derive(Clone, Debug, Default)]
pub struct FuzzReport {
    /// Cases that were run.
    pub cases: u64,
    /// What the cases have come by.
    pub coverage: Coverage,
    /// One for each broken property, in the order of [`PROPERTIES`].
    pub findings: Vec<Finding>,
}

impl FuzzReport {
    /// What was found about the property of this name.
    pub fn of(&self, property: &str) -> Option<&Finding> {
        self.findings
            .iter()
            .find(|finding| PROPERTIES[finding.property].name == property)
    }
}

/// [`fuzz`] for one of the crate's own strategies, under any of these rules, the plainest first.
///
/// # Panics
/// Where nodes do not all follow the same: a case could not say who follows what.
pub fn fuzz_setup(setup: &Setup, rules: &[Issuance], effort: &FuzzOptions, progress: &dyn FuzzProgress) -> FuzzReport {
    assert!(setup.mix.is_empty(), "a case has one strategy");
    let ground = SearchSpace {
        strategy: setup.coordination.clone(),
        most: setup.system.clone(),
        rules: rules.to_vec(),
    };
    fuzz(&ground, effort, progress)
}

/// Cases that are run side by side before those that break a property are shrunk.
const ROUND: u64 = 64;

/// Runs cases until there have been as many as the options say, or `progress` ends it.
pub fn fuzz<S: Strategy, R: Rule + Send + Sync>(
    ground: &SearchSpace<S, R>,
    effort: &FuzzOptions,
    progress: &dyn FuzzProgress,
) -> FuzzReport {
    let mut report = FuzzReport::default();
    let mut shrinks = vec![effort.shrinks; PROPERTIES.len()];
    while report.cases < effort.cases && progress.fuzzed(report.cases, report.findings.len()) {
        let open = (0..PROPERTIES.len())
            .filter(|&property| effort.wanted & 1 << property != 0 && shrinks[property] > 0)
            .fold(0, |open, property| open | 1 << property);
        if open == 0 {
            break;
        }
        let cases = Cases {
            ground,
            wanted: open,
            longest: effort.longest,
        };
        let round = report.cases..effort.cases.min(report.cases + ROUND);
        let broken: Vec<_> = round
            .clone()
            .into_par_iter()
            .map(|number| (number, run(&cases, effort.seed, number)))
            .collect();
        report.cases = round.end;
        broken.iter().for_each(|(_, ran)| report.coverage.add(&ran.coverage));
        // First come, first made smaller: which these are depends on no thread.
        let mut jobs = Vec::new();
        for (number, ran) in &broken {
            for &property in &ran.broken {
                if shrinks[property] > 0 {
                    shrinks[property] -= 1;
                    jobs.push((*number, &ran.case, property));
                }
            }
        }
        let found: Vec<_> = jobs
            .into_par_iter()
            .map(|(number, case, property)| {
                let (case, example) = smallest(ground, case, property);
                Finding {
                    property,
                    number,
                    case,
                    example,
                }
            })
            .collect();
        for finding in found {
            report.add(finding);
        }
    }
    report
}

/// A case that was run.
struct Ran {
    case: Case,
    /// The properties that it breaks.
    broken: Vec<usize>,
    coverage: Coverage,
}

fn run<S: Strategy, R: Rule>(cases: &Cases<S, R>, seed: u64, number: u64) -> Ran {
    let case = drawn(cases, seed, number);
    let walk = Walk::repeated(cases.ground.initial(&case.draw), cases.wanted, &case.steps);
    let wanted = (0..PROPERTIES.len()).filter(|property| cases.wanted & 1 << property != 0);
    let broken = wanted.filter(|&property| walk.witness(property).is_some()).collect();
    let coverage = Coverage::of(&case.steps, &walk.way);
    Ran { case, broken, coverage }
}

/// Case `number` of a seed, as it is drawn where these properties are looked for.
pub fn drawn<S: Strategy, R: Rule>(cases: &Cases<S, R>, seed: u64, number: u64) -> Case {
    cases.draw(Dice::replication(seed, number).stream(0, 0))
}

impl FuzzReport {
    /// Keeps the smallest finding for each property, and the first of equal ones.
    fn add(&mut self, finding: Finding) {
        let size = |finding: &Finding| {
            (
                finding.example.way.len(),
                finding.case.draw.nodes,
                finding.case.draw.calls,
            )
        };
        match self
            .findings
            .binary_search_by_key(&finding.property, |known| known.property)
        {
            Ok(place) if size(&finding) < size(&self.findings[place]) => self.findings[place] = finding,
            Ok(_) => {}
            Err(place) => self.findings.insert(place, finding),
        }
    }
}
