//! What nodes hold and lose: grants of users, leases, and live tokens in the store.

use super::{Better, Metric};

pub(super) const GRANTS_LOST: Metric = Metric {
    name: "grants_lost",
    unit: "count",
    about: "Refresh families that no node can use any more.",
    read: |run| Some(run.grants_lost as f64),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const LOGINS: Metric = Metric {
    name: "logins",
    unit: "count",
    about: "Users who had to log in again.",
    read: |run| Some(run.logins as f64),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const WITHOUT_GRANT_SECONDS: Metric = Metric {
    name: "without_grant_seconds",
    unit: "s",
    about: "Time from the first call that failed for want of a grant to the login that followed, or to the end of the measured span; of all users together.",
    read: |run| Some(run.without_grant.as_secs_f64()),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const INVALID_GRANTS: Metric = Metric {
    name: "invalid_grants",
    unit: "count",
    about: "Refresh tokens that the provider refused.",
    read: |run| Some(run.invalid_grants as f64),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const LEASE_LAPSES: Metric = Metric {
    name: "lease_lapses",
    unit: "count",
    about: "Leases that ended while their holder still acted on them.",
    read: |run| Some(run.lease_lapses as f64),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const STALE_STORE_WRITES: Metric = Metric {
    name: "stale_store_writes",
    unit: "count",
    about: "Live tokens in the store replaced by dead ones.",
    read: |run| Some(run.stale_writes as f64),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};
