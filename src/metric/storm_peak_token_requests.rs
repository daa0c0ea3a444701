//! `storm_peak_token_requests`: most extra token requests per second above the baseline, in a storm.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "storm_peak_token_requests",
    unit: "per s",
    about: "Most extra token requests per second above the baseline, in a storm.",
    read: |run| {
        run.seconds
            .storms
            .knows_its_level()
            .then_some(run.seconds.storms.peak.token_requests)
    },
    by_group: None,
    better: Some(Better::Low),
};
