//! Who takes part in a run, and what they are called.

use super::form::{FilmParty, PartyKind};
use crate::base::{NodeId, shown};
use crate::plan::Plan;
use crate::world::Fleet;

/// The parties of a run: nodes, gateways among them, then the token endpoint, the API and the stores.
#[derive(Clone, Debug)]
pub(super) struct Parties {
    pub(super) list: Vec<FilmParty>,
    nodes: usize,
    /// Store of each node.
    stores: Vec<u16>,
    has_stores: bool,
    /// A refresh token comes with each token.
    pub(super) refreshes: bool,
}

impl Parties {
    /// `fleets` are the names of the plan's fleets that are not gateways.
    pub(super) fn of(plan: &Plan, fleets: &[&str]) -> Self {
        let layout = &plan.layout;
        let gateways = layout.fleets.iter().filter(|fleet| fleet.is_gateway).count();
        let (mut list, mut stores, mut gateway) = (Vec::new(), Vec::new(), 0);
        for (place, fleet) in layout.fleets.iter().enumerate() {
            for node in fleet.nodes.clone() {
                let kind = if fleet.is_gateway {
                    PartyKind::Gateway
                } else {
                    PartyKind::Node
                };
                gateway += usize::from(fleet.is_gateway);
                let name = match (fleet.is_gateway, gateways) {
                    (true, 1) => "gateway".to_owned(),
                    (true, _) => format!("gateway {gateway}"),
                    (false, _) => worker(fleets.get(place).copied(), fleet, node),
                };
                list.push(FilmParty { name, kind });
                stores.push(fleet.store);
            }
        }
        let nodes = list.len();
        let party = |name: &str, kind| FilmParty {
            name: name.to_owned(),
            kind,
        };
        list.push(party("token endpoint", PartyKind::TokenEndpoint));
        list.push(party("API", PartyKind::Api));
        let has_stores = plan.needs_store();
        if has_stores {
            list.extend((1..=layout.stores).map(|store| match layout.stores {
                1 => party("store", PartyKind::Store),
                _ => party(&format!("store {store}"), PartyKind::Store),
            }));
        }
        Self {
            list,
            nodes,
            stores,
            has_stores,
            refreshes: plan.provider.rotation.is_some(),
        }
    }

    pub(super) fn name(&self, party: usize) -> &str {
        &self.list[party].name
    }

    pub(super) fn node(&self, id: NodeId) -> &str {
        self.name(id.index())
    }

    /// How many nodes there are.
    pub(super) fn nodes(&self) -> usize {
        self.nodes
    }

    pub(super) fn token_endpoint(&self) -> usize {
        self.nodes
    }

    pub(super) fn api(&self) -> usize {
        self.nodes + 1
    }

    /// The party that a store is, where there are stores.
    pub(super) fn store(&self, store: usize) -> Option<usize> {
        self.has_stores.then_some(self.nodes + 2 + store)
    }

    /// The store of a node, or the node itself where there is none.
    pub(super) fn store_of(&self, id: NodeId) -> usize {
        self.store(self.stores[id.index()].into()).unwrap_or(id.index())
    }

    /// Several nodes by name: the first few, and how many more.
    pub(super) fn several(&self, nodes: std::ops::Range<u32>) -> String {
        const TOLD: usize = 3;
        let all = nodes.len();
        let mut names: Vec<String> = nodes
            .take(TOLD)
            .map(|node| self.node(NodeId(node)).to_owned())
            .collect();
        if all > TOLD {
            names.push(format!("{} more", all - TOLD));
        }
        match names.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
            None => "no node".to_owned(),
        }
    }
}

/// Nodes of a fleet are numbered from 0, as in the events of a scenario; one that is alone needs no number.
fn worker(name: Option<&str>, fleet: &Fleet, node: u32) -> String {
    let name = shown::line(name.unwrap_or("node"));
    match fleet.nodes.len() {
        1 => name.into_owned(),
        _ => format!("{name} {}", node - fleet.nodes.start),
    }
}
