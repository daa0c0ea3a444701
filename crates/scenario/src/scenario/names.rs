//! Where the things that a file names lie in the plan.

use std::collections::BTreeMap;
use std::ops::Range;

use super::file::ScenarioFile;
use super::strategy::StrategySettings;
use crate::provider::Addresses;

/// Where things of a file lie in the plan.
pub(super) struct Names<'a> {
    pub fleets: BTreeMap<&'a str, usize>,
    apps: BTreeMap<&'a str, usize>,
    /// Registered copies of each app, itself included.
    pub(super) copies: u16,
    /// First node of each fleet, and how many it can ever have: one for each credential of each process.
    pub nodes: Vec<Range<u32>>,
    /// Credentials of a process of each fleet: one for each tenant of its app at each provider.
    pub credentials: Vec<u32>,
}

impl<'a> Names<'a> {
    pub(super) fn of(file: &'a ScenarioFile, strategy: &StrategySettings) -> Self {
        let (mut first, most) = (0, file.most_nodes());
        let credentials = |app: &str| file.tenants_of(app) * file.providers();
        let credentials: Vec<u32> = file.fleet.iter().map(|fleet| credentials(&fleet.app)).collect();
        let nodes = file.fleet.iter().zip(&credentials).map(|(fleet, each)| {
            let most = most[fleet.name.as_str()] * each;
            // They have been counted: `MOST_NODES` in all.
            first += most;
            first - most..first
        });
        Self {
            nodes: nodes.collect(),
            credentials,
            fleets: file
                .fleet
                .iter()
                .enumerate()
                .map(|(at, fleet)| (fleet.name.as_str(), at))
                .collect(),
            apps: file
                .app
                .iter()
                .enumerate()
                .map(|(at, app)| (app.name.as_str(), at))
                .collect(),
            copies: strategy.duplicate_apps(),
        }
    }

    /// The nodes of some processes of a fleet, counted from its first one.
    pub fn processes(&self, fleet: usize, processes: Range<u32>) -> Range<u32> {
        let (first, each) = (self.nodes[fleet].start, self.credentials[fleet]);
        first + processes.start * each..first + processes.end * each
    }

    /// How many nodes each process has of which this is one: gateways have as many as those whom they serve, and are counted as one.
    pub fn each(&self, node: u32) -> u32 {
        let fleet = self.nodes.partition_point(|nodes| nodes.end <= node);
        self.credentials.get(fleet).copied().unwrap_or(1)
    }

    /// Nodes of fleets that name their address, and its number: that of the first node of the first fleet that names it. Nodes of one
    /// process come from one address.
    pub fn addresses(&self, file: &ScenarioFile) -> Vec<Addresses> {
        let mut named: BTreeMap<&str, u32> = BTreeMap::new();
        let fleets = file.fleet.iter().zip(&self.nodes).zip(&self.credentials);
        let together = fleets.filter_map(|((fleet, nodes), each)| {
            let (first, each) = match &fleet.address {
                Some(address) => (*named.entry(address).or_insert(nodes.start), u32::MAX),
                None if *each > 1 => (nodes.start, *each),
                None => return None,
            };
            let nodes = nodes.clone();
            Some(Addresses { nodes, first, each })
        });
        together.collect()
    }

    pub fn clients(&self, app: &str) -> Range<u16> {
        let first = self.apps[app] as u16 * self.copies;
        first..first + self.copies
    }
}
