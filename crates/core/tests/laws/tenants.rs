//! Laws of tenants: they have nothing to do with each other but the processes that serve them and the limits that they share.

use tokenstorm::base::{Dice, Duration, Group, NodeId, Time, mix};
use tokenstorm::net::Latency;
use tokenstorm::plan::{Plan, Processes, Replay, TenantShare};
use tokenstorm::provider::{Issuance, Quota, QuotaKind, RotationRule, Scope};
use tokenstorm::retry::{Attempts, Fixed, Retry};
use tokenstorm::strategy::Coordination;
use tokenstorm::trace::Event;

use super::limits::{erlang_b, load, per_second};
use crate::common::{Nodes, all_legs, every_strategy, fails, holds, m0, mean, ms, record, with_tenants};
use crate::settings::success;

const PROCESSES: u32 = 2;

/// Calls of one tenant at two processes: bursts of a few within the time that a token request takes, at instants that no other tenant's has.
pub(super) fn calls(tenant: u64) -> Vec<Time> {
    let at = |call: u64| {
        let within = mix((tenant << 32) | call) % 120_000_000;
        Time::ZERO + ms(3_000 * (call / 4) + 700 * tenant) + Duration::from_nanos(within)
    };
    let mut calls: Vec<Time> = (0..200).map(at).collect();
    calls.sort();
    calls
}

/// Two processes whose calls are these lists in turn, each of a group of its own.
pub(super) fn replayed(coordination: Coordination, lists: Vec<Vec<Time>>, refreshes: bool) -> Plan {
    let fleet = [Nodes {
        count: PROCESSES,
        per_second: 1.0,
    }];
    let mut plan = m0(
        coordination,
        Issuance::latest_only(Duration::from_secs(50)),
        &fleet,
        170,
    );
    all_legs(&mut plan, &Latency::constant(ms(40)));
    plan.policy.retry = Retry::Fixed(Fixed {
        delay: ms(300),
        attempts: Attempts::at_most(4),
    });
    plan.provider.rotation = refreshes.then(RotationRule::default);
    plan.workloads[0].clear();
    plan.layout.patience = vec![None; lists.len()];
    plan.groups = (0..lists.len())
        .map(|group| ("fleet".to_owned(), format!("kind{group}")))
        .collect();
    let replay = |(group, calls): (u16, Vec<Time>)| Replay {
        group: Group(group),
        at: Processes::of(&plan.layout.fleets[0]),
        calls: calls.into(),
    };
    plan.drivers.replays = (0..).zip(lists).map(replay).collect();
    plan
}

/// What became of the calls of a group, in order, with the process at which each arrived.
pub(super) fn endings(plan: &Plan, wanted: u16, seed: u64) -> Vec<String> {
    let process = |node: NodeId| plan.layout.fleets[0].process_of(node);
    let ending = |(at, event): &(Time, Event)| match event {
        Event::CallEnded {
            node,
            group,
            arrived,
            outcome,
            attempts,
            rejections,
            ..
        } if group.0 == wanted => {
            let took = at.since(*arrived);
            Some(format!(
                "{arrived:?} {} {outcome:?} {took} {attempts} {rejections}",
                process(*node)
            ))
        }
        _ => None,
    };
    record(plan, Dice::new(seed)).iter().filter_map(ending).collect()
}

/// Each tenant's calls end as they do in a run of it alone, at the same process and at the same instant, under every strategy that leaves
/// nothing to chance, with refresh tokens and without. What is left to chance is drawn for each node.
#[test]
fn tenants_are_as_many_runs_of_one() {
    let mut told = 0;
    for (coordination, refreshes) in every_strategy()
        .into_iter()
        .flat_map(|it| [(it.clone(), false), (it, true)])
    {
        let lists: Vec<_> = (0..3).map(calls).collect();
        let together = replayed(coordination.clone(), lists.clone(), refreshes);
        let together = with_tenants(together, 3, (0..3).map(TenantShare::Only).collect());
        let mut met_refusals = false;
        for (tenant, calls) in (0..).zip(lists) {
            let alone = replayed(coordination.clone(), vec![calls], refreshes);
            let (single, other) = (endings(&alone, 0, 7), endings(&alone, 0, 8));
            if single != other {
                continue;
            }
            let together = endings(&together, tenant, 7);
            let differs = single
                .iter()
                .zip(&together)
                .find(|(single, together)| single != together);
            assert_eq!(
                differs, None,
                "{coordination:?}, tenant {tenant}, refresh tokens: {refreshes}"
            );
            assert_eq!(single.len(), together.len(), "{coordination:?}, tenant {tenant}");
            assert!(single.len() >= 100, "{coordination:?}: {}", single.len());
            met_refusals |= single.iter().any(|ending| !ending.ends_with(" 1 0"));
        }
        told += u32::from(met_refusals);
    }
    assert!(
        told >= 20,
        "{told} strategies have met a refusal and leave nothing to chance"
    );
}

/// A quota of each grant meets one tenant's calls, a quota of the app meets all.
#[test]
fn a_quota_of_a_grant_is_each_tenants_own() {
    let (tenants, count) = (5, 3);
    for (scope, met) in [
        (Scope::Grant, 10.0 / f64::from(tenants)),
        (Scope::Client, 10.0),
        (Scope::Address, 10.0),
    ] {
        let quota = Quota {
            scope,
            ..per_second(count, QuotaKind::SlidingLog)
        };
        let mut plan = load(1);
        plan.provider.api_endpoint = plan.provider.api_endpoint.clone().with_quotas([quota]);
        let plan = with_tenants(plan, tenants, vec![TenantShare::Even(tenants)]);
        holds(mean(&plan, 30, 501, success), 1.0 - erlang_b(count, met), 0.005);
        if scope == Scope::Grant {
            fails(mean(&plan, 30, 501, success), 1.0 - erlang_b(count, 10.0));
        }
    }
}

/// Zipf's law in the load: with the weights of its tenants, a quota of each grant lets in the sum of what Erlang says of each.
#[test]
fn a_skewed_load_exhausts_the_quota_of_the_first_tenants() {
    let (tenants, count, exponent) = (20, 3, 1.1);
    let quota = Quota {
        scope: Scope::Grant,
        ..per_second(count, QuotaKind::SlidingLog)
    };
    let spread = |share: TenantShare| {
        let mut plan = load(4);
        plan.provider.api_endpoint = plan.provider.api_endpoint.clone().with_quotas([quota]);
        with_tenants(plan, tenants, vec![share])
    };
    let weights = || (1..=tenants).map(|rank| f64::from(rank).powf(-exponent));
    let whole: f64 = weights().sum();
    let law: f64 = weights()
        .map(|weight| weight / whole * (1.0 - erlang_b(count, 40.0 * weight / whole)))
        .sum();
    holds(
        mean(&spread(TenantShare::zipf(tenants, exponent)), 30, 502, success),
        law,
        0.005,
    );
    // Outside: the same load evenly spread.
    fails(mean(&spread(TenantShare::Even(tenants)), 30, 502, success), law);
}
