//! `fairness_worst_node`: success rate at the node that fares worst.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "fairness_worst_node",
    unit: "share",
    about: "Success rate at the node that fares worst.",
    read: |run| {
        let called = run.nodes.iter().filter(|(calls, _)| *calls > 0);
        called
            .map(|&(calls, succeeded)| f64::from(succeeded) / f64::from(calls))
            .min_by(f64::total_cmp)
    },
    by_group: None,
    better: Some(Better::High),
};
