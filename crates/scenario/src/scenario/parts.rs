//! The parts of a strategy: its own keys, those of each fleet that follows something else, and those of each version that is rolled out.

use super::event::{EventKind, EventSettings};
use super::file::FleetSettings;
use super::strategy::{StrategySettings, Version};
use crate::node::Strategy as _;
use crate::strategy::Coordination;

impl StrategySettings {
    /// Whether its nodes do not all follow the same, at the start or later.
    pub fn is_mixed(&self) -> bool {
        !(self.fleet.is_empty() && self.version.is_empty())
    }

    /// All that some of its nodes may follow: its own keys, those of each fleet, and those of each version that is rolled out.
    pub fn parts(&self) -> impl Iterator<Item = &StrategySettings> {
        let others = self.fleet.iter().chain(self.version.iter());
        std::iter::once(self).chain(others.map(|(_, version)| version.settings()))
    }

    /// One of [all parts](Self::parts) by its place.
    pub(super) fn part(&self, place: usize) -> &StrategySettings {
        self.parts().nth(place).expect("a place among the parts")
    }

    /// What a part is called, and the path of its coordination within the strategy.
    pub(super) fn place_of_part(&self, place: usize) -> (String, Vec<String>) {
        let kinds = [("fleet", &self.fleet), ("version", &self.version)];
        let mut names = kinds
            .iter()
            .flat_map(|(kind, table)| table.iter().map(move |(name, _)| (*kind, name)));
        let key = || "coordination".to_owned();
        match place.checked_sub(1).and_then(|at| names.nth(at)) {
            Some((kind, name)) => (
                format!("{kind} `{name}`"),
                vec![kind.to_owned(), name.to_owned(), key()],
            ),
            None => ("the strategy's own nodes".to_owned(), vec![key()]),
        }
    }

    /// The coordination of each of them, to be filled in.
    pub(super) fn coordinations_mut(&mut self) -> impl Iterator<Item = &mut Coordination> {
        let others = self.fleet.0.iter_mut().chain(&mut self.version.0);
        std::iter::once(&mut self.coordination).chain(others.map(|(_, version)| version.coordination_mut()))
    }

    /// What a fleet follows at the start.
    pub fn of_fleet(&self, fleet: &str) -> &StrategySettings {
        self.fleet.get(fleet).map_or(self, Version::settings)
    }

    /// The place among [all parts](Self::parts) of what a fleet follows at the start.
    pub(super) fn part_of_fleet(&self, fleet: &str) -> usize {
        self.fleet.position(fleet).map_or(0, |at| at + 1)
    }

    /// The place among [all parts](Self::parts) of a version; none where it has none of this name.
    pub(super) fn part_of_version(&self, version: &str) -> Option<usize> {
        Some(1 + self.fleet.0.len() + self.version.position(version)?)
    }

    /// What a fleet follows at the start, and what events roll out to it, by its place among [all parts](Self::parts).
    pub(super) fn ever<'a>(&'a self, fleet: &FleetSettings, events: &'a [EventSettings]) -> Vec<usize> {
        let rolled_out = events.iter().filter_map(|event| match &event.what {
            EventKind::Rollout(rollout) if rollout.fleet == fleet.name => self.part_of_version(&rollout.to),
            _ => None,
        });
        let mut all: Vec<usize> = std::iter::once(self.part_of_fleet(&fleet.name))
            .chain(rolled_out)
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// All that the nodes of a fleet may follow: at the start, and when events have rolled versions out to them.
    pub fn ever_by<'a>(&'a self, fleet: &FleetSettings, events: &'a [EventSettings]) -> impl Iterator<Item = &'a Self> {
        self.ever(fleet, events).into_iter().map(|part| self.part(part))
    }

    /// Whether some nodes may follow a coordination of this kind.
    pub fn any(&self, is: impl Fn(&Coordination) -> bool) -> bool {
        self.parts().any(|part| is(&part.coordination))
    }

    /// How many registered copies of the app its nodes use.
    pub fn duplicate_apps(&self) -> u16 {
        let copies = self.parts().map(|part| part.coordination.duplicate_apps());
        copies.max().unwrap_or(1).max(1)
    }
}
