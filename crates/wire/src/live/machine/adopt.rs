//! A live node that goes over to another version of its code.

use super::Machine;
use crate::node::{NodeTables, Strategy as _};

impl Machine {
    /// It is down, and follows this version from its next start on.
    pub(super) fn adopt(&mut self, version: u8) {
        let (Some(mix), id) = (&mut self.mix, self.me.id) else {
            return;
        };
        mix.adopt(id, version);
        self.strategy = mix.of(id).clone();
        if let Some(policy) = mix.policy_of(id) {
            self.policy = policy.clone();
        }
        let NodeTables { nodes, patience, .. } = &self.tables;
        let tables = NodeTables::new(*nodes, patience.clone(), [&self.policy]);
        (self.tables.retries, self.tables.guards) = (tables.retries, tables.guards);
        self.state.memory = self.strategy.boot(self.me);
    }
}
