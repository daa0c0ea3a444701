//! What holds in every run, whatever strategy, policy, rule, fault or seed: small random plans, their whole traces recorded
//! and audited. Section 5 of the model, "invariants of every run".

mod audit;
mod cases;
#[path = "../common/mod.rs"]
mod common;
mod holdings;
mod plans;
mod sums;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use tokenstorm::base::{Chance, Dice, Duration, Share, Time};
use tokenstorm::net::Latency;
use tokenstorm::node::Strategy as _;
use tokenstorm::plan::{Act, Plan};
use tokenstorm::provider::settings::{DepthSettings, OnViolationSettings, RetireSettings};
use tokenstorm::provider::{Issuance, Outage, RotationRule};
use tokenstorm::retry::{Attempts, Breaker, Budget};
use tokenstorm::strategy::{Coordination, Covers};
use tokenstorm::trace::{CallOutcome, Event};
use tokenstorm::world::Leg;

use crate::audit::{Account, audit};
use crate::cases::cases;
use crate::common::{Nodes, all_legs, every_retry, every_strategy, m0, ms, record};

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 6_000,
        rng_seed: RngSeed::Fixed(20_221),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_run_keeps_its_books(case in cases()) {
        audit(&case);
    }
}

/// Three nodes behind a gateway, 5 ms everywhere, three tries and a time-out; how the calls of a minute end.
fn behind_a_gateway(change: impl FnOnce(&mut Plan)) -> BTreeMap<CallOutcome, usize> {
    let fleets = [Nodes {
        count: 3,
        per_second: 5.0,
    }];
    let rule = Issuance::latest_only(Duration::from_secs(3600));
    let mut plan = m0(every_strategy()[7].clone(), rule, &fleets, 60);
    assert!(plan.coordination.needs_gateway());
    all_legs(&mut plan, &Latency::constant(ms(5)));
    plan.policy.retry = every_retry(ms(20), ms(500), Attempts::at_most(3))[1];
    plan.policy.timeout = Some(ms(200));
    change(&mut plan);
    let mut ends = BTreeMap::new();
    for (_, outcome) in Account::of(&record(&plan, Dice::new(1)))
        .calls
        .iter()
        .map(|call| (call.0, call.2))
    {
        *ends.entry(outcome).or_default() += 1;
    }
    ends
}

#[test]
fn an_answer_that_a_gateway_lost_is_not_waited_for_for_ever() {
    let ends = behind_a_gateway(|plan| plan.links.leg_mut(Leg::GatewayResponse).loss = Chance::ALWAYS);
    assert_eq!(ends.keys().copied().collect::<Vec<_>>(), [CallOutcome::GaveUp]);
}

/// One call in ten is lost on its way there: five such in a row are rare, five in all are not.
#[test]
fn what_a_gateway_answers_ends_a_row_of_failures() {
    let ends = behind_a_gateway(|plan| {
        plan.links.leg_mut(Leg::GatewayRequest).loss = Chance::of(0.1);
        plan.policy.breaker = Some(Breaker {
            failures: 5,
            open: Duration::SECOND,
            longest: None,
            refused_tokens: true,
        });
    });
    let broken = ends.get(&CallOutcome::Broken).copied().unwrap_or(0);
    assert!(ends[&CallOutcome::Succeeded] > 800 && broken < 10, "{ends:?}");
}

/// One attempt in five fails, one retry is earned by every two calls: enough for nearly all, at the gateway too.
#[test]
fn a_gateway_earns_by_the_calls_that_it_makes() {
    let ends = behind_a_gateway(|plan| {
        plan.provider.api_endpoint.errors = Chance::of(0.2);
        plan.policy.budget = Some(Budget {
            per_call: Share::new(0.5).unwrap(),
            capacity: 5,
            ..Budget::default()
        });
    });
    let gave_up = ends.get(&CallOutcome::GaveUp).copied().unwrap_or(0);
    assert!(ends[&CallOutcome::Succeeded] > 40 * gave_up.max(10), "{ends:?}");
}

