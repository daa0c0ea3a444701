//! Breadth first over every order of deliveries and faults, once for all properties: the first time that a property breaks is by a
//! shortest run.
//!
//! States wait in a queue in the order in which they were found. A round of them is expanded by all threads side by side,
//! while one of them numbers what the round before has brought, successor by successor in the order of the queue: neither
//! the numbers nor the traces depend on how many threads there are.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::node::Strategy;
use crate::property::{Judge, JudgeEvent, PROPERTIES};
use crate::provider::Rule;

use super::CheckProgress;
use super::action::Action;
use super::enabled::{Fences, HeldBack};
use super::expand::{Chunk, Expanded, PropertySet, Successor, Worker};
use super::fault::{FAULTS, Fault, FaultBudget};
use super::graph::Graph;
use super::packed::{Memo, Parts};
use super::recovery::Dearest;
use super::state::State;
use super::visited::{Visited, fingerprint, push_tightly};
use super::waiting::Frontier;

/// The outcome of a search: all states that were found, and the verdicts of properties about single events.
#[derive(Debug)]
pub struct Explored {
    /// The states and the steps between them.
    pub graph: Graph,
    /// From where, and by which step, each state was found first.
    found_from: Vec<u32>,
    found_by: Vec<Action>,
    /// Steps of the longest of the shortest ways to a state.
    pub depth: u32,
    /// False where the search was ended before every state had been found.
    pub complete: bool,
    /// What the bounds on messages under way kept from happening.
    pub held_back: HeldBack,
    /// What nodes do with the fences of their leases.
    pub fences: Fences,
    /// Properties that some event was the business of.
    pub reached: PropertySet,
    /// The first step that breaks each property: from a state, by an action.
    pub broken: Vec<Option<(u32, Action)>>,
    /// What the next call can cost once all is quiet; none where it never is.
    pub recovery: Option<DearCalls>,
    /// Faults of each kind that happened in some run.
    pub happened: FaultBudget,
    /// In some run a call succeeds.
    pub answered: bool,
    /// Phases of the strategy in which a node was found, by their place.
    phases: u32,
    /// The most memory that was in use at any time, states that wait included.
    pub bytes: usize,
}

/// The dearest calls once all is quiet, each with the quiet state that it follows.
#[derive(Clone, Copy, Debug)]
pub struct DearCalls {
    /// The calls.
    pub dearest: Dearest,
    /// The state before the one with the most token requests.
    pub in_requests: u32,
    /// The state before the one with the most attempts.
    pub in_attempts: u32,
}

impl DearCalls {
    /// Takes in what can follow one more quiet state; returns the two together.
    fn take_in(before: Option<Self>, here: Dearest, from: u32) -> Self {
        let mut all = before.unwrap_or(Self {
            dearest: Dearest::default(),
            in_requests: from,
            in_attempts: from,
        });
        let [in_requests, in_attempts] = all.dearest.take_in(here);
        if in_requests {
            all.in_requests = from;
        }
        if in_attempts {
            all.in_attempts = from;
        }
        all
    }
}

/// Chunks that are expanded before their successors are numbered.
const ROUND: usize = 128;

/// A search that is under way.
struct Search<'a, S: Strategy, R> {
    numbering: Numbering<'a>,
    visited: Visited,
    parts: Parts<S, R>,
    /// One for each thread; the first is the calling one's.
    workers: Vec<Worker<S, R>>,
}

/// The part of a search that one thread does.
struct Numbering<'a> {
    explored: Explored,
    /// States that were found, and have not been expanded yet.
    waiting: Frontier,
    /// The first state that is one step further from the start than the one that was numbered last.
    further: u32,
    /// How many steps from the start the state is that was numbered last.
    steps: u32,
    most: usize,
    progress: &'a dyn CheckProgress,
}

/// Finds every state that can be reached from `initial`, or the nearest `most` of them.
pub fn explore<S: Strategy, R: Rule + Send + Sync>(
    initial: &State<S, R>,
    most: usize,
    progress: &dyn CheckProgress,
) -> Explored {
    // On a thread of the pool, so that no other waits for it.
    rayon::scope(|_| search(initial, most, progress))
}

