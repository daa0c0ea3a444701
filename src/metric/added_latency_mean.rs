//! `added_latency_mean`: mean latency of successful calls above the bare API time.

use super::{Better, Metric, Observed};

pub(super) const METRIC: Metric = Metric {
    name: "added_latency_mean",
    unit: "s",
    about: "Mean latency of successful calls above the bare API time.",
    read,
    by_group: None,
    better: Some(Better::Low),
};

fn read(run: &Observed) -> Option<f64> {
    let calls = run.total().succeeded;
    let bare = run.setting.bare_api.as_secs_f64();
    (calls > 0).then(|| run.latency_sum as f64 / 1e9 / calls as f64 - bare)
}
