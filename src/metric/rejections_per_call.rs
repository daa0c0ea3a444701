//! `rejections_per_call`: attempts refused for their token.

use super::{Better, Metric, Tally, ratio};

pub(super) const METRIC: Metric = Metric {
    name: "rejections_per_call",
    unit: "per call",
    about: "Attempts refused for their token.",
    read: |run| by_group(&run.total()),
    by_group: Some(by_group),
    better: Some(Better::Low),
};

fn by_group(tally: &Tally) -> Option<f64> {
    ratio(tally.rejections, tally.calls)
}
