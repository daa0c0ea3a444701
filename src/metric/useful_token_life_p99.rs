//! `useful_token_life_p99`: from issuance to the last successful use, 99th percentile over tokens that served.

use super::{Better, Metric, useful_life};

pub(super) const METRIC: Metric = Metric {
    name: "useful_token_life_p99",
    unit: "s",
    about: "From issuance to the last successful use, 99th percentile over tokens that served.",
    read: |run| useful_life(run, 0.99),
    by_group: None,
    better: Some(Better::High),
};
