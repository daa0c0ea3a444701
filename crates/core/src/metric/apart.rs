//! What is counted apart, where there is something to tell apart: by fleet, by tenant, by provider.

use super::Observed;
use super::context::RunContext;
use super::tally::FleetTally;
use crate::base::{NodeId, Time};

impl RunContext {
    /// Whether anything is.
    pub(super) fn is_apart(&self) -> bool {
        self.fleets.count() > 0 || self.tenants.count() > 0 || self.two_providers
    }
}

impl Observed {
    /// Counts something by fleet, by tenant or by provider: where nothing is counted so, one question tells.
    #[inline(always)]
    pub(super) fn apart(&mut self, count: impl FnOnce(&mut Self)) {
        #[cold]
        #[inline(never)]
        fn counted(run: &mut Observed, count: impl FnOnce(&mut Observed)) {
            count(run);
        }
        if self.is_apart {
            counted(self, count);
        }
    }

    /// Counts something of a node's fleet, where fleets are counted apart.
    pub(super) fn of_fleet(&mut self, now: Time, node: NodeId, count: impl FnOnce(&mut FleetTally)) {
        if self.measured(now)
            && let Some(fleet) = self.context.fleets.of_node(node)
        {
            count(&mut self.fleets[fleet]);
        }
    }
}
