//! A live node starts, stops and crashes.

use super::{Machine, Said};
use crate::base::Time;
use crate::node::{GuardState, NodeState, RetryState, Strategy as _};
use crate::trace::{CallOutcome, Event};

impl Machine {
    pub(super) fn start(&mut self, now: Time, said: &mut Vec<Said>) {
        if self.state.up {
            return;
        }
        self.state.up = true;
        if let Some(retries) = self.tables.retries.get_mut(self.me.id.index()) {
            retries.budget = self.policy.budget.map(|budget| budget.start(now));
        }
        said.push(Said::Notes(Event::NodeStarted { node: self.me.id }));
        let (mut node, mut ear) = self.at(now, said);
        node.begin(&mut ear);
    }

    pub(super) fn stop(&mut self, said: &mut Vec<Said>) {
        if std::mem::take(&mut self.state.up) {
            said.push(Said::Notes(Event::NodeStopped { node: self.me.id }));
        }
    }

    pub(super) fn crash(&mut self, now: Time, said: &mut Vec<Said>) {
        self.stop(said);
        let memory = self.strategy.boot(self.me);
        self.state = NodeState {
            epoch: self.state.epoch.wrapping_add(1),
            requests: self.state.requests,
            ..NodeState::down(memory, self.state.fleet)
        };
        if let Some(pending) = self.tables.pending.get_mut(self.me.id) {
            pending.stored = 0;
        }
        if let Some(retries) = self.tables.retries.get_mut(self.me.id.index()) {
            *retries = RetryState::default();
        }
        if let Some(guard) = self.tables.guards.get_mut(self.me.id.index()) {
            *guard = GuardState::default();
        }
        self.end_all(now, CallOutcome::Lost, said);
    }
}
