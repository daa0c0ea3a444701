//! `unnecessary_issuance_rate`: tokens issued although the asking node's own was still live.

use super::{Better, Metric, ratio};

pub(super) const METRIC: Metric = Metric {
    name: "unnecessary_issuance_rate",
    unit: "share",
    about: "Tokens issued although the asking node's own was still live.",
    read: |run| ratio(run.unnecessary, run.issued),
    by_group: None,
    better: Some(Better::Low),
};
