//! Breadth first over every order of deliveries and faults, once for all claims: the first time that a claim breaks is by a
//! shortest run.

use rayon::prelude::*;

use crate::base::NodeId;
use crate::node::Strategy;
use crate::property::{Judge, PROPERTIES, Runs};
use crate::provider::Rule;
use crate::trace::{Event, Outcome};
use crate::world::Message;

use super::Progress;
use super::fault::{Budget, FAULTS};
use super::graph::{Edge, FAULT, Graph, Marks, Standing};
use super::recovery::{self, Cost};
use super::state::{Action, Hands, State};
use super::visited::{Fingerprint, Visited, fingerprint};

/// Claims by their place in [`PROPERTIES`].
type Claims = u32;

/// All states that were found, and what the claims about single events said.
#[derive(Debug)]
pub struct Explored {
    pub graph: Graph,
    /// The step by which each state was found first.
    found_by: Vec<(u32, Action)>,
    /// Steps of the longest of the shortest ways to a state.
    pub depth: u32,
    /// False where the search was ended before every state had been found.
    pub complete: bool,
    /// Claims that some event was the business of.
    pub reached: Claims,
    /// The first step that breaks each claim: from a state, by an action.
    pub broken: Vec<Option<(u32, Action)>>,
    /// What a call costs once all is quiet, and the dearest.
    pub recovery: Option<(Cost, u32, Vec<Action>)>,
    /// Faults of each kind that happened in some run.
    pub happened: Budget,
    /// In some run a call succeeds.
    pub answered: bool,
    /// Phases of the strategy in which a node was found, by their place.
    phases: u32,
    pub bytes: usize,
}

/// What comes of one step.
struct Successor<S: Strategy, R> {
    action: Action,
    print: Fingerprint,
    label: u8,
    marks: Marks,
    broken: Claims,
    answers: bool,
    /// None where the state was known before its fellows of this round were looked at.
    state: Option<State<S, R>>,
}

/// One state and all its steps.
struct Expanded<S: Strategy, R> {
    standing: Standing,
    /// Labels of what waits only because its node hears of nothing else at present.
    withheld: u128,
    reached: Claims,
    phases: u32,
    /// What the next call costs, where all is quiet.
    recovery: Option<(Cost, Vec<Action>)>,
    successors: Vec<Successor<S, R>>,
}

/// States that are expanded side by side before their successors are numbered, one after another: neither the numbers nor
/// the traces depend on how many threads there are.
const ROUND: usize = 256;

/// Finds every state that can be reached from `initial`, or the nearest `most` of them.
pub fn explore<S: Strategy, R: Rule>(initial: &State<S, R>, most: usize, progress: &dyn Progress) -> Explored
where
    State<S, R>: Send + Sync,
{
    let mut visited = Visited::default();
    visited.insert(fingerprint(initial));
    let mut explored = Explored {
        graph: Graph::default(),
        found_by: vec![(0, Action::Deliver(0))],
        depth: 0,
        complete: true,
        reached: 0,
        broken: vec![None; PROPERTIES.len()],
        recovery: None,
        happened: Budget::NONE,
        answered: false,
        phases: 0,
        bytes: 0,
    };
    let mut layer = vec![initial.clone()];
    let mut widest = 1;
    while !layer.is_empty() {
        let mut next = Vec::new();
        let width = layer.len();
        let mut rest = layer.into_iter();
        while !rest.as_slice().is_empty() {
            let open = explored.open_claims();
            // A state is given up where it was looked at: by its own thread, while it is still at hand.
            let round: Vec<_> = rest.by_ref().take(ROUND).collect();
            let expanded: Vec<_> = round
                .into_par_iter()
                .map_init(Hands::default, |hands, state| expand(&state, open, &visited, hands))
                .collect();
            for one in expanded {
                explored.add(one, &mut visited, &mut next);
            }
            if !progress.explored(visited.count(), explored.graph.transitions(), explored.depth)
                || visited.count() > most
            {
                explored.complete = false;
                break;
            }
        }
        widest = widest.max(width + next.len());
        if !explored.complete {
            break;
        }
        explored.depth += u32::from(!next.is_empty());
        layer = next;
    }
    if !explored.complete {
        explored.graph.give_up(visited.count());
    }
    explored.bytes = visited.bytes()
        + explored.graph.bytes()
        + explored.found_by.capacity() * size_of::<(u32, Action)>()
        + widest * bytes_of(initial);
    explored
}

