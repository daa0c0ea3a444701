//! The fuzzer: small systems and schedules by chance, where a search of everything would not come to its end; what breaks a
//! claim is made as small as it can be, and kept.
//!
//! Runs the states of [`check`](super::check) along schedules of steps by name. Which cases there are follows from the seed
//! alone, on any number of threads.

mod case;
mod replay;
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
use crate::with_strategy;

pub use case::{Case, Cases, Draw, Ground};
pub use replay::{Effect, Effects, replay};
pub use saved::{RULES, Saved, name_of_rule, rule};
pub use shrink::{breaks, smallest};
pub use step::{Fate, Step, What, Who};
pub use walk::{Claims, Walk, along};

/// How much is tried.
#[derive(Clone, Debug)]
pub struct Effort {
    pub seed: u64,
    pub cases: u64,
    /// Steps of the longest schedule.
    pub longest: usize,
    /// Cases that are made smaller for each claim; the smallest is kept.
    pub shrinks: u32,
    /// Claims that are looked at.
    pub wanted: Claims,
}

impl Effort {
    /// So many cases under a seed, for all claims that a run by chance can break.
    pub fn of(seed: u64, cases: u64) -> Self {
        Self {
            seed,
            cases,
            longest: 120,
            shrinks: 8,
            wanted: all_claims(),
        }
    }
}

/// All claims but the last, which is about all runs together.
pub fn all_claims() -> Claims {
    PROPERTIES
        .iter()
        .enumerate()
        .filter(|(_, property)| property.name != "V")
        .fold(0, |all, (place, _)| all | 1 << place)
}

/// Who hears how it goes.
pub trait Progress: Sync {
    /// Cases so far, and claims that are broken; whether to go on.
    fn fuzzed(&self, cases: u64, broken: usize) -> bool;
}

/// Nobody.
impl Progress for () {
    fn fuzzed(&self, _: u64, _: usize) -> bool {
        true
    }
}

/// A claim that is broken, and the smallest case found that breaks it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Its place in [`PROPERTIES`].
    pub claim: usize,
    /// Which case of the seed it comes from.
    pub number: u64,
    pub case: Case,
    pub example: Counterexample,
}

/// What came of all cases.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub cases: u64,
    /// By claim.
    pub findings: Vec<Finding>,
}

impl Report {
    /// What was found about the claim of this name.
    pub fn of(&self, property: &str) -> Option<&Finding> {
        self.findings
            .iter()
            .find(|finding| PROPERTIES[finding.claim].name == property)
    }
}

/// [`fuzz`] for one of the crate's own strategies, under any of these rules, the plainest first.
pub fn fuzz_setup(setup: &Setup, rules: &[Issuance], effort: &Effort, progress: &dyn Progress) -> Report {
    with_strategy!(&setup.coordination, strategy => {
        #[allow(clippy::clone_on_copy)] // Most strategies are `Copy`, not all.
        let ground = Ground {
            strategy: strategy.clone(),
            most: setup.system.clone(),
            rules: rules.to_vec(),
        };
        fuzz(&ground, effort, progress)
    })
}

/// Cases that are run side by side before what they broke is looked at.
const ROUND: u64 = 64;

/// Runs cases until there have been enough, or nobody wants more.
pub fn fuzz<S: Strategy, R: Rule + Send + Sync>(
    ground: &Ground<S, R>,
    effort: &Effort,
    progress: &dyn Progress,
) -> Report {
    let mut report = Report::default();
    let mut shrinks = vec![effort.shrinks; PROPERTIES.len()];
    while report.cases < effort.cases && progress.fuzzed(report.cases, report.findings.len()) {
        let open = (0..PROPERTIES.len())
            .filter(|&claim| effort.wanted & 1 << claim != 0 && shrinks[claim] > 0)
            .fold(0, |open, claim| open | 1 << claim);
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
        // First come, first made smaller: which these are depends on no thread.
        let mut jobs = Vec::new();
        for (number, (case, claims)) in &broken {
            for &claim in claims {
                if shrinks[claim] > 0 {
                    shrinks[claim] -= 1;
                    jobs.push((*number, case, claim));
                }
            }
        }
        let found: Vec<_> = jobs
            .into_par_iter()
            .map(|(number, case, claim)| {
                let (case, example) = smallest(ground, case, claim);
                Finding {
                    claim,
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

/// One case: what was drawn, and the claims that it breaks.
fn run<S: Strategy, R: Rule>(cases: &Cases<S, R>, seed: u64, number: u64) -> (Case, Vec<usize>) {
    let case = drawn(cases, seed, number);
    let mut walk = Walk::new(cases.ground.initial(&case.draw), cases.wanted);
    for &step in &case.steps {
        assert!(walk.take(step), "a schedule was drawn step by step");
    }
    let wanted = (0..PROPERTIES.len()).filter(|claim| cases.wanted & 1 << claim != 0);
    let broken = wanted.filter(|&claim| walk.witness(claim).is_some()).collect();
    (case, broken)
}

/// Case `number` of a seed, as it is drawn.
pub fn drawn<S: Strategy, R: Rule>(cases: &Cases<S, R>, seed: u64, number: u64) -> Case {
    cases.draw(Dice::replication(seed, number).stream(0, 0))
}

impl Report {
    /// Keeps the smallest finding for each claim, and the first of equal ones.
    fn add(&mut self, finding: Finding) {
        let size = |finding: &Finding| {
            (
                finding.example.way.len(),
                finding.case.draw.nodes,
                finding.case.draw.calls,
            )
        };
        match self.findings.binary_search_by_key(&finding.claim, |known| known.claim) {
            Ok(place) if size(&finding) < size(&self.findings[place]) => self.findings[place] = finding,
            Ok(_) => {}
            Err(place) => self.findings.insert(place, finding),
        }
    }
}
