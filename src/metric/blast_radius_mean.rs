//! `blast_radius_mean`: other nodes whose usable token an issuance superseded.

use super::{Better, Metric, ratio};

pub(super) const METRIC: Metric = Metric {
    name: "blast_radius_mean",
    unit: "nodes",
    about: "Other nodes whose usable token an issuance superseded.",
    read: |run| ratio(run.blast, run.issued),
    by_group: None,
    better: Some(Better::Low),
};
