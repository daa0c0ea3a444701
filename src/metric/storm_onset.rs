//! `storm_onset`: from the trigger, or the start of the measured span, to the first storm; the median over all runs, those without a storm as never.

use super::Metric;

pub(super) const METRIC: Metric = Metric {
    name: "storm_onset",
    unit: "s",
    about: "From the trigger, or the start of the measured span, to the first storm; the median over all runs, those without a storm as never.",
    read: |run| {
        let storms = &run.seconds.storms;
        let onset = storms.onset.map_or(f64::INFINITY, |onset| onset.as_secs_f64());
        storms.knows_its_level().then_some(onset)
    },
    by_group: None,
    better: None,
};
