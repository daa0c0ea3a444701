//! `grants_lost`: refresh families that no node can use any more.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "grants_lost",
    unit: "count",
    about: "Refresh families that no node can use any more.",
    read: |run| Some(run.grants_lost as f64),
    by_group: None,
    better: Some(Better::Low),
};
