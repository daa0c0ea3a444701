//! Laws of a second provider: what happens at one has nothing to do with what happens at the other, but for the processes that call both, and a
//! call that needs both is one call after the other.

use std::collections::BTreeSet;

use tokenstorm::base::{Chance, Duration, NodeId, Time};
use tokenstorm::metric::Observed;
use tokenstorm::net::Latency;
use tokenstorm::plan::{Act, CallShare, Plan, Processes, Propagation, SecondProvider, TenantShare};
use tokenstorm::provider::Issuance;
use tokenstorm::retry::Retry;
use tokenstorm::strategy::{Coordination, Naive};
use tokenstorm::trace::{CallOutcome, Event};
use tokenstorm::workload::{Jitters, Job, Pattern, Periodic};
use tokenstorm::world::Leg;

use super::tenants::{calls, endings, replayed};
use crate::common::{Nodes, every_strategy, fails, holds, lay_out_anew, m0, mean, ms, record};
use crate::settings::success;

const LEGS: [Leg; 4] = [Leg::TokenRequest, Leg::TokenResponse, Leg::ApiRequest, Leg::ApiResponse];

/// The same plan with a second provider, as `other` has its own; the calls of the groups go where `goes` says.
fn with_second(mut plan: Plan, other: &Plan, goes: &[Goes]) -> Plan {
    lay_out_anew(&mut plan, 1, 2);
    plan.layout.need_both = goes.iter().map(|&goes| goes == Goes::Both).collect();
    plan.layout.jobs = goes
        .iter()
        .map(|&goes| (goes == Goes::Both).then(Job::of_one))
        .collect();
    let share = |&goes: &Goes| CallShare {
        tenants: TenantShare::Only(0),
        providers: 2,
        at_second: goes == Goes::Second,
    };
    plan.shares = goes.iter().map(share).collect();
    plan.second = Some(Box::new(SecondProvider {
        provider: other.provider.clone(),
        policy: plan.policy.clone(),
    }));
    for leg in LEGS {
        *plan.links.leg_mut(leg.of_second()) = other.links.leg(leg).clone();
    }
    plan.links.lags_of_second = Some(Box::new(other.links.lags.clone()));
    plan
}

#[derive(Clone, Copy, PartialEq)]
enum Goes {
    First,
    Second,
    Both,
}

/// Half-way its first process crashes, and comes back.
fn with_a_crash(mut plan: Plan) -> Plan {
    let process = Processes::of(&plan.layout.fleets[0]).nodes(0);
    let at = |seconds| Time::ZERO + Duration::from_secs(seconds);
    plan.timeline.push((at(70), Act::Crash(process.clone())));
    plan.timeline.push((at(72), Act::Start(process)));
    plan
}

/// A provider whose tokens live for another time, whose answers take another time, and whose new token leaves the old one for a while.
fn another(mut plan: Plan) -> Plan {
    plan.provider.rule = Issuance::latest_only(Duration::from_secs(31));
    plan.provider.rule.overlap = Duration::from_secs(5);
    for leg in LEGS {
        plan.links.leg_mut(leg).latency = Latency::constant(ms(70));
    }
    plan.links.lags = Propagation {
        visible_after: Latency::constant(ms(30)),
        ..Propagation::none()
    };
    plan
}

/// Calls at each provider end as they do in a run of it alone, crashes of their process included, under every strategy that leaves nothing to
/// chance: with refresh tokens at neither, at one and at the other.
#[test]
fn two_providers_are_two_runs() {
    let mut told = 0;
    let kinds = [(false, false), (true, false), (false, true)];
    for (coordination, (at_first, at_second)) in every_strategy()
        .into_iter()
        .flat_map(|it| kinds.map(|kinds| (it.clone(), kinds)))
    {
        let lists = [calls(0), calls(1)];
        let first = replayed(coordination.clone(), vec![lists[0].clone()], at_first);
        let second = another(replayed(coordination.clone(), vec![lists[1].clone()], at_second));
        let together = replayed(coordination.clone(), lists.to_vec(), at_first);
        let together = with_a_crash(with_second(together, &second, &[Goes::First, Goes::Second]));
        let mut met_refusals = false;
        for (group, alone) in (0..).zip([with_a_crash(first), with_a_crash(second)]) {
            // A crash ends calls in the order of their places in the table, which is another.
            let sorted = |plan: &Plan, group: u16, seed: u64| {
                let mut endings = endings(plan, group, seed);
                endings.sort();
                endings
            };
            let (single, other) = (sorted(&alone, 0, 7), sorted(&alone, 0, 8));
            if single != other {
                continue;
            }
            let together = sorted(&together, group, 7);
            let differs = single
                .iter()
                .zip(&together)
                .find(|(single, together)| single != together);
            assert_eq!(
                differs, None,
                "{coordination:?}, provider {group}: {at_first}, {at_second}"
            );
            assert_eq!(single.len(), together.len(), "{coordination:?}, provider {group}");
            assert!(single.len() >= 100, "{coordination:?}: {}", single.len());
            met_refusals |= single.iter().any(|ending| !ending.ends_with(" 1 0"));
        }
        told += u32::from(met_refusals);
    }
    assert!(told >= 20, "{told} runs have met a refusal and leave nothing to chance");
}

