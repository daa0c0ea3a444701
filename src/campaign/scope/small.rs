//! The small systems that are searched for a scenario.

use crate::base::Duration;
use crate::engine::check::{FaultBudget, Setup, System, systems};
use crate::retry::Attempts;
use crate::scenario::{Scenario, ScenarioFile, StrategySettings};
use crate::strategy::Coordination;
use crate::workload::{Job, JobToken, OnRefusal};

/// Tries of a call that are counted at most: every count is a state of its own. A policy with more is searched as one that tries
/// without end.
pub(super) const MOST_TRIES: u32 = 5;

/// Calls of a job that are searched at most.
pub(super) const MOST_OF_A_JOB: u32 = 2;

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
            setup.system.kinds = kinds(&scenario.file);
            (strategy.name.clone(), setup)
        })
        .collect()
}

/// What the calls of a scenario are, each kind once: single ones, and the first ones of jobs. Empty where all are single.
fn kinds(file: &ScenarioFile) -> Vec<Job> {
    let mut kinds = Vec::new();
    for calls in file.fleet.iter().flat_map(|fleet| &fleet.workload) {
        let kind = calls.job.map_or(SINGLE, searched);
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    match kinds[..] {
        [SINGLE] => Vec::new(),
        _ => kinds,
    }
}

/// A single call, as a job.
const SINGLE: Job = Job {
    calls: 1,
    gap: Duration::ZERO,
    token: JobToken::Kept,
    on_refusal: OnRefusal::Renews,
};

/// As much of a job as is searched, written in one way: how long its gaps are decides nothing where no time passes.
fn searched(job: Job) -> Job {
    let calls = job.calls.min(MOST_OF_A_JOB);
    match (calls, job.token) {
        (1, _) => SINGLE,
        (_, JobToken::Kept) => Job {
            calls,
            on_refusal: job.on_refusal,
            ..SINGLE
        },
        (_, JobToken::Asked) => Job {
            calls,
            token: JobToken::Asked,
            ..SINGLE
        },
    }
}

/// What the calls of a system are, in words, where not all are single.
pub fn kinds_in_words(system: &System) -> Vec<String> {
    system.kinds.iter().map(in_words).collect()
}

fn in_words(job: &Job) -> String {
    let kept = match (job.calls, job.token, job.on_refusal) {
        (1, ..) => return "a single call".to_owned(),
        (_, JobToken::Asked, _) => "that asks for a token before each",
        (_, JobToken::Kept, OnRefusal::Renews) => "that keeps its token until it is refused",
        (_, JobToken::Kept, OnRefusal::Fails) => "that keeps its token and fails when it is refused",
    };
    format!("a job of {} calls {kept}", job.calls)
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
