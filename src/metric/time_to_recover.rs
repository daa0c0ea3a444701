//! `time_to_recover`: from the end of the trigger until goodput stays back.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "time_to_recover",
    unit: "s",
    about: "From the end of the trigger until goodput stays back.",
    read: |run| run.seconds.recovered_after,
    by_group: None,
    better: Some(Better::Low),
};
