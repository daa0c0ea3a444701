//! `storm_probability`: replications with a retry storm.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "storm_probability",
    unit: "share",
    about: "Replications with a retry storm.",
    read: |run| {
        run.seconds
            .storms
            .knows_its_level()
            .then_some(f64::from(u8::from(run.seconds.storms.count > 0)))
    },
    by_group: None,
    better: Some(Better::Low),
};
