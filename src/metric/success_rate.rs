//! `success_rate`: calls that ended with success.

use super::{Better, Metric, Tally, ratio};

pub(super) const METRIC: Metric = Metric {
    name: "success_rate",
    unit: "share",
    about: "Calls that ended with success.",
    read: |run| by_group(&run.total()),
    by_group: Some(by_group),
    better: Some(Better::High),
};

fn by_group(tally: &Tally) -> Option<f64> {
    ratio(tally.succeeded, tally.calls)
}
