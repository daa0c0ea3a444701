//! `storm_area`: extra attempts and issuances above the baseline, in storms.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "storm_area",
    unit: "count",
    about: "Extra attempts and issuances above the baseline, in storms.",
    read: |run| run.seconds.knows_its_level().then_some(run.seconds.storm_area),
    by_group: None,
    better: Some(Better::Low),
};
