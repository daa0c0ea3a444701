//! `issuances_per_call`: tokens issued.

use super::{Better, Metric, ratio};

pub(super) const METRIC: Metric = Metric {
    name: "issuances_per_call",
    unit: "per call",
    about: "Tokens issued.",
    read: |run| ratio(run.issued, run.total().calls),
    by_group: None,
    better: Some(Better::Low),
};
