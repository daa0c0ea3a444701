//! `failure_rate`: calls that did not end with success.

use super::{Better, Metric, Tally, ratio};

pub(super) const METRIC: Metric = Metric {
    name: "failure_rate",
    unit: "share",
    about: "Calls that did not end with success.",
    read: |run| by_group(&run.total()),
    by_group: Some(by_group),
    better: Some(Better::Low),
};

fn by_group(tally: &Tally) -> Option<f64> {
    ratio(tally.calls - tally.succeeded, tally.calls)
}
