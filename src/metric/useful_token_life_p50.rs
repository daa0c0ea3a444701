//! `useful_token_life_p50`: from issuance to the last successful use, median over tokens that served.

use super::{Better, Metric, useful_life};

pub(super) const METRIC: Metric = Metric {
    name: "useful_token_life_p50",
    unit: "s",
    about: "From issuance to the last successful use, median over tokens that served.",
    read: |run| useful_life(run, 0.50),
    by_group: None,
    better: Some(Better::High),
};
