//! `quota_exhausted_seconds`: time during which the token endpoint refused for quota.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "quota_exhausted_seconds",
    unit: "s",
    about: "Time during which the token endpoint refused for quota.",
    read: |run| Some(run.quota_exhausted.as_secs_f64()),
    by_group: None,
    better: Some(Better::Low),
};
