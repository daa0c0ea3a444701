//! The laws of section 5 of the model, each in the setting in which it holds, and a step outside it.
//!
//! Confidence: every comparison of a mean with a law is a two-sided test at 99.9 % by Student's t over at least 30
//! independent replications under fixed seeds. About fifty such comparisons stand here, so by Bonferroni the chance that
//! a correct simulator fails any of them for a new set of seeds is at most 5 %; with the seeds as they are the outcome is
//! always the same. Each names a resolution: a half width above it fails too, so a test that cannot tell is no test.
//! A step outside must miss the law by more than its own half width at the same confidence ([`fails`]).

mod common;

use common::{Mean, Nodes, a_lease, all_legs, constant, fails, holds, m0, mean, ms, over_runs, record, slots};
use tokenstorm::base::{Chance, Dice, Duration, Group, Time};
use tokenstorm::metric::Observed;
use tokenstorm::net::Latency;
use tokenstorm::plan::{Act, Plan};
use tokenstorm::provider::{Ending, Issuance, Outage};
use tokenstorm::retry::{Attempts, Fixed, Immediate, Retry};
use tokenstorm::strategy::{CompareFirst, Coordination, Lease, Naive, SharedBlind, TokenPerCall, Ttl};
use tokenstorm::trace::Event;
use tokenstorm::world::Leg;

fn day() -> Duration {
    Duration::from_secs(86_400)
}

fn naive() -> Coordination {
    Coordination::Naive(Naive {})
}

fn compare_first() -> Coordination {
    Coordination::CompareFirst(CompareFirst {})
}

/// M0: `count` equal nodes at one call per second each, latest only, no expiry.
fn equal(coordination: Coordination, count: u32, seconds: u64) -> Plan {
    let per_second = 1.0;
    m0(
        coordination,
        Issuance::latest_only(day()),
        &[Nodes { count, per_second }],
        seconds,
    )
}

/// M0: one node for each rate, each a fleet of its own.
fn of_rates(rates: &[f64], seconds: u64) -> Plan {
    let fleets: Vec<_> = rates.iter().map(|&per_second| Nodes { count: 1, per_second }).collect();
    m0(naive(), Issuance::latest_only(day()), &fleets, seconds)
}

fn first_rejected(run: &Observed) -> f64 {
    let total = run.total();
    total.first_rejected as f64 / total.calls as f64
}

fn issuances_per_call(run: &Observed) -> f64 {
    run.issued as f64 / run.total().calls as f64
}

fn rejections_per_call(run: &Observed) -> f64 {
    let total = run.total();
    total.rejections as f64 / total.calls as f64
}

fn attempts_per_call(run: &Observed) -> f64 {
    let total = run.total();
    total.attempts as f64 / total.calls as f64
}

fn success(run: &Observed) -> f64 {
    let total = run.total();
    total.succeeded as f64 / total.calls as f64
}

fn failure(run: &Observed) -> f64 {
    1.0 - success(run)
}

fn rejected_of(group: usize) -> impl Fn(&Observed) -> f64 + Sync {
    move |run| run.groups[group].first_rejected as f64 / run.groups[group].calls as f64
}

/// 1 - sum p_i^2.
fn collision(rates: &[f64]) -> f64 {
    let all: f64 = rates.iter().sum();
    1.0 - rates.iter().map(|rate| (rate / all).powi(2)).sum::<f64>()
}

#[test]
fn m0_a_call_is_rejected_unless_its_node_called_last() {
    for n in [1, 2, 8, 50] {
        let plan = equal(naive(), n, 8_000 / u64::from(n));
        let law = f64::from(n - 1) / f64::from(n);
        holds(mean(&plan, 30, 1, first_rejected), law, 0.01);
        holds(mean(&plan, 30, 2, issuances_per_call), law, 0.01);
    }
    let rates = [4.0, 2.0, 1.0, 1.0, 0.5];
    let plan = of_rates(&rates, 1000);
    let law = collision(&rates);
    holds(mean(&plan, 30, 3, first_rejected), law, 0.005);
    holds(mean(&plan, 30, 4, issuances_per_call), law, 0.005);
    // Outside: unequal nodes miss the formula for equal ones.
    fails(mean(&plan, 30, 5, first_rejected), 0.8);
    // Outside: with latencies, tokens die on their way. (Unbounded tries would then pile up without end.)
    let mut slow = equal(naive(), 2, 1000);
    all_legs(&mut slow, &Latency::constant(ms(50)));
    slow.policy.retry = Retry::Immediate(Immediate {
        attempts: Attempts::at_most(5),
    });
    fails(mean(&slow, 30, 6, rejections_per_call), 0.5);
}

