//! Breadth first over every order of deliveries and faults, once for all properties: the first time that a property breaks is by a
//! shortest run.
//!
//! States wait in a queue in the order in which they were found. A round of them is expanded by all threads side by side,
//! while one of them numbers what the round before has brought, successor by successor in the order of the queue: neither
//! the numbers nor the traces depend on how many threads there are.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::node::Strategy;
use crate::property::{Judge, JudgeEvent, PROPERTIES};
use crate::provider::Rule;
use crate::world::Message;

use super::CheckProgress;
use super::action::Action;
use super::enabled::{Fences, HeldBack};
use super::expand::{Chunk, Expanded, PropertySet, Successor, Worker};
use super::fault::{FAULTS, FaultBudget};
use super::graph::Graph;
use super::recovery::Dearest;
use super::state::State;
use super::visited::{Visited, fingerprint};

/// The outcome of a search: all states that were found, and the verdicts of properties about single events.
#[derive(Debug)]
pub struct Explored {
    /// The states and the steps between them.
    pub graph: Graph,
    /// The step by which each state was found first.
    found_by: Vec<(u32, Action)>,
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
    /// Memory in use at the end, states that wait included.
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

/// States that a thread takes at a time.
const CHUNK: usize = 16;

/// Chunks that are expanded before their successors are numbered.
const ROUND: usize = 128;

/// A search that is under way.
struct Search<'a, S: Strategy, R> {
    numbering: Numbering<'a, S, R>,
    visited: Visited,
    /// One for each thread; the first is the calling one's.
    workers: Vec<Worker<S, R>>,
}

/// The part of a search that one thread does.
struct Numbering<'a, S: Strategy, R> {
    explored: Explored,
    /// States that were found, and have not been expanded yet.
    queue: VecDeque<Box<State<S, R>>>,
    /// Memory for chunks.
    idle: Vec<Chunk<S, R>>,
    /// The first state that is one step further from the start than the one that was numbered last.
    further: u32,
    /// How many steps from the start the state is that was numbered last.
    steps: u32,
    most: usize,
    progress: &'a dyn CheckProgress,
}

/// Finds every state that can be reached from `initial`, or the nearest `most` of them.
pub fn explore<S: Strategy, R: Rule>(initial: &State<S, R>, most: usize, progress: &dyn CheckProgress) -> Explored
where
    State<S, R>: Send + Sync,
{
    // On a thread of the pool, so that no other waits for it.
    rayon::scope(|_| search(initial, most, progress))
}

fn search<S: Strategy, R: Rule>(initial: &State<S, R>, most: usize, progress: &dyn CheckProgress) -> Explored
where
    State<S, R>: Send + Sync,
{
    let explored = Explored {
        graph: Graph::default(),
        found_by: vec![(0, Action::Deliver(0))],
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
            queue: VecDeque::from([Box::new(initial.clone())]),
            idle: Vec::new(),
            further: 1,
            steps: 0,
            most,
            progress,
        },
        visited: Visited::default(),
        workers: (0..rayon::current_num_threads()).map(|_| Worker::new()).collect(),
    };
    search.visited.insert(fingerprint(initial));
    let mut before = Vec::new();
    while search.goes_on(&before) {
        before = search.round(before);
    }
    search.end(initial)
}

impl<S: Strategy, R: Rule> Search<'_, S, R>
where
    State<S, R>: Send + Sync,
{
    fn goes_on(&self, before: &[Chunk<S, R>]) -> bool {
        let Numbering { explored, queue, .. } = &self.numbering;
        explored.complete && !(queue.is_empty() && before.is_empty())
    }

    /// Expands the states that are next, and numbers what came of those `before`.
    fn round(&mut self, before: Vec<Chunk<S, R>>) -> Vec<Chunk<S, R>> {
        let Self {
            numbering,
            visited,
            workers,
        } = self;
        let judges = numbering.explored.open_judges();
        let chunks: Vec<_> = std::iter::from_fn(|| numbering.next_chunk())
            .take(ROUND)
            .map(Mutex::new)
            .collect();
        let found = before.iter().map(|chunk| chunk.successors.len()).sum();
        visited.reserve(found);
        let visited = &*visited;
        let next = AtomicUsize::new(0);
        let (own, others) = workers.split_first_mut().expect("a thread at least");
        let work = |worker: &mut Worker<S, R>| {
            while let Some(chunk) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
                let mut chunk = chunk.lock().expect("each chunk is one thread's");
                worker.expand(&mut chunk, &judges, visited);
            }
        };
        rayon::in_place_scope(|scope| {
            // With one chunk there is nothing to share.
            for other in others.iter_mut().take(chunks.len().saturating_sub(1)) {
                let work = &work;
                scope.spawn(move |_| work(other));
            }
            numbering.number(before, visited, own);
            work(own);
        });
        for other in others {
            even_out(&mut own.spare, &mut other.spare);
        }
        let chunks = chunks.into_iter().map(Mutex::into_inner);
        chunks
            .map(|chunk| chunk.expect("a thread that panicked ends the search"))
            .collect()
    }

    fn end(self, initial: &State<S, R>) -> Explored {
        let mut explored = self.numbering.explored;
        if !explored.complete {
            explored.graph.give_up(self.visited.count());
        }
        let made: usize = self.workers.iter().map(|worker| worker.made).sum();
        explored.bytes = self.visited.bytes()
            + explored.graph.bytes()
            + explored.found_by.capacity() * size_of::<(u32, Action)>()
            + (made + 1) * bytes_of(initial);
        explored
    }
}

