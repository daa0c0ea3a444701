//! `calls`: calls that arrived.

use super::Metric;

pub(super) const METRIC: Metric = Metric {
    name: "calls",
    unit: "count",
    about: "Calls that arrived.",
    read: |run| Some(run.total().calls as f64),
    by_group: Some(|tally| Some(tally.calls as f64)),
    better: None,
};