#[test]
fn m0_a_node_is_rejected_as_often_as_others_call() {
    let rates = [4.0, 2.0, 1.0, 1.0];
    let plan = of_rates(&rates, 1000);
    for (group, rate) in rates.iter().enumerate() {
        holds(
            mean(&plan, 30, 7 + group as u64, rejected_of(group)),
            1.0 - rate / 8.0,
            0.01,
        );
    }
    // Outside: two slots separate the even nodes from the odd ones.
    let fleets = rates.map(|per_second| Nodes { count: 1, per_second });
    let apart = m0(slots(2), Issuance::latest_only(day()), &fleets, 1000);
    fails(mean(&apart, 30, 11, rejected_of(0)), 0.5);
    holds(mean(&apart, 30, 12, rejected_of(0)), 1.0 / 5.0, 0.01);
}

/// Mean life of the tokens that were superseded in the measured span.
fn mean_life(plan: &Plan, seed: u64, index: u64) -> f64 {
    let lives: Vec<f64> = record(plan, Dice::replication(seed, index))
        .into_iter()
        .filter_map(|(_, event)| match event {
            Event::TokenEnded(life) if life.ending == Some(Ending::Superseded) && life.issued >= plan.span.warmup => {
                Some(life.end.since(life.issued).as_secs_f64())
            }
            _ => None,
        })
        .collect();
    lives.iter().sum::<f64>() / lives.len() as f64
}

#[test]
fn m0_tokens_live_as_long_as_their_node_calls_in_a_row() {
    let rates = [4.0, 2.0, 1.0, 1.0];
    let law = 1.0 / (8.0 * collision(&rates));
    let plan = of_rates(&rates, 1000);
    holds(over_runs(30, |index| mean_life(&plan, 13, index)), law, 0.005);
    // Outside: an overlap lengthens lives by more than itself, since it also thins out the renewals.
    let mut overlap = of_rates(&rates, 1000);
    overlap.provider.rule.overlap = ms(100);
    fails(over_runs(30, |index| mean_life(&overlap, 14, index)), law + 0.1);
}

#[test]
fn m0_two_environments_reject_each_other_by_their_rates() {
    let (a, b) = (3.0, 0.2);
    let plan = of_rates(&[a, b], 4000);
    holds(mean(&plan, 40, 15, rejected_of(0)), b / (a + b), 0.005);
    holds(mean(&plan, 40, 16, rejected_of(1)), a / (a + b), 0.01);
    // Outside: production of three processes rejects itself.
    let fleets = [
        Nodes {
            count: 3,
            per_second: a / 3.0,
        },
        Nodes {
            count: 1,
            per_second: b,
        },
    ];
    let plan = m0(naive(), Issuance::latest_only(day()), &fleets, 1000);
    fails(mean(&plan, 30, 17, rejected_of(0)), b / (a + b));
}

/// Slot s with n_s of N equal nodes rejects (n_s - 1)/n_s of its calls; weighted by n_s/N these sum to (N - K)/N whether or
/// not K divides N, as long as no slot is empty.
#[test]
fn m0_slots_spare_their_share() {
    for (k, n) in [(1, 6), (2, 6), (3, 6), (6, 6), (8, 6), (2, 5), (3, 5), (4, 5)] {
        let law = (1.0 - f64::from(k) / f64::from(n)).max(0.0);
        let plan = equal(slots(k), n, 600);
        holds(mean(&plan, 30, 18, first_rejected), law, 0.01);
    }
    // Outside: a misnamed parameter leaves one slot for all.
    let mut misnamed = equal(slots(3), 6, 1000);
    if let Coordination::SlotPerNode(strategy) = &mut misnamed.coordination {
        strategy.known = false;
    }
    fails(mean(&misnamed, 30, 19, first_rejected), 0.5);
    holds(mean(&misnamed, 30, 20, first_rejected), 5.0 / 6.0, 0.01);
    // Outside: unequal nodes, dealt out so that the busy ones share a slot.
    let fleets = [4.0, 1.0, 4.0, 1.0].map(|per_second| Nodes { count: 1, per_second });
    let plan = m0(slots(2), Issuance::latest_only(day()), &fleets, 1000);
    fails(mean(&plan, 30, 21, failure), 0.5);
}

