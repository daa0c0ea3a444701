//! What becomes of single tenants, where an app serves several.

use super::{Better, Metric, Observed};

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
        let all: u64 = run.tenants.iter().map(|&requests| u64::from(requests)).sum();
        let most = run.tenants.iter().max()?;
        (all > 0).then(|| f64::from(*most) / all as f64)
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
