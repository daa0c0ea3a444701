//! One state and all its steps: what the threads of a search do side by side.

use crate::base::Permutation;
use crate::node::Strategy;
use crate::property::JudgeEvent;
use crate::provider::Rule;
use crate::trace::{CallOutcome, Event};

use super::action::Action;
use super::enabled::{Fences, HeldBack};
use super::graph::{Edge, Marks, Standing};
use super::host::CheckHost;
use super::label::{LabelSet, label, withheld};
use super::recovery::{self, Dearest};
use super::state::State;
use super::visited::{Fingerprint, Visited, fingerprint};

/// Properties by their place in [`PROPERTIES`](crate::property::PROPERTIES), one bit each.
pub type PropertySet = u32;

/// A state that one step leads to.
pub struct Successor<S: Strategy, R> {
    pub action: Action,
    pub print: Fingerprint,
    pub label: u8,
    pub marks: Marks,
    pub places: Permutation,
    pub broken: PropertySet,
    /// A call succeeds.
    pub answers: bool,
    /// None where the state is known to have been found before.
    pub state: Option<Box<State<S, R>>>,
}

impl<S: Strategy, R> Successor<S, R> {
    pub fn edge(&self, to: u32) -> Edge {
        Edge {
            to,
            label: self.label,
            marks: self.marks,
            places: self.places,
        }
    }
}

/// An expanded state, as far as questions about whole runs concern it.
pub struct Expanded {
    pub standing: Standing,
    /// Labels of messages that wait only because their nodes accept others first.
    pub suppressed: LabelSet,
    pub held_back: HeldBack,
    pub fences: Fences,
    pub reached: PropertySet,
    /// Phases of the strategy in which a node is, by their place.
    pub phases: u32,
    /// What the next call costs, where all is quiet.
    pub recovery: Option<Dearest>,
    /// How many of the successors are its own.
    pub successors: usize,
}

/// A few states that follow each other in the search, and what comes of them.
pub struct Chunk<S: Strategy, R> {
    pub states: Vec<Box<State<S, R>>>,
    pub expanded: Vec<Expanded>,
    /// Those of the first state, those of the second, and so on.
    pub successors: Vec<Successor<S, R>>,
}

impl<S: Strategy, R> Default for Chunk<S, R> {
    fn default() -> Self {
        Self {
            states: Vec::new(),
            expanded: Vec::new(),
            successors: Vec::new(),
        }
    }
}

/// The working memory of a thread, kept from one state to the next. Most successors are known already, and the few that are new
/// live in the memory of states that have been expanded.
pub struct Worker<S: Strategy, R> {
    host: CheckHost,
    actions: Vec<Action>,
    pub spare: Vec<Box<State<S, R>>>,
    /// What the states that it has met do with fences; one that names any answers for all.
    fences: Fences,
    /// States that were made because none was spare.
    pub made: usize,
    /// Some that it has kept lately. It meets states in the order of the search, so the kept one comes before its twin.
    kept: Box<[Fingerprint]>,
}

/// How many of the states that were kept lately are remembered: a power of two.
const LATELY: usize = 1 << 12;

impl<S: Strategy, R: Rule> Worker<S, R> {
    pub fn new() -> Self {
        Self {
            host: CheckHost::default(),
            actions: Vec::new(),
            spare: Vec::new(),
            fences: Fences::default(),
            made: 0,
            kept: vec![0; LATELY].into(),
        }
    }

    /// Memory for a state like this one.
    fn memory(&mut self, like: &State<S, R>) -> Box<State<S, R>> {
        self.spare.pop().unwrap_or_else(|| {
            self.made += 1;
            Box::new(like.clone())
        })
    }

    /// Whether this state is new, as far as this thread can know.
    fn is_new(&mut self, print: Fingerprint, visited: &Visited) -> bool {
        let kept = &mut self.kept[print as usize % LATELY];
        if *kept == print || visited.get(print).is_some() {
            return false;
        }
        *kept = print;
        true
    }

    /// Takes every step from every state of a chunk.
    pub fn expand(&mut self, chunk: &mut Chunk<S, R>, judges: &[(PropertySet, JudgeEvent)], visited: &Visited) {
        let Chunk {
            states,
            expanded,
            successors,
        } = chunk;
        for state in states.drain(..) {
            expanded.push(self.expand_one(&state, judges, visited, successors));
            // A state is given up where it was looked at: by its own thread, while it is still at hand.
            self.spare.push(state);
        }
    }

    fn expand_one(
        &mut self,
        state: &State<S, R>,
        judges: &[(PropertySet, JudgeEvent)],
        visited: &Visited,
        successors: &mut Vec<Successor<S, R>>,
    ) -> Expanded {
        let mut actions = std::mem::take(&mut self.actions);
        let bounds = state.delivery_bounds();
        state.enabled_actions(&bounds, &mut actions);
        let mut reached = 0;
        let mut next = self.memory(state);
        for &action in &actions {
            let mut broken = 0;
            state.take_into(&mut next, action, &mut self.host, |event, history, scene| {
                for (property, judge) in judges {
                    if let Some(stands) = judge(event, history, scene) {
                        reached |= property;
                        broken |= PropertySet::from(!stands) * property;
                    }
                }
            });
            let print = fingerprint(&*next);
            let is_new = self.is_new(print, visited);
            successors.push(Successor {
                action,
                print,
                label: label(state, action),
                marks: marks(&self.host.events),
                places: self.host.places,
                broken,
                answers: self.host.events.iter().any(is_success),
                state: is_new.then(|| {
                    let other = self.memory(state);
                    std::mem::replace(&mut next, other)
                }),
            });
        }
        self.spare.push(next);
        if !self.fences.named {
            self.fences |= state.fences();
        }
        let taken = actions.len();
        self.actions = actions;
        Expanded {
            standing: Standing {
                pending: state.pending().min(usize::from(u8::MAX)) as u8,
                leased: state.is_leased(),
                stranded: state.is_stranded(),
            },
            suppressed: withheld(state, &bounds),
            held_back: state.held_back(&bounds),
            fences: self.fences,
            reached,
            phases: state.phases(),
            recovery: state.is_quiet().then(|| recovery::dearest_call(state)),
            successors: taken,
        }
    }
}

fn is_success(event: &Event) -> bool {
    matches!(
        event,
        Event::CallEnded {
            outcome: CallOutcome::Succeeded,
            ..
        }
    )
}

fn marks(events: &[Event]) -> Marks {
    let count = |wanted: fn(&Event) -> bool| events.iter().filter(|event| wanted(event)).count() as u8;
    Marks::new(
        count(|event| matches!(event, Event::AttemptSent { .. })),
        count(|event| matches!(event, Event::Issued { .. })),
        count(|event| matches!(event, Event::LeaseEnded)) > 0,
    )
}
