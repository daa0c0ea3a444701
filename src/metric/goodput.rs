//! `goodput`: successful calls.

use super::{Better, Metric, per_second};

pub(super) const METRIC: Metric = Metric {
    name: "goodput",
    unit: "per s",
    about: "Successful calls.",
    read: |run| per_second(run, run.total().succeeded),
    by_group: None,
    better: Some(Better::High),
};
