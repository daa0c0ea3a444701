//! What becomes of single tenants, where an app serves several.

use super::tally::{CAUSES, REFUSALS, TenantTally};
use super::{Better, Metric, Observed};
use crate::base::{NodeId, Time};
use crate::oauth::{Bucket, Cause};

pub(super) const TENANTS_WITH_FAILURES: Metric = Metric {
    name: "tenants_with_failures",
    unit: "share",
    about: "Share of tenants of which a call failed, of those that were called; only where an app serves several.",
    read: |run| {
        let called = called(run);
        let failing = called.iter().filter(|(calls, succeeded)| succeeded < calls);
        (!called.is_empty()).then(|| failing.count() as f64 / called.len() as f64)
    },
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const FAIRNESS_WORST_TENANT: Metric = Metric {
    name: "fairness_worst_tenant",
    unit: "share",
    about: "Success rate of the tenant that fares worst; only where an app serves several.",
    read: |run| {
        let rates = called(run).into_iter();
        let rates = rates.map(|(calls, succeeded)| succeeded as f64 / calls as f64);
        rates.min_by(f64::total_cmp)
    },
    by_group: None,
    by_fleet: None,
    better: Some(Better::High),
};

pub(super) const TOKEN_REQUESTS_TOP_TENANT: Metric = Metric {
    name: "token_requests_top_tenant",
    unit: "share",
    about: "Share of all token requests that come for the tenant with the most; only where an app serves several.",
    read: |run| {
        let requests = || run.tenants.iter().map(|tenant| tenant.requests);
        let (all, most) = (requests().map(u64::from).sum::<u64>(), requests().max()?);
        (all > 0).then(|| f64::from(most) / all as f64)
    },
    by_group: None,
    by_fleet: None,
    better: None,
};

/// Calls that arrived and that succeeded, of each tenant that was called.
fn called(run: &Observed) -> Vec<(u64, u64)> {
    let mut tenants = run.tenant_calls();
    tenants.retain(|(calls, _)| *calls > 0);
    tenants
}

/// Of so many tenants of one run each is told; of the others what they come to together.
pub const TENANTS_TOLD: usize = 1000;

/// What is counted of each tenant, in the order of [`Observed::tenant_counts`]. The names are columns of a file, and so a promise to users.
pub const TENANT_COUNTS: [&str; 5 + CAUSES + REFUSALS] = [
    "calls",
    "failed_calls",
    "token_requests",
    "issuances",
    "rejections_in_flight",
    "rejections_superseded",
    "rejections_expired",
    "rejections_revoked",
    "rejections_not_yet_active",
    "rejections_long_dead",
    "token_requests_throttled",
    "token_requests_conflict",
    "token_requests_failed",
    "token_requests_invalid_grant",
    "token_requests_denied",
    "token_requests_page",
    "grants_lost",
];

impl Observed {
    /// Counts something of a node's tenant, where an app serves several.
    pub(super) fn of_tenant(&mut self, now: Time, node: NodeId, count: impl FnOnce(&mut TenantTally)) {
        if self.measured(now)
            && let Some(tenant) = self.context.tenants.of_node(node)
        {
            count(&mut self.tenants[tenant]);
        }
    }

    /// Counts a refused attempt of a call that counts.
    pub(super) fn rejected_of_tenant(&mut self, node: NodeId, cause: Cause) {
        if let Some(tenant) = self.context.tenants.of_node(node) {
            self.tenants[tenant].causes[cause as usize] += 1;
        }
    }

    /// A grant is lost: of that which is found when the run ends, too.
    #[cold]
    pub(super) fn grant_lost(&mut self, now: Time, bucket: Bucket) {
        if now < self.context.warmup {
            return;
        }
        self.grants_lost += 1;
        if let Some(tenant) = self.context.tenants.of_bucket(bucket) {
            self.tenants[tenant].grants_lost += 1;
        }
    }

    /// Calls that arrived and that succeeded, by tenant; none where no app serves several.
    pub fn tenant_calls(&self) -> Vec<(u64, u64)> {
        let mut tenants = vec![(0, 0); self.tenants.len()];
        if !tenants.is_empty() {
            for (node, &(calls, succeeded)) in (0..).zip(&self.nodes) {
                if let Some(tenant) = self.context.tenants.of_node(NodeId(node)) {
                    tenants[tenant].0 += u64::from(calls);
                    tenants[tenant].1 += u64::from(succeeded);
                }
            }
        }
        tenants
    }

    /// All that is counted of each tenant, under the names of [`TENANT_COUNTS`]; none where no app serves several.
    pub fn tenant_counts(&self) -> impl Iterator<Item = [u64; TENANT_COUNTS.len()]> + '_ {
        self.tenants
            .iter()
            .zip(self.tenant_calls())
            .map(|(tally, (calls, succeeded))| {
                let asked = [tally.requests, tally.issued];
                let rest = asked
                    .iter()
                    .chain(&tally.causes)
                    .chain(&tally.refused)
                    .chain([&tally.grants_lost]);
                let mut counts = [calls, calls - succeeded]
                    .into_iter()
                    .chain(rest.map(|&count| u64::from(count)));
                std::array::from_fn(|_| counts.next().expect("as many as there are names"))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::TokenRefusal;

    /// The names stand in the order in which causes and refusals are counted.
    #[test]
    fn names_are_those_of_the_counts() {
        let at = |name: &str| TENANT_COUNTS.iter().position(|known| *known == name).unwrap();
        let causes = [
            ("in_flight", Cause::InFlight),
            ("superseded", Cause::Superseded),
            ("expired", Cause::Expired),
            ("revoked", Cause::Revoked),
            ("not_yet_active", Cause::NotYetActive),
            ("long_dead", Cause::LongDead),
        ];
        for (name, cause) in causes {
            assert_eq!(at(&format!("rejections_{name}")), 4 + cause as usize);
        }
        let refused = [
            ("throttled", TokenRefusal::Throttled),
            ("conflict", TokenRefusal::Conflict),
            ("failed", TokenRefusal::Failed),
            ("invalid_grant", TokenRefusal::DeadGrant),
            ("denied", TokenRefusal::Denied),
            ("page", TokenRefusal::Page),
        ];
        for (name, refusal) in refused {
            assert_eq!(at(&format!("token_requests_{name}")), 4 + CAUSES + refusal as usize);
        }
    }
}