/// One node holds the current token. Each of the other N - 1 waits out its overlap g and then its next call, on average
/// 1/l later, renews: the holder takes its place among the waiting. So renewals come at rate (N - 1)/(g + 1/l) exactly,
/// for N l calls.
#[test]
fn m0_an_overlap_thins_out_the_renewals() {
    for (n, g) in [(2u32, 500), (2, 4000), (5, 1000), (20, 3000)] {
        let mut plan = equal(naive(), n, 5_000 / u64::from(n));
        plan.provider.rule.overlap = ms(g);
        let law = (1.0 - 1.0 / f64::from(n)) / (1.0 + g as f64 / 1000.0);
        holds(mean(&plan, 40, 22, first_rejected), law, 0.01);
        holds(mean(&plan, 40, 23, issuances_per_call), law, 0.01);
    }
    // Outside: only the last predecessor enjoys the overlap.
    let mut shallow = equal(naive(), 5, 1000);
    shallow.provider.rule.overlap = ms(1000);
    shallow.provider.rule.overlap_depth = Some(1);
    fails(mean(&shallow, 30, 24, first_rejected), 0.4);
    // Outside: tokens that expire before their overlap is over.
    let mut short = equal(naive(), 5, 1000);
    short.provider.rule.overlap = ms(1000);
    short.provider.rule.ttl = ms(700);
    fails(mean(&short, 30, 25, first_rejected), 0.4);
}

/// A time-out that is short against the gap between calls turns a lost response into another request at once. What is
/// unchanged is the share of calls whose first attempt is rejected: the last caller holds the current token either way.
#[test]
fn m0_lost_token_responses_cost_issuances_and_no_rejections() {
    let (n, q) = (4u32, 0.3);
    let lossy = |coordination, leg, timeout| {
        let mut plan = equal(coordination, n, 1500);
        plan.policy.timeout = Some(timeout);
        plan.links.leg_mut(leg).loss = Chance::of(q);
        plan
    };
    let law = 1.0 - 1.0 / f64::from(n);
    let soon = Duration::from_nanos(1000);
    let plan = lossy(compare_first(), Leg::TokenResponse, soon);
    holds(mean(&plan, 30, 26, first_rejected), law, 0.01);
    holds(mean(&plan, 30, 27, rejections_per_call), law, 0.01);
    holds(mean(&plan, 30, 28, issuances_per_call), law / (1.0 - q), 0.015);
    // A naive node tries its dead token again after each lost response: as many rejections as issuances.
    let plan = lossy(naive(), Leg::TokenResponse, soon);
    holds(mean(&plan, 30, 29, first_rejected), law, 0.01);
    holds(mean(&plan, 30, 30, rejections_per_call), law / (1.0 - q), 0.015);
    holds(mean(&plan, 30, 31, issuances_per_call), law / (1.0 - q), 0.015);
    // Outside: a lost request has issued nothing.
    let plan = lossy(compare_first(), Leg::TokenRequest, soon);
    fails(mean(&plan, 30, 32, issuances_per_call), law / (1.0 - q));
    holds(mean(&plan, 30, 33, issuances_per_call), law, 0.01);
    // Outside: during a long time-out the others call, and calls of the same node wait for one request.
    let plan = lossy(compare_first(), Leg::TokenResponse, ms(500));
    fails(mean(&plan, 30, 34, issuances_per_call), law / (1.0 - q));
}

/// M1: `count` nodes that send one call per second each, every call with a token of its own, u = 30, v = 40, c = 60 ms.
fn m1(count: u32) -> Plan {
    let mut plan = equal(
        Coordination::TokenPerCall(TokenPerCall {}),
        count,
        5_000 / u64::from(count),
    );
    plan.policy.retry = Retry::None;
    constant(&mut plan, Leg::TokenRequest, ms(30));
    constant(&mut plan, Leg::TokenResponse, ms(40));
    constant(&mut plan, Leg::ApiRequest, ms(60));
    plan
}

