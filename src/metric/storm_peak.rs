//! `storm_peak`: most extra attempts and token requests per second above the baseline, in a storm.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "storm_peak",
    unit: "per s",
    about: "Most extra attempts and token requests per second above the baseline, in a storm.",
    read: |run| {
        run.seconds
            .storms
            .knows_its_level()
            .then_some(run.seconds.storms.peak.all)
    },
    by_group: None,
    better: Some(Better::Low),
};
