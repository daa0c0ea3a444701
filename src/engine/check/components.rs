//! Maximal strongly connected components of a graph.

use super::graph::{Edge, Graph};
use super::label::FAULT;

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
}

impl Components {
    /// Tarjan's algorithm, with the stack of calls in a list.
    pub(super) fn of(graph: &Graph) -> Self {
        const NONE: u32 = u32::MAX;
        let states = graph.count();
        let mut components = Self {
            of: vec![NONE; states],
            first: Vec::new(),
        };
        let (mut index, mut low) = (vec![NONE; states], vec![0u32; states]);
        let (mut open, mut calls) = (Vec::new(), Vec::new());
        let mut next = 0;
        for root in 0..states as u32 {
            if index[root as usize] != NONE {
                continue;
            }
            calls.push((root, 0));
            while let Some((state, place)) = calls.pop() {
                let own = state as usize;
                if place == 0 {
                    index[own] = next;
                    low[own] = next;
                    next += 1;
                    open.push(state);
                }
                if let Some(edge) = graph.edges(state).get(place) {
                    calls.push((state, place + 1));
                    let to = edge.to as usize;
                    if index[to] == NONE {
                        calls.push((edge.to, 0));
                    } else if components.of[to] == NONE {
                        low[own] = low[own].min(index[to]);
                    }
                    continue;
                }
                if low[own] == index[own] {
                    components.close(state, &mut open);
                }
                if let Some(&(caller, _)) = calls.last() {
                    low[caller as usize] = low[caller as usize].min(low[own]);
                }
            }
        }
        components
    }

    fn close(&mut self, root: u32, open: &mut Vec<u32>) {
        let number = self.first.len() as u32;
        let mut first = root;
        while let Some(state) = open.pop() {
            self.of[state as usize] = number;
            first = first.min(state);
            if state == root {
                break;
            }
        }
        self.first.push(first);
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

    /// All states, those of components that lead nowhere else first.
    pub(super) fn by_component(&self) -> Vec<u32> {
        let mut states: Vec<u32> = (0..self.of.len() as u32).collect();
        states.sort_by_key(|&state| self.of[state as usize]);
        states
    }

    /// Components from which a state or an edge of this kind can be reached without faults.
    pub(super) fn reach(&self, graph: &Graph, state: impl Fn(u32) -> bool, edge: impl Fn(&Edge) -> bool) -> Vec<bool> {
        let mut reaches = vec![false; self.count()];
        for from in self.by_component() {
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
