//! From a profile or a scenario to what is emulated.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::base::{Duration, Time};
use crate::plan::{Act, Links, ProviderPlan};
use crate::provider::profiles;
use crate::provider::settings::Dialect;
use crate::scenario::{PlanError, Scenario, ScenarioError, suggestion};

/// Slots that a client can be granted while the emulator runs.
pub(super) const MOST_SLOTS: u16 = 64;

/// What the emulator emulates, resolved.
#[derive(Clone)]
pub(super) struct Emulated {
    /// What it is called: a profile, or a scenario.
    pub name: String,
    pub provider: ProviderPlan,
    pub links: Links,
    pub dialect: Dialect,
    /// Names of the clients that are there from the start, in the order of the plan.
    pub clients: Vec<String>,
    pub slot_parameter: Option<String>,
    /// How often all tokens of a client chosen at random are revoked, on average.
    pub revocations: Option<Duration>,
    /// Where it is described.
    pub source: Source,
    /// What the timeline does to the provider, by the time after the start.
    pub timeline: Vec<(Duration, Act)>,
}

/// Where a provider is described.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Source {
    Profile(String),
    /// A scenario, with profile and defaults filled in.
    Scenario(String),
}

impl Source {
    pub fn emulated(&self) -> Result<Emulated, UnknownProvider> {
        match self {
            Self::Profile(name) => of_profile(name),
            Self::Scenario(text) => {
                let scenario = Scenario::parse("the recording", text, Path::new(".")).map_err(Box::new)?;
                of_scenario(&scenario)
            }
        }
    }
}

/// Why there is nothing to emulate.
#[derive(Debug, thiserror::Error)]
pub enum UnknownProvider {
    /// No profile has this name.
    #[error("there is no profile `{name}`{hint}; `tokenstorm list providers` names them all")]
    Profile {
        /// The name.
        name: String,
        /// What may have been meant.
        hint: String,
    },
    /// The scenario cannot be used.
    #[error(transparent)]
    Scenario(#[from] Box<ScenarioError>),
    /// A file that the scenario names cannot be used.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The scenario has no strategy, so that nothing says how many copies of its apps there are.
    #[error("the scenario has no strategy")]
    NoStrategy,
    /// A second provider.
    #[error("the scenario has two providers, and one is served: write the other one into a scenario of its own")]
    SecondProvider,
}

/// The provider of this profile, without latencies.
pub(super) fn of_profile(name: &str) -> Result<Emulated, UnknownProvider> {
    if profiles::find(name).is_none() {
        let known: Vec<_> = profiles::PROFILES.iter().map(|(known, _)| *known).collect();
        let hint = suggestion(name, &known, "profiles");
        return Err(UnknownProvider::Profile {
            name: name.to_owned(),
            hint: if hint.is_empty() { hint } else { format!(": {hint}") },
        });
    }
    let at_once = ["token_request", "token_response", "api_request", "api_response"]
        .map(|leg| format!("{leg} = {{ constant = \"0s\" }}"))
        .join(", ");
    let text = format!(
        r#"name = "serve"
        summary = "One provider, and whoever comes"
        source = "tokenstorm serve"
        run = {{ duration = "1h" }}
        provider = {{ profile = "{name}", {at_once} }}
        app = [{{ name = "app" }}]
        [[fleet]]
        name = "callers"
        nodes = 1
        app = "app"
        workload = [{{ kind = "call", arrivals = {{ poisson = "1/min" }} }}]
        [[strategy]]
        name = "naive"
        coordination = "naive""#
    );
    let scenario = Scenario::parse(name, &text, Path::new(".")).map_err(Box::new)?;
    Ok(Emulated {
        name: name.to_owned(),
        source: Source::Profile(name.to_owned()),
        ..of_scenario(&scenario)?
    })
}

/// The provider of a scenario, as its first strategy meets it.
pub(super) fn of_scenario(scenario: &Scenario) -> Result<Emulated, UnknownProvider> {
    let strategy = scenario.file.strategy.first().ok_or(UnknownProvider::NoStrategy)?;
    let plan = scenario.plan(strategy)?;
    if plan.second.is_some() {
        return Err(UnknownProvider::SecondProvider);
    }
    let apps = &scenario.file.app;
    let copies = plan.provider.slots.len() / apps.len().max(1);
    let clients = apps.iter().flat_map(|app| {
        (0..copies).map(|copy| match copy {
            0 => app.name.clone(),
            copy => format!("{}-{}", app.name, copy + 1),
        })
    });
    let settings = scenario.provider();
    let timeline = plan.timeline.iter().filter(|(_, act)| is_of_provider(act));
    let timeline = timeline.map(|(at, act)| (at.since(Time::ZERO), act.clone()));
    let mut provider = plan.provider.clone();
    provider.stride = provider.stride.max(MOST_SLOTS);
    // Callers are numbered as they come.
    provider.addresses = Vec::new();
    Ok(Emulated {
        name: scenario.file.name.clone(),
        clients: clients.collect(),
        links: plan.links.clone(),
        dialect: Dialect::of(&settings.dialect),
        slot_parameter: settings.slot_parameter.clone(),
        timeline: timeline.collect(),
        revocations: plan.drivers.revocations,
        source: Source::Scenario(scenario.to_resolved_toml()),
        provider,
    })
}

/// Whether something happens at the provider, or on the way to it.
const fn is_of_provider(act: &Act) -> bool {
    matches!(
        act,
        Act::TokenOutage(_) | Act::ApiOutage(_) | Act::Slow { .. } | Act::GrantSlots { .. } | Act::Revoke { .. }
    )
}
