//! Chances that a formula knows, down to one in a hundred million.

use tokenstorm::base::{Chance, Duration};
use tokenstorm::campaign::rare::{Levels, RareEvent};
use tokenstorm::net::Latency;
use tokenstorm::plan::Plan;
use tokenstorm::provider::Issuance;
use tokenstorm::retry::{Attempts, Fixed, FullJitter, Immediate, Retry};
use tokenstorm::strategy::{CompareFirst, Coordination, TokenPerCall};
use tokenstorm::world::Leg;

use super::{estimate, experiments, levels, options};
use crate::common::{Nodes, all_legs, constant, fails, holds, m0, ms, over_runs};

fn day() -> Duration {
    Duration::from_secs(86_400)
}

/// An API that fails this share of the attempts, whatever their token: a call fails with the power of it.
fn faults(share: f64, attempts: u32, seconds: u64) -> Plan {
    let fleet = [Nodes {
        count: 4,
        per_second: 2.0,
    }];
    let coordination = Coordination::CompareFirst(CompareFirst {});
    let mut plan = m0(coordination, Issuance::independent(day()), &fleet, seconds);
    all_legs(&mut plan, &Latency::exponential(ms(20)));
    plan.policy.retry = Retry::FullJitter(FullJitter {
        base: ms(50),
        cap: ms(1000),
        attempts: Attempts::at_most(attempts),
    });
    plan.provider.api_endpoint.errors = Chance::of(share);
    plan
}

/// Every call has a token of its own, which nobody supersedes, and all tokens of the client are revoked once in `mean` in the mean. An attempt
/// is refused when that happens between the commit and the check, 100 ms: those spans of one call do not overlap.
fn revocations(mean: Duration, attempts: u32, seconds: u64) -> Plan {
    let fleet = [Nodes {
        count: 3,
        per_second: 2.0,
    }];
    let coordination = Coordination::TokenPerCall(TokenPerCall {});
    let mut plan = m0(coordination, Issuance::independent(day()), &fleet, seconds);
    constant(&mut plan, Leg::TokenRequest, ms(30));
    constant(&mut plan, Leg::TokenResponse, ms(40));
    constant(&mut plan, Leg::ApiRequest, ms(60));
    plan.policy.retry = Retry::Immediate(Immediate {
        attempts: Attempts::at_most(attempts),
    });
    plan.drivers.revocations = Some(mean);
    plan
}

#[test]
fn one_in_a_hundred_million() {
    // Four attempts, of which each fails one time in a hundred.
    let plan = faults(0.01, 4, 100);
    let measured = experiments(
        &plan,
        RareEvent::FailedCall,
        (60, 8),
        1,
        &levels(&[(1, 60), (2, 100), (3, 100)]),
    );
    holds(measured, 1e-8, 0.25e-8);
    // Eight, of which each fails one time in ten; here a pilot chooses the levels, anew in each experiment.
    let plan = faults(0.1, 8, 60);
    let measured = over_runs(40, |index| {
        let finding = estimate(&plan, &options(RareEvent::FailedCall, 2_000_000 + index, 6, None));
        assert!(finding.levels.len() >= 4, "{finding:?}");
        finding.split.rate.unwrap_or(0.0)
    });
    holds(measured, 1e-8, 0.4e-8);
    // Outside: attempts that fail together. A fifth of the calls meet an API that fails nine attempts in ten.
    let mut together = faults(0.1, 8, 60);
    for second in (0..60).step_by(10) {
        use tokenstorm::base::Time;
        use tokenstorm::plan::Act;
        use tokenstorm::provider::Outage;
        let at = |second| Time::ZERO + Duration::from_secs(second);
        let acts = [(second, Some(Outage::Errors)), (second + 2, None)];
        together
            .timeline
            .extend(acts.map(|(second, outage)| (at(second), Act::ApiOutage(outage))));
    }
    let measured = experiments(&together, RareEvent::FailedCall, (30, 2), 3, &levels(&[(4, 2)]));
    fails(measured, 1e-8);
}

#[test]
fn a_token_that_is_revoked_in_flight_again_and_again() {
    let refused = |mean: f64| 1.0 - (-0.1 / mean).exp();
    for (mean, attempts, splits, resolution) in [
        (2.0, 2, &[(1, 10)][..], 0.5e-3),
        (2.0, 6, &[(1, 5), (2, 15), (3, 15), (4, 15), (5, 15)], 1e-8),
    ] {
        let plan = revocations(Duration::from_millis((mean * 1000.0) as u64), attempts, 60);
        let law = refused(mean).powi(attempts as i32);
        let measured = experiments(&plan, RareEvent::FailedCall, (80, 10), 4, &levels(splits));
        holds(measured, law, resolution);
    }
}

/// Tries without end, 100 ms apart, for a caller who waits 450 ms: the first five can come in time, and the levels are parts of the patience. So
/// a call fails with the fifth power of the share.
#[test]
fn a_caller_who_runs_out_of_patience() {
    let mut plan = faults(0.1, 9, 60);
    all_legs(&mut plan, &Latency::ZERO);
    plan.policy.retry = Retry::Fixed(Fixed {
        delay: ms(100),
        attempts: Attempts::UNBOUNDED,
    });
    plan.layout.patience = vec![Some(ms(450))];
    let splits = levels(&[(1, 5), (6, 10), (10, 10), (14, 10)]);
    holds(
        experiments(&plan, RareEvent::FailedCall, (80, 6), 30, &splits),
        1e-5,
        0.3e-5,
    );
    let finding = estimate(&plan, &options(RareEvent::FailedCall, 31, 4, None));
    assert!(
        finding.level_counts.contains("patience") && finding.highest == 20,
        "{finding:?}"
    );
}

/// Levels that are no good cost precision, and nothing else: too many runs at the lowest, a threshold that is left out, one that no run
/// reaches, one that every run is beyond at once.
#[test]
fn bad_levels_leave_the_mean_as_it_is() {
    let plan = faults(0.2, 4, 60);
    let law = 0.2f64.powi(4);
    for (place, splits) in [
        &[][..],
        &[(1, 1)],
        &[(1, 7), (2, 1), (3, 3)],
        &[(3, 20)],
        &[(2, 3), (9, 50)],
        &[(1, 2), (2, 2), (3, 2)],
    ]
    .into_iter()
    .enumerate()
    {
        let levels = levels(splits);
        let measured = experiments(&plan, RareEvent::FailedCall, (60, 4), 10 + place as u64, &levels);
        holds(measured, law, 0.5e-3);
    }
}

/// Of 200 intervals at 95 % from 30 replications each, about as many cover the law: 190 are expected, and 178 or fewer come once in a thousand.
#[test]
fn intervals_cover_as_often_as_they_say() {
    let plan = faults(0.05, 3, 30);
    let law = 0.05f64.powi(3);
    let splits = levels(&[(1, 8), (2, 20)]);
    let covered = over_runs(200, |index| {
        let options = options(RareEvent::FailedCall, 77_000_000 + index, 30, Some(splits.clone()));
        let (low, high) = estimate(&plan, &options).split.ci95.unwrap_or((0.0, 0.0));
        f64::from(u8::from(low <= law && law <= high))
    });
    assert!(covered.mean * 200.0 > 178.0, "{covered:?}");
    let none = estimate(&plan, &options(RareEvent::FailedCall, 5, 2, Some(Levels::none())));
    assert!(none.levels.is_empty());
}
