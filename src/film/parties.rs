//! Who takes part in a run, and what they are called.

use std::collections::BTreeMap;

use super::form::{FilmParty, PartyKind};
use crate::base::{Group, NodeId, shown};
use crate::plan::Plan;
use crate::world::Fleet;

/// The parties of a run: nodes, gateways among them, then the token endpoint, the API and the stores.
#[derive(Clone, Debug)]
pub(super) struct Parties {
    pub(super) list: Vec<FilmParty>,
    nodes: usize,
    /// Store of each node.
    stores: Vec<u32>,
    /// Name and nodes of each process that serves tenants.
    processes: BTreeMap<u32, (String, u32)>,
    has_stores: bool,
    /// A refresh token comes with each token.
    pub(super) refreshes: bool,
    /// How many calls a job has, by the group of its calls; none where calls are alone.
    jobs: Vec<Option<u32>>,
}

impl Parties {
    /// `fleets` are the names of the plan's fleets that are not gateways.
    pub(super) fn of(plan: &Plan, fleets: &[&str]) -> Self {
        let layout = &plan.layout;
        let gateways = layout.fleets.iter().filter(|fleet| fleet.is_gateway).count();
        let (mut list, mut stores, mut gateway) = (Vec::new(), Vec::new(), 0);
        let mut processes = BTreeMap::new();
        for (place, fleet) in layout.fleets.iter().enumerate() {
            let kind = if fleet.is_gateway {
                PartyKind::Gateway
            } else {
                PartyKind::Node
            };
            gateway += usize::from(fleet.is_gateway);
            for node in fleet.nodes.clone().map(NodeId) {
                let process = match (fleet.is_gateway, gateways) {
                    (true, 1) => "gateway".to_owned(),
                    (true, _) => format!("gateway {gateway}"),
                    (false, _) => worker(fleets.get(place).copied(), fleet, node),
                };
                let tenant = fleet.tenant_of(node);
                let name = match fleet.tenants {
                    1 => process,
                    tenants => {
                        let name = format!("{process} for tenant {tenant}");
                        if tenant == 0 {
                            processes.insert(node.0, (process, tenants));
                        }
                        name
                    }
                };
                list.push(FilmParty { name, kind });
                stores.push(fleet.store_of(node) as u32);
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
            processes,
            has_stores,
            refreshes: plan.provider.rotation.is_some(),
            jobs: layout.jobs.iter().map(|job| job.map(|job| job.calls)).collect(),
        }
    }

    /// How many calls a job of this group has; none where calls are alone.
    pub(super) fn calls_of_job(&self, group: Group) -> Option<u32> {
        self.jobs.get(usize::from(group.0)).copied().flatten()
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
        self.store(self.stores[id.index()] as usize).unwrap_or(id.index())
    }

    /// How many these are, where all nodes of one process are one.
    pub(super) fn count(&self, nodes: std::ops::Range<u32>) -> usize {
        self.apart(nodes).count()
    }

    fn apart(&self, nodes: std::ops::Range<u32>) -> impl Iterator<Item = &str> {
        let mut node = nodes.start;
        std::iter::from_fn(move || {
            let first = Some(node).filter(|node| *node < nodes.end)?;
            let whole = self.processes.get(&first);
            let (name, each) = match whole.filter(|(_, each)| nodes.end - first >= *each) {
                Some((name, each)) => (name.as_str(), *each),
                None => (self.node(NodeId(first)), 1),
            };
            node += each;
            Some(name)
        })
    }

    /// Several nodes by name: the first few, and how many more. All nodes of one process are told as one.
    pub(super) fn several(&self, nodes: std::ops::Range<u32>) -> String {
        const TOLD: usize = 3;
        let all = self.count(nodes.clone());
        let mut names: Vec<String> = self.apart(nodes).take(TOLD).map(str::to_owned).collect();
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

/// Processes of a fleet are numbered from 0, as in the events of a scenario; one that is alone needs no number.
fn worker(name: Option<&str>, fleet: &Fleet, node: NodeId) -> String {
    let name = shown::line(name.unwrap_or("node"));
    match fleet.processes() {
        1 => name.into_owned(),
        _ => format!("{name} {}", fleet.process_of(node)),
    }
}
