//! M0: no latency, one credential for all.

use tokenstorm::base::{Chance, Dice, Duration, Group};
use tokenstorm::net::Latency;
use tokenstorm::plan::Plan;
use tokenstorm::provider::{Ending, Issuance};
use tokenstorm::retry::{Attempts, Immediate, Retry};
use tokenstorm::strategy::Coordination;
use tokenstorm::trace::Event;
use tokenstorm::world::Leg;

use crate::common::{Nodes, all_legs, fails, holds, m0, mean, ms, over_runs, record, slots};
use crate::settings::{
    collision, compare_first, day, equal, failure, first_rejected, issuances_per_call, naive, of_rates, rejected_of,
    rejections_per_call,
};

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
