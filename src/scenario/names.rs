//! Where the things that a file names lie in the plan.

use std::collections::BTreeMap;
use std::ops::Range;

use super::file::ScenarioFile;
use super::strategy::StrategySettings;

/// Where things of a file lie in the plan.
pub(super) struct Names<'a> {
    pub fleets: BTreeMap<&'a str, usize>,
    apps: BTreeMap<&'a str, usize>,
    /// Registered copies of each app, itself included.
    pub(super) copies: u16,
    /// First node of each fleet, and how many it can ever have.
    pub nodes: Vec<Range<u32>>,
}

impl<'a> Names<'a> {
    pub(super) fn of(file: &'a ScenarioFile, strategy: &StrategySettings) -> Self {
        let (mut first, most) = (0, file.most_nodes());
        let nodes = file.fleet.iter().map(|fleet| {
            let most = most[fleet.name.as_str()];
            // They have been counted: `MOST_NODES` in all.
            first += most;
            first - most..first
        });
        Self {
            nodes: nodes.collect(),
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

    /// Nodes of fleets that name their address, and its number: that of the first node of the first fleet that names it.
    pub fn addresses(&self, file: &ScenarioFile) -> Vec<(Range<u32>, u32)> {
        let mut first: BTreeMap<&str, u32> = BTreeMap::new();
        let fleets = file.fleet.iter().zip(&self.nodes);
        let together = fleets.filter_map(|(fleet, nodes)| {
            let address = fleet.address.as_deref()?;
            Some((nodes.clone(), *first.entry(address).or_insert(nodes.start)))
        });
        together.collect()
    }

    pub fn clients(&self, app: &str) -> Range<u16> {
        let first = self.apps[app] as u16 * self.copies;
        first..first + self.copies
    }
}