/// Calls that need both, where each API fails by chance and nobody tries again.
fn unlucky(goes: Goes) -> Plan {
    let fleet = [Nodes {
        count: 3,
        per_second: 2.0,
    }];
    let mut plan = m0(
        Coordination::Naive(Naive {}),
        Issuance::latest_only(Duration::from_secs(100_000)),
        &fleet,
        600,
    );
    plan.provider.rule = Issuance::independent(Duration::from_secs(100_000));
    plan.policy.retry = Retry::None;
    let mut other = plan.clone();
    plan.provider.api_endpoint.errors = Chance::of(0.2);
    other.provider.api_endpoint.errors = Chance::of(0.05);
    with_second(plan, &other, &[goes])
}

fn failed_at_second(run: &Observed) -> f64 {
    let metric = tokenstorm::metric::METRICS
        .iter()
        .find(|metric| metric.name == "failure_rate_at_second");
    (metric.expect("it is one").read)(run).expect("there are two providers")
}

/// A call that needs both succeeds with the product of the chances, and fails at the second one only where the first has answered.
#[test]
fn a_call_that_needs_both_succeeds_at_both() {
    let (first, second) = (0.8, 0.95);
    let both = unlucky(Goes::Both);
    holds(mean(&both, 40, 611, success), first * second, 0.01);
    fails(mean(&both, 40, 611, success), first);
    holds(mean(&both, 40, 611, failed_at_second), first * (1.0 - second), 0.005);
    holds(mean(&unlucky(Goes::First), 40, 612, success), first, 0.01);
    holds(mean(&unlucky(Goes::Second), 40, 613, success), second, 0.005);
}

/// Calls begin where they are meant to, whether all of a fleet come together or each process has a stream of its own.
#[test]
fn calls_begin_at_the_provider_that_they_are_for() {
    let every = |period| {
        Pattern::Periodic(Periodic {
            every: ms(period),
            jitter: Duration::ZERO,
            jitters: Jitters::Gaps,
            aligned: true,
            at: None,
        })
    };
    for goes in [Goes::First, Goes::Second, Goes::Both] {
        let together = unlucky(goes);
        let mut apart = together.clone();
        apart.workloads[0][0].arrivals = every(700);
        for plan in [together, apart] {
            let arrived = |(_, event): (Time, Event)| match event {
                Event::CallArrived { node, .. } => Some(node),
                _ => None,
            };
            let trace = record(&plan, tokenstorm::base::Dice::new(5));
            let nodes: BTreeSet<NodeId> = trace.into_iter().filter_map(arrived).collect();
            let first = u32::from(goes == Goes::Second);
            let meant = (0..3).map(|process| NodeId(2 * process + first));
            assert!(nodes.iter().copied().eq(meant), "{nodes:?}");
        }
    }
}

/// Where both have tokens, a call takes the time of one call after the other, to the nanosecond; each provider issues for itself.
#[test]
fn a_call_that_needs_both_takes_the_time_of_both() {
    let naive = Coordination::Naive(Naive {});
    let plan = replayed(naive.clone(), vec![calls(0)], false);
    let second = another(replayed(naive, vec![calls(0)], false));
    let one = |plan: &Plan| 2 * plan.links.leg(Leg::ApiRequest).latency.longest().nanos();
    let bare = Duration::from_nanos(one(&plan) + one(&second));
    let plan = with_second(plan, &second, &[Goes::Both]);
    let trace = record(&plan, tokenstorm::base::Dice::new(3));
    let took = |(at, event): &(Time, Event)| match event {
        Event::CallEnded {
            arrived,
            outcome: CallOutcome::Succeeded,
            ..
        } => Some(at.since(*arrived)),
        _ => None,
    };
    let took: Vec<Duration> = trace.iter().filter_map(took).collect();
    assert!(took.len() >= 190, "{}", took.len());
    assert_eq!(took.iter().min(), Some(&bare));
    let (mut first, mut second) = (0, 0);
    for (_, event) in &trace {
        if let Event::Issued { node, token, .. } = event {
            let at_second = node.0 % 2 == 1;
            assert_eq!(tokenstorm::world::is_of_second(*token), at_second);
            *(if at_second { &mut second } else { &mut first }) += 1;
        }
    }
    assert!(first > 2 && second > 2, "{first} and {second}");
}
