//! The questions about whole runs: cycles, traps, bounds.

use std::collections::HashMap;

use super::components::Components;
use super::graph::{Edge, Graph, Marks};
use super::label::{FAULT, LabelSet, moved};
use super::naming::Naming;

/// A way from the start, and perhaps a cycle at its end, as places among the edges of the states that it passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lasso {
    /// Where the cycle begins; the way there is the engine's to know.
    pub from: u32,
    /// Places among the edges of each state around.
    pub around: Vec<usize>,
}

/// Labels of the steps inside a component that has some.
#[derive(Clone, Copy)]
struct Labels {
    /// Enabled in every state.
    always: LabelSet,
    /// Taken in some step.
    taken: LabelSet,
}

impl Default for Labels {
    fn default() -> Self {
        Self {
            always: LabelSet::ALL,
            taken: LabelSet::NONE,
        }
    }
}

impl Graph {
    /// A state without a step but faults, while a call is pending.
    pub fn deadlock(&self) -> Option<u32> {
        (0..self.count() as u32)
            .find(|&state| self.pending(state) && self.edges(state).iter().all(|edge| edge.label == FAULT))
    }

    /// A state from which no run without further faults ends all calls.
    pub fn trapped(&self, components: &Components) -> Option<u32> {
        let free = components.reach(self, |state| !self.pending(state), |_| false);
        (0..self.count() as u32).find(|&state| !free[components.of[state as usize] as usize])
    }

    /// A state in which a lease is held that no run without further faults ends.
    pub fn endless_grant(&self, components: &Components) -> Option<u32> {
        let ends = components.reach(self, |_| false, |edge| edge.marks.grant_ended());
        (0..self.count() as u32)
            .find(|&state| self.states[state as usize].leased && !ends[components.of[state as usize] as usize])
    }

    /// The most that a run can have of what `count` counts, or a cycle in which there is some.
    pub fn bound(&self, components: &Components, count: impl Fn(Marks) -> u8) -> Result<u32, Lasso> {
        let marked = |state: u32, edge: &Edge| components.is_inside(state, edge) && count(edge.marks) > 0;
        let first = (0..self.count() as u32).find(|&state| self.edges(state).iter().any(|edge| marked(state, edge)));
        if let Some(inside) = first {
            // The nearest state of that component begins the cycle.
            let component = components.of[inside as usize];
            let from = components.first[component as usize];
            let around = self.walk(
                components,
                from,
                1,
                |_, _| 0,
                |edge, _| u64::from(count(edge.marks) > 0),
            );
            return Err(Lasso { from, around });
        }
        let mut most = vec![0u32; components.count()];
        // Components are numbered sinks first.
        for &state in &components.order {
            let own = components.of[state as usize] as usize;
            for edge in self.edges(state) {
                let beyond = most[components.of[edge.to as usize] as usize] + u32::from(count(edge.marks));
                most[own] = most[own].max(beyond);
            }
        }
        Ok(most
            .get(components.of.first().map_or(0, |&c| c as usize))
            .copied()
            .unwrap_or(0))
    }

    /// A weakly fair cycle in which a call is pending for ever: each label is taken in the cycle, or is not enabled in some state
    /// of it.
    pub fn livelock(&self, components: &Components) -> Option<Lasso> {
        // All in the names of the first state of the component.
        let naming = Naming::of(self, components);
        let mut labels = HashMap::new();
        let own = |state: u32| components.of[state as usize];
        for state in 0..self.count() as u32 {
            let who = naming.who(state);
            for edge in components.inside(self, state).filter(|edge| edge.label != FAULT) {
                let own: &mut Labels = labels.entry(own(state)).or_default();
                own.taken = own.taken.with(moved(edge.label, who));
            }
        }
        for state in 0..self.count() as u32 {
            if let Some(own) = labels.get_mut(&own(state)) {
                own.always = own.always.and(self.owed(state).moved(naming.who(state)));
            }
        }
        for (component, changes) in naming.changes() {
            let Some(own) = labels.get_mut(&component) else {
                continue;
            };
            let seen = *own;
            for &change in changes {
                own.always = own.always.and(seen.always.moved(change));
                own.taken = own.taken.or(seen.taken.moved(change));
            }
        }
        let fair = |state: u32| {
            let own = labels.get(&own(state));
            own.is_some_and(|own| own.always.is_within(own.taken))
        };
        let from = (0..self.count() as u32).find(|&state| self.pending(state) && fair(state))?;
        // What is enabled at the start of the cycle must act in it, or be disabled somewhere in it.
        let owed: Vec<u8> = self.owed(from).iter().collect();
        let place = |label| owed.iter().position(|&owed| owed == label);
        let around = self.walk(
            components,
            from,
            (1 << owed.len()) - 1,
            |state, who| {
                let here = self.owed(state).moved(who);
                (0..)
                    .zip(&owed)
                    .filter(|(_, label)| !here.contains(**label))
                    .fold(0, |bits, (place, _)| bits | 1 << place)
            },
            |edge, who| place(moved(edge.label, who)).map_or(0, |place| 1 << place),
        );
        Some(Lasso { from, around })
    }

