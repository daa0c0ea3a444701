//! Steps in words: what a step is told from, and what never arrives.

use super::flights::{Origin, ticket};
use super::form::Step;
use super::numbering::Ended;
use super::phrases::lost;
use super::recorder::{Now, Recorder};
use super::words::{Sent, Telling};
use crate::base::{NodeId, Time};
use crate::engine::sim::WatchedWorld;
use crate::world::{Message, Reception};

impl Recorder<'_> {
    /// The node that reads a message, or sent it where another party reads it.
    pub(super) fn reader(&self, message: &Message, world: &WatchedWorld) -> Option<NodeId> {
        match *message {
            Message::Arrival { node, .. }
            | Message::ApiRequest { node, .. }
            | Message::TokenRequest { node, .. }
            | Message::TokenServed { node, .. }
            | Message::TokenResponse { node, .. }
            | Message::StoreRequest { node, .. }
            | Message::StoreResponse { node, .. }
            | Message::TokenTimedOut { node, .. }
            | Message::StoreTimedOut { node, .. }
            | Message::TimerRang { node, .. }
            | Message::Note { to: node, .. } => Some(node),
            Message::LoginAgain { login } => {
                let fleets = world.fleets().iter();
                let mut nodes = fleets.flat_map(|fleet| fleet.nodes.clone().map(move |node| (fleet, NodeId(node))));
                nodes
                    .find(|(fleet, node)| fleet.login_of(*node) == login)
                    .map(|(_, node)| node)
            }
            Message::ApiResponse { ticket, .. }
            | Message::Forward { ticket, .. }
            | Message::Answered { ticket, .. }
            | Message::BackoffOver { ticket }
            | Message::AttemptTimedOut { ticket } => world.calls().find(ticket.call).map(|call| call.node),
        }
    }

    /// Whether the message comes to nothing because nobody waits for it any more.
    pub(super) fn is_void(&self, message: &Message, world: &WatchedWorld) -> bool {
        let alarm = matches!(
            message,
            Message::AttemptTimedOut { .. }
                | Message::BackoffOver { .. }
                | Message::ApiResponse { .. }
                | Message::Forward { .. }
                | Message::Answered { .. }
        );
        alarm && ticket(message).is_some_and(|ticket| !world.calls().is_good(ticket))
    }

    /// The calls of what was sent, which are known once the step is over.
    pub(super) fn with_calls(&mut self, world: &WatchedWorld) -> Vec<Sent> {
        let sends = std::mem::take(&mut self.sends);
        let (numbering, parties) = (&mut self.numbering, self.parties);
        let with_call = |(message, arrives): (Message, Option<Time>)| {
            let number = ticket(&message).and_then(|ticket| numbering.number(world.calls(), ticket.call));
            Sent {
                message,
                arrives,
                call: number.map(|number| numbering.named(world.calls(), parties, number)),
            }
        };
        sends.into_iter().map(with_call).collect()
    }

    /// What was sent in this step, but never arrives: a step for each.
    pub(super) fn lose(&mut self, now: Time, world: &WatchedWorld, sends: &[Sent], from_step: u64) {
        for sent in sends {
            let alarm = matches!(
                sent.message,
                Message::BackoffOver { .. } | Message::TimerRang { .. } | Message::LoginAgain { .. }
            );
            if sent.arrives.is_some() || alarm {
                continue;
            }
            self.open(now, world);
            self.next_step(now);
            let Some(node) = self.reader(&sent.message, world).filter(|_| self.is_kept()) else {
                continue;
            };
            let telling = Telling {
                parties: self.parties,
                lives: &self.lives,
                now,
                events: &[],
                sends: &[],
                ended: &[],
            };
            let told = telling.message(&sent.message, sent.call, node);
            let text = lost(self.parties.node(node), &sent.message, sent.call);
            let step = Step {
                number: self.step,
                at_ns: Some(now.nanos()),
                kind: told.kind,
                from: told.from,
                to: told.to,
                text,
                call: sent.call.map(|call| call.number),
                token: told.token,
                sent: Some(from_step),
                lost: true,
                fault: true,
                refused: false,
                changes: Vec::new(),
            };
            self.steps.push_back(step);
        }
    }

    /// What this step is, in words: a step without its number and its changes.
    pub(super) fn narrate(&self, now: Time, world: &WatchedWorld, sends: &[Sent], ended: &[Ended]) -> Option<Step> {
        let telling = Telling {
            parties: self.parties,
            lives: &self.lives,
            now,
            events: &self.events,
            sends,
            ended,
        };
        let (told, origin, is_lost, fault) = match self.now.as_ref()? {
            Now::Message {
                message,
                origin,
                call,
                reader,
                reception,
            } => {
                let reader = (*reader)?;
                let mut told = telling.message(message, *call, reader);
                if let Message::Answered { .. } = message {
                    let own = world.fleets().iter().filter(|fleet| fleet.nodes.contains(&reader.0));
                    told.from = own
                        .filter_map(|fleet| fleet.gateway)
                        .next()
                        .map_or(told.from, NodeId::index);
                }
                let is_lost = *reception == Reception::Lost;
                match reception {
                    Reception::Heard => {}
                    Reception::Lost => {
                        told.text = format!("{}: it is cut off", lost(self.parties.node(reader), message, *call));
                    }
                    Reception::Kept => {
                        told.text = format!("{}: it stands still, and hears nothing of this yet", told.text);
                    }
                }
                (told, *origin, is_lost, is_lost)
            }
            Now::Else(told, fault) => {
                let mut told = told.clone()?;
                told.text.push_str(&telling.follows(NodeId(u32::MAX)));
                (told, Origin::default(), false, *fault)
            }
        };
        Some(Step {
            number: self.step,
            at_ns: Some(now.nanos()),
            kind: told.kind,
            from: told.from,
            to: told.to,
            text: told.text,
            call: origin.call,
            token: told.token,
            sent: origin.step,
            lost: is_lost,
            fault,
            refused: told.refused,
            changes: Vec::new(),
        })
    }

    /// An alarm that comes too late changes nothing: it is no step.
    pub(super) fn forget_void(&mut self, sends: &[Sent], world: &WatchedWorld) {
        let Some(Now::Message { message, reader, .. }) = &mut self.now else {
            return;
        };
        let alarm = matches!(
            message,
            Message::TokenTimedOut { .. } | Message::StoreTimedOut { .. } | Message::TimerRang { .. }
        );
        let unmoved = |node: NodeId| self.memory.is_some_and(|before| before == *world.memory(node));
        if alarm && self.events.is_empty() && sends.is_empty() && reader.is_some_and(unmoved) {
            *reader = None;
        }
    }
}
