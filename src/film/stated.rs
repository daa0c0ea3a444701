//! The picture as it is after a step, and what the step has changed in it.

use std::collections::BTreeSet;

use super::form::Change;
use super::numbering::Numbering;
use super::parties::Parties;
use super::picture::{CallPhase, CallPicture, NodePicture, SlotsPicture, StorePicture};
use super::tokens::number;
use crate::base::{NodeId, Time};
use crate::engine::sim::WatchedWorld;
use crate::node::{Call, Memory as _, Phase};

/// Nodes and stores of which all are looked at after each step.
const FEW: usize = 64;

/// Nodes, stores and slots as they were looked at last.
#[derive(Debug, Default)]
pub(super) struct Stated {
    pub(super) nodes: Vec<NodePicture>,
    pub(super) stores: Vec<StorePicture>,
    pub(super) slots: Vec<SlotsPicture>,
}

fn node(world: &WatchedWorld, id: NodeId) -> NodePicture {
    NodePicture {
        party: id.index(),
        up: world.is_up(id),
        paused: world.is_paused(id),
        token: world.memory(id).view().token.map(number),
    }
}

impl Stated {
    /// What of it a step has changed that concerns these nodes, or `all`.
    pub(super) fn look(
        &mut self,
        world: &WatchedWorld,
        (parties, now): (&Parties, Time),
        nodes: &BTreeSet<NodeId>,
        all: bool,
    ) -> Vec<Change> {
        let mut changes = Vec::new();
        let count = parties.nodes();
        let first = self.nodes.is_empty();
        if first {
            self.nodes.extend((0..count as u32).map(|id| node(world, NodeId(id))));
        }
        let mut look = |id: NodeId| {
            let seen = node(world, id);
            let known = &mut self.nodes[id.index()];
            if *known != seen {
                known.clone_from(&seen);
                changes.push(Change::Node(seen));
            }
        };
        if all || count <= FEW {
            (0..count as u32).map(NodeId).for_each(&mut look);
        } else {
            nodes.iter().copied().for_each(&mut look);
        }
        if all || first || world.shared_stores().len() <= FEW {
            self.look_at_stores(world, (parties, now), &mut changes);
        }
        if all || first {
            self.look_at_slots(world, &mut changes);
        }
        changes
    }

    fn look_at_stores(&mut self, world: &WatchedWorld, (parties, now): (&Parties, Time), changes: &mut Vec<Change>) {
        for (place, store) in world.shared_stores().iter().enumerate() {
            let Some(party) = parties.store(place) else { return };
            let seen = StorePicture {
                party,
                token: store.value().map(|shared| number(shared.token)),
                lease: store.holder(now).map(|(holder, _)| holder.index()),
            };
            match self.stores.get_mut(place) {
                Some(known) if *known == seen => continue,
                Some(known) => known.clone_from(&seen),
                None => self.stores.push(seen.clone()),
            }
            changes.push(Change::Store(seen));
        }
    }

    fn look_at_slots(&mut self, world: &WatchedWorld, changes: &mut Vec<Change>) {
        let provider = &world.server.provider;
        for client in 0..provider.clients() {
            let seen = SlotsPicture {
                client,
                slots: provider.slots(client),
            };
            match self.slots.get_mut(usize::from(client)) {
                Some(known) if *known == seen => continue,
                Some(known) => known.clone_from(&seen),
                None => self.slots.push(seen.clone()),
            }
            changes.push(Change::Slots(seen));
        }
    }
}

/// A call under way.
pub(super) fn call(numbering: &Numbering, world: &WatchedWorld, call: u64) -> Option<CallPicture> {
    let found: &Call = numbering.call(world.calls(), call)?;
    Some(CallPicture {
        call,
        party: found.node.index(),
        arrived_ns: Some(found.arrived.nanos()),
        phase: match found.phase {
            Phase::Waiting | Phase::Withheld | Phase::Gone => CallPhase::WaitsForToken,
            Phase::InFlight => CallPhase::AtApi,
            Phase::Forwarded => CallPhase::AtGateway,
            Phase::Unheard => CallPhase::Unheard,
            Phase::BackoffThenCall
            | Phase::BackoffThenRejected
            | Phase::BackoffThenSend
            | Phase::HeldThenCall
            | Phase::HeldThenRejected
            | Phase::HeldThenSend => CallPhase::WaitsToRetry,
            Phase::Between => CallPhase::BetweenCalls,
        },
        token: found.token.map(number),
        attempts: found.attempts,
        refused: found.rejections,
    })
}
