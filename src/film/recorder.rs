//! Looks at a run step by step, and keeps what the window asks for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::acts;
use super::flights::{Flights, Origin};
use super::form::{Change, Step, StepKind};
use super::life::TokenLife;
use super::marks::{CallMark, FilmMarks};
use super::numbering::{Ended, NamedCall, Numbering};
use super::parties::Parties;
use super::phrases::span;
use super::picture::{CallPicture, Picture};
use super::stated::{self, Stated};
use super::tokens::Lives;
use super::window::FilmWindow;
use super::words::{Sent, Told};
use crate::base::{CallId, NodeId, Time};
use crate::engine::sim::{Watched, WatchedWorld, Watcher};
use crate::metric::Observed;
use crate::strategy::MixedMemory;
use crate::trace::{Event, Sink as _};
use crate::world::{Message, Reception};

/// What is happening.
pub(super) enum Now {
    Message {
        message: Message,
        origin: Origin,
        /// The call that it is about, as it stood before.
        call: Option<NamedCall>,
        reader: Option<NodeId>,
        reception: Reception,
    },
    /// Something else, told beforehand.
    Else(Option<Told>, bool),
}

/// The recorder of one run.
pub(super) struct Recorder<'a> {
    pub(super) parties: &'a Parties,
    pub(super) window: FilmWindow,
    pub(super) observed: Option<Observed>,
    pub(super) marks: FilmMarks,
    /// The call of which the end is wanted, and that end.
    pub(super) wanted: Option<u64>,
    pub(super) asked: Option<CallMark>,
    /// Number of the first step from each second on, for marks that are found by the second.
    pub(super) seconds: Vec<u64>,
    pub(super) steps: VecDeque<Step>,
    pub(super) opening: Option<Picture>,
    pub(super) lives: Lives,
    pub(super) numbering: Numbering,
    flights: Flights,
    stated: Stated,
    /// Calls as they were looked at last.
    calls: BTreeMap<u64, CallPicture>,
    pub(super) step: u64,
    pub(super) now: Option<Now>,
    /// What the node remembered that hears an alarm.
    pub(super) memory: Option<MixedMemory>,
    /// Where the call lies that arrives in this step.
    place: Option<(CallId, u32)>,
    pub(super) events: Vec<Event>,
    pub(super) sends: Vec<(Message, Option<Time>)>,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(parties: &'a Parties, window: FilmWindow, observed: Option<Observed>) -> Self {
        Self {
            parties,
            window,
            observed,
            marks: FilmMarks::default(),
            wanted: None,
            asked: None,
            seconds: Vec::new(),
            steps: VecDeque::new(),
            opening: None,
            lives: Lives::default(),
            numbering: Numbering::default(),
            flights: Flights::default(),
            stated: Stated::default(),
            calls: BTreeMap::new(),
            step: 0,
            now: None,
            memory: None,
            place: None,
            events: Vec::new(),
            sends: Vec::new(),
        }
    }

    /// Gives the next step its number.
    pub(super) fn next_step(&mut self, now: Time) {
        let second = usize::try_from(now.nanos() / 1_000_000_000).unwrap_or(usize::MAX);
        self.step += 1;
        if self.observed.is_some() {
            while self.seconds.len() <= second {
                self.seconds.push(self.step);
            }
        }
    }

    pub(super) fn is_kept(&self) -> bool {
        self.window.contains(self.step)
    }

    /// Everybody, before the first step that is kept.
    pub(super) fn open(&mut self, now: Time, world: &WatchedWorld) {
        if self.opening.is_none() && self.window.contains(self.step + 1) {
            self.stated.look(world, (self.parties, now), &BTreeSet::new(), true);
            let calls = self.numbering.under_way();
            let calls = calls.filter_map(|call| stated::call(&self.numbering, world, call));
            self.opening = Some(Picture {
                calls: calls.collect(),
                nodes: self.stated.nodes.clone(),
                tokens: self.lives.live(),
                stores: self.stated.stores.clone(),
                slots: self.stated.slots.clone(),
            });
        }
    }

    /// Tokens come to their end as time passes: each is a step of its own.
    fn expire(&mut self, now: Time, world: &WatchedWorld) {
        // The step that would be the next.
        while let Some(life) = self.lives.expire(now, self.step + 1) {
            let at = Time::from_nanos(life.ends_ns.unwrap_or_default());
            self.open(at, world);
            self.next_step(at);
            if !self.is_kept() {
                continue;
            }
            let text = match life.killer {
                Some(killer) => format!(
                    "the overlap of token {} ends: token {killer} has taken its place",
                    life.token
                ),
                None => format!("token {} expires", life.token),
            };
            let step = Step {
                number: self.step,
                at_ns: Some(at.nanos()),
                kind: StepKind::Expired,
                from: self.parties.token_endpoint(),
                to: self.parties.token_endpoint(),
                text,
                call: None,
                token: Some(life.token),
                sent: None,
                lost: false,
                fault: false,
                refused: false,
                changes: vec![Change::Token(life)],
            };
            self.steps.push_back(step);
        }
    }

    fn mark_of(&self, now: Time, ended: &Ended) -> Option<CallMark> {
        let Event::CallEnded {
            arrived,
            outcome,
            attempts,
            ..
        } = ended.event
        else {
            return None;
        };
        Some(CallMark {
            step: self.step,
            at_ns: Some(now.nanos()),
            call: Some(ended.number),
            outcome: Some(outcome),
            attempts,
            lasted_ns: now.since(arrived).nanos(),
        })
    }

    /// FilmMarks what this step has that is worth a look.
    fn mark(&mut self, now: Time, ended: &[Ended], call: Option<u64>, world: &WatchedWorld) {
        for ended in ended {
            if let Some(mark) = self.mark_of(now, ended) {
                if mark.call == self.wanted && self.wanted.is_some() {
                    self.asked = Some(mark.clone());
                }
                self.marks.ended(mark);
            }
        }
        let refused = |event: &Event| matches!(event, Event::AttemptRejected { .. } | Event::AttemptRejectedUnheard);
        if self.marks.first_refusal.is_none() && self.events.iter().any(refused) {
            let found = call.and_then(|call| self.numbering.call(world.calls(), call));
            self.marks.first_refusal = Some(CallMark {
                step: self.step,
                at_ns: Some(now.nanos()),
                call,
                outcome: None,
                attempts: found.map_or(0, |call| call.attempts),
                lasted_ns: found.map_or(0, |call| now.since(call.arrived).nanos()),
            });
        }
        self.marks.calls = self.numbering.arrived;
        self.marks.steps = self.step;
        self.marks.tokens = self.lives.issued();
    }

    /// The changes of the picture that this step makes.
    fn changes(
        &mut self,
        now: Time,
        world: &WatchedWorld,
        (call, sends, ended): (Option<u64>, &[Sent], &[Ended]),
        lives: Vec<TokenLife>,
        (reader, all): (Option<NodeId>, bool),
    ) -> Vec<Change> {
        let mut nodes: BTreeSet<NodeId> = reader.into_iter().collect();
        nodes.extend(sends.iter().filter_map(|sent| self.reader(&sent.message, world)));
        let mut changes: Vec<Change> = lives.into_iter().map(Change::Token).collect();
        changes.extend(self.stated.look(world, (self.parties, now), &nodes, all));
        let calls: BTreeSet<u64> = call
            .into_iter()
            .chain(sends.iter().filter_map(|sent| sent.call.map(|call| call.number)))
            .collect();
        for call in calls {
            if let Some(picture) = stated::call(&self.numbering, world, call)
                && self.calls.get(&call) != Some(&picture)
            {
                self.calls.insert(call, picture.clone());
                changes.push(Change::Call(picture));
            }
        }
        for ended in ended {
            self.calls.remove(&ended.number);
        }
        changes.extend(ended.iter().filter_map(|ended| match ended.event {
            Event::CallEnded { outcome, .. } => Some(Change::CallEnded {
                call: ended.number,
                outcome,
            }),
            _ => None,
        }));
        changes
    }

    /// A call that arrives in this step gets its number.
    fn arrive(&mut self, now: Time, world: &WatchedWorld) {
        let arrived = self.events.iter().find_map(|event| match event {
            Event::CallArrived { node, group } => Some((*node, *group)),
            _ => None,
        });
        let Some((place, draw_key)) = self.place else { return };
        let Some((node, group)) = arrived else {
            // Its node is down, and takes none: nothing happens.
            self.now = None;
            return;
        };
        let number = self.numbering.arrives(place, now, node, group, draw_key);
        let named = self.numbering.named(world.calls(), self.parties, number);
        if let Some(Now::Message { origin, call, .. }) = &mut self.now {
            (origin.call, *call) = (Some(number), Some(named));
        }
    }

    /// Calls that end in this step.
    fn ended(&mut self, world: &WatchedWorld) -> Vec<Ended> {
        let events = self.events.iter();
        let numbering = &mut self.numbering;
        events
            .filter_map(|event| numbering.ended(world.calls(), event))
            .collect()
    }
}

