//! The settings in which the laws hold, and what is read off a run.

use tokenstorm::base::Duration;
use tokenstorm::metric::Observed;
use tokenstorm::plan::Plan;
use tokenstorm::provider::Issuance;
use tokenstorm::strategy::{CompareFirst, Coordination, Naive};

use crate::common::{Nodes, m0};

pub(super) fn day() -> Duration {
    Duration::from_secs(86_400)
}

pub(super) fn naive() -> Coordination {
    Coordination::Naive(Naive {})
}

pub(super) fn compare_first() -> Coordination {
    Coordination::CompareFirst(CompareFirst {})
}

/// M0: `count` equal nodes at one call per second each, latest only, no expiry.
pub(super) fn equal(coordination: Coordination, count: u32, seconds: u64) -> Plan {
    let per_second = 1.0;
    m0(
        coordination,
        Issuance::latest_only(day()),
        &[Nodes { count, per_second }],
        seconds,
    )
}

/// M0: one node for each rate, each a fleet of its own.
pub(super) fn of_rates(rates: &[f64], seconds: u64) -> Plan {
    let fleets: Vec<_> = rates.iter().map(|&per_second| Nodes { count: 1, per_second }).collect();
    m0(naive(), Issuance::latest_only(day()), &fleets, seconds)
}

pub(super) fn first_rejected(run: &Observed) -> f64 {
    let total = run.total();
    total.first_rejected as f64 / total.calls as f64
}

pub(super) fn issuances_per_call(run: &Observed) -> f64 {
    run.issued as f64 / run.total().calls as f64
}

pub(super) fn rejections_per_call(run: &Observed) -> f64 {
    let total = run.total();
    total.rejections as f64 / total.calls as f64
}

pub(super) fn attempts_per_call(run: &Observed) -> f64 {
    let total = run.total();
    total.attempts as f64 / total.calls as f64
}

pub(super) fn success(run: &Observed) -> f64 {
    let total = run.total();
    total.succeeded as f64 / total.calls as f64
}

pub(super) fn failure(run: &Observed) -> f64 {
    1.0 - success(run)
}

pub(super) fn rejected_of(group: usize) -> impl Fn(&Observed) -> f64 + Sync {
    move |run| run.groups[group].first_rejected as f64 / run.groups[group].calls as f64
}

/// 1 - sum p_i^2.
pub(super) fn collision(rates: &[f64]) -> f64 {
    let all: f64 = rates.iter().sum();
    1.0 - rates.iter().map(|rate| (rate / all).powi(2)).sum::<f64>()
}
