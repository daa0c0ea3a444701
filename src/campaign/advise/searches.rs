//! What can ever happen with each strategy under the provider's rule, by a bounded search of a small system.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::candidates::Candidate;
use crate::campaign::options::CampaignProgress;
use crate::campaign::scope::{self, Omission};
use crate::engine::check::{self, CheckProgress, FaultBudget, PropertyVerdict, Setup};
use crate::property::PROPERTIES;
use crate::record::advice::{AdviceSearch, CanHappen, Ever};
use crate::retry::Attempts;
use crate::scenario::{Scenario, StrategySettings};
use crate::strategy::Coordination;

/// Nodes of the small system.
const NODES: u32 = 2;
/// Calls at each of them, at most.
const CALLS: u32 = 2;
/// Properties whose breach does lasting harm: calls that never end, leases that never end, grants that are lost. Bounds on attempts and
/// issuances belong to them: what breaks those goes on for ever too.
const LASTING: [&str; 8] = ["B1", "B2", "L1", "L2", "L3", "L4", "F2", "F3"];

/// What was found about each strategy.
pub(super) struct Searches {
    found: Vec<(Coordination, Found)>,
    pub scope: AdviceSearch,
}

/// What was found about one strategy.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// Property by property.
    pub rows: Vec<CanHappen>,
    /// Calls at each node in the largest system of which all states were looked at; zero for none.
    pub calls: u32,
}

/// Goes on until there is an interrupt.
struct Until<'a>(&'a AtomicBool);

impl CheckProgress for Until<'_> {
    fn explored(&self, _: usize, _: usize, _: u32) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

impl Searches {
    /// Searches each strategy once, whatever its retry policy: its calls are tried as often as it takes. `scenario` is that of the candidates.
    pub fn of(
        scenario: &Scenario,
        candidates: &[Candidate],
        states: usize,
        (progress, stop): (&dyn CampaignProgress, &AtomicBool),
    ) -> Self {
        let mut different: Vec<&StrategySettings> = Vec::new();
        for candidate in candidates {
            let scaled = candidate.settings.coordination.clone().scaled_down();
            if !different
                .iter()
                .any(|known| known.coordination.clone().scaled_down() == scaled)
            {
                different.push(&candidate.settings);
            }
        }
        progress.planned(different.len() as u64);
        let faults = scope::faults(scenario);
        let mut plain = scenario.clone();
        plain.file.strategy = different.iter().map(|settings| without_policy(settings)).collect();
        let left_out = scope::left_out(&plain, faults, (NODES, CALLS));
        let kinds = scope::of_scenario(&plain, NODES, CALLS, faults);
        let kinds = kinds.first().map(|(_, setup)| scope::kinds_in_words(&setup.system));
        let searched: Vec<_> = (plain.file.strategy.par_iter())
            .map(|settings| {
                let found = one(scenario, settings, (faults, states), &left_out, stop);
                progress.done();
                (settings.coordination.clone().scaled_down(), found)
            })
            .collect();
        let below = |calls| searched.iter().filter(|(_, found)| found.calls < calls).count() as u32;
        Self {
            scope: AdviceSearch {
                nodes: NODES,
                calls: CALLS,
                faults: faults.to_string(),
                states,
                strategies: searched.len() as u32,
                given_up: below(CALLS),
                given_up_at_once: below(1),
                left_out: left_out.iter().map(|item| item.words.clone()).collect(),
                kinds: kinds.unwrap_or_default(),
            },
            found: searched,
        }
    }

    /// What can happen with this strategy.
    pub fn about(&self, coordination: &Coordination) -> Found {
        let scaled = coordination.clone().scaled_down();
        let found = self.found.iter().find(|(of, _)| *of == scaled);
        found.map(|(_, found)| found.clone()).unwrap_or_default()
    }
}

/// The search is about the coordination, so that what a retry policy holds back is no part of it.
fn without_policy(settings: &StrategySettings) -> StrategySettings {
    StrategySettings {
        budget: None,
        breaker: None,
        throttle: None,
        token_guard: None,
        again_after: None,
        ..settings.clone()
    }
}

/// Searches with one call at each node, then with two.
fn one(
    scenario: &Scenario,
    settings: &StrategySettings,
    (faults, states): (FaultBudget, usize),
    left_out: &[Omission],
    stop: &AtomicBool,
) -> Found {
    let mut alone = scenario.clone();
    alone.file.strategy = vec![settings.clone()];
    let faults = scope::with_times_of(faults, scenario, settings);
    let mut found = Found::default();
    for calls in 1..=CALLS {
        for (_, mut setup) in scope::of_scenario(&alone, NODES, calls, faults) {
            setup.system.most = states;
            setup.system.attempts = Attempts::UNBOUNDED;
            let mut report = check::check(&Setup::without_names(setup), &Until(stop));
            scope::open(&settings.name, &mut report, left_out);
            if report.complete {
                found.calls = calls;
            }
            let rows = PROPERTIES
                .iter()
                .zip(&report.verdicts)
                .filter(|(property, _)| property.name != "V");
            let rows = rows.map(|(property, verdict)| {
                let (verdict, steps) = match verdict {
                    PropertyVerdict::Breaks(example) => (Ever::Can, Some(example.steps())),
                    PropertyVerdict::Open(_) => (Ever::Open, None),
                    _ if !report.complete => (Ever::Open, None),
                    PropertyVerdict::NotReached => (Ever::NotReached, None),
                    PropertyVerdict::Holds(_) => (Ever::Never, None),
                };
                CanHappen {
                    property: property.name.to_owned(),
                    title: property.title.to_owned(),
                    lasting: LASTING.contains(&property.name),
                    verdict,
                    steps,
                }
            });
            found.rows = match found.rows.is_empty() {
                true => rows.collect(),
                false => {
                    let small = found.rows.into_iter().zip(rows);
                    small.map(|(one, two)| together(one, two)).collect()
                }
            };
        }
    }
    found
}

/// What two searches say together: what the smaller system breaks has the shorter run, and what the larger one leaves open holds in the
/// smaller one at least.
fn together(small: CanHappen, large: CanHappen) -> CanHappen {
    match (small.verdict, large.verdict) {
        (Ever::Can, _) | (Ever::Never | Ever::NotReached, Ever::Open) => small,
        _ => large,
    }
}