fn search<S: Strategy, R: Rule + Send + Sync>(
    initial: &State<S, R>,
    most: usize,
    progress: &dyn CheckProgress,
) -> Explored {
    let explored = Explored {
        graph: Graph::default(),
        found_from: vec![0],
        found_by: vec![Action::Deliver(0)],
        depth: 0,
        complete: true,
        held_back: HeldBack::default(),
        fences: Fences::default(),
        reached: 0,
        broken: vec![None; PROPERTIES.len()],
        recovery: None,
        happened: FaultBudget::NONE,
        answered: false,
        phases: 0,
        bytes: 0,
    };
    let mut search = Search {
        numbering: Numbering {
            explored,
            waiting: Frontier::default(),
            further: 1,
            steps: 0,
            most,
            progress,
        },
        visited: Visited::default(),
        parts: Parts::default(),
        workers: (0..rayon::current_num_threads())
            .map(|_| Worker::new(initial))
            .collect(),
    };
    search.visited.insert(fingerprint(initial));
    let mut packed = Vec::new();
    search.parts.pack(initial, &mut Memo::default(), &mut packed);
    search.numbering.waiting.push(&packed);
    let mut before = Vec::new();
    while search.goes_on(&before) {
        before = search.round(before);
    }
    search.end()
}

impl<S: Strategy, R: Rule + Send + Sync> Search<'_, S, R> {
    fn goes_on(&self, before: &[Chunk]) -> bool {
        let Numbering { explored, waiting, .. } = &self.numbering;
        explored.complete && !(waiting.is_empty() && before.is_empty())
    }

    /// Expands the states that are next, and numbers what came of those `before`.
    fn round(&mut self, before: Vec<Chunk>) -> Vec<Chunk> {
        let Self {
            numbering,
            visited,
            parts,
            workers,
        } = self;
        let judges = numbering.explored.open_judges();
        let chunks: Vec<_> = std::iter::from_fn(|| numbering.waiting.pop())
            .take(ROUND)
            .map(|few| Mutex::new((few, Chunk::default())))
            .collect();
        visited.reserve(before.iter().map(|chunk| chunk.successors.len()).sum());
        let (visited, parts) = (&*visited, &*parts);
        let next = AtomicUsize::new(0);
        let (own, others) = workers.split_first_mut().expect("a thread at least");
        let work = |worker: &mut Worker<S, R>| {
            while let Some(chunk) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
                let mut chunk = chunk.lock().expect("each chunk is one thread's");
                chunk.1 = worker.expand(&chunk.0, parts, &judges, visited);
            }
        };
        rayon::in_place_scope(|scope| {
            // With one chunk there is nothing to share.
            for other in others.iter_mut().take(chunks.len().saturating_sub(1)) {
                let work = &work;
                scope.spawn(move |_| work(other));
            }
            numbering.number(before, visited);
            work(own);
        });
        let bytes = visited.bytes() + numbering.bytes();
        numbering.explored.bytes = numbering.explored.bytes.max(bytes);
        let chunks = chunks.into_iter().map(Mutex::into_inner);
        chunks
            .map(|chunk| chunk.expect("a thread that panicked ends the search").1)
            .collect()
    }

    fn end(self) -> Explored {
        let mut explored = self.numbering.explored;
        explored.bytes += self.parts.bytes();
        if !explored.complete {
            explored.graph.give_up(self.visited.count());
        }
        explored
    }
}

impl Numbering<'_> {
    /// Gives numbers to the states that were found; the new ones wait from now on.
    fn number(&mut self, chunks: Vec<Chunk>, visited: &Visited) {
        for chunk in chunks {
            chunk
                .successors
                .iter()
                .for_each(|successor| visited.expect(successor.print));
            let (mut successors, mut packed) = (chunk.successors.into_iter(), &chunk.packed[..]);
            for expanded in chunk.expanded {
                let from = self.explored.graph.count() as u32;
                if from == self.further {
                    self.steps += 1;
                    self.further = visited.count() as u32;
                }
                let its = successors.by_ref().take(expanded.successors);
                self.explored.add(expanded, its, visited, |bytes, new| {
                    let (state, rest) = packed.split_at(bytes);
                    packed = rest;
                    if new {
                        self.waiting.push(state);
                    }
                });
                if visited.count() as u32 > self.further {
                    self.explored.depth = self.steps + 1;
                }
                if visited.count() > self.most {
                    self.explored.complete = false;
                    return;
                }
            }
        }
        let explored = &mut self.explored;
        explored.complete = self
            .progress
            .explored(visited.count(), explored.graph.transitions(), explored.depth);
    }

    fn bytes(&self) -> usize {
        let explored = &self.explored;
        self.waiting.bytes()
            + explored.graph.bytes()
            + explored.found_from.capacity() * size_of::<u32>()
            + explored.found_by.capacity() * size_of::<Action>()
    }
}

