//! `storm_seconds`: time spent in retry storms.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "storm_seconds",
    unit: "s",
    about: "Time spent in retry storms.",
    read: |run| {
        run.seconds
            .storms
            .knows_its_level()
            .then_some(run.seconds.storms.seconds as f64)
    },
    by_group: None,
    better: Some(Better::Low),
};
