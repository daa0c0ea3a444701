//! A refresher that runs by a schedule. In a calm run every period brings one token. Where a run leaves alone what lives longer than its
//! window, of runs P apart the k-th renews a token of life L with k = ceil((L - W) / P); with k P > L nobody has a token from L to k P.

use tokenstorm::base::{Dice, Duration, Time, Times};
use tokenstorm::net::Latency;
use tokenstorm::plan::Plan;
use tokenstorm::provider::Issuance;
use tokenstorm::retry::{Attempts, Retry};
use tokenstorm::strategy::{Coordination, Meanwhile, ScheduledRefresher};
use tokenstorm::trace::Event;
use tokenstorm::workload::{Jitters, Pattern, Periodic};

use crate::common::{Nodes, all_legs, fails, holds, m0, mean, ms, record};
use crate::settings::{failure, issuances_per_call, rejections_per_call};

/// Each run renews, and workers that find nothing fail.
fn every(every: Duration) -> ScheduledRefresher {
    ScheduledRefresher {
        every,
        at: None,
        at_start: true,
        within: None,
        tries: Attempts::at_most(1),
        try_again: Duration::SECOND,
        meanwhile: Meanwhile::Fail,
        poll: ms(50),
        fresh_for: None,
    }
}

/// Three workers with tokens of ten seconds, everything instantaneous, no call is tried twice.
fn workers(refresher: ScheduledRefresher) -> Plan {
    let fleet = Nodes {
        count: 3,
        per_second: 4.0,
    };
    let rule = Issuance::independent(Duration::from_secs(10));
    let mut plan = m0(Coordination::ScheduledRefresher(refresher), rule, &[fleet], 400);
    plan.policy.retry = Retry::None;
    plan
}

/// When tokens were issued, in seconds, within so many.
fn issued(plan: &Plan, until: f64) -> Vec<f64> {
    let trace = record(plan, Dice::new(1));
    let at = |(at, event): (Time, Event)| matches!(event, Event::Issued { .. }).then(|| at.as_secs_f64());
    trace.into_iter().filter_map(at).filter(|&at| at <= until).collect()
}

#[test]
fn each_period_brings_one_token() {
    for period in [1u64, 3, 7, 90, 398, 399, 400] {
        let found = issued(&workers(every(Duration::from_secs(period))), 399.0);
        let law: Vec<f64> = (0..=399 / period).map(|count| (count * period) as f64).collect();
        assert_eq!(found, law, "every {period} s");
    }
    // By the clock, and not at the start: 2 s into each period of 6.
    let by_the_clock = ScheduledRefresher {
        at: Some(Duration::from_secs(2).into()),
        at_start: false,
        ..every(Duration::from_secs(6))
    };
    let law: Vec<f64> = (0..=66).map(|count| f64::from(6 * count + 2)).collect();
    assert_eq!(issued(&workers(by_the_clock), 399.0), law);
    // Outside: workers that ask where they find nothing ask for more.
    let asking = ScheduledRefresher {
        meanwhile: Meanwhile::Ask,
        ..every(Duration::from_secs(90))
    };
    assert!(issued(&workers(asking), 399.0).len() > 5);
}

#[test]
fn nobody_has_a_token_from_its_end_to_the_run_that_replaces_it() {
    // Every P, within W; the run that replaces a token of ten seconds, and how long each cycle is without one.
    for (period, within, cycle, gap) in [
        (4, Some(1), 12.0, 2.0),
        (4, Some(4), 8.0, 0.0),
        (9, Some(2), 9.0, 0.0),
        (12, None, 12.0, 2.0),
        (15, None, 15.0, 5.0),
        (8, None, 8.0, 0.0),
    ] {
        let seconds = Duration::from_secs;
        // How long a token has lain in the store is told in whole milliseconds: a copy is not kept to its very end.
        let refresher = ScheduledRefresher {
            within: within.map(seconds),
            fresh_for: Some(Duration::SECOND),
            ..every(seconds(period))
        };
        let plan = workers(refresher);
        let calls_per_cycle = 12.0 * cycle;
        holds(mean(&plan, 40, 400 + period, failure), gap / cycle, 0.012);
        holds(
            mean(&plan, 40, 410 + period, issuances_per_call),
            1.0 / calls_per_cycle,
            0.0006,
        );
    }
    // Outside: workers that ask for themselves have one all the time.
    let asking = ScheduledRefresher {
        meanwhile: Meanwhile::Ask,
        ..every(Duration::from_secs(12))
    };
    fails(mean(&workers(asking), 40, 430, failure), 2.0 / 12.0);
}