impl Explored {
    /// The properties about events that have not been broken yet: one that is broken needs no further look.
    fn open_judges(&self) -> Vec<(PropertySet, JudgeEvent)> {
        let all = PROPERTIES.iter().zip(&self.broken).enumerate();
        all.filter_map(|(place, (property, broken))| match property.judge {
            Judge::Event(judge) if broken.is_none() => Some((1 << place, judge)),
            _ => None,
        })
        .collect()
    }

    /// The next state and its successors; `packed` receives how many bytes came along with each, and whether it is new.
    fn add(
        &mut self,
        expanded: Expanded,
        successors: impl Iterator<Item = Successor>,
        visited: &Visited,
        mut packed: impl FnMut(usize, bool),
    ) {
        let from = self.graph.count() as u32;
        self.reached |= expanded.reached;
        self.phases |= expanded.phases;
        self.held_back |= expanded.held_back;
        self.fences |= expanded.fences;
        if let Some(here) = expanded.recovery {
            self.recovery = Some(DearCalls::take_in(self.recovery, here, from));
        }
        let (found_from, found_by, broken) = (&mut self.found_from, &mut self.found_by, &mut self.broken);
        let edges = successors.map(|successor| {
            let action = successor.action;
            if successor.broken != 0 {
                for (place, broken) in broken.iter_mut().enumerate() {
                    if successor.broken & 1 << place != 0 && broken.is_none() {
                        *broken = Some((from, action));
                    }
                }
            }
            self.answered |= successor.answers;
            if let Some(fault) = action.fault() {
                self.happened = self.happened.with(fault, 1);
            }
            let (to, new) = visited.insert(successor.print);
            if new {
                push_tightly(found_from, from);
                push_tightly(found_by, action);
                assert!(successor.packed > 0, "a new state was not known before");
            }
            packed(successor.packed, new);
            successor.edge(to)
        });
        self.graph.push(expanded.standing, edges);
        self.graph.withhold(expanded.suppressed);
    }

    /// The shortest way to a state.
    pub fn way_to(&self, state: u32) -> Vec<Action> {
        let mut way = Vec::new();
        let mut at = state;
        while at != 0 {
            way.push(self.found_by[at as usize]);
            at = self.found_from[at as usize];
        }
        way.reverse();
        way
    }

    /// What ought to happen in some run and never does: a call that succeeds, each kind of fault that the budget allows but logins, and each
    /// phase of the strategy that its settings do not switch off.
    pub fn missing<S: Strategy>(&self, budget: FaultBudget, strategy: &S) -> Vec<String> {
        // A user whose grant is never lost has no reason to log in again.
        let sought = |fault: Fault| fault != Fault::Login && budget.left(fault) > 0;
        let missing = FAULTS
            .iter()
            .filter(|(fault, ..)| sought(*fault) && self.happened.left(*fault) == 0);
        let silent = (!self.answered).then_some("a call that succeeds".to_owned());
        let fails = [Fault::Drop, Fault::Late, Fault::Throttle]
            .iter()
            .any(|fault| budget.left(*fault) > 0);
        let sought = |phase: &str| !strategy.skips(phase) && (fails || !strategy.follows_failure(phase));
        let dead = (0..)
            .zip(strategy.phases())
            .filter(|&(place, phase)| self.phases & 1 << place == 0 && sought(phase));
        let faults = missing.map(|(_, name, _)| format!("fault `{name}`"));
        let phases = dead.map(|(_, phase)| format!("phase `{phase}`"));
        faults.chain(silent).chain(phases).collect()
    }
}
