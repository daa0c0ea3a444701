//! `herd_max`: most issuances within the time that the first of them needs to become known; one is needed.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "herd_max",
    unit: "count",
    about: "Most issuances within the time that the first of them needs to become known; one is needed.",
    read: |run| (run.herd_max > 0).then_some(f64::from(run.herd_max)),
    by_group: None,
    better: Some(Better::Low),
};
