//! `latency_p99`: from arrival to the end of successful calls, 99th percentile.

use super::{Better, Metric, latency};

pub(super) const METRIC: Metric = Metric {
    name: "latency_p99",
    unit: "s",
    about: "From arrival to the end of successful calls, 99th percentile.",
    read: |run| latency(run, 0.99),
    by_group: None,
    better: Some(Better::Low),
};
