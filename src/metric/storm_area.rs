//! `storm_area`: extra attempts and token requests above the baseline, in storms.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "storm_area",
    unit: "count",
    about: "Extra attempts and token requests above the baseline, in storms.",
    read: |run| {
        run.seconds
            .storms
            .knows_its_level()
            .then_some(run.seconds.storms.area.all)
    },
    by_group: None,
    better: Some(Better::Low),
};
