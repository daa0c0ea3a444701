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
use super::packed::{Memo, Parts};
use super::recovery::{self, Dearest};
use super::state::State;
use super::visited::{Fingerprint, Visited, fingerprint};
use super::waiting::Few;

/// Properties by their place in [`PROPERTIES`](crate::property::PROPERTIES), one bit each.
pub type PropertySet = u32;

/// A state that one step leads to.
pub struct Successor {
    pub action: Action,
    pub print: Fingerprint,
    pub label: u8,
    pub marks: Marks,
    pub places: Permutation,
    pub broken: PropertySet,
    /// A call succeeds.
    pub answers: bool,
    /// Bytes of the packed state; none where it is known to have been found before.
    pub packed: usize,
}

impl Successor {
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

/// What comes of a few states that follow each other in the search.
#[derive(Default)]
pub struct Chunk {
    pub expanded: Vec<Expanded>,
    /// Those of the first state, those of the second, and so on.
    pub successors: Vec<Successor>,
    /// Those of the successors that may be new, packed.
    pub packed: Vec<u8>,
}

/// The working memory of a thread, kept from one state to the next: that of the state that it expands, and of one of its successors.
pub struct Worker<S: Strategy, R> {
    host: CheckHost,
    actions: Vec<Action>,
    state: State<S, R>,
    next: State<S, R>,
    memo: Memo,
    /// What the states that it has met do with fences; one that names any answers for all.
    fences: Fences,
    /// Some that it has kept lately. It meets states in the order of the search, so the kept one comes before its twin.
    kept: Box<[Fingerprint]>,
}

/// How many of the states that were kept lately are remembered: a power of two.
const LATELY: usize = 1 << 12;

impl<S: Strategy, R: Rule> Worker<S, R> {
    pub fn new(initial: &State<S, R>) -> Self {
        Self {
            host: CheckHost::default(),
            actions: Vec::new(),
            state: initial.clone(),
            next: initial.clone(),
            memo: Memo::default(),
            fences: Fences::default(),
            kept: vec![0; LATELY].into(),
        }
    }

    /// Takes every step from every one of a few states.
    pub fn expand(
        &mut self,
        few: &Few,
        parts: &Parts<S, R>,
        judges: &[(PropertySet, JudgeEvent)],
        visited: &Visited,
    ) -> Chunk {
        let mut chunk = Chunk::default();
        let mut packed = &few.packed[..];
        for _ in 0..few.count {
            parts.unpack(&mut packed, &mut self.state);
            let expanded = self.expand_one(parts, judges, visited, &mut chunk);
            chunk.expanded.push(expanded);
        }
        chunk
    }

    fn expand_one(
        &mut self,
        parts: &Parts<S, R>,
        judges: &[(PropertySet, JudgeEvent)],
        visited: &Visited,
        chunk: &mut Chunk,
    ) -> Expanded {
        let (state, next) = (&self.state, &mut self.next);
        let bounds = state.delivery_bounds();
        state.enabled_actions(&bounds, &mut self.actions);
        let mut reached = 0;
        for &action in &self.actions {
            let mut broken = 0;
            state.take_into(next, action, &mut self.host, |event, history, scene| {
                for (property, judge) in judges {
                    if let Some(stands) = judge(event, history, scene) {
                        reached |= property;
                        broken |= PropertySet::from(!stands) * property;
                    }
                }
            });
            let print = fingerprint(&*next);
            let before = chunk.packed.len();
            if is_new(&mut self.kept, print, visited) {
                parts.pack(next, &mut self.memo, &mut chunk.packed);
            }
            chunk.successors.push(Successor {
                action,
                print,
                label: label(state, action),
                marks: marks(&self.host.events),
                places: self.host.places,
                broken,
                answers: self.host.events.iter().any(is_success),
                packed: chunk.packed.len() - before,
            });
        }
        if !self.fences.named {
            self.fences |= state.fences();
        }
        Expanded {
            standing: Standing {
                pending: match state.awaits_another_login() {
                    // What becomes of its calls is not searched: the user comes, and no run here ends with that.
                    true => 0,
                    false => state.pending().min(usize::from(u8::MAX)) as u8,
                },
                leased: state.is_leased(),
                stranded: state.is_stranded(),
            },
            suppressed: withheld(state, &bounds),
            held_back: state.held_back(&bounds),
            fences: self.fences,
            reached,
            phases: state.phases(),
            recovery: state.is_quiet().then(|| recovery::dearest_call(state)),
            successors: self.actions.len(),
        }
    }
}

/// Whether a state is new, as far as a thread can know that has kept some lately.
fn is_new(kept: &mut [Fingerprint], print: Fingerprint, visited: &Visited) -> bool {
    let kept = &mut kept[print as usize % LATELY];
    if *kept == print || visited.get(print).is_some() {
        return false;
    }
    *kept = print;
    true
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