    /// Labels that are enabled in a state.
    fn owed(&self, state: u32) -> LabelSet {
        let place = self.suppressed.binary_search_by_key(&state, |(state, _)| *state);
        let edges = self.edges(state).iter().filter(|edge| edge.label != FAULT);
        let withheld = place.map_or(LabelSet::NONE, |place| self.suppressed[place].1);
        edges.fold(withheld, |labels, edge| labels.with(edge.label))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{NodeId, Permutation};
    use crate::engine::check::graph::Standing;

    fn step(to: u32, label: u8, places: Permutation) -> Edge {
        Edge {
            to,
            label,
            marks: Marks::default(),
            places,
        }
    }

    const WAITING: Standing = Standing {
        pending: 1,
        leased: false,
        stranded: None,
    };

    /// States with their pending calls, and edges as (from, to, label).
    fn graph(pending: &[usize], edges: &[(u32, u32, u8)]) -> Graph {
        let mut graph = Graph::default();
        for (state, &pending) in (0..).zip(pending) {
            let own = edges.iter().filter(|(from, ..)| *from == state);
            graph.push(
                Standing {
                    pending: pending as u8,
                    ..Standing::default()
                },
                own.map(|&(_, to, label)| Edge {
                    marks: Marks::new(label, 0, false),
                    ..step(to, label, Permutation::IDENTITY)
                }),
            );
        }
        graph
    }

    fn livelock(graph: &Graph) -> Option<(u32, usize)> {
        let lasso = graph.livelock(&graph.components())?;
        Some((lasso.from, lasso.around.len()))
    }

    /// What waits in every state of a loop, and could act but for a bound of the search, is kept waiting by nobody else.
    #[test]
    fn what_is_withheld_is_owed() {
        let ring = |suppressed: [&[u8]; 2]| {
            let mut ring = Graph::default();
            for (state, labels) in (0..).zip(suppressed) {
                ring.push(WAITING, [step(1 - state, 1, Permutation::IDENTITY)]);
                ring.withhold(labels.iter().copied().collect());
            }
            livelock(&ring)
        };
        assert_eq!(ring([&[], &[]]), Some((0, 2)));
        assert_eq!(ring([&[3], &[]]), Some((0, 2)), "it is not always there");
        assert_eq!(ring([&[3], &[3]]), None);
    }

    #[test]
    fn a_fair_loop_is_a_livelock() {
        // Both act around the loop, though another step of the first would end it: it is not always there.
        let graph = graph(&[1, 1, 1, 0], &[(0, 1, 1), (1, 2, 2), (2, 1, 1), (2, 3, 3)]);
        assert_eq!(livelock(&graph), Some((1, 2)));
        assert_eq!(graph.trapped(&graph.components()), None);
    }

    #[test]
    fn an_unfair_loop_is_none() {
        // Node 3 could end it in every state of the loop, and never does.
        let graph = graph(&[1, 1, 0], &[(0, 1, 1), (1, 0, 1), (0, 2, 3), (1, 2, 3)]);
        assert_eq!(livelock(&graph), None);
    }

    #[test]
    fn a_loop_is_walked_until_everybody_has_acted() {
        // Two loops through state 0: one owes label 1, the other label 2, and both are there at the start.
        let graph = graph(&[1, 1, 1], &[(0, 1, 1), (1, 0, 3), (0, 2, 2), (2, 0, 4)]);
        // In state 1 there is no label 2, so one loop is enough.
        assert_eq!(livelock(&graph), Some((0, 2)));
        let busy = |label| [(1, 0, label), (2, 0, label)];
        let mut edges = vec![(0, 1, 1), (0, 2, 2)];
        edges.extend(busy(1));
        edges.extend(busy(2));
        // Now both are there in every state: they act in turn.
        assert_eq!(livelock(&self::graph(&[1, 1, 1], &edges)), Some((0, 2)));
        // One way back for each: round by 1 and 1, round by 2 and 2, and label 2 is there all the time.
        let edges = [(0, 1, 1), (1, 0, 1), (1, 1, 2), (0, 0, 2)];
        assert_eq!(livelock(&self::graph(&[1, 1], &edges)), Some((0, 3)));
    }

    fn swapped() -> Permutation {
        Permutation::sorting([1, 0].map(NodeId))
    }

    /// Who stands where after a step decides who acts in the next.
    #[test]
    fn nodes_that_change_places_take_turns() {
        let (first, second) = (0, moved(0, swapped()));
        // Either of two nodes can act, and it is always the first one that does.
        let ring = |places| {
            let mut ring = Graph::default();
            ring.push(
                WAITING,
                [step(0, first, places), step(1, second, places), step(1, FAULT, places)],
            );
            ring.push(Standing::default(), []);
            ring
        };
        assert_eq!(livelock(&ring(swapped())), Some((0, 2)), "each in its turn");
        assert_eq!(
            livelock(&ring(Permutation::IDENTITY)),
            None,
            "the second is kept waiting"
        );
    }

    #[test]
    fn one_node_that_changes_places_may_act_alone() {
        let (first, second) = (0, moved(0, swapped()));
        let ring = |places| {
            let mut ring = Graph::default();
            ring.push(WAITING, [step(1, first, places), step(2, second, places)]);
            ring.push(WAITING, [step(0, second, places), step(2, first, places)]);
            ring.push(Standing::default(), []);
            ring
        };
        assert_eq!(livelock(&ring(Permutation::IDENTITY)), Some((0, 2)));
        assert_eq!(
            livelock(&ring(swapped())),
            None,
            "it is one and the same node that acts"
        );
    }

    /// Three that change places in a ring: only after three rounds each is where it was.
    #[test]
    fn a_cycle_brings_everybody_home() {
        let mut graph = Graph::default();
        let around = Permutation::sorting([1, 2, 0].map(NodeId));
        let attempt = Edge {
            marks: Marks::new(1, 0, false),
            ..step(0, 0, around)
        };
        graph.push(WAITING, [attempt]);
        let lasso = graph.bound(&graph.components(), Marks::attempts).unwrap_err();
        assert_eq!((lasso.from, lasso.around), (0, vec![0; 3]));
        assert_eq!(livelock(&graph), Some((0, 3)));
    }

    #[test]
    fn a_trap_is_found_and_is_no_livelock_without_a_cycle() {
        let graph = graph(&[1, 0, 1], &[(0, 1, 1), (0, 2, 2)]);
        assert_eq!(graph.trapped(&graph.components()), Some(2));
        assert_eq!(graph.deadlock(), Some(2));
        assert_eq!(livelock(&graph), None);
    }

    #[test]
    fn a_join_is_no_cycle() {
        let graph = graph(&[1, 1, 1, 0], &[(0, 1, 1), (0, 2, 2), (1, 3, 1), (2, 3, 1)]);
        assert_eq!(livelock(&graph), None);
        assert_eq!(graph.components().count(), 4);
        assert_eq!(graph.deadlock(), None);
    }

    #[test]
    fn a_self_loop_is_a_cycle() {
        let graph = graph(&[1, 1, 0], &[(0, 1, 1), (1, 1, 1)]);
        assert_eq!(livelock(&graph), Some((1, 1)));
        assert_eq!(graph.trapped(&graph.components()), Some(0));
        // Around it for ever, but with nothing pending.
        assert_eq!(livelock(&self::graph(&[0], &[(0, 0, 1)])), None);
    }

    #[test]
    fn faults_neither_free_nor_trap() {
        let graph = graph(&[1, 0], &[(0, 1, FAULT)]);
        assert_eq!(
            (graph.trapped(&graph.components()), graph.deadlock()),
            (Some(0), Some(0))
        );
    }

    #[test]
    fn a_bound_is_the_longest_run() {
        // Labels are counted as attempts here.
        let straight = graph(&[1, 1, 1, 0], &[(0, 1, 2), (0, 2, 1), (1, 2, 3), (2, 3, 1), (0, 3, 5)]);
        let components = straight.components();
        assert_eq!(straight.bound(&components, Marks::attempts), Ok(6));
        assert_eq!(straight.bound(&components, Marks::issuances), Ok(0));
        let round = graph(&[1, 1, 1], &[(0, 1, 0), (1, 2, 0), (2, 1, 1)]);
        let lasso = round.bound(&round.components(), Marks::attempts).unwrap_err();
        assert_eq!((lasso.from, lasso.around), (1, vec![0, 0]));
    }

    /// A long chain: no recursion.
    #[test]
    fn a_long_way_does_not_overflow() {
        let mut chain = Graph::default();
        let n = 300_000;
        for state in 0..n {
            let to = if state + 1 == n { 0 } else { state + 1 };
            chain.push(WAITING, [step(to, 1, Permutation::IDENTITY)]);
        }
        assert_eq!(chain.components().count(), 1);
        assert_eq!(livelock(&chain).map(|(from, _)| from), Some(0));
    }
}
