//! The point of a sweep that an option names.

use crate::plan::SweepPoint;
use crate::scenario::Scenario;

/// Points that are named where the one that is asked for is not there.
const TOLD: usize = 6;

/// The place of the first point with all values that a selector names, such as `fleet.web.nodes=4`. The error is in words.
pub(super) fn place(points: &[(SweepPoint, Scenario)], asked: &str) -> Result<usize, String> {
    let selector = SweepPoint::parse(asked);
    let found = points.iter().position(|(point, _)| point.has(&selector));
    found.ok_or_else(|| {
        let known = points.iter().take(TOLD).map(|(point, _)| format!("`{point}`"));
        let mut known: Vec<String> = known.collect();
        if points.len() > TOLD {
            known.push(format!("{} more", points.len() - TOLD));
        }
        match points {
            [(only, _)] if *only == SweepPoint::default() => {
                format!("there is no point `{selector}`: the scenario has no sweep")
            }
            _ => format!("there is no point `{selector}`; points: {}", known.join(", ")),
        }
    })
}
