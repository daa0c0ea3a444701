//! `issuance_dispersion`: variance over mean of the issuances in a second: 1 when independent, below when coordinated, far above in herds.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "issuance_dispersion",
    unit: "ratio",
    about: "Variance over mean of the issuances in a second: 1 when independent, below when coordinated, far above in herds.",
    read: |run| run.seconds.dispersion(),
    by_group: None,
    better: Some(Better::Low),
};
