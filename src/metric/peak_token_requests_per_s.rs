//! `peak_token_requests_per_s`: greatest number of token requests in any second.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "peak_token_requests_per_s",
    unit: "per s",
    about: "Greatest number of token requests in any second.",
    read: |run| Some(f64::from(run.seconds.peak_token_requests)),
    by_group: None,
    better: Some(Better::Low),
};
