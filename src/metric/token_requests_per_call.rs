//! `token_requests_per_call`: requests that reached the token endpoint.

use super::{Better, Metric, ratio};

pub(super) const METRIC: Metric = Metric {
    name: "token_requests_per_call",
    unit: "per call",
    about: "Requests that reached the token endpoint.",
    read: |run| ratio(run.token_requests, run.total().calls),
    by_group: None,
    better: Some(Better::Low),
};
