//! When two worlds are the same.

use crate::node::Strategy;
use crate::provider::Rule;

use super::World;

/// Two worlds are equal when nothing that will happen can tell them apart; strategy, policy and layout are taken as equal.
impl<S: Strategy, R: Rule> PartialEq for World<S, R> {
    fn eq(&self, other: &Self) -> bool {
        self.nodes == other.nodes
            && self.tables.retries == other.tables.retries
            && self.tables.guards == other.tables.guards
            && self.tables.pending == other.tables.pending
            && self.calls == other.calls
            && self.servers().eq(other.servers())
            && self.stores == other.stores
            && self.logins == other.logins
            && self.store_down == other.store_down
            && self.disturbance == other.disturbance
    }
}

impl<S: Strategy, R: Rule> Eq for World<S, R> {}

impl<S: Strategy, R: Rule> std::hash::Hash for World<S, R> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.nodes.hash(state);
        self.tables.retries.hash(state);
        // Without their number, which is the same in all states: none where nothing is guarded.
        self.tables.guards.iter().for_each(|guard| guard.hash(state));
        self.tables.pending.hash(state);
        self.calls.hash(state);
        self.servers().for_each(|server| server.hash(state));
        self.stores.hash(state);
        self.logins.hash(state);
        self.store_down.hash(state);
        self.disturbance.hash(state);
    }
}
