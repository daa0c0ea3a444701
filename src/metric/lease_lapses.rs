//! `lease_lapses`: leases that ended while their holder still acted on them.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "lease_lapses",
    unit: "count",
    about: "Leases that ended while their holder still acted on them.",
    read: |run| Some(run.lease_lapses as f64),
    by_group: None,
    better: Some(Better::Low),
};
