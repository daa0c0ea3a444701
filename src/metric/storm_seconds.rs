//! `storm_seconds`: time spent in retry storms.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "storm_seconds",
    unit: "s",
    about: "Time spent in retry storms.",
    read: |run| {
        run.seconds
            .knows_its_level()
            .then_some(run.seconds.storm_seconds as f64)
    },
    by_group: None,
    better: Some(Better::Low),
};
