//! `token_requests_per_hour`: requests that reached the token endpoint.

use super::{Better, Metric, per_hour};

pub(super) const METRIC: Metric = Metric {
    name: "token_requests_per_hour",
    unit: "per hour",
    about: "Requests that reached the token endpoint.",
    read: |run| per_hour(run, run.token_requests),
    by_group: None,
    better: Some(Better::Low),
};
