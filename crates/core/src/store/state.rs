//! What a store holds at one time: a value, and a lease.

use super::operation::{Entry, Stored, When};
use crate::base::{NodeId, Time};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct State<V> {
    pub(super) register: Option<(V, Time)>,
    pub(super) lease: Option<Lease>,
    /// The highest fence with which a fenced write has been made.
    pub(super) written_fence: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Lease {
    pub(super) owner: NodeId,
    pub(super) fence: u32,
    /// None for ever.
    pub(super) until: Option<Time>,
    /// It ends with its owner's life.
    pub(super) tied: bool,
}

impl Lease {
    pub(super) fn holds(&self, now: Time) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

impl<V: Stored> State<V> {
    pub(super) fn entry(&self, now: Time) -> Option<Entry<V>> {
        self.register.map(|(value, written)| Entry {
            value,
            age: now.since(written).into(),
        })
    }

    pub(super) fn allows(&self, when: When, rank: u32) -> bool {
        let lies = self.register.map(|(value, _)| value);
        match when {
            When::Always => true,
            When::Still(name) => lies.map(|value| value.name()) == name,
            When::Fence(fence) => fence >= self.written_fence,
            When::NotOlder => lies.is_none_or(|value| rank >= value.rank()),
        }
    }

    pub(super) fn is_held_by(&self, from: NodeId, fence: u32) -> bool {
        self.lease
            .is_some_and(|lease| lease.fence == fence && lease.owner == from)
    }
}
