//! The small systems that are searched for a scenario.

use crate::engine::check::{FaultBudget, Setup, System, systems};
use crate::retry::Attempts;
use crate::scenario::{Scenario, ScenarioFile, StrategySettings};
use crate::strategy::Coordination;

/// Tries of a call that are counted at most: every count is a state of its own. A policy with more is searched as one that tries
/// without end.
pub(super) const MOST_TRIES: u32 = 5;

/// Tries of a call; none for as many as it takes.
pub fn tries_of(system: &System) -> Option<u32> {
    (1..=MOST_TRIES).find(|&tries| !system.attempts.allow_another(tries))
}

/// As many tries of a call as a search counts.
pub fn counted(attempts: Attempts) -> Attempts {
    if attempts.allow_another(MOST_TRIES) {
        Attempts::UNBOUNDED
    } else {
        attempts
    }
}

/// A scenario's strategies under its provider, among a few nodes.
pub fn of_scenario(scenario: &Scenario, nodes: u32, calls: u32, faults: FaultBudget) -> Vec<(String, Setup)> {
    let slots = scenario.file.app.iter().map(|app| app.slots).max().unwrap_or(1);
    let strategies = scenario.file.strategy.iter();
    strategies
        .map(|strategy| {
            let mut mix = mix(&scenario.file, strategy);
            mix.truncate(nodes as usize);
            let mut setup = systems::system_for(mix[0].clone(), nodes, calls, faults);
            if mix.len() > 1 {
                setup = setup.mixing(mix);
            }
            setup.system = setup.system.under(scenario.provider());
            setup.system.slots = slots;
            setup.system.attempts = tries(strategy);
            (strategy.name.clone(), setup)
        })
        .collect()
}

/// Tries of a call; without end where nodes differ in that.
pub(super) fn tries(strategy: &StrategySettings) -> Attempts {
    let of = |part: &StrategySettings| counted(part.retry.attempts());
    match strategy.parts().all(|part| of(part) == of(strategy)) {
        true => of(strategy),
        false => Attempts::UNBOUNDED,
    }
}

/// All that the nodes of the fleets may follow under a strategy, versions that are rolled out among them, each once: at some time all of
/// them are there together.
pub(super) fn mix(file: &ScenarioFile, strategy: &StrategySettings) -> Vec<Coordination> {
    let mut mix: Vec<Coordination> = Vec::new();
    for part in file.fleet.iter().flat_map(|fleet| strategy.ever_by(fleet, &file.event)) {
        let coordination = part.coordination.clone().scaled_down();
        if !mix.contains(&coordination) {
            mix.push(coordination);
        }
    }
    mix
}
