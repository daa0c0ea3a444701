//! What is to be searched: the built-in list, or the strategies of a scenario.

use std::path::Path;

use super::Arguments;
use super::gate::{self, Expected};

use crate::campaign::scope::{self, Omission, of_scenario};
use crate::cli::say::say;
use crate::cli::{point, validate};
use crate::engine::check::systems::{self, REFRESHERS, SYSTEMS};
use crate::engine::check::{FaultBudget, Setup};
use crate::provider::profiles;
use crate::scenario::Scenario;

/// A system with what is expected of it.
pub(super) struct Subject {
    pub name: String,
    pub setup: Setup,
    pub expected: Expected,
}

/// All of them, with what they have in common.
pub(super) struct Subjects {
    pub all: Vec<Subject>,
    /// The lists say what is to be expected.
    pub listed: bool,
    pub scenario: Option<String>,
    pub faults: FaultBudget,
    /// Calls at each node.
    pub calls: u32,
    /// What each of them can be, in words, where not all are single ones.
    pub kinds: Vec<String>,
    /// What of the scenario or the provider is left out.
    pub left_out: Vec<Omission>,
}

/// What is to be checked. The error is what is wrong, unless that has been said already.
pub(super) fn subjects(arguments: &Arguments) -> Result<Subjects, Option<String>> {
    let scenario = match &arguments.scenario {
        Some(path) => Some(at_point(path, arguments)?),
        None => None,
    };
    let (scenario, of_sweep) = scenario.unzip();
    let told = scenario.as_ref().map_or(FaultBudget::NONE, scope::faults);
    let faults = arguments.faults.unwrap_or(told);
    let calls = arguments.calls.unwrap_or(scenario.as_ref().map_or(1, scope::calls));
    let mut systems = match &scenario {
        Some(scenario) => of_scenario(scenario, arguments.nodes, calls, faults),
        None => builtin(arguments.nodes, calls, faults, arguments.profile.is_none()),
    };
    if let (Some(scenario), None) = (&scenario, arguments.faults) {
        for (strategy, (_, setup)) in scenario.file.strategy.iter().zip(&mut systems) {
            setup.system.faults = scope::with_times_of(setup.system.faults, scenario, strategy);
        }
    }
    if let Some(name) = &arguments.strategy {
        let known: Vec<_> = systems.iter().map(|(name, _)| name.clone()).collect();
        systems.retain(|(known, _)| known == name);
        if systems.is_empty() {
            let known = known.join(", ");
            return Err(Some(format!("there is no strategy `{name}`; there are: {known}")));
        }
    }
    let left_out = |scenario| scope::left_out(scenario, faults, (arguments.nodes, calls));
    let mut left_out = scenario.as_ref().map(left_out).unwrap_or_default();
    left_out.extend(of_sweep.flatten());
    if let Some(name) = &arguments.profile {
        let Some(profile) = profiles::find(name) else {
            let known: Vec<_> = profiles::PROFILES.iter().map(|(name, _)| *name).collect();
            let known = known.join(", ");
            return Err(Some(format!("there is no provider `{name}`; there are: {known}")));
        };
        for (_, setup) in &mut systems {
            setup.system = setup.system.clone().under(&profile.provider);
        }
        left_out.extend(scope::left_out_of(&profile.provider, faults));
    }
    let kinds = systems.first().map(|(_, setup)| scope::kinds_in_words(&setup.system));
    let most = arguments.states.unwrap_or(systems::most(arguments.nodes, faults));
    let all = systems.into_iter().map(|(name, mut setup)| {
        setup.system.most = most;
        if let Some(most) = arguments.store_operations {
            setup.system.store_operations = most;
        }
        let mut expected = scenario
            .as_ref()
            .map(|scenario| gate::of_scenario(scenario, &name))
            .unwrap_or_default();
        expected.retain(|(place, _)| !arguments.expect.iter().any(|(own, _)| own == place));
        expected.extend(&arguments.expect);
        let setup = if arguments.names { setup } else { setup.without_names() };
        Subject { name, setup, expected }
    });
    Ok(Subjects {
        all: all.collect(),
        listed: scenario.is_none() && arguments.profile.is_none() && calls == 1 && arguments.store_operations.is_none(),
        scenario: scenario.map(|scenario| scenario.file.name),
        faults,
        calls,
        kinds: kinds.unwrap_or_default(),
        left_out,
    })
}

/// The scenario at the point that is asked for, and what is left out of the others.
fn at_point(path: &Path, arguments: &Arguments) -> Result<(Scenario, Option<Omission>), Option<String>> {
    let scenario = validate::load(path).ok_or(None)?;
    let mut points = scenario.points();
    let asked = arguments.point.as_deref();
    let place = asked.map_or(Ok(0), |asked| point::place(&points, asked));
    let place = place.map_err(|message| Some(format!("{}: {message}", path.display())))?;
    let left_out = scope::left_out_of_sweep(&points, place, arguments.nodes);
    let count = points.len();
    let (label, alone) = points.swap_remove(place);
    if asked.is_none() && count > 1 {
        say!("the first of {count} points is searched, {label}; --point chooses another");
    }
    Ok((alone, left_out))
}

/// The list; under a provider of their own, those that differ from another by the provider alone are left out.
fn builtin(nodes: u32, calls: u32, faults: FaultBudget, own_provider: bool) -> Vec<(String, Setup)> {
    let refreshers = if own_provider { &REFRESHERS[..] } else { &[] };
    let names = SYSTEMS.iter().chain(refreshers).map(|(name, _)| *name);
    names
        .map(|name| {
            let setup = systems::setup(name, nodes, calls, faults);
            (name.to_owned(), setup.expect("a name of the list"))
        })
        .collect()
}
