//! Nodes that change places: for an engine that takes situations for one in which only the names of nodes differ.

use std::hash::{Hash, Hasher};

use super::World;
use super::canonical::Renamed;
use super::message::Message;
use crate::base::{CallId, NodeId, Permutation};
use crate::node::{Call, Memory as _, Strategy, Ticket};
use crate::provider::Rule;

impl<S: Strategy, R: Rule> World<S, R> {
    /// Which node acts when this message is delivered.
    pub fn actor(&self, message: &Message) -> NodeId {
        match *message {
            Message::Arrival { node, .. }
            | Message::TokenRequest { node, .. }
            | Message::TokenResponse { node, .. }
            | Message::StoreRequest { node, .. }
            | Message::StoreResponse { node, .. }
            | Message::TokenTimedOut { node, .. }
            | Message::StoreTimedOut { node, .. }
            | Message::TimerRang { node, .. }
            | Message::TokenServed { node, .. }
            | Message::Note { to: node, .. } => node,
            mut other => other
                .ticket_mut()
                .map_or(NodeId(0), |ticket| self.calls.get(ticket.call).node),
        }
    }

    /// What is at a node, without a word of which one it is: nodes that look alike may still differ in what is under way.
    pub fn portrait(&self, id: NodeId) -> impl Hash + '_ {
        Portrait { world: self, id }
    }

    /// The nodes change places. What was [canonical](World::canonical) is so again, but for the order of the messages.
    ///
    /// Only sound where no node is told apart from another: the same fleet, and a strategy that does not ask for its seat.
    pub fn move_nodes(&mut self, places: Permutation, messages: &mut [Message], renamed: &mut Renamed) {
        places.trade(&mut self.nodes);
        let memories = self.nodes.iter_mut().map(|node| &mut node.memory);
        memories.for_each(|memory| memory.rename_nodes(&mut |id| places.of(id)));
        places.trade(self.tables.pending.all_mut());
        places.trade(&mut self.tables.retries);
        self.calls.move_nodes(places);
        for store in &mut self.stores {
            store.move_owner(places);
        }
        messages.iter_mut().for_each(|message| message.move_nodes(places));
        // Calls are in the order of their nodes.
        self.reorder_calls(messages, renamed);
    }
}

struct Portrait<'a, S: Strategy, R> {
    world: &'a World<S, R>,
    id: NodeId,
}

impl<S: Strategy, R: Rule> Hash for Portrait<'_, S, R> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (world, id) = (self.world, self.id);
        let node = &world.nodes[id.index()];
        let mut memory = node.memory;
        // Calls lie in the order of their nodes: by its place among its own a call says nothing of its node.
        let first = world.calls.iter().position(|call| call.node == id).unwrap_or(0) as u32;
        memory.rename_calls(&mut |call| Some(CallId(call.0.wrapping_sub(first))));
        // Of other nodes it says only that they are others.
        memory.rename_nodes(&mut |other| NodeId(u32::from(other != id)));
        (memory, node.asked, node.up).hash(state);
        world.tables.pending.get(id).hash(state);
        world.tables.retries.get(id.index()).hash(state);
        // A call that was handed on is a call of its origin too.
        let origin = |call: &Call| match call.peer() {
            Some(peer) if call.is_forwarded() => world.calls.get(peer).node,
            _ => call.node,
        };
        for call in world.calls.iter().filter(|call| origin(call) == id) {
            (call.phase, call.token, call.node == id, call.marks, call.tries).hash(state);
        }
        for store in &world.stores {
            store.lease_of(id).hash(state);
        }
    }
}

impl Message {
    /// The same message where the nodes have changed places.
    fn move_nodes(&mut self, places: Permutation) {
        self.each_node(|id| *id = places.of(*id));
    }

    /// The same message without a word of whom it concerns.
    #[inline]
    pub fn nameless(mut self) -> Self {
        self.each_node(|id| *id = NodeId(0));
        if let Some(ticket) = self.ticket_mut() {
            *ticket = Ticket {
                call: CallId(0),
                ..*ticket
            };
        }
        self
    }

    #[inline]
    fn each_node(&mut self, mut act: impl FnMut(&mut NodeId)) {
        match self {
            Self::ApiRequest { node, .. }
            | Self::TokenRequest { node, .. }
            | Self::TokenServed { node, .. }
            | Self::TokenResponse { node, .. }
            | Self::StoreRequest { node, .. }
            | Self::StoreResponse { node, .. }
            | Self::TokenTimedOut { node, .. }
            | Self::StoreTimedOut { node, .. }
            | Self::TimerRang { node, .. }
            | Self::Arrival { node, .. }
            | Self::Forward { gateway: node, .. } => act(node),
            Self::Note { to, from, .. } => {
                act(to);
                act(from);
            }
            Self::ApiResponse { .. }
            | Self::Answered { .. }
            | Self::BackoffOver { .. }
            | Self::AttemptTimedOut { .. }
            | Self::LoginAgain { .. } => {}
        }
    }
}
