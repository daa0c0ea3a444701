//! What the points of a sweep have that a search of one of them has not.

use super::{ALL, Omission, calls, faults, of_scenario, with_times_of};
use crate::engine::check::Setup;
use crate::plan::SweepPoint;
use crate::scenario::Scenario;

/// The systems that are searched for a point where nobody says otherwise, in the order of its strategies.
pub fn systems_of(point: &Scenario, nodes: u32) -> Vec<Setup> {
    let systems = of_scenario(point, nodes, calls(point), faults(point));
    let systems = point.file.strategy.iter().zip(systems);
    systems
        .map(|(strategy, (_, mut setup))| {
            setup.system.faults = with_times_of(setup.system.faults, point, strategy);
            setup
        })
        .collect()
}

/// The other points, where they make other systems than this one of some strategies among so many nodes: what the search of this one has
/// hold may break there.
pub fn left_out_of_sweep(points: &[(SweepPoint, Scenario)], place: usize, nodes: u32) -> Option<Omission> {
    let (_, here) = &points[place];
    let own = systems_of(here, nodes);
    let mut differs = vec![false; own.len()];
    for (_, point) in points {
        for (differs, there) in differs.iter_mut().zip(own.iter().zip(systems_of(point, nodes))) {
            *differs |= *there.0 != there.1;
        }
    }
    let names = here.file.strategy.iter().zip(differs);
    let of: Vec<String> = names
        .filter(|(_, differs)| *differs)
        .map(|(strategy, _)| strategy.name.clone())
        .collect();
    (!of.is_empty()).then(|| Omission {
        words: "the other points of the sweep".to_owned(),
        breaks: ALL,
        of: Some(of),
    })
}
