//! How evenly success is spread over the nodes.

use super::{Better, Metric, Observed};

pub(super) const FAIRNESS_JAIN: Metric = Metric {
    name: "fairness_jain",
    unit: "share",
    about: "Jain's index of the success rate over nodes.",
    read: jain_index,
    by_group: None,
    by_fleet: None,
    better: Some(Better::High),
};

/// (sum x)^2 / (n sum x^2) over the nodes that were called. Source: Jain, Chiu, Hawe, "A quantitative measure of fairness",
/// DEC-TR-301, 1984. No value when no call succeeded anywhere.
fn jain_index(run: &Observed) -> Option<f64> {
    let (mut nodes, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for &(calls, succeeded) in run.nodes.iter().filter(|(calls, _)| *calls > 0) {
        let share = f64::from(succeeded) / f64::from(calls);
        nodes += 1.0;
        sum += share;
        squares += share * share;
    }
    (squares > 0.0).then(|| sum * sum / (nodes * squares))
}

pub(super) const FAIRNESS_WORST_NODE: Metric = Metric {
    name: "fairness_worst_node",
    unit: "share",
    about: "Success rate at the node that fares worst.",
    read: |run| {
        let called = run.nodes.iter().filter(|(calls, _)| *calls > 0);
        called
            .map(|&(calls, succeeded)| f64::from(succeeded) / f64::from(calls))
            .min_by(f64::total_cmp)
    },
    by_group: None,
    by_fleet: None,
    better: Some(Better::High),
};
