//! `latency_max`: from arrival to the end of successful calls, the longest.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "latency_max",
    unit: "s",
    about: "From arrival to the end of successful calls, the longest.",
    read: |run| (run.total().succeeded > 0).then(|| run.latency_max.as_secs_f64()),
    by_group: None,
    better: Some(Better::Low),
};
