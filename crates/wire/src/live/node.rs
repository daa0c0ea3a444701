//! One live node: an inbox, timers, and sockets around its machine.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinSet};

use super::callers::Callers;
use super::connection::{HttpClient, http_client};
use super::machine::{HandedOver, Machine, Said, Served, Told};
use super::mail::{CallStep, Mail, Report, Trip};
use super::replay::{NodeRecord, RecordedStep};
use super::surroundings::Surroundings;
use crate::base::{CallId, Group, NodeId, Time};
use crate::node::{Alarm, Heard, Ticket};
use crate::trace::Event;
use crate::world::Party;

/// A node with its inbox.
pub(super) struct LiveNode {
    pub(super) id: NodeId,
    pub(super) machine: Machine,
    pub(super) around: Arc<Surroundings>,
    inbox: UnboundedReceiver<Mail>,
    pub(super) own: UnboundedSender<Mail>,
    pub(super) http: HttpClient,
    alarms: BTreeMap<(Time, u64), Alarm>,
    set: u64,
    pub(super) epoch: u8,
    /// Until when it stands still, and what has reached it meanwhile.
    paused: Option<(Time, Vec<Mail>)>,
    cuts: Vec<(Party, Time)>,
    pub(super) tasks: JoinSet<()>,
    /// Calls that it has handed over.
    pub(super) handed: BTreeMap<CallId, AbortHandle>,
    /// Calls that it has taken over, and where their answers go.
    serving: BTreeMap<CallId, oneshot::Sender<Served>>,
    connections: BTreeMap<u64, CallId>,
    /// Calls that somebody in this process sends himself, and what they wait for.
    pub(super) callers: Callers,
    record: Option<NodeRecord>,
}

impl LiveNode {
    pub fn new(
        id: NodeId,
        around: Arc<Surroundings>,
        (own, inbox): (UnboundedSender<Mail>, UnboundedReceiver<Mail>),
        records: bool,
    ) -> Self {
        Self {
            id,
            machine: Machine::new(&around.plan, id, around.dice),
            http: http_client(),
            around,
            inbox,
            own,
            alarms: BTreeMap::new(),
            set: 0,
            epoch: 0,
            paused: None,
            cuts: Vec::new(),
            tasks: JoinSet::new(),
            handed: BTreeMap::new(),
            serving: BTreeMap::new(),
            connections: BTreeMap::new(),
            callers: Callers::default(),
            record: records.then(|| NodeRecord::of(id)),
        }
    }

    /// The same in another life: it has been killed so often before, and draws what it has not drawn yet.
    pub fn in_life(mut self, life: u32) -> Self {
        self.machine.begin_life(life);
        self
    }

    /// Lives until the run is over, and returns what it has recorded.
    pub async fn live(mut self) -> Option<NodeRecord> {
        loop {
            let next = self.alarms.first_key_value().map(|((at, _), _)| *at);
            tokio::select! {
                mail = self.inbox.recv() => match mail {
                    None => break,
                    Some(Mail::Told(Told::Close)) => {
                        self.take(Told::Close);
                        break;
                    }
                    Some(mail) => self.read(mail),
                },
                () = self.around.until(next.unwrap_or_default()), if next.is_some() => self.ring(),
                Some(_ended) = self.tasks.join_next() => {}
            }
        }
        self.record
    }

