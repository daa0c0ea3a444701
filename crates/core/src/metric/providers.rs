//! What goes to a second provider, where there is one.

use super::{Better, Metric, Observed};
use crate::base::{NodeId, Time};

pub(super) const FAILURE_RATE_AT_SECOND: Metric = Metric {
    name: "failure_rate_at_second",
    unit: "share",
    about: "Share of calls that came to the second provider and did not succeed there; only where there is a second one.",
    read: |run| {
        let at_second = run.nodes.iter().skip(1).step_by(2);
        let failed: u64 = at_second
            .map(|&(calls, succeeded)| u64::from(calls) - u64::from(succeeded))
            .sum();
        share(run, failed, run.total().calls)
    },
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const TOKEN_REQUESTS_AT_SECOND: Metric = Metric {
    name: "token_requests_at_second",
    unit: "share",
    about: "Share of all token requests that go to the second provider; only where there is one.",
    read: |run| share(run, run.requests_at_second, run.token_requests),
    by_group: None,
    by_fleet: None,
    better: None,
};

/// A part of a whole, in a run with two providers.
fn share(run: &Observed, part: u64, whole: u64) -> Option<f64> {
    (run.context.two_providers && whole > 0).then(|| part as f64 / whole as f64)
}

impl Observed {
    /// Counts a token request that goes to the second provider.
    pub(super) fn of_second_provider(&mut self, now: Time, node: NodeId) {
        if self.context.two_providers {
            self.requests_at_second += u64::from(node.0 % 2 == 1 && self.measured(now));
        }
    }

    /// Each of the two nodes has served what came to it.
    pub(super) fn passed_on(&mut self, from: NodeId, to: NodeId, arrived: Time) {
        if arrived >= self.context.warmup {
            self.nodes[from.index()].1 += 1;
            self.nodes[to.index()].0 += 1;
        }
    }
}