/// Unbounded retries without a wait, at a store that fails without a latency: the run is ended, and says where.
#[test]
fn a_run_in_which_time_stands_still_is_ended() {
    let lease = Coordination::Lease(toml::from_str("").unwrap());
    let fleet = [Nodes {
        count: 2,
        per_second: 1.0,
    }];
    let mut plan = m0(lease, Issuance::latest_only(Duration::from_secs(3600)), &fleet, 60);
    plan.timeline
        .insert(0, (Time::ZERO, Act::StoreOutage(Some(Outage::Errors))));
    let effort = tokenstorm::engine::sim::run(&plan, Dice::new(1), &mut ());
    assert!(effort.stuck_at.is_some());
    plan.timeline.remove(0);
    assert_eq!(
        tokenstorm::engine::sim::run(&plan, Dice::new(1), &mut ()).stuck_at,
        None
    );
}

/// Three nodes that share one login, tokens of 20 s, and a minute of calls: how many did not succeed, and grants lost.
fn with_refresh_tokens(coordination: Coordination, rotation: RotationRule, seed: u64) -> (usize, usize) {
    let fleets = [Nodes {
        count: 3,
        per_second: 3.0,
    }];
    let mut plan = m0(
        coordination,
        Issuance::independent(Duration::from_secs(20)),
        &fleets,
        120,
    );
    all_legs(&mut plan, &Latency::exponential(ms(20)));
    plan.policy.retry = every_retry(ms(20), ms(500), Attempts::at_most(5))[1];
    plan.provider.rotation = Some(rotation);
    let trace = record(&plan, Dice::new(seed));
    let count = |is: &dyn Fn(&Event) -> bool| trace.iter().filter(|(_, event)| is(event)).count();
    let failed = count(
        &|event| matches!(event, Event::CallEnded { outcome, .. } if !matches!(outcome, CallOutcome::Succeeded | CallOutcome::Late)),
    );
    (failed, count(&|event| matches!(event, Event::GrantLost { .. })))
}

#[test]
fn every_strategy_refreshes_where_a_refresh_token_may_be_used_again() {
    let tolerant = RotationRule {
        retire: RetireSettings::Leeway(Duration::from_secs(3600)),
        depth: DepthSettings::AnyAncestor,
        ..RotationRule::default()
    };
    for coordination in every_strategy() {
        let what = format!("{coordination:?}");
        assert_eq!(with_refresh_tokens(coordination, tolerant, 3), (0, 0), "{what}");
    }
}

/// A refresh token may be used once, and the whole family falls for a second use: who refreshes one at a time loses nothing, and
/// all others lose the grant.
#[test]
fn a_grant_survives_the_strategies_that_refresh_one_at_a_time() {
    let strict = RotationRule {
        on_violation: OnViolationSettings::RevokeFamily(Default::default()),
        ..RotationRule::default()
    };
    // Whether two draws of XFetch come within a renewal of each other is draw_key.
    let by_luck = |coordination: &Coordination| matches!(coordination, Coordination::Xfetch(_));
    for coordination in every_strategy().into_iter().filter(|it| !by_luck(it)) {
        let one_at_a_time = match &coordination {
            Coordination::Gateway(_) => true,
            Coordination::Lease(lease) => !lease.read_before_lock,
            Coordination::Rotation(_) | Coordination::CentralRefresher(_) | Coordination::Leader(_) => true,
            Coordination::FileLock(lock) => lock.covers == Covers::Renewal,
            // It comes in time, so that no worker asks, whether it may or not.
            Coordination::ScheduledRefresher(_) => true,
            _ => false,
        };
        let what = format!("{coordination:?}");
        // Whether two of three nodes meet is draw_key; that none do in six runs is not.
        let runs = (1..=6).map(|seed| with_refresh_tokens(coordination.clone(), strict, seed));
        let (failed, lost) = runs.fold((0, 0), |sum, run| (sum.0 + run.0, sum.1 + run.1));
        assert_eq!(
            (failed > 0, lost > 0),
            (!one_at_a_time, !one_at_a_time),
            "{what}: {failed} failed, {lost} lost"
        );
    }
}
