//! Nodes that stand still for a time, and nodes that cannot reach another party.
//!
//! Both act on deliveries: what reaches a node that stands still waits for it, and what arrives across a cut is lost.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::World;
use super::host::Host;
use super::message::{Message, Stage};
use crate::base::{NodeId, Time};
use crate::node::{Strategy, Ticket};
use crate::provider::Rule;
use crate::trace::Event;

/// Whom a node may be cut off from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The provider's token endpoint.
    TokenEndpoint,
    /// The provider's API.
    Api,
    /// The shared store.
    Store,
    /// The second provider's token endpoint.
    SecondTokenEndpoint,
    /// The second provider's API.
    SecondApi,
}

/// What becomes of a message that arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reception {
    /// Its party hears of it.
    Heard,
    /// It comes to a cut, and is lost.
    Lost,
    /// Its node stands still, and hears of it when it goes on.
    Kept,
}

/// What disturbs nodes at present; empty in nearly every run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Disturbance {
    paused: BTreeMap<NodeId, Pause>,
    cuts: Vec<Cut>,
    any: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Pause {
    until: Time,
    /// What has reached the node meanwhile, in order.
    held: Vec<Message>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Cut {
    nodes: Range<u32>,
    from: Party,
    until: Time,
}

impl Disturbance {
    #[inline(always)]
    pub fn is_any(&self) -> bool {
        self.any
    }

    pub fn is_paused(&self, id: NodeId) -> bool {
        self.paused.contains_key(&id)
    }

    /// Keeps a message for a node that stands still.
    pub fn hold(&mut self, id: NodeId, message: Message) {
        let pause = self
            .paused
            .get_mut(&id)
            .expect("only nodes that stand still keep messages");
        pause.held.push(message);
    }

    /// Ends a pause, and returns what has waited for the node.
    fn release(&mut self, id: NodeId) -> Vec<Message> {
        let pause = self.paused.remove(&id);
        self.note();
        pause.map_or_else(Vec::new, |pause| pause.held)
    }

    /// Everything that waits for a node.
    pub fn held_mut(&mut self) -> impl Iterator<Item = &mut Message> {
        self.paused.values_mut().flat_map(|pause| &mut pause.held)
    }

    fn is_cut(&self, id: NodeId, from: Party, now: Time) -> bool {
        let cuts = |cut: &Cut| cut.from == from && now < cut.until && cut.nodes.contains(&id.0);
        self.cuts.iter().any(cuts)
    }

    fn note(&mut self) {
        self.any = !self.paused.is_empty() || !self.cuts.is_empty();
    }
}

impl<S: Strategy, R: Rule> World<S, R> {
    /// A node that is up stands still until then, as in a long garbage collection or while its virtual machine is moved: it
    /// hears nothing and says nothing. A pause under way ends no sooner.
    pub fn pause(&mut self, id: NodeId, until: Time, host: &mut impl Host) {
        if !self.is_up(id) {
            return;
        }
        if !self.disturbance.is_paused(id) {
            host.note(|| Event::NodePaused { node: id });
        }
        let pause = self.disturbance.paused.entry(id).or_insert(Pause {
            until,
            held: Vec::new(),
        });
        pause.until = pause.until.max(until);
        self.disturbance.any = true;
    }

    /// The node goes on if its pause is over by now: all that waited reaches it, in order.
    pub fn resume(&mut self, id: NodeId, host: &mut impl Host) {
        let over = |pause: &Pause| pause.until <= host.now();
        if !self.disturbance.paused.get(&id).is_some_and(over) {
            return;
        }
        host.note(|| Event::NodeResumed { node: id });
        self.deliver_held(id, host);
    }

    /// The node has crashed: nobody stands still any more, and what waited meets whoever is there now.
    #[cold]
    pub(super) fn drop_held(&mut self, id: NodeId, host: &mut impl Host) {
        if self.disturbance.is_paused(id) {
            self.deliver_held(id, host);
        }
    }

    #[cold]
    #[inline(never)] // An engine's own delivery is the one that must be fast.
    fn deliver_held(&mut self, id: NodeId, host: &mut impl Host) {
        for message in self.disturbance.release(id) {
            self.deliver(message, host);
        }
    }

    /// Whether a node stands still.
    pub fn is_paused(&self, id: NodeId) -> bool {
        self.disturbance.is_paused(id)
    }

    /// Until then, what these nodes and a party send each other is lost.
    pub fn cut(&mut self, nodes: Range<u32>, from: Party, until: Time) {
        self.disturbance.cuts.push(Cut { nodes, from, until });
        self.disturbance.any = true;
    }

    /// Ends the cuts that are over by now.
    pub fn mend(&mut self, now: Time) {
        self.disturbance.cuts.retain(|cut| now < cut.until);
        self.disturbance.note();
    }

    /// Whether a message does not arrive now: it is lost, or kept for later.
    #[cold]
    pub(super) fn intercept(&mut self, message: &Message, host: &mut impl Host) -> bool {
        if let Some((id, party)) = self.path(message)
            && self.disturbance.is_cut(id, party, host.now())
        {
            match message {
                Message::TokenRequest { .. } => host.note(|| Event::TokenRequestLost),
                Message::TokenResponse { .. } => host.note(|| Event::TokenAnswerLost),
                _ => {}
            }
            return true;
        }
        match self.reader(message) {
            Some(id) if self.disturbance.is_paused(id) => {
                self.disturbance.hold(id, *message);
                true
            }
            _ => false,
        }
    }

    /// What would become of a message that arrived now.
    pub fn reception(&self, message: &Message, now: Time) -> Reception {
        let cut = |(id, party)| self.disturbance.is_cut(id, party, now);
        if !self.disturbance.is_any() {
            Reception::Heard
        } else if self.path(message).is_some_and(cut) {
            Reception::Lost
        } else if self.reader(message).is_some_and(|id| self.disturbance.is_paused(id)) {
            Reception::Kept
        } else {
            Reception::Heard
        }
    }

    /// The node at one end of a message's way and the party at the other.
    fn path(&self, message: &Message) -> Option<(NodeId, Party)> {
        match message {
            Message::ApiRequest {
                stage: Stage::Arrived,
                node,
                ..
            } => Some((*node, self.party(*node, Party::Api))),
            Message::ApiResponse { .. } => self.reader(message).map(|node| (node, self.party(node, Party::Api))),
            Message::TokenRequest { node, .. } | Message::TokenResponse { node, .. } => {
                Some((*node, self.party(*node, Party::TokenEndpoint)))
            }
            Message::StoreRequest { node, .. } | Message::StoreResponse { node, .. } => Some((*node, Party::Store)),
            _ => None,
        }
    }

    /// The endpoint of the provider that a node has its credential from.
    fn party(&self, id: NodeId, party: Party) -> Party {
        match party {
            Party::TokenEndpoint if self.is_at_second(id) => Party::SecondTokenEndpoint,
            Party::Api if self.is_at_second(id) => Party::SecondApi,
            party => party,
        }
    }

    /// The node that a message or an alarm is for; none for one that is another party's, or nobody's any more.
    fn reader(&self, message: &Message) -> Option<NodeId> {
        let node_of = |ticket: Ticket| self.calls.is_good(ticket).then(|| self.calls.get(ticket.call).node);
        match *message {
            Message::ApiRequest { .. }
            | Message::TokenRequest { .. }
            | Message::TokenServed { .. }
            | Message::LoginAgain { .. }
            | Message::StoreRequest { .. }
            // A call is taken in even by a node that stands still: its time runs from there.
            | Message::Arrival { .. } => None,
            Message::TokenResponse { node, .. }
            | Message::StoreResponse { node, .. }
            | Message::TokenTimedOut { node, .. }
            | Message::StoreTimedOut { node, .. }
            | Message::TimerRang { node, .. } => Some(node),
            Message::Forward { gateway: to, .. } | Message::Note { to, .. } => Some(to),
            Message::ApiResponse { ticket, .. }
            | Message::BackoffOver { ticket }
            | Message::Answered { ticket, .. }
            | Message::AttemptTimedOut { ticket } => node_of(ticket),
        }
    }
}
