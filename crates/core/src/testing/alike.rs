//! Whether nodes of which a strategy says that it does not tell them apart do the same in each other's place.

use crate::base::{NodeId, Permutation, mix};
use crate::engine::check::{CheckHost, State, System};
use crate::node::Strategy;
use crate::provider::Rule;

/// Runs that are looked at, and steps of each at most.
const RUNS: (u64, u64) = (12, 40);

/// Along a few runs: where two nodes change places, what can come next is what could have come before, with those two in each other's
/// place.
pub(super) fn alike<S: Strategy, R: Rule>(strategy: &S, system: &System<R>) -> Result<(), String> {
    let nodes = system.nodes.min(Permutation::NODES);
    if strategy.tells_nodes_apart() || nodes < 2 {
        return Ok(());
    }
    let mut host = CheckHost::default();
    for run in 0..RUNS.0 {
        let first = run as u32 % (nodes - 1);
        let swap = Permutation::sorting((0..nodes).map(|place| match place.wrapping_sub(first) {
            0 => NodeId(first + 1),
            1 => NodeId(first),
            _ => NodeId(place),
        }));
        let mut state = State::initial(strategy.clone(), &system.with_names());
        for step in 0..RUNS.1 {
            let mut swapped = state.clone();
            swapped.move_nodes(swap, &mut host.renamed);
            let mut next = successors(&state, &mut host);
            let found = successors(&swapped, &mut host);
            let expected = next.iter().cloned().map(|mut next| {
                next.move_nodes(swap, &mut host.renamed);
                next
            });
            let expected: Vec<_> = expected.collect();
            let both = expected.iter().all(|state| found.contains(state))
                && found.iter().all(|state| expected.contains(state));
            if !both {
                return Err(format!(
                    "two nodes do otherwise in each other's place, after {step} steps of run {run}, and `tells_nodes_apart` denies it: do \
                     they ask for their ordinal or their neighbours, or does `rename_nodes` leave out a node that they keep?"
                ));
            }
            if next.is_empty() {
                break;
            }
            let drawn = mix(mix(run) ^ step) % next.len() as u64;
            state = next.swap_remove(drawn as usize);
        }
    }
    Ok(())
}

/// What can come next.
fn successors<S: Strategy, R: Rule>(state: &State<S, R>, host: &mut CheckHost) -> Vec<State<S, R>> {
    let mut actions = Vec::new();
    state.actions(&mut actions);
    actions.into_iter().map(|action| state.next(action, host)).collect()
}
