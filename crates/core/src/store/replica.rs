//! Replicas that lag behind the primary, and what a failover loses.

use super::Store;
use super::operation::{Answer, Stored};
use super::state::State;
use crate::base::{Duration, Time};

impl<V: Stored> Store<V> {
    /// A store that remembers what it was up to this long ago, for replicas that lag and failovers that lose writes.
    pub fn remembering(memory: Duration) -> Self {
        Self {
            memory,
            ..Self::default()
        }
    }

    /// What a replica answers to a read that has heard of nothing younger than `lag`.
    pub fn read_replica(&self, now: Time, lag: Duration) -> Answer<V> {
        Answer::Value(self.as_of(now, lag).entry(now))
    }

    /// The primary dies and a replica takes over that had not heard of the last writes.
    pub fn fail_over(&mut self, now: Time, lost: Duration) {
        self.state = *self.as_of(now, lost);
        self.past.clear();
    }

    fn as_of(&self, now: Time, ago: Duration) -> &State<V> {
        let since = |until: Time| now.since(until) < ago;
        self.past
            .iter()
            .find(|(until, _)| since(*until))
            .map_or(&self.state, |(_, state)| state)
    }

    pub(super) fn keep_past(&mut self, now: Time) {
        if self.memory.is_zero() {
            return;
        }
        let memory = self.memory;
        while self.past.front().is_some_and(|(until, _)| now.since(*until) >= memory) {
            self.past.pop_front();
        }
        self.past.push_back((now, self.state));
    }
}