    /// Everything that is due goes off.
    fn ring(&mut self) {
        let now = self.around.clock.now();
        while let Some(entry) = self.alarms.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let told = Told::Hear(Heard::Alarm(entry.remove()));
            self.read(Mail::Told(told));
        }
    }

    fn read(&mut self, mail: Mail) {
        match mail {
            Mail::Pause(until) => self.pause(until),
            Mail::Resume => self.resume(),
            Mail::Cut(from, until) => self.cuts.push((from, until)),
            // Whoever conducts the run has done that where nodes share a process.
            Mail::Around(_) => {}
            Mail::Told(Told::Crash) => self.crash(),
            Mail::Told(told @ (Told::Start | Told::Stop | Told::Adopt { .. })) => self.take(told),
            mail => match &mut self.paused {
                None => self.open(mail),
                // A call is taken in even by a node that stands still: its time runs from there.
                Some(_) if matches!(mail, Mail::Told(Told::Hear(Heard::Call { .. }))) => {
                    if let Mail::Told(Told::Hear(Heard::Call { group, draw_key })) = mail {
                        self.take(Told::ArrivesUnheard { group, draw_key });
                    }
                }
                Some((_, held)) => held.push(mail),
            },
        }
    }

    fn open(&mut self, mail: Mail) {
        match mail {
            Mail::Told(told) => self.take(told),
            Mail::Arrives { told, trip } => {
                self.measured(trip);
                self.take(told);
            }
            Mail::Answer {
                epoch,
                from,
                told,
                trip,
            } => {
                if epoch == self.epoch && from.is_none_or(|from| !self.is_cut(from)) {
                    self.measured(trip);
                    self.take(told);
                }
            }
            Mail::TakeOver {
                connection,
                call,
                answer,
                trip,
            } => {
                self.measured(trip);
                // Where the node is down, the connection is refused: the answer's other end goes.
                if self.machine.is_up() {
                    self.take_over(connection, call, answer);
                }
            }
            Mail::HungUp { connection } => {
                if let Some(call) = self.connections.remove(&connection)
                    && self.serving.remove(&call).is_some()
                {
                    self.take(Told::Hear(Heard::HungUp { call }));
                }
            }
            Mail::Arrived { at, group, draw_key } => {
                self.arrive(at, group, draw_key);
            }
            Mail::Begins { waits } => self.begin(waits),
            Mail::Tells { ticket, told, waits } => {
                // What is told of an attempt that was given up meanwhile finds no call.
                if self.machine.is_good(ticket) {
                    if let Some(waits) = waits {
                        self.callers.wait(ticket.call, waits);
                    }
                    self.take(told);
                }
            }
            Mail::Leaves { ticket } => {
                if self.machine.is_good(ticket) {
                    self.take(Told::Hear(Heard::HungUp { call: ticket.call }));
                }
            }
            Mail::Pause(_) | Mail::Resume | Mail::Cut(..) | Mail::Around(_) => self.read(mail),
        }
    }

    fn measured(&self, Trip(legs): Trip) {
        let now = self.around.clock.now();
        for (leg, from, to) in legs.into_iter().flatten() {
            self.around.way(leg, from, to.unwrap_or(now));
        }
    }

    pub(super) fn is_cut(&self, from: Party) -> bool {
        let now = self.around.clock.now();
        self.cuts.iter().any(|(party, until)| *party == from && now < *until)
    }

    fn pause(&mut self, until: Time) {
        if !self.machine.is_up() {
            return;
        }
        match &mut self.paused {
            Some((end, _)) => *end = until.max(*end),
            None => {
                self.paused = Some((until, Vec::new()));
                self.note(&Event::NodePaused { node: self.id });
            }
        }
    }

    fn resume(&mut self) {
        let now = self.around.clock.now();
        if self.paused.as_ref().is_some_and(|(until, _)| *until <= now)
            && let Some((_, held)) = self.paused.take()
        {
            self.note(&Event::NodeResumed { node: self.id });
            held.into_iter().for_each(|mail| self.open(mail));
        }
    }

    /// Memory, calls, timers and connections are gone.
    fn crash(&mut self) {
        self.paused = None;
        self.epoch = self.epoch.wrapping_add(1);
        self.alarms.clear();
        self.tasks.abort_all();
        self.serving.clear();
        self.connections.clear();
        self.take(Told::Crash);
        self.handed.clear();
        let (around, id, store) = (Arc::clone(&self.around), self.id, self.machine.fleet().store);
        // The system frees the locks of a process that has died.
        tokio::spawn(async move { around.shelf.release_locks_of(store, id).await });
    }

    fn take_over(&mut self, connection: u64, call: HandedOver, answer: oneshot::Sender<Served>) {
        let (now, told) = (self.around.clock.now(), Told::TakeOver(call));
        let said = self.machine.take(now, told);
        self.remember(now, told, &said);
        if let Some(Said::TakesOver(call)) = said.first() {
            self.serving.insert(*call, answer);
            self.connections.insert(connection, *call);
        }
        self.carry_out(now, said);
    }

    fn take(&mut self, told: Told) {
        let now = self.around.clock.now();
        let said = self.machine.take(now, told);
        self.remember(now, told, &said);
        self.carry_out(now, said);
        let machine = &self.machine;
        self.callers.end(|call| machine.is_over(call));
        // Whoever has gone while his call was parked is found when it is his turn.
        if let Some(call) = self.callers.gone.pop() {
            self.take(Told::Hear(Heard::HungUp { call }));
        }
    }

    /// A call of somebody in this process: it arrives, and once it is known by its place, the node hears of it.
    fn begin(&mut self, waits: oneshot::Sender<CallStep>) {
        let now = self.around.clock.now();
        let draw_key = self.callers.next_draw_key();
        if let Some(ticket) = self.take_in(now, Group(0), draw_key) {
            self.callers.wait(ticket.call, waits);
            self.take(Told::Hear(Heard::Alarm(Alarm::BackoffOver { ticket })));
        }
    }

    /// A call that has arrived earlier: its time runs from there.
    fn arrive(&mut self, at: Time, group: Group, draw_key: u32) {
        if let Some(ticket) = self.take_in(at, group, draw_key) {
            self.take(Told::Hear(Heard::Alarm(Alarm::BackoffOver { ticket })));
        }
    }

    /// Takes a call in of which the node has not heard yet.
    fn take_in(&mut self, at: Time, group: Group, draw_key: u32) -> Option<Ticket> {
        let told = Told::ArrivesUnheard { group, draw_key };
        let said = self.machine.take(at, told);
        self.remember(at, told, &said);
        let kept = said.iter().find_map(|word| match word {
            Said::Keeps(ticket) => Some(*ticket),
            _ => None,
        });
        self.carry_out(at, said);
        kept
    }

    fn remember(&mut self, at: Time, told: Told, said: &[Said]) {
        if let Some(record) = &mut self.record {
            record.push(RecordedStep {
                at,
                told,
                said: said.to_vec(),
            });
        }
    }

    pub(super) fn note(&mut self, event: &Event) {
        self.note_at(self.around.clock.now(), event);
    }

    fn note_at(&mut self, at: Time, event: &Event) {
        self.around.note(at, event);
        if let Event::CallEnded {
            node, group, outcome, ..
        } = *event
        {
            self.callers.outcome = outcome;
            let _gone = self.around.reports.send(Report::Ended { node, group });
        }
    }

    fn carry_out(&mut self, now: Time, said: Vec<Said>) {
        for word in said {
            match word {
                Said::Sends { key, sends } => self.send(now, key, sends),
                Said::HandsOver { ticket, key, call } => self.hand_over(now, ticket, key, call),
                Said::Answers { call, served, .. } => {
                    if let Some(answer) = self.serving.remove(&call) {
                        let _hung_up = answer.send(served);
                    }
                }
                Said::HangsUp(call) => {
                    if let Some(connection) = self.handed.remove(&call) {
                        connection.abort();
                    }
                }
                Said::Wakes { after, alarm } => {
                    self.set += 1;
                    self.alarms.insert((now + after, self.set), alarm);
                }
                Said::Keeps(ticket) => {
                    if let Some((_, held)) = &mut self.paused {
                        held.push(Mail::Told(Told::Hear(Heard::Alarm(Alarm::BackoffOver { ticket }))));
                    }
                }
                Said::TakesOver(_) => {}
                Said::Notes(event) => self.note_at(now, &event),
                Said::NeedsLogin(credential) => {
                    let node = self.id;
                    let _gone = self.around.reports.send(Report::NeedsLogin { node, credential });
                }
            }
        }
    }
}