/// A refresher that always comes in time, and workers that look again before what they have read ends: no call meets a 401.
#[test]
fn a_refresher_in_time_and_workers_that_look_again_meet_no_401() {
    let refused = |fresh_for| {
        let mut plan = workers(ScheduledRefresher {
            fresh_for,
            ..every(Duration::from_secs(7))
        });
        all_legs(&mut plan, &Latency::constant(ms(100)));
        plan.policy.retry = Retry::None;
        mean(&plan, 30, 431, rejections_per_call).mean
    };
    // Seven seconds to the next run, three tenths until it is stored, two and a half of a copy, a tenth to the API: below ten.
    assert_eq!(refused(Some(ms(2500))), 0.0);
    // Outside: a copy that is kept to its end, as the worker believes, ends at the provider a little earlier.
    assert!(refused(None) > 0.0);
}

/// At irregular times of each day, as a crontab has them: one token at each of them, and one call at each node.
#[test]
fn a_list_of_times_is_kept_each_day() {
    let day = 86_400;
    let times = [2 * 60, 6 * 60 + 30, 18 * 60].map(|minutes| Duration::from_secs(60 * minutes));
    let at = Some(Times::several(&times).unwrap());
    let law = |days: u64| -> Vec<f64> {
        let of_a_day = move |day_number| times.map(|time| (day_number * day) as f64 + time.as_secs_f64());
        (0..days).flat_map(of_a_day).collect()
    };
    let refresher = ScheduledRefresher {
        at,
        at_start: false,
        ..every(Duration::from_secs(day))
    };
    let mut plan = workers(refresher);
    plan.span.horizon = Time::ZERO + Duration::from_secs(4 * day);
    plan.span.end = plan.span.horizon;
    let calls = Periodic {
        every: Duration::from_secs(day),
        jitter: Duration::ZERO,
        jitters: Jitters::Gaps,
        aligned: false,
        at,
    };
    plan.workloads[0][0].arrivals = Pattern::Periodic(calls);
    assert_eq!(issued(&plan, 4.0 * day as f64), law(4));
    // A clock that is a thousandth slow: it rings late by that part of the longest time between two at most, and catches up each time.
    for drift in [0, 1000] {
        plan.layout
            .fleets
            .iter_mut()
            .for_each(|fleet| fleet.clock_drift = drift);
        let found = issued(&plan, 4.0 * day as f64);
        assert_eq!(found.len(), 12, "{drift}: {found:?}");
        let off = found.iter().zip(law(4)).map(|(found, law)| (found - law).abs());
        let longest = 11.5 * 3600.0;
        assert!(
            off.fold(0.0, f64::max) <= longest * f64::from(drift) / 1e6 + 1e-6,
            "{drift}: {found:?}"
        );
    }
    let arrived = |node: u32| -> Vec<f64> {
        let trace = record(&plan, Dice::new(1)).into_iter();
        let here = trace.filter(|(_, event)| matches!(event, Event::CallArrived { node: at, .. } if at.0 == node));
        here.map(|(at, _)| at.as_secs_f64()).collect()
    };
    for node in 0..3 {
        assert_eq!(arrived(node), law(4));
    }
    let per_day = plan.arrivals_per_s() * day as f64;
    assert!((per_day - 9.0).abs() < 1e-9, "{per_day}");
}
