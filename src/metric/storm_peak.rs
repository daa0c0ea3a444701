//! `storm_peak`: most extra attempts and issuances per second above the baseline, in a storm.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "storm_peak",
    unit: "per s",
    about: "Most extra attempts and issuances per second above the baseline, in a storm.",
    read: |run| run.seconds.knows_its_level().then_some(run.seconds.storm_peak),
    by_group: None,
    better: Some(Better::Low),
};