#[test]
fn m1_a_call_fails_when_another_token_is_issued_in_its_window() {
    for n in [1u32, 5, 20] {
        let law = 1.0 - (-0.1 * f64::from(n)).exp();
        holds(mean(&m1(n), 40, 35, failure), law, 0.01);
    }
    let law = 1.0 - (-0.5f64).exp();
    // Before the commit nothing is at stake: a random u shifts Poisson calls into Poisson commits.
    let mut shifted = m1(5);
    shifted.links.leg_mut(Leg::TokenRequest).latency = Latency::exponential(ms(300));
    holds(mean(&shifted, 40, 36, failure), law, 0.01);
    // Outside: a random window of the same mean fails less often, exponential with L w/(1 + L w).
    let mut random = m1(5);
    constant(&mut random, Leg::TokenResponse, Duration::ZERO);
    random.links.leg_mut(Leg::ApiRequest).latency = Latency::exponential(ms(100));
    fails(mean(&random, 40, 37, failure), law);
    holds(mean(&random, 40, 38, failure), 0.5 / 1.5, 0.01);
    // Outside: a second attempt brings more issuances than calls.
    let mut again = m1(5);
    again.policy.retry = Retry::Immediate(Immediate {
        attempts: Attempts::at_most(2),
    });
    fails(mean(&again, 40, 39, rejections_per_call), law);
}

/// Independent tokens, one node, an API that fails a share `f` of the attempts.
fn failing(f: f64, attempts: u32) -> Plan {
    let fleet = [Nodes {
        count: 1,
        per_second: 5.0,
    }];
    let mut plan = m0(naive(), Issuance::independent(day()), &fleet, 1000);
    plan.policy.retry = Retry::Immediate(Immediate {
        attempts: Attempts::at_most(attempts),
    });
    plan.provider.api_endpoint.errors = Chance::of(f);
    plan
}

#[test]
fn m2_retries_against_independent_failures() {
    for (f, m) in [(0.2, 1), (0.5, 3), (0.7, 5)] {
        let plan = failing(f, m);
        let all = f64::powi(f, m as i32);
        holds(mean(&plan, 30, 40, attempts_per_call), (1.0 - all) / (1.0 - f), 0.03);
        holds(mean(&plan, 30, 41, success), 1.0 - all, 0.01);
    }
    // Outside: the same share of failures, but all at once. Retries help nobody.
    let mut outages = failing(0.0, 3);
    for second in (0..1000).step_by(20) {
        let at = |second| Time::ZERO + Duration::from_secs(second);
        outages
            .timeline
            .push((at(second), Act::ApiOutage(Some(Outage::Errors))));
        outages.timeline.push((at(second + 10), Act::ApiOutage(None)));
    }
    fails(mean(&outages, 30, 42, success), 1.0 - 0.125);
    holds(mean(&outages, 30, 43, success), 0.5, 0.01);
    holds(mean(&outages, 30, 44, attempts_per_call), 0.5 + 0.5 * 3.0, 0.02);
}

/// A cold cache: all calls that come before the first token has arrived ask too, unless there is single-flight. The first
/// call waits u + v, so 1 + l (u + v) tokens are issued in the mean (M3), against one (M2).
#[test]
fn m3_a_cold_cache_is_filled_by_every_call_that_finds_it_empty() {
    let cold = |coordination| {
        let fleet = [Nodes {
            count: 1,
            per_second: 20.0,
        }];
        let mut plan = m0(coordination, Issuance::independent(day()), &fleet, 3);
        constant(&mut plan, Leg::TokenRequest, ms(100));
        constant(&mut plan, Leg::TokenResponse, ms(150));
        plan
    };
    let issued = |plan: &Plan, seed| over_runs(2000, |index| issuances(plan, seed, index).len() as f64);
    holds(issued(&cold(naive()), 45), 1.0 + 20.0 * 0.25, 0.25);
    let single = issued(&cold(compare_first()), 46);
    assert_eq!((single.mean, single.standard_error), (1.0, 0.0));
    // Outside: under latest-only the tokens of the herd kill each other, and their calls ask again.
    let mut latest = cold(naive());
    latest.provider.rule.capacity = Some(1);
    constant(&mut latest, Leg::ApiRequest, ms(20));
    latest.policy.retry = Retry::Immediate(Immediate {
        attempts: Attempts::at_most(3),
    });
    fails(issued(&latest, 47), 6.0);
}