impl<S: Strategy, R: Rule> Numbering<'_, S, R> {
    fn next_chunk(&mut self) -> Option<Chunk<S, R>> {
        let count = self.queue.len().min(CHUNK);
        (count > 0).then(|| {
            let mut chunk = self.idle.pop().unwrap_or_default();
            chunk.states.extend(self.queue.drain(..count));
            chunk
        })
    }

    /// Gives numbers to the states that were found; the new ones wait in the queue from now on.
    fn number(&mut self, chunks: Vec<Chunk<S, R>>, visited: &Visited, own: &mut Worker<S, R>) {
        for mut chunk in chunks {
            chunk
                .successors
                .iter()
                .for_each(|successor| visited.expect(successor.print));
            let mut successors = chunk.successors.drain(..);
            for expanded in chunk.expanded.drain(..) {
                let from = self.explored.graph.count() as u32;
                if from == self.further {
                    self.steps += 1;
                    self.further = visited.count() as u32;
                }
                let its = successors.by_ref().take(expanded.successors);
                self.explored.add(expanded, its, visited, |state, new| match new {
                    true => self.queue.push_back(state),
                    false => own.spare.push(state),
                });
                if visited.count() as u32 > self.further {
                    self.explored.depth = self.steps + 1;
                }
                if visited.count() > self.most {
                    self.explored.complete = false;
                    return;
                }
            }
            drop(successors);
            self.idle.push(chunk);
        }
        let explored = &mut self.explored;
        explored.complete = self
            .progress
            .explored(visited.count(), explored.graph.transitions(), explored.depth);
    }
}

/// Two threads that have as much memory to spare as each other need less of it in all.
fn even_out<T>(one: &mut Vec<T>, other: &mut Vec<T>) {
    let (more, less) = if one.len() > other.len() {
        (one, other)
    } else {
        (other, one)
    };
    let surplus = (more.len() - less.len()) / 2;
    less.extend(more.drain(more.len() - surplus..));
}

/// Roughly what a state takes while it waits to be expanded.
fn bytes_of<S: Strategy, R: Rule>(state: &State<S, R>) -> usize {
    size_of::<State<S, R>>() + state.world.heap_bytes() + (state.bag.len() + 4) * size_of::<Message>()
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

    /// The next state and its successors; `kept` receives each state that came along, and whether it is new.
    fn add<S: Strategy, R>(
        &mut self,
        expanded: Expanded,
        successors: impl Iterator<Item = Successor<S, R>>,
        visited: &Visited,
        mut kept: impl FnMut(Box<State<S, R>>, bool),
    ) {
        let from = self.graph.count() as u32;
        self.reached |= expanded.reached;
        self.phases |= expanded.phases;
        self.held_back |= expanded.held_back;
        self.fences |= expanded.fences;
        if let Some(here) = expanded.recovery {
            self.recovery = Some(DearCalls::take_in(self.recovery, here, from));
        }
        let (found_by, broken) = (&mut self.found_by, &mut self.broken);
        let edges = successors.map(|mut successor| {
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
                found_by.push((from, action));
            }
            match successor.state.take() {
                Some(state) => kept(state, new),
                None => assert!(!new, "a new state was not known before"),
            }
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
            let (before, action) = self.found_by[at as usize];
            way.push(action);
            at = before;
        }
        way.reverse();
        way
    }

    /// What ought to happen in some run and never does: a call that succeeds, each kind of fault that the budget allows, and each
    /// phase of the strategy that its settings do not switch off.
    pub fn missing<S: Strategy>(&self, budget: FaultBudget, strategy: &S) -> Vec<String> {
        let missing = FAULTS
            .iter()
            .filter(|(fault, ..)| budget.left(*fault) > 0 && self.happened.left(*fault) == 0);
        let silent = (!self.answered).then_some("a call that succeeds".to_owned());
        let dead = (0..)
            .zip(strategy.phases())
            .filter(|&(place, phase)| self.phases & 1 << place == 0 && !strategy.skips(phase));
        let faults = missing.map(|(_, name, _)| format!("fault `{name}`"));
        let phases = dead.map(|(_, phase)| format!("phase `{phase}`"));
        faults.chain(silent).chain(phases).collect()
    }
}
