//! Who follows what: which part of a strategy each node follows at the start, and who has a gateway.

use std::collections::BTreeSet;

use super::file::{FleetSettings, ScenarioFile};
use super::strategy::StrategySettings;
use crate::base::{Duration, NodeId};
use crate::node::Strategy as _;
use crate::world::{Fleet, Layout};

/// What the gateway follows that a fleet forwards its calls or leaves the renewing to, by its place among all parts; none where the fleet
/// has no use for one.
pub(super) fn gateway_of(file: &ScenarioFile, strategy: &StrategySettings, fleet: &FleetSettings) -> Option<usize> {
    let mut ever = strategy.ever(fleet, &file.event).into_iter();
    ever.find(|&part| strategy.part(part).coordination.needs_gateway())
}

/// One gateway for each app of a domain of which some fleet has a use for one, after all nodes.
pub(super) fn add_gateways(fleets: &mut Vec<Fleet>, has_use: Vec<bool>) {
    let first = fleets.last().map_or(0, |fleet| fleet.nodes.end);
    let served: Vec<Fleet> = fleets
        .iter()
        .zip(has_use)
        .filter(|(_, has_use)| *has_use)
        .map(|(fleet, _)| fleet.clone())
        .collect();
    let domains: BTreeSet<u32> = served.iter().map(|fleet| fleet.store).collect();
    let mut node = first;
    for domain in domains {
        let served = served
            .iter()
            .find(|fleet| fleet.store == domain)
            .expect("a domain has a fleet");
        for fleet in fleets.iter_mut().filter(|fleet| fleet.store == domain) {
            fleet.gateway = Some(NodeId(node));
        }
        fleets.push(Fleet {
            nodes: node..node + served.each(),
            gateway: Some(NodeId(node)),
            is_gateway: true,
            sends_slot: true,
            first_ordinal: 0,
            login_each: false,
            clock_spread: Duration::ZERO,
            clock_drift: 0,
            ..served.clone()
        });
        node += served.each();
    }
}

/// What each node follows at the start, by its place among all parts of the strategy. A gateway follows what those follow that have a use
/// for it.
pub(super) fn follows(file: &ScenarioFile, strategy: &StrategySettings, layout: &Layout) -> Vec<u8> {
    let follows = |fleet: &Fleet, written: Option<&FleetSettings>| match written {
        Some(written) => strategy.part_of_fleet(&written.name),
        None => {
            let of_its_domain = file
                .fleet
                .iter()
                .zip(&layout.fleets)
                .filter(|(_, other)| other.store == fleet.store);
            let gateways = of_its_domain.filter_map(|(written, _)| gateway_of(file, strategy, written));
            gateways.min().unwrap_or(0)
        }
    };
    let written = file.fleet.iter().map(Some).chain(std::iter::repeat(None));
    let each = layout.fleets.iter().zip(written);
    each.flat_map(|(fleet, written)| std::iter::repeat_n(follows(fleet, written) as u8, fleet.nodes.len()))
        .collect()
}
