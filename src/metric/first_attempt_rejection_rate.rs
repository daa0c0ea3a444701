//! `first_attempt_rejection_rate`: calls whose first attempt met a token that the provider refused.

use super::{Better, Metric, Tally, ratio};

pub(super) const METRIC: Metric = Metric {
    name: "first_attempt_rejection_rate",
    unit: "share",
    about: "Calls whose first attempt met a token that the provider refused.",
    read: |run| by_group(&run.total()),
    by_group: Some(by_group),
    better: Some(Better::Low),
};

fn by_group(tally: &Tally) -> Option<f64> {
    ratio(tally.first_rejected, tally.calls)
}
