//! `efficiency`: successful calls per API attempt or token request.

use super::{Better, Metric, ratio};

pub(super) const METRIC: Metric = Metric {
    name: "efficiency",
    unit: "share",
    about: "Successful calls per API attempt or token request.",
    read: |run| ratio(run.total().succeeded, run.total().attempts + run.token_requests),
    by_group: None,
    better: Some(Better::High),
};
