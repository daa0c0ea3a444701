//! The naming of nodes in a graph in which only the order of the nodes is known: which node is at which place.
//!
//! A step of such a graph says how the nodes change places. States together with who is at each place are a graph whose runs are
//! those of nodes with names (Emerson and Sistla, "Utilizing symmetry when model-checking under fairness assumptions", 1997). It
//! need not be put together: inside a component, one naming of each state and the permutations with which a run can come back to the first
//! state say which node can be at which place.

use crate::base::Permutation;

use super::components::Components;
use super::graph::{Edge, Graph};

/// The nodes' names in each state, as seen from the first state of its component.
#[derive(Debug)]
pub struct Naming {
    /// Which node is at each place of each state; empty where no node changes places.
    who: Vec<Permutation>,
    /// By component in which nodes can have changed places when a run is back where it was: the ways in which they can.
    changes: Vec<(u32, Vec<Permutation>)>,
}

impl Naming {
    /// Names the nodes in every state.
    pub fn of(graph: &Graph, components: &Components) -> Self {
        let mut naming = Self {
            who: Vec::new(),
            changes: Vec::new(),
        };
        if !graph.has_turns() {
            return naming;
        }
        let mut who = vec![None; graph.count()];
        let mut open = Vec::new();
        for (component, &first) in (0..).zip(components.first()) {
            let mut changes = Vec::new();
            who[first as usize] = Some(Permutation::IDENTITY);
            open.push(first);
            while let Some(state) = open.pop() {
                let here = who[state as usize].expect("it was named when it was found");
                for edge in components.inside(graph, state) {
                    let there = after(here, edge);
                    match who[edge.to as usize] {
                        None => {
                            who[edge.to as usize] = Some(there);
                            open.push(edge.to);
                        }
                        Some(known) if known != there => changes.push(known.inverse().then(there)),
                        Some(_) => {}
                    }
                }
            }
            if !changes.is_empty() {
                naming.changes.push((component, generated(&changes)));
            }
        }
        naming.who = who.into_iter().flatten().collect();
        naming
    }

    /// Which node is at each place of a state.
    pub fn who(&self, state: u32) -> Permutation {
        self.who.get(state as usize).copied().unwrap_or_default()
    }

    /// The components in which names can have changed when a run is back where it was, and how.
    pub fn changes(&self) -> impl Iterator<Item = (u32, &[Permutation])> {
        self.changes
            .iter()
            .map(|(component, changes)| (*component, &changes[..]))
    }
}

/// Which node is at each place after a step.
pub fn after(who: Permutation, edge: &Edge) -> Permutation {
    edge.places.inverse().then(who)
}

/// The group that these permutations generate.
fn generated(generators: &[Permutation]) -> Vec<Permutation> {
    let mut group = vec![Permutation::IDENTITY];
    let mut at = 0;
    while let Some(&one) = group.get(at) {
        for &generator in generators {
            let next = one.then(generator);
            if !group.contains(&next) {
                group.push(next);
            }
        }
        at += 1;
    }
    group
}
