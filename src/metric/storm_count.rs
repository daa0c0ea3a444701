//! `storm_count`: retry storms.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "storm_count",
    unit: "count",
    about: "Retry storms.",
    read: |run| {
        run.seconds
            .storms
            .knows_its_level()
            .then_some(run.seconds.storms.count as f64)
    },
    by_group: None,
    better: Some(Better::Low),
};
