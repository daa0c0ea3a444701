//! `livelock_seconds`: seconds in which attempts go on, nothing succeeds and nothing is overloaded.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "livelock_seconds",
    unit: "s",
    about: "Seconds in which attempts go on, nothing succeeds and nothing is overloaded.",
    read: |run| Some(run.seconds.livelock as f64),
    by_group: None,
    better: Some(Better::Low),
};