/// Roughly what a state takes while it waits to be expanded.
fn bytes_of<S: Strategy, R: Rule>(state: &State<S, R>) -> usize {
    size_of::<State<S, R>>() + state.world.heap_bytes() + (state.bag.len() + 4) * size_of::<Message>()
}

fn expand<S: Strategy, R: Rule>(
    state: &State<S, R>,
    open: Claims,
    visited: &Visited,
    hands: &mut Hands,
) -> Expanded<S, R> {
    let mut actions = Vec::new();
    state.actions(&mut actions);
    let mut reached = 0;
    let successors = actions
        .iter()
        .map(|&action| {
            let mut broken = 0;
            let (next, _) = state.take(action, hands, |event, facts, scene| {
                for (place, property) in PROPERTIES.iter().enumerate() {
                    let Judge::Event(judge) = property.judge else { continue };
                    if open & 1 << place == 0 {
                        continue;
                    }
                    if let Some(stands) = judge(event, facts, scene) {
                        reached |= 1 << place;
                        broken |= Claims::from(!stands) << place;
                    }
                }
            });
            let print = fingerprint(&next);
            Successor {
                action,
                print,
                label: label(state, action),
                marks: marks(&hands.events),
                broken,
                answers: hands.events.iter().any(|event| {
                    matches!(
                        event,
                        Event::CallEnded {
                            outcome: Outcome::Succeeded,
                            ..
                        }
                    )
                }),
                state: visited.get(print).is_none().then_some(next),
            }
        })
        .collect();
    let pending = state.pending();
    let quiet = state.is_quiet();
    let judged = open & recovery_claim() != 0;
    Expanded {
        standing: Standing {
            pending: pending.min(usize::from(u8::MAX)) as u8,
            leased: state.is_leased(),
            stranded: state.is_stranded(),
        },
        withheld: state
            .withheld()
            .fold(0, |labels, message| labels | 1 << label_of(state, message)),
        reached,
        phases: state.phases(),
        recovery: (quiet && judged).then(|| recovery::dearest_call(state)),
        successors,
    }
}

/// The claim about recovery, as a bit.
fn recovery_claim() -> Claims {
    let place = PROPERTIES
        .iter()
        .position(|property| matches!(property.judge, Judge::Runs(Runs::Recovery { .. })));
    place.map_or(0, |place| 1 << place)
}

/// Who acts over which channel.
pub fn label<S: Strategy, R: Rule>(state: &State<S, R>, action: Action) -> u8 {
    match action {
        Action::Deliver(place) => label_of(state, &state.bag[usize::from(place)]),
        Action::Reclaim(store) => store * CHANNELS + CHANNELS - 1,
        _ => FAULT,
    }
}

fn label_of<S: Strategy, R: Rule>(state: &State<S, R>, message: &Message) -> u8 {
    let party = state.actor(message).0 as u8;
    assert!(
        party < super::graph::LABELS / CHANNELS,
        "a small system has fewer parties"
    );
    party * CHANNELS + channel(message)
}

/// Ways by which something reaches a party; whoever can act over one all the time, does so sometime.
const CHANNELS: u8 = 24;

