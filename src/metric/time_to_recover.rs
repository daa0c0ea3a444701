//! `time_to_recover`: from the end of the trigger until goodput stays back; the median over all runs, those that do not recover as never.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "time_to_recover",
    unit: "s",
    about: "From the end of the trigger until goodput stays back; the median over all runs, those that do not recover as never.",
    read: |run| run.seconds.recovery.after_s(),
    by_group: None,
    better: Some(Better::Low),
};