impl Watcher for Recorder<'_> {
    fn begins(&mut self, now: Time, what: Watched<'_>, world: &WatchedWorld) {
        self.expire(now, world);
        self.events.clear();
        self.sends.clear();
        self.place = None;
        self.memory = None;
        self.now = Some(match what {
            Watched::Message(message) => {
                if let Message::Arrival { draw_key, .. } = message {
                    self.place = Some((world.calls().next_place(), *draw_key));
                }
                let reader = self.reader(message, world).filter(|_| !self.is_void(message, world));
                self.memory = reader.map(|node| *world.memory(node));
                let origin = self.flights.arrives(now, *message);
                let named = |call| self.numbering.named(world.calls(), self.parties, call);
                Now::Message {
                    message: *message,
                    origin,
                    call: origin.call.map(named),
                    reader,
                    reception: world.reception(message, now),
                }
            }
            Watched::Act(act) => {
                let (told, fault) = acts::told(self.parties, act, now);
                Now::Else(told, fault)
            }
            Watched::Pause(node, until) => {
                let text = format!(
                    "{} stands still for {}",
                    self.parties.node(node),
                    span(until.since(now))
                );
                Now::Else(Some(Told::own(StepKind::Paused, node.index(), text)), true)
            }
            Watched::Resume(node) => {
                let text = format!("{} goes on", self.parties.node(node));
                Now::Else(Some(Told::own(StepKind::Resumed, node.index(), text)), false)
            }
            Watched::Revocation(client) => {
                let text = format!("the provider revokes the live tokens of client {client}");
                Now::Else(
                    Some(Told::own(StepKind::Revoked, self.parties.token_endpoint(), text)),
                    true,
                )
            }
            Watched::End => Now::Else(
                Some(Told::own(StepKind::End, self.parties.api(), "the run ends".to_owned())),
                false,
            ),
        });
        self.open(now, world);
    }

    fn sent(&mut self, _: Time, message: &Message, arrives: Option<Time>) {
        self.sends.push((*message, arrives));
    }

    fn told(&mut self, now: Time, event: &Event) {
        if let Some(observed) = &mut self.observed {
            observed.record(now, event);
        }
        self.events.push(*event);
    }

    fn done(&mut self, now: Time, world: &WatchedWorld) {
        self.arrive(now, world);
        let sends = self.with_calls(world);
        let ended = self.ended(world);
        self.forget_void(&sends, world);
        let is_step = match &self.now {
            Some(Now::Message { reader, .. }) => reader.is_some(),
            Some(Now::Else(told, _)) => told.is_some(),
            None => false,
        };
        if is_step {
            self.next_step(now);
        }
        let own = self.step;
        let lives = self.lives.after(own, now, &self.events, world);
        let call = match &self.now {
            Some(Now::Message { origin, .. }) => origin.call,
            _ => None,
        };
        for sent in &sends {
            if let Some(arrives) = sent.arrives {
                let origin = Origin {
                    step: Some(own),
                    call: sent.call.map(|call| call.number),
                };
                self.flights.leaves(arrives, sent.message, origin);
            }
        }
        self.mark(now, &ended, call, world);
        if is_step
            && self.is_kept()
            && let Some(step) = self.narrate(now, world, &sends, &ended)
        {
            let (reader, all) = match &self.now {
                Some(Now::Message { reader, message, .. }) => (*reader, matches!(message, Message::LoginAgain { .. })),
                _ => (None, true),
            };
            let changes = self.changes(now, world, (call, &sends, &ended), lives, (reader, all));
            self.steps.push_back(Step { changes, ..step });
        }
        self.lose(now, world, &sends, own);
    }

    fn has_seen_enough(&self) -> bool {
        self.window.is_over(self.step)
    }
}
