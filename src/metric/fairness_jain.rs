//! `fairness_jain`: jain's index of the success rate over nodes.

use super::{Better, Metric, Observed};

pub(super) const METRIC: Metric = Metric {
    name: "fairness_jain",
    unit: "share",
    about: "Jain's index of the success rate over nodes.",
    read,
    by_group: None,
    better: Some(Better::High),
};

/// (sum x)^2 / (n sum x^2) over the nodes that were called. Source: Jain, Chiu, Hawe, "A quantitative measure of fairness",
/// DEC-TR-301, 1984. No value when no call succeeded anywhere.
fn read(run: &Observed) -> Option<f64> {
    let (mut nodes, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for &(calls, succeeded) in run.nodes.iter().filter(|(calls, _)| *calls > 0) {
        let share = f64::from(succeeded) / f64::from(calls);
        nodes += 1.0;
        sum += share;
        squares += share * share;
    }
    (squares > 0.0).then(|| sum * sum / (nodes * squares))
}
