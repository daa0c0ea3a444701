//! Maximal strongly connected components of a graph.

use super::graph::{Edge, Graph};
use super::label::FAULT;
use super::visited::push_tightly;

impl Graph {
    /// Its maximal strongly connected components.
    pub fn components(&self) -> Components {
        Components::of(self)
    }
}

/// Maximal strongly connected components, numbered so that no edge leads to a higher number.
#[derive(Debug)]
pub struct Components {
    /// Of each state.
    pub(super) of: Vec<u32>,
    /// The nearest state to the start of each component.
    pub(super) first: Vec<u32>,
    /// All states, those of each component together, and those of components that lead nowhere else first.
    pub(super) order: Vec<u32>,
}

/// A state on the way on which the algorithm is.
struct Call {
    state: u32,
    /// The next of its edges.
    place: u32,
    /// The earliest state on the way that it is known to reach.
    low: u32,
}

impl Components {
    /// Tarjan's algorithm, with the stack of calls in a list. Until the component of a state is known its place in `of` says when it was
    /// met (Pearce, "A space-efficient algorithm for finding strongly connected components", 2016).
    pub(super) fn of(graph: &Graph) -> Self {
        const NONE: u32 = u32::MAX;
        /// Numbers of components have this bit until all are known.
        const KNOWN: u32 = 1 << 31;
        let states = graph.count();
        assert!(states < KNOWN as usize, "fewer than 2^31 states");
        let mut components = Self {
            of: vec![NONE; states],
            first: Vec::new(),
            order: Vec::with_capacity(states),
        };
        let (mut open, mut calls) = (Vec::new(), Vec::new());
        let mut next = 0;
        for root in 0..states as u32 {
            if components.of[root as usize] != NONE {
                continue;
            }
            let enter = |state, next: &mut u32, of: &mut [u32], open: &mut Vec<u32>| {
                of[state as usize] = *next;
                open.push(state);
                *next += 1;
                Call {
                    state,
                    place: 0,
                    low: *next - 1,
                }
            };
            calls.push(enter(root, &mut next, &mut components.of, &mut open));
            while let Some(call) = calls.last_mut() {
                if let Some(edge) = graph.edges(call.state).get(call.place as usize) {
                    call.place += 1;
                    let met = components.of[edge.to as usize];
                    if met == NONE {
                        calls.push(enter(edge.to, &mut next, &mut components.of, &mut open));
                    } else if met & KNOWN == 0 {
                        call.low = call.low.min(met);
                    }
                    continue;
                }
                let &mut Call { state, low, .. } = call;
                calls.pop();
                if low == components.of[state as usize] {
                    components.close(state, &mut open, KNOWN);
                }
                if let Some(caller) = calls.last_mut() {
                    caller.low = caller.low.min(low);
                }
            }
        }
        components.of.iter_mut().for_each(|number| *number &= !KNOWN);
        components
    }

    fn close(&mut self, root: u32, open: &mut Vec<u32>, known: u32) {
        let number = self.first.len() as u32 | known;
        let mut first = root;
        while let Some(state) = open.pop() {
            self.of[state as usize] = number;
            self.order.push(state);
            first = first.min(state);
            if state == root {
                break;
            }
        }
        push_tightly(&mut self.first, first);
    }

    /// How many components there are.
    pub fn count(&self) -> usize {
        self.first.len()
    }

    /// The nearest state to the start of each component.
    pub fn first(&self) -> &[u32] {
        &self.first
    }

    /// Steps from a state to its own component.
    pub fn inside<'a>(&'a self, graph: &'a Graph, state: u32) -> impl Iterator<Item = &'a Edge> {
        graph
            .edges(state)
            .iter()
            .filter(move |edge| self.is_inside(state, edge))
    }

    pub(super) fn is_inside(&self, state: u32, edge: &Edge) -> bool {
        self.of[state as usize] == self.of[edge.to as usize]
    }

    /// Components from which a state or an edge of this kind can be reached without faults.
    pub(super) fn reach(&self, graph: &Graph, state: impl Fn(u32) -> bool, edge: impl Fn(&Edge) -> bool) -> Vec<bool> {
        let mut reaches = vec![false; self.count()];
        for &from in &self.order {
            let own = self.of[from as usize] as usize;
            reaches[own] |= state(from)
                || graph.unknown.is_some_and(|unknown| from >= unknown)
                || graph
                    .edges(from)
                    .iter()
                    .filter(|edge| edge.label != FAULT)
                    .any(|step| edge(step) || reaches[self.of[step.to as usize] as usize]);
        }
        reaches
    }
}
