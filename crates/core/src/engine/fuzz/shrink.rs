//! Shrinking: from a case that breaks a property to one of which nothing can be taken away, no step, no pair of steps, no fault, no
//! call, no node, no peculiarity of the provider.

use super::case::{Case, SearchSpace, SystemParams, Tree};
use super::step::ScheduleStep;
use super::walk::along;
use crate::engine::check::{Counterexample, FAULTS, FaultBudget};
use crate::node::Strategy;
use crate::provider::Rule;

/// Schedules up to this length are tried without every pair of their steps.
const PAIRS: usize = 40;

/// The case cut down to the steps that are taken up to where it breaks the property, and the run; none where it does not break it.
pub fn breaks<S: Strategy, R: Rule>(
    ground: &SearchSpace<S, R>,
    case: &Case,
    property: usize,
) -> Option<(Case, Counterexample)> {
    let walk = along(ground.initial(&case.draw), &case.steps, property);
    let (steps, example) = walk.witness(property)?;
    Some((Case { draw: case.draw, steps }, example))
}

/// The smallest case that taking away leads to.
///
/// # Panics
/// When the case does not break the property.
pub fn smallest<S: Strategy, R: Rule>(
    ground: &SearchSpace<S, R>,
    case: &Case,
    property: usize,
) -> (Case, Counterexample) {
    let mut best = breaks(ground, case, property).expect("a case is made smaller that breaks a property");
    let mut tree = Tree::new(best.0.clone());
    while tree.simplify() {
        match breaks(ground, tree.current(), property) {
            Some(found) => best = found,
            None => tree.complicate(),
        }
    }
    loop {
        let found = smaller(&best.0).find_map(|case| breaks(ground, &case, property));
        match found {
            Some(found) => best = found,
            None => return best,
        }
    }
}

/// Every case that is smaller by one thing.
fn smaller(case: &Case) -> impl Iterator<Item = Case> {
    let Case { draw, steps } = case;
    let with = move |draw: SystemParams| Case {
        draw,
        steps: steps.clone(),
    };
    let plainer = (0..draw.rule).map(move |rule| with(SystemParams { rule, ..*draw }));
    let nodes = (0..draw.nodes as u8)
        .filter(move |_| draw.nodes > 1)
        .map(move |gone| Case {
            draw: SystemParams {
                nodes: draw.nodes - 1,
                ..*draw
            },
            steps: steps.iter().filter_map(|step| step.without(gone)).collect(),
        });
    let calls = (draw.calls > 1).then(|| {
        with(SystemParams {
            calls: draw.calls - 1,
            ..*draw
        })
    });
    let faults = FAULTS
        .iter()
        .filter(move |(fault, ..)| draw.faults.left(*fault) > 0)
        .map(move |(fault, ..)| {
            let fewer: FaultBudget = draw.faults.with(*fault, draw.faults.left(*fault) - 1);
            with(SystemParams { faults: fewer, ..*draw })
        });
    let without = move |gone: &[usize]| Case {
        draw: *draw,
        steps: kept(steps, gone),
    };
    let singles = (0..steps.len()).map(move |place| without(&[place]));
    let pairs = (0..steps.len())
        .filter(|_| steps.len() <= PAIRS)
        .flat_map(move |one| (one + 1..steps.len()).map(move |other| without(&[one, other])));
    plainer
        .chain(nodes)
        .chain(calls)
        .chain(faults)
        .chain(singles)
        .chain(pairs)
}

fn kept(steps: &[ScheduleStep], gone: &[usize]) -> Vec<ScheduleStep> {
    let numbered = steps.iter().enumerate();
    numbered
        .filter(|(place, _)| !gone.contains(place))
        .map(|(_, &step)| step)
        .collect()
}
