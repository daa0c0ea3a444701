//! From what a search has found to a verdict on each property.

use rayon::prelude::*;

use crate::node::Strategy;
use crate::property::{Counted, Judge, PROPERTIES, Runs};
use crate::provider::Rule;

use super::action::Action;
use super::components::Components;
use super::explore::Explored;
use super::fault::FaultBudget;
use super::graph::{Graph, Marks};
use super::host::CheckHost;
use super::liveness::Lasso;
use super::recovery::{Cost, call_of_cost};
use super::state::State;
use super::{CheckReport, Counterexample, PropertyVerdict, System};

/// All verdicts on what a search has found.
pub(super) fn report<S: Strategy, R: Rule + Send + Sync>(
    setup: &System<R>,
    explored: &Explored,
    initial: &State<S, R>,
) -> CheckReport {
    let components = explored.graph.components();
    let faults = setup.faults;
    let verdicts = PROPERTIES
        .par_iter()
        .enumerate()
        .map(|(place, property)| match property.judge {
            Judge::Event(_) => match explored.broken[place] {
                Some((from, action)) => {
                    let mut way = explored.way_to(from);
                    way.push(action);
                    breaks(way, 0)
                }
                None if explored.reached & 1 << place == 0 => PropertyVerdict::NotReached,
                None => PropertyVerdict::Holds(None),
            },
            Judge::Runs(runs) => judge(faults, runs, explored, &components, initial),
        })
        .collect();
    CheckReport {
        states: explored.graph.count(),
        transitions: explored.graph.transitions(),
        depth: explored.depth,
        complete: explored.complete,
        holder: setup.holder,
        held_back: explored.held_back,
        bytes: explored.bytes,
        issuances: explored.graph.mean_issuances(),
        verdicts,
    }
}

fn breaks(way: Vec<Action>, around: usize) -> PropertyVerdict {
    PropertyVerdict::Breaks(Counterexample {
        way,
        around,
        remark: None,
    })
}

fn judge<S: Strategy, R: Rule>(
    faults: FaultBudget,
    runs: Runs,
    explored: &Explored,
    components: &Components,
    initial: &State<S, R>,
) -> PropertyVerdict {
    let graph = &explored.graph;
    let state =
        |found: Option<u32>| found.map_or(PropertyVerdict::Holds(None), |state| breaks(explored.way_to(state), 0));
    let cycle = |lasso: &Lasso| {
        let way = explored.way_to(lasso.from);
        let whole = unroll(initial, way, graph, lasso);
        breaks(whole, lasso.around.len())
    };
    match runs {
        Runs::Bounded(counted) => {
            let count = match counted {
                Counted::Attempts => Marks::attempts,
                Counted::Issuances => Marks::issuances,
            };
            match graph.bound(components, count) {
                Ok(most) => PropertyVerdict::Holds(Some(most)),
                Err(lasso) => cycle(&lasso),
            }
        }
        Runs::NoDeadlock => state(graph.deadlock()),
        Runs::NoLivelock => graph
            .livelock(components)
            .map_or(PropertyVerdict::Holds(None), |lasso| cycle(&lasso)),
        Runs::NeverTrapped => state(graph.trapped(components)),
        Runs::GrantsEnd if !graph.has_grants() => PropertyVerdict::NotReached,
        Runs::GrantsEnd => state(graph.endless_grant(components)),
        Runs::GrantIsHeld => graph.stranded().map_or(PropertyVerdict::NotReached, state),
        Runs::Recovery {
            token_requests,
            attempts,
        } => recovery(explored, initial, (token_requests, attempts)),
        Runs::NotVacuous => {
            let missing = explored.missing(faults, initial.world.strategy());
            // What a search has not come across that was given up, may lie beyond.
            if missing.is_empty() || !explored.complete {
                PropertyVerdict::Holds(None)
            } else {
                PropertyVerdict::Breaks(Counterexample {
                    way: Vec::new(),
                    around: 0,
                    remark: Some(format!("never happened: {}", missing.join(", "))),
                })
            }
        }
    }
}

/// R1: what the next call costs once all is quiet. A run that shows a dear one tells it to its end.
fn recovery<S: Strategy, R: Rule>(
    explored: &Explored,
    initial: &State<S, R>,
    (token_requests, attempts): (u16, u16),
) -> PropertyVerdict {
    let Some(recovery) = &explored.recovery else {
        return PropertyVerdict::NotReached;
    };
    let Some(cost) = recovery.dearest.beyond(token_requests, attempts) else {
        return match recovery.dearest.given_up {
            true => PropertyVerdict::Open("the search for the dearest call was given up".to_owned()),
            false => PropertyVerdict::Holds(None),
        };
    };
    let from = match cost == recovery.dearest.in_requests {
        true => recovery.in_requests,
        false => recovery.in_attempts,
    };
    let mut way = explored.way_to(from);
    let quiet = after(initial, &way);
    way.extend(call_of_cost(&quiet, cost));
    let most = Cost {
        token_requests,
        attempts,
    };
    PropertyVerdict::Breaks(Counterexample {
        way,
        around: 0,
        remark: Some(format!("the last call costs {cost}; at most {most} would do")),
    })
}

/// The state at the end of a run.
fn after<S: Strategy, R: Rule>(initial: &State<S, R>, way: &[Action]) -> State<S, R> {
    let mut host = CheckHost::default();
    way.iter()
        .fold(initial.clone(), |state, &action| state.next(action, &mut host))
}

/// The way to a cycle and once around it. Edges lie in the order of a state's actions.
fn unroll<S: Strategy, R: Rule>(
    initial: &State<S, R>,
    mut way: Vec<Action>,
    graph: &Graph,
    lasso: &Lasso,
) -> Vec<Action> {
    let (mut host, mut actions) = (CheckHost::default(), Vec::new());
    let mut state = after(initial, &way);
    let mut number = lasso.from;
    for &place in &lasso.around {
        state.actions(&mut actions);
        let action = actions[place];
        number = graph.edges(number)[place].to;
        state = state.next(action, &mut host);
        way.push(action);
    }
    assert_eq!(number, lasso.from, "a cycle comes home");
    way
}
