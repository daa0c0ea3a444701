//! `latency_p50`: from arrival to the end of successful calls, median.

use super::{Better, Metric, latency};

pub(super) const METRIC: Metric = Metric {
    name: "latency_p50",
    unit: "s",
    about: "From arrival to the end of successful calls, median.",
    read: |run| latency(run, 0.50),
    by_group: None,
    better: Some(Better::Low),
};
