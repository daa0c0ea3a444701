//! Beside crude simulation, where both can reach.

use tokenstorm::base::{Duration, Time};
use tokenstorm::campaign::rare::{Levels, RareEvent};
use tokenstorm::net::Latency;
use tokenstorm::plan::Plan;
use tokenstorm::provider::Issuance;
use tokenstorm::retry::{Attempts, Immediate, Retry};
use tokenstorm::strategy::{CompareFirst, Coordination};
use tokenstorm::world::Leg;

use super::{experiments, levels};
use crate::common::{Mean, Nodes, all_legs, m0, mean, ms};

/// Both means are of the same: they differ by less than 3.66 standard errors of the difference, each of which is well below the mean.
#[track_caller]
fn same(one: Mean, other: Mean) {
    let error = one.standard_error.hypot(other.standard_error);
    assert!(error < 0.12 * other.mean, "too noisy to tell: {one:?} {other:?}");
    assert!((one.mean - other.mean).abs() <= 3.66 * error, "{one:?} {other:?}");
}

/// Nodes that kill each other's tokens: calls meet each other, and no formula knows their chance.
fn race(nodes: u32, per_second: f64, attempts: Attempts, seconds: u64) -> Plan {
    let fleet = [Nodes {
        count: nodes,
        per_second,
    }];
    let day = Duration::from_secs(86_400);
    let coordination = Coordination::CompareFirst(CompareFirst {});
    let mut plan = m0(coordination, Issuance::latest_only(day), &fleet, seconds);
    all_legs(&mut plan, &Latency::exponential(ms(25)));
    plan.policy.retry = Retry::Immediate(Immediate { attempts });
    plan
}

/// About one call in a thousand fails, as the simulator itself counts them, and as splitting does.
#[test]
fn one_call_in_a_thousand() {
    let plan = race(5, 0.45, Attempts::at_most(5), 120);
    let crude = mean(&plan, 1500, 100, |run| {
        let total = run.total();
        (total.calls - total.succeeded) as f64 / total.calls as f64
    });
    assert!((2e-4..5e-3).contains(&crude.mean), "{crude:?}");
    let splits = levels(&[(2, 3), (3, 4), (4, 4)]);
    same(experiments(&plan, RareEvent::FailedCall, (80, 8), 101, &splits), crude);
}

/// Twenty nodes that retry without end come to a livelock by themselves, after some minutes in the mean.
#[test]
fn a_mean_time_to_livelock() {
    let mut plan = race(20, 0.14, Attempts::UNBOUNDED, 120);
    for (leg, median) in [
        (Leg::TokenRequest, 40),
        (Leg::TokenResponse, 40),
        (Leg::ApiRequest, 20),
        (Leg::ApiResponse, 20),
    ] {
        plan.links.leg_mut(leg).latency = Latency::uniform(ms(median / 2), ms(3 * median / 2));
    }
    plan.layout.patience = vec![Some(Duration::from_secs(30))];
    plan.span.warmup = Time::ZERO + Duration::from_secs(20);
    let crude = experiments(&plan, RareEvent::Livelock, (80, 12), 110, &Levels::none());
    // One in 100 to 2,000 seconds.
    assert!((5e-4..1e-2).contains(&crude.mean), "{crude:?}");
    let splits = levels(&[(4, 3), (6, 3), (8, 2)]);
    same(experiments(&plan, RareEvent::Livelock, (80, 7), 111, &splits), crude);
}
