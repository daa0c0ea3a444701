//! `attempts_per_call`: API attempts: their amplification.

use super::{Better, Metric, Tally, ratio};

pub(super) const METRIC: Metric = Metric {
    name: "attempts_per_call",
    unit: "per call",
    about: "API attempts: their amplification.",
    read: |run| by_group(&run.total()),
    by_group: Some(by_group),
    better: Some(Better::Low),
};

fn by_group(tally: &Tally) -> Option<f64> {
    ratio(tally.attempts, tally.calls)
}
