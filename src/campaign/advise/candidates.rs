//! What is tried: every strategy of the list with the settings that it offers here, times the retry policies, beside what the scenario has.

use std::collections::BTreeMap;

use super::policies::{self, policies};
use super::variant::{Base, tag};
use crate::base::Duration;
use crate::node::Strategy as _;
use crate::record::advice::{Allowed, Needed, NotTried};
use crate::scenario::{EventKind, Scenario, StrategySettings};
use crate::strategy::{self, Circumstances, Coordination};
use crate::world::Leg;

/// One thing to try.
#[derive(Clone)]
pub(super) struct Candidate {
    pub settings: StrategySettings,
    /// Name of the coordination strategy.
    pub coordination: String,
    pub retry: String,
    pub own: bool,
    pub needs: Needed,
}

/// What is tried, and what is not.
#[derive(Default)]
pub(super) struct Candidates {
    /// The scenario's own first, then in the order of the list.
    pub all: Vec<Candidate>,
    pub left_out: Vec<NotTried>,
}

impl Candidates {
    /// All that can be run here.
    pub fn of(scenario: &Scenario, base: &Base, allowed: Allowed) -> Self {
        let mut found = Self::default();
        for settings in &scenario.file.strategy {
            if settings.is_mixed() {
                let why = "its nodes do not all follow the same, and what is advised is for all of them";
                found.leave_out(&settings.name, why);
                continue;
            }
            found.all.push(Candidate {
                coordination: tag(&settings.coordination),
                retry: policies::told(settings),
                own: true,
                needs: needs(&settings.coordination),
                settings: settings.clone(),
            });
        }
        if scenario
            .file
            .event
            .iter()
            .any(|event| matches!(event.what, EventKind::Rollout(_)))
        {
            let why = "what is advised is for all nodes and all of the time: the nodes do not restart either";
            found.leave_out("the rollout of a version", why);
        }
        for (name, offers) in strategy::offers(&circumstances(scenario, allowed)) {
            match offers {
                Err(why) => found.leave_out(&name.replace('_', " "), why),
                Ok(offers) => {
                    for offer in offers {
                        found.offer(name, offer.about, offer.strategy, base, allowed);
                    }
                }
            }
        }
        found
    }

    fn leave_out(&mut self, what: &str, why: &str) {
        self.left_out.push(NotTried {
            what: what.to_owned(),
            why: why.to_owned(),
        });
    }

    fn offer(&mut self, name: &str, about: &str, coordination: Coordination, base: &Base, allowed: Allowed) {
        let plain = name.replace('_', " ");
        let called = match about {
            "" => plain,
            about => format!("{plain}, {about}"),
        };
        let needs = needs(&coordination);
        if let Some(why) = forbidden(needs, allowed) {
            return self.leave_out(&called, why);
        }
        let Some(settings) = StrategySettings::plain(&called, &coordination) else {
            return self.leave_out(&called, "it cannot be written down in a scenario");
        };
        if let Err(why) = base.with([&settings]) {
            return self.leave_out(&called, &why);
        }
        for policy in policies() {
            let mut settings = policy.give(settings.clone());
            let alike = |own: &Candidate| {
                own.own
                    && StrategySettings {
                        name: String::new(),
                        ..own.settings.clone()
                    } == StrategySettings {
                        name: String::new(),
                        ..settings.clone()
                    }
            };
            if self.all.iter().any(alike) {
                continue;
            }
            settings.name = format!("{called} · {}", policy.name);
            self.all.push(Candidate {
                settings,
                coordination: name.to_owned(),
                retry: policy.name.to_owned(),
                own: false,
                needs,
            });
        }
    }
}

/// Why something that is needed may not be used.
fn forbidden(needs: Needed, allowed: Allowed) -> Option<&'static str> {
    [
        (
            needs.store && !allowed.store,
            "it needs a shared store, and there may be none",
        ),
        (
            needs.gateway && !allowed.gateway,
            "it needs a process that holds the token for all, and there may be none",
        ),
        (
            needs.peers && !allowed.peers,
            "its nodes send each other notes, and may not",
        ),
        (
            needs.one_machine && !allowed.one_machine,
            "it needs all nodes of a domain on one machine, which the scenario does not say; `--one-machine` does",
        ),
    ]
    .into_iter()
    .find_map(|(is_so, why)| is_so.then_some(why))
}

/// What a strategy needs beside the nodes.
pub(super) fn needs(coordination: &Coordination) -> Needed {
    let one_machine = coordination.needs_one_machine();
    Needed {
        store: coordination.needs_store() && !one_machine,
        gateway: coordination.needs_gateway(),
        peers: coordination.talks_to_peers(),
        one_machine,
        slots: coordination.highest_slot().unwrap_or(0),
        apps: coordination.duplicate_apps().saturating_sub(1),
    }
}

/// What settings depend on.
fn circumstances(scenario: &Scenario, allowed: Allowed) -> Circumstances {
    let file = &scenario.file;
    let mut nodes: BTreeMap<&str, u32> = BTreeMap::new();
    for fleet in &file.fleet {
        let sum = nodes.entry(&fleet.app).or_default();
        *sum = sum.saturating_add(fleet.nodes);
    }
    let nodes = nodes.into_values().max().unwrap_or(1);
    let slots = file.app.iter().map(|app| app.slots).max().unwrap_or(1);
    // Slots are dealt at one provider.
    let named = scenario.provider().slot_parameter.is_some() && file.second_provider.is_none();
    Circumstances {
        token_ttl: scenario.provider().token_ttl.unwrap_or(Duration::from_secs(3600)),
        renewal: longest_renewal(scenario),
        nodes,
        slots: if named { slots } else { 1 },
        apps: allowed.apps.unwrap_or(u16::MAX),
    }
}

/// The longest that a token request takes with its answer, but for one in a million.
fn longest_renewal(scenario: &Scenario) -> Duration {
    const ONE_IN_A_MILLION: u64 = u64::MAX - u64::MAX / 1_000_000;
    let plan = scenario.file.strategy.first().map(|strategy| scenario.plan(strategy));
    let Some(Ok(plan)) = plan else { return Duration::ZERO };
    let legs = [Leg::TokenRequest, Leg::TokenService, Leg::TokenResponse];
    legs.into_iter()
        .map(|leg| plan.links.leg(leg).latency.sample(ONE_IN_A_MILLION))
        .fold(Duration::ZERO, Duration::saturating_add)
}
