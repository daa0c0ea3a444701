//! `invalid_grants`: refresh tokens that the provider refused.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "invalid_grants",
    unit: "count",
    about: "Refresh tokens that the provider refused.",
    read: |run| Some(run.invalid_grants as f64),
    by_group: None,
    better: Some(Better::Low),
};
