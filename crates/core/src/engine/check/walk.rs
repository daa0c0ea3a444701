//! Closed walks inside a component.

use std::collections::{HashMap, VecDeque};

use super::components::Components;
use super::graph::{Edge, Graph};
use super::label::FAULT;
use super::naming::after;
use crate::base::Permutation;

impl Graph {
    /// The shortest closed walk inside the component of `from` that collects all bits of `need`, of states and of edges, and brings
    /// each node back to its place; where the search becomes too wide, one that goes for the nearest missing bit each time.
    /// Who is at each place is seen from `from`.
    pub(super) fn walk(
        &self,
        components: &Components,
        from: u32,
        need: u64,
        of_state: impl Fn(u32, Permutation) -> u64,
        of_edge: impl Fn(&Edge, Permutation) -> u64,
    ) -> Vec<usize> {
        const WIDE: usize = 1 << 20;
        let (mut walked, home) = (Vec::new(), (from, Permutation::IDENTITY));
        let (mut at, mut have) = (home, of_state(from, Permutation::IDENTITY) & need);
        loop {
            // Every step of this loop collects something more, or comes home.
            let mut before = HashMap::new();
            let mut queue = VecDeque::from([(at, have)]);
            let mut nearer = None;
            let mut end = None;
            'search: while let Some(here) = queue.pop_front() {
                if before.len() > WIDE && nearer.is_some() {
                    end = nearer;
                    break;
                }
                let ((state, who), bits) = here;
                for (place, edge) in self.edges(state).iter().enumerate() {
                    if edge.label == FAULT || !components.is_inside(state, edge) {
                        continue;
                    }
                    let to = (edge.to, after(who, edge));
                    let next = (to, (bits | of_edge(edge, who) | of_state(to.0, to.1)) & need);
                    if before.contains_key(&next) {
                        continue;
                    }
                    before.insert(next, (here, place));
                    if next == (home, need) {
                        end = Some(next);
                        break 'search;
                    }
                    if next.1 != have && nearer.is_none() {
                        nearer = Some(next);
                    }
                    queue.push_back(next);
                }
            }
            let reached = end.or(nearer).expect("a component is strongly connected");
            let start = walked.len();
            let mut back = reached;
            loop {
                let (earlier, place) = before[&back];
                walked.insert(start, place);
                back = earlier;
                if back == (at, have) {
                    break;
                }
            }
            (at, have) = reached;
            if reached == (home, need) {
                return walked;
            }
        }
    }
}
