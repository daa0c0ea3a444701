//! `storm_area_token_requests`: extra token requests above the baseline, in storms.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "storm_area_token_requests",
    unit: "count",
    about: "Extra token requests above the baseline, in storms.",
    read: |run| {
        run.seconds
            .storms
            .knows_its_level()
            .then_some(run.seconds.storms.area.token_requests)
    },
    by_group: None,
    better: Some(Better::Low),
};
