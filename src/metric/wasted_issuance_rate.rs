//! `wasted_issuance_rate`: issued tokens that never served a successful attempt.

use super::{Better, Metric, ratio};

pub(super) const METRIC: Metric = Metric {
    name: "wasted_issuance_rate",
    unit: "share",
    about: "Issued tokens that never served a successful attempt.",
    read: |run| ratio(run.wasted, run.ended),
    by_group: None,
    better: Some(Better::Low),
};
