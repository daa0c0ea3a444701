//! What the timeline does, in words.

use super::form::StepKind;
use super::parties::Parties;
use super::phrases::span;
use super::words::Told;
use crate::base::Time;
use crate::plan::Act;
use crate::provider::Outage;
use crate::world::{Leg, Party};

/// What an act is, and whether it is a fault; none for one that only looks.
pub(super) fn told(parties: &Parties, act: &Act, now: Time) -> (Option<Told>, bool) {
    let told = of_nodes(parties, act, now).or_else(|| of_servers(parties, act));
    told.map_or((None, false), |(told, fault)| (Some(told), fault))
}

fn of_nodes(parties: &Parties, act: &Act, now: Time) -> Option<(Told, bool)> {
    let (kind, nodes, text, fault) = match act {
        Act::Start(nodes) => {
            let text = format!(
                "{} start{}",
                parties.several(nodes.clone()),
                one(parties.count(nodes.clone()))
            );
            (StepKind::Started, nodes, text, false)
        }
        Act::Stop(nodes) => {
            let text = format!(
                "{} take{} no more calls",
                parties.several(nodes.clone()),
                one(parties.count(nodes.clone()))
            );
            (StepKind::Stopped, nodes, text, false)
        }
        Act::Crash(nodes) => {
            let crash = if parties.count(nodes.clone()) == 1 {
                "crashes"
            } else {
                "crash"
            };
            let text = format!("{} {crash}", parties.several(nodes.clone()));
            (StepKind::Crash, nodes, text, true)
        }
        Act::Adopt { nodes, .. } => {
            let go = if parties.count(nodes.clone()) == 1 {
                "goes"
            } else {
                "go"
            };
            let text = format!("{} {go} down for another version", parties.several(nodes.clone()));
            (StepKind::Crash, nodes, text, true)
        }
        Act::Pause { nodes, until } => {
            let (who, lasts) = (parties.several(nodes.clone()), span(until.since(now)));
            let text = format!("{who} stand{} still for {lasts}", one(parties.count(nodes.clone())));
            (StepKind::Paused, nodes, text, true)
        }
        Act::Resume(nodes) => {
            let text = format!("{}: pauses are over", parties.several(nodes.clone()));
            (StepKind::Resumed, nodes, text, false)
        }
        Act::Cut { nodes, from, until } => {
            let whom = match from {
                Party::TokenEndpoint => "token endpoint",
                Party::Api => "API",
                Party::Store => "store",
                Party::SecondTokenEndpoint => "second token endpoint",
                Party::SecondApi => "second API",
            };
            let (who, lasts) = (parties.several(nodes.clone()), span(until.since(now)));
            let text = format!("{who} cannot reach the {whom} for {lasts}");
            (StepKind::Cut, nodes, text, true)
        }
        _ => return None,
    };
    Some((Told::own(kind, nodes.start as usize, text), fault))
}

fn of_servers(parties: &Parties, act: &Act) -> Option<(Told, bool)> {
    let (token_endpoint, api) = (parties.token_endpoint(), parties.api());
    let store = parties.store(0).unwrap_or(api);
    let (kind, party, text, fault) = match act {
        Act::Mend => {
            let text = "whoever was cut off is reached again".to_owned();
            (StepKind::Mended, api, text, false)
        }
        Act::TokenOutage(how) => return Some(outage(token_endpoint, "the token endpoint", *how)),
        Act::ApiOutage(how) => return Some(outage(api, "the API", *how)),
        Act::StoreOutage(how) => return Some(outage(store, "the store", *how)),
        Act::StoreFailover { loses } => {
            let text = format!(
                "the store fails over, and forgets what was written in the last {}",
                span(*loses)
            );
            (StepKind::Failover, store, text, true)
        }
        Act::Slow { legs, thousandths } => {
            let party = match legs.first() {
                Some(Leg::TokenRequest | Leg::TokenResponse | Leg::TokenService) => token_endpoint,
                Some(Leg::StoreRequest | Leg::StoreResponse) => store,
                _ => api,
            };
            let name = parties.name(party);
            let (text, fault) = match thousandths {
                1000 => (format!("{name}: latencies are as usual again"), false),
                _ => (
                    format!("{name}: latencies are {} times as long", *thousandths as f64 / 1000.0),
                    true,
                ),
            };
            (StepKind::Slowed, party, text, fault)
        }
        Act::GrantSlots { clients, slots } => {
            let text = format!("{} has {slots} slots from now on", clients_of(clients));
            (StepKind::SlotsGranted, token_endpoint, text, false)
        }
        Act::Revoke { clients, tenant, .. } => {
            let whose = tenant.map_or_else(String::new, |tenant| format!("tenant {tenant} of "));
            let text = format!("the provider revokes the live tokens of {whose}{}", clients_of(clients));
            (StepKind::Revoked, token_endpoint, text, true)
        }
        _ => return None,
    };
    Some((Told::own(kind, party, text), fault))
}

fn outage(party: usize, name: &str, how: Option<Outage>) -> (Told, bool) {
    let (kind, what) = match how {
        Some(Outage::Silent) => (StepKind::Outage, "falls silent"),
        Some(Outage::Errors) => (StepKind::Outage, "answers with errors"),
        Some(Outage::Throttled(_)) => (StepKind::Outage, "turns every request away as one too many"),
        Some(Outage::Forbidden) => (StepKind::Outage, "turns every request away with a page that says 403"),
        Some(Outage::LoginPage) => (StepKind::Outage, "answers with a page to log in on"),
        Some(Outage::Redirected) => (StepKind::Outage, "sends every request to a page to log in on"),
        None => (StepKind::OutageOver, "works again"),
    };
    (Told::own(kind, party, format!("{name} {what}")), how.is_some())
}

fn one(count: usize) -> &'static str {
    if count == 1 { "s" } else { "" }
}

fn clients_of(clients: &std::ops::Range<u16>) -> String {
    match clients.len() {
        1 => format!("client {}", clients.start),
        _ => format!("clients {} to {}", clients.start, clients.end.saturating_sub(1)),
    }
}
