//! `amplification`: aPI attempts and token requests per call.

use super::{Better, Metric, ratio};

pub(super) const METRIC: Metric = Metric {
    name: "amplification",
    unit: "per call",
    about: "API attempts and token requests per call.",
    read: |run| ratio(run.total().attempts + run.token_requests, run.total().calls),
    by_group: None,
    better: Some(Better::Low),
};
