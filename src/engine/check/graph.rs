//! The graph of all states and the steps between them, and the questions about whole runs: cycles, traps, bounds.

use std::collections::{HashMap, VecDeque};

use crate::base::Permutation;

use super::label::{FAULT, LABELS, moved, moved_all};
use super::naming::{Naming, after};

/// A step from one state to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Number of the state that it leads to.
    pub to: u32,
    /// Its fairness label: which party acts over which channel; [`FAULT`] for a fault.
    pub label: u8,
    /// What happens in the step.
    pub marks: Marks,
    /// How the nodes change places on the way, where only their order is known.
    pub places: Permutation,
}

/// What happens in a step, as far as properties about whole runs count it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks(u8);

impl Marks {
    /// Attempts up to 15, issuances up to 7, and whether a lease ends; more are counted as so many.
    pub const fn new(attempts: u8, issuances: u8, grant_ended: bool) -> Self {
        let attempts = if attempts > 15 { 15 } else { attempts };
        let issuances = if issuances > 7 { 7 } else { issuances };
        Self(attempts | issuances << 4 | (grant_ended as u8) << 7)
    }

    /// API attempts that are sent.
    pub const fn attempts(self) -> u8 {
        self.0 & 15
    }

    /// Tokens that are issued.
    pub const fn issuances(self) -> u8 {
        self.0 >> 4 & 7
    }

    /// Whether a lease ends.
    pub const fn grant_ended(self) -> bool {
        self.0 >> 7 != 0
    }
}

/// The graph of a search; states are numbered in the order in which they were found, nearest to the start first.
#[derive(Debug, Default)]
pub struct Graph {
    /// Where the edges of each state end; they begin where those of the one before end.
    ends: Vec<u32>,
    edges: Vec<Edge>,
    states: Vec<Standing>,
    /// Labels that count as enabled although no edge bears them, of the few states that have such.
    suppressed: Vec<(u32, u128)>,
    /// In some step nodes change places.
    turns: bool,
    /// States from here on were found, but not expanded; none where all were.
    unknown: Option<u32>,
}

/// One state, as far as questions about whole runs concern it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Calls that have not ended.
    pub pending: u8,
    /// A lease is held.
    pub leased: bool,
    /// No node, message or store has a refresh token that would be accepted; none where there are no refresh tokens.
    pub stranded: Option<bool>,
}

/// A way from the start, and perhaps a cycle at its end, as places among the edges of the states that it passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lasso {
    /// Where the cycle begins; the way there is the engine's to know.
    pub from: u32,
    /// Places among the edges of each state around.
    pub around: Vec<usize>,
}

impl Graph {
    /// The next state's edges; states come in the order of their numbers.
    pub fn push(&mut self, standing: Standing, edges: impl IntoIterator<Item = Edge>) {
        let turns = &mut self.turns;
        self.edges.extend(
            edges
                .into_iter()
                .inspect(|edge| *turns |= edge.places != Permutation::IDENTITY),
        );
        self.ends
            .push(u32::try_from(self.edges.len()).expect("fewer than 2^32 steps"));
        self.states.push(standing);
    }

    /// In the state that was pushed last, these labels count as enabled too.
    pub fn withhold(&mut self, labels: u128) {
        if labels != 0 {
            self.suppressed.push((self.count() as u32 - 1, labels));
        }
    }

    /// The search was given up: so many states were found in all. Those that were not expanded count as good ends.
    pub fn give_up(&mut self, found: usize) {
        self.unknown = Some(self.count() as u32);
        while self.count() < found {
            self.push(Standing::default(), []);
        }
    }

    /// How many states there are.
    pub fn count(&self) -> usize {
        self.states.len()
    }

    /// How many steps there are between them.
    pub fn transitions(&self) -> usize {
        self.edges.len()
    }

    /// Bytes in use.
    pub fn bytes(&self) -> usize {
        self.ends.capacity() * size_of::<u32>()
            + self.edges.capacity() * size_of::<Edge>()
            + self.states.capacity() * size_of::<Standing>()
            + self.suppressed.capacity() * size_of::<(u32, u128)>()
    }

    /// The steps from a state, in the order of its actions.
    pub fn edges(&self, state: u32) -> &[Edge] {
        let state = state as usize;
        let start = if state == 0 { 0 } else { self.ends[state - 1] };
        &self.edges[start as usize..self.ends[state] as usize]
    }

    /// Whether a lease is held in any state.
    pub fn has_grants(&self) -> bool {
        self.states.iter().any(|state| state.leased)
    }

    /// Whether nodes change places in some step.
    pub fn has_turns(&self) -> bool {
        self.turns
    }

    fn pending(&self, state: u32) -> bool {
        self.states[state as usize].pending > 0
    }

    /// The first state in which no refresh token is left that would be accepted, if there is one; none where there are no refresh
    /// tokens at all.
    pub fn stranded(&self) -> Option<Option<u32>> {
        self.states.first()?.stranded?;
        let place = self.states.iter().position(|state| state.stranded == Some(true));
        Some(place.map(|place| place as u32))
    }

