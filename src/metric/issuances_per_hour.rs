//! `issuances_per_hour`: tokens issued.

use super::{Better, Metric, per_hour};

pub(super) const METRIC: Metric = Metric {
    name: "issuances_per_hour",
    unit: "per hour",
    about: "Tokens issued.",
    read: |run| per_hour(run, run.issued),
    by_group: None,
    better: Some(Better::Low),
};
