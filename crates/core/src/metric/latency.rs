//! Latency of the calls that succeed, from arrival to end.

use super::{Better, Metric, Observed};
use crate::base::Duration;

pub(super) const LATENCY_P50: Metric = Metric {
    name: "latency_p50",
    unit: "s",
    about: "From arrival to the end of successful calls, median.",
    read: |run| run.latency.quantile(0.50),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const LATENCY_P99: Metric = Metric {
    name: "latency_p99",
    unit: "s",
    about: "From arrival to the end of successful calls, 99th percentile.",
    read: |run| run.latency.quantile(0.99),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const LATENCY_MAX: Metric = Metric {
    name: "latency_max",
    unit: "s",
    about: "From arrival to the end of successful calls, the longest.",
    read: |run| run.latency.most().map(Duration::as_secs_f64),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const ADDED_LATENCY_MEAN: Metric = Metric {
    name: "added_latency_mean",
    unit: "s",
    about: "Mean latency of successful calls above the bare API time, of all calls of a job.",
    read: added_latency,
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

/// In whole nanoseconds up to the last division, so that calls which take the bare time add 0, and not a rounding error.
fn added_latency(run: &Observed) -> Option<f64> {
    let calls = run.total().succeeded;
    let groups = run.groups.iter().zip(run.context.bare.iter());
    let bare = groups.map(|(tally, bare)| u128::from(bare.nanos()) * u128::from(tally.succeeded));
    let bare: u128 = bare.sum();
    let above = run.latency_sum as i128 - bare as i128;
    (calls > 0).then(|| above as f64 / 1e9 / calls as f64)
}
