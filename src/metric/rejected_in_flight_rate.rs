//! `rejected_in_flight_rate`: calls with an attempt that was refused although its token was live when it was sent.

use super::{Better, Metric, Tally, ratio};

pub(super) const METRIC: Metric = Metric {
    name: "rejected_in_flight_rate",
    unit: "share",
    about: "Calls with an attempt that was refused although its token was live when it was sent.",
    read: |run| by_group(&run.total()),
    by_group: Some(by_group),
    better: Some(Better::Low),
};

fn by_group(tally: &Tally) -> Option<f64> {
    ratio(tally.rejected_in_flight, tally.calls)
}
