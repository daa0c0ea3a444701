//! `stale_store_writes`: live tokens in the store replaced by dead ones.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "stale_store_writes",
    unit: "count",
    about: "Live tokens in the store replaced by dead ones.",
    read: |run| Some(run.stale_writes as f64),
    by_group: None,
    better: Some(Better::Low),
};
