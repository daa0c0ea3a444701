//! All states and the steps between them.

use crate::base::Permutation;

use super::label::LabelSet;
use super::visited::push_tightly;

/// A step from one state to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Number of the state that it leads to.
    pub to: u32,
    /// Who acts over which channel; [`FAULT`](super::FAULT) for a fault.
    pub label: u8,
    /// What happens in the step.
    pub marks: Marks,
    /// How the nodes change places on the way, where only their order is known.
    pub places: Permutation,
}

/// What happens in a step, as far as properties about whole runs count it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks(pub(super) u8);

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
    pub(super) ends: Vec<u32>,
    pub(super) edges: Vec<Edge>,
    pub(super) states: Vec<Standing>,
    /// Labels that count as enabled although no edge bears them, of the few states that have such.
    pub(super) suppressed: Vec<(u32, LabelSet)>,
    /// In some step nodes change places.
    turns: bool,
    /// States from here on were found, but not expanded; none where all were.
    pub(super) unknown: Option<u32>,
}

/// What questions about whole runs ask of one state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Calls that have not ended; none where that is not searched.
    pub pending: u8,
    /// A lease is held.
    pub leased: bool,
    /// No node, message or store has a refresh token that would be accepted; none where there are no refresh tokens.
    pub stranded: Option<bool>,
}

impl Graph {
    /// The next state's edges; states come in the order of their numbers.
    pub fn push(&mut self, standing: Standing, edges: impl IntoIterator<Item = Edge>) {
        for edge in edges {
            self.turns |= edge.places != Permutation::IDENTITY;
            push_tightly(&mut self.edges, edge);
        }
        let end = u32::try_from(self.edges.len()).expect("fewer than 2^32 steps");
        push_tightly(&mut self.ends, end);
        push_tightly(&mut self.states, standing);
    }

    /// In the state that was pushed last, these labels count as enabled too.
    pub fn withhold(&mut self, labels: LabelSet) {
        if !labels.is_empty() {
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
            + self.suppressed.capacity() * size_of::<(u32, LabelSet)>()
    }

    /// The steps from a state, in the order of its actions.
    #[inline]
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

    pub(super) fn pending(&self, state: u32) -> bool {
        self.states[state as usize].pending > 0
    }

    /// The first state in which no refresh token is left that would be accepted, if there is one; none where there are no refresh
    /// tokens at all.
    pub fn stranded(&self) -> Option<Option<u32>> {
        self.states.first()?.stranded?;
        let place = self.states.iter().position(|state| state.stranded == Some(true));
        Some(place.map(|place| place as u32))
    }
}