fn channel(message: &Message) -> u8 {
    match message {
        Message::Arrival { .. } => 0,
        Message::ApiRequest { .. } => 1,
        Message::ApiResponse { .. } => 2,
        Message::TokenRequest { .. } | Message::TokenServed { .. } => 3,
        Message::TokenResponse { .. } => 4,
        Message::Told { .. } | Message::LoginAgain { .. } => 5,
        Message::Forward { .. } => 6,
        Message::Answered { .. } => 7,
        Message::BackoffOver { .. } => 8,
        // Only so many messages are lost in a run: none of these can keep another waiting for ever.
        Message::AttemptTimedOut { .. } | Message::TokenTimedOut { .. } | Message::StoreTimedOut { .. } => 9,
        Message::TimerRang { timer, .. } => 10 + *timer as u8,
        // A release must not starve behind the looks of its own node, nor an answer behind that to an extension.
        Message::StoreRequest { operation, .. } => 13 + operation.asked() as u8,
        Message::StoreResponse { answer, .. } => 18 + answer.asked() as u8,
    }
}

fn marks(events: &[Event]) -> Marks {
    let count = |wanted: fn(&Event) -> bool| events.iter().filter(|event| wanted(event)).count() as u8;
    Marks::new(
        count(|event| matches!(event, Event::AttemptSent { .. })),
        count(|event| matches!(event, Event::Issued { .. })),
        count(|event| matches!(event, Event::LeaseEnded)) > 0,
    )
}

impl Explored {
    /// Claims that have not been broken yet: a claim that is broken needs no further look.
    fn open_claims(&self) -> Claims {
        self.broken
            .iter()
            .enumerate()
            .filter(|(_, broken)| broken.is_none())
            .fold(0, |open, (place, _)| open | 1 << place)
    }

    fn add<S: Strategy, R>(&mut self, expanded: Expanded<S, R>, visited: &mut Visited, next: &mut Vec<State<S, R>>) {
        let from = self.graph.count() as u32;
        self.reached |= expanded.reached;
        self.phases |= expanded.phases;
        if let Some((cost, way)) = expanded.recovery
            && self.recovery.as_ref().is_none_or(|(dearest, ..)| cost > *dearest)
        {
            self.recovery = Some((cost, from, way));
        }
        let mut edges = Vec::with_capacity(expanded.successors.len());
        for successor in expanded.successors {
            for (place, broken) in self.broken.iter_mut().enumerate() {
                if successor.broken & 1 << place != 0 && broken.is_none() {
                    *broken = Some((from, successor.action));
                }
            }
            self.answered |= successor.answers;
            if let Some(fault) = successor.action.fault() {
                self.happened = self.happened.with(fault, 1);
            }
            let (to, new) = visited.insert(successor.print);
            if new {
                self.found_by.push((from, successor.action));
                next.push(successor.state.expect("a new state was not known before"));
            }
            edges.push(Edge {
                to,
                label: successor.label,
                marks: successor.marks,
            });
        }
        self.graph.push(expanded.standing, edges);
        self.graph.withhold(expanded.withheld);
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
    pub fn missing<S: Strategy>(&self, budget: Budget, strategy: &S) -> Vec<String> {
        let missing = FAULTS
            .iter()
            .filter(|(fault, ..)| budget.left(*fault) > 0 && self.happened.left(*fault) == 0);
        let silent = (!self.answered).then_some("a call that succeeds".to_owned());
        let dead = (0..)
            .zip(S::PHASES)
            .filter(|&(place, phase)| self.phases & 1 << place == 0 && !strategy.skips(phase));
        let faults = missing.map(|(_, name, _)| format!("fault `{name}`"));
        let phases = dead.map(|(_, phase)| format!("phase `{phase}`"));
        faults.chain(silent).chain(phases).collect()
    }
}

/// Nodes at which a call can arrive.
pub(super) fn callers<S: Strategy, R: Rule>(state: &State<S, R>) -> impl Iterator<Item = NodeId> + use<S, R> {
    let fleet = state.world.fleets().first().map_or(0..0, |fleet| fleet.nodes.clone());
    fleet.map(NodeId)
}