    /// A state without a step but faults, while a call is pending.
    pub fn deadlock(&self) -> Option<u32> {
        (0..self.count() as u32)
            .find(|&state| self.pending(state) && self.edges(state).iter().all(|edge| edge.label == FAULT))
    }

    /// Its maximal strongly connected components.
    pub fn components(&self) -> Components {
        Components::of(self)
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
                |edge, _| u32::from(count(edge.marks) > 0),
            );
            return Err(Lasso { from, around });
        }
        let mut most = vec![0u32; components.count()];
        // Components are numbered sinks first.
        for state in components.by_component() {
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
        #[derive(Clone, Copy)]
        struct Labels {
            /// Enabled in every state so far; taken inside.
            always: u128,
            taken: u128,
            cyclic: bool,
        }
        let mut labels = vec![
            Labels {
                always: u128::MAX,
                taken: 0,
                cyclic: false
            };
            components.count()
        ];
        // All labels are in the names of the first state of the component.
        let naming = Naming::of(self, components);
        for state in 0..self.count() as u32 {
            let (own, who) = (&mut labels[components.of[state as usize] as usize], naming.who(state));
            for edge in components.inside(self, state).filter(|edge| edge.label != FAULT) {
                own.taken |= 1 << moved(edge.label, who);
                own.cyclic = true;
            }
            own.always &= moved_all(self.owed(state), who);
        }
        for (component, changes) in naming.changes() {
            let own = &mut labels[component as usize];
            let seen = *own;
            for &change in changes {
                own.always &= moved_all(seen.always, change);
                own.taken |= moved_all(seen.taken, change);
            }
        }
        let fair = |state: u32| {
            let own = labels[components.of[state as usize] as usize];
            own.cyclic && own.always & !own.taken == 0
        };
        let from = (0..self.count() as u32).find(|&state| self.pending(state) && fair(state))?;
        // What is enabled at the start of the cycle must act in it, or be disabled somewhere in it.
        let all = self.owed(from);
        let owed: Vec<u8> = (0..LABELS).filter(|&label| all & 1 << label != 0).collect();
        let place = |label| owed.iter().position(|&owed| owed == label);
        let around = self.walk(
            components,
            from,
            (1 << owed.len()) - 1,
            |state, who| {
                let here = moved_all(self.owed(state), who);
                (0..)
                    .zip(&owed)
                    .filter(|(_, label)| here & 1 << **label == 0)
                    .fold(0, |bits, (place, _)| bits | 1 << place)
            },
            |edge, who| place(moved(edge.label, who)).map_or(0, |place| 1 << place),
        );
        Some(Lasso { from, around })
    }

    /// Labels that are enabled in a state.
    fn owed(&self, state: u32) -> u128 {
        let place = self.suppressed.binary_search_by_key(&state, |(state, _)| *state);
        let edges = self.edges(state).iter().filter(|edge| edge.label != FAULT);
        edges.fold(place.map_or(0, |place| self.suppressed[place].1), |labels, edge| {
            labels | 1 << edge.label
        })
    }

    /// The shortest closed walk inside the component of `from` that collects all bits of `need`, of states and of edges, and brings
    /// each node back to its place; where the search becomes too wide, one that goes for the nearest missing bit each time.
    /// Who is at each place is seen from `from`.
    fn walk(
        &self,
        components: &Components,
        from: u32,
        need: u32,
        of_state: impl Fn(u32, Permutation) -> u32,
        of_edge: impl Fn(&Edge, Permutation) -> u32,
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

/// Maximal strongly connected components, numbered so that no edge leads to a higher number.
#[derive(Debug)]
pub struct Components {
    /// Of each state.
    of: Vec<u32>,
    /// The nearest state to the start of each component.
    first: Vec<u32>,
}

impl Components {
    /// Tarjan's algorithm, with the stack of calls in a list.
    fn of(graph: &Graph) -> Self {
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

    fn is_inside(&self, state: u32, edge: &Edge) -> bool {
        self.of[state as usize] == self.of[edge.to as usize]
    }

    /// All states, those of components that lead nowhere else first.
    fn by_component(&self) -> Vec<u32> {
        let mut states: Vec<u32> = (0..self.of.len() as u32).collect();
        states.sort_by_key(|&state| self.of[state as usize]);
        states
    }

    /// Components from which a state or an edge of this kind can be reached without faults.
    fn reach(&self, graph: &Graph, state: impl Fn(u32) -> bool, edge: impl Fn(&Edge) -> bool) -> Vec<bool> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::NodeId;

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
        let ring = |suppressed: [u128; 2]| {
            let mut ring = Graph::default();
            for (state, labels) in (0..).zip(suppressed) {
                ring.push(WAITING, [step(1 - state, 1, Permutation::IDENTITY)]);
                ring.withhold(labels);
            }
            livelock(&ring)
        };
        assert_eq!(ring([0, 0]), Some((0, 2)));
        assert_eq!(ring([1 << 3, 0]), Some((0, 2)), "it is not always there");
        assert_eq!(ring([1 << 3, 1 << 3]), None);
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