/// Instants of all issuances of a run.
fn issuances(plan: &Plan, seed: u64, index: u64) -> Vec<Time> {
    record(plan, Dice::replication(seed, index))
        .into_iter()
        .filter_map(|(now, event)| matches!(event, Event::Issued { .. }).then_some(now))
        .collect()
}

/// M4: ten nodes with a shared store, tokens of five seconds, 20 ms to the token endpoint and back, 1 ms to the store.
fn m4(coordination: Coordination) -> Plan {
    let fleet = [Nodes {
        count: 10,
        per_second: 4.0,
    }];
    let mut plan = m0(coordination, Issuance::latest_only(Duration::from_secs(5)), &fleet, 300);
    all_legs(&mut plan, &Latency::constant(ms(20)));
    for leg in [Leg::StoreRequest, Leg::StoreResponse] {
        constant(&mut plan, leg, ms(1));
    }
    // Bounded for the steps outside, where retries would pile up without end.
    plan.policy.retry = Retry::Immediate(Immediate {
        attempts: Attempts::at_most(5),
    });
    plan
}

/// Share of the tokens whose life was cut short; none is when each lifetime sees one issuance.
fn cut_short(plan: &Plan, seed: u64, index: u64) -> f64 {
    let (mut all, mut short) = (0.0, 0.0);
    for (_, event) in record(plan, Dice::replication(seed, index)) {
        if let Event::TokenEnded(life) = event {
            all += 1.0;
            short += f64::from(u8::from(life.ending == Some(Ending::Superseded)));
        }
    }
    assert!(all > 50.0, "lifetimes go by");
    short / all
}

#[test]
fn m4_a_lease_renews_once_a_lifetime() {
    let share = |plan: &Plan, seed| over_runs(30, |index| cut_short(plan, seed, index));
    let lease = share(&m4(Coordination::Lease(a_lease())), 48);
    assert_eq!((lease.mean, lease.standard_error), (0.0, 0.0), "exactly, in every run");
    // Outside: nobody takes the lock.
    fails(share(&m4(Coordination::SharedBlind(SharedBlind::default())), 49), 0.0);
    // Outside: the lease lapses before the renewal that it protects is published.
    let short = Lease {
        ttl: Ttl::After(ms(20)),
        poll: ms(5),
        ..a_lease()
    };
    fails(share(&m4(Coordination::Lease(short)), 50), 0.0);
}

/// A node of two workloads, and so two halves of a node that share a cache, is like one of the sum.
#[test]
fn m0_halves_that_share_a_cache_are_one_node() {
    let law = collision(&[3.0, 1.0]);
    let mut split = of_rates(&[1.5, 1.0], 2000);
    let half = split.workloads[0][0];
    split.workloads[0].push(half);
    holds(mean(&split, 30, 51, first_rejected), law, 0.01);
    // Outside: the halves have a cache each.
    fails(mean(&of_rates(&[1.5, 1.5, 1.0], 1000), 30, 52, first_rejected), law);
    assert_eq!(half.group, Group(0));
}

/// [`holds`] itself: a mean that is off by ten standard errors does not pass, nor does one that is all noise.
#[test]
fn the_test_of_a_law_can_fail() {
    let measured = Mean {
        mean: 0.5,
        standard_error: 0.001,
    };
    holds(measured, 0.501, 0.01);
    assert!(std::panic::catch_unwind(|| holds(measured, 0.51, 0.01)).is_err());
    assert!(std::panic::catch_unwind(|| holds(measured, 0.501, 0.001)).is_err());
    assert!(std::panic::catch_unwind(|| fails(measured, 0.501)).is_err());
    // Waits between tries are held to their means in `retry`; in M0 a renewed call needs none, so they change nothing.
    let mut waiting = equal(naive(), 2, 500);
    waiting.policy.retry = Retry::Fixed(Fixed {
        delay: ms(1),
        attempts: Attempts::UNBOUNDED,
    });
    holds(mean(&waiting, 30, 53, first_rejected), 0.5, 0.02);
}
