//! What makes no difference: time without a unit, idle nodes, parameters at their neutral values, names of nodes.

use tokenstorm::base::{Chance, Dice, Duration, Group, NodeId, Time};
use tokenstorm::net::Latency;
use tokenstorm::node::{HoldsUp, Strategy as _};
use tokenstorm::plan::{Act, Plan, Stream};
use tokenstorm::provider::{Counts, Issuance, OnExceed, Quota, QuotaKind, Scope, TokenBucket};
use tokenstorm::retry::{Attempts, Breaker, Budget, FullJitter, Retry};
use tokenstorm::strategy::{AppPerNode, Coordination, Lease, Over, RenewAhead, Rotation, WaitAndLook};
use tokenstorm::trace::Event;
use tokenstorm::workload::{Jitters, Pattern, Periodic};

use crate::common::{Nodes, a_lease, all_legs, every_strategy, m0, ms, record, slots};
use crate::plans::{Trace, at_most, compare_first, naive, strategies_in, usual};

/// Time four times as slow, everything else alike: the same events, each four times as late.
#[test]
fn time_has_no_unit() {
    let plan = |strategy, unit: u64| {
        let fleets = [Nodes {
            count: 3,
            per_second: 2.0 / unit as f64,
        }];
        let rule = Issuance::latest_only(Duration::from_secs(9 * unit));
        let mut plan = m0(strategy, rule, &fleets, 60 * unit);
        plan.span.end = plan.span.horizon + Duration::from_secs(60 * unit);
        all_legs(&mut plan, &Latency::exponential(ms(20 * unit)));
        plan.policy.timeout = Some(ms(300 * unit));
        plan.policy.retry = Retry::FullJitter(FullJitter {
            base: ms(10 * unit),
            cap: ms(100 * unit),
            attempts: Attempts::at_most(5),
        });
        plan
    };
    // How long a token has lain in the store is told in whole milliseconds: who plans by that has a unit.
    let rounds = |strategy: &Coordination| match strategy {
        Coordination::Xfetch(_) => true,
        Coordination::Lease(lease) => lease.renew_ahead.is_some(),
        Coordination::Leader(leader) => leader.renew_ahead.is_some(),
        Coordination::ScheduledRefresher(_) => true,
        _ => false,
    };
    let pairs = strategies_in(1).into_iter().zip(strategies_in(4));
    for (fast, slow) in pairs.filter(|(fast, _)| !rounds(fast)) {
        let (fast, slow) = (plan(fast, 1), plan(slow, 4));
        let traces = [&fast, &slow].map(|plan| record(plan, Dice::new(4)));
        let what = &fast.coordination;
        assert_eq!(traces[0].len(), traces[1].len(), "{what:?}");
        for ((early, one), (late, other)) in traces[0].iter().zip(&traces[1]) {
            assert_eq!(std::mem::discriminant(one), std::mem::discriminant(other), "{what:?}");
            // Each draw is rounded down to a nanosecond.
            assert!(
                late.nanos().abs_diff(4 * early.nanos()) < 1_000,
                "{what:?} at {early:?}"
            );
        }
    }
}

fn without_starts(trace: Trace) -> Trace {
    trace
        .into_iter()
        .filter(|(_, event)| !matches!(event, Event::NodeStarted { .. }))
        .collect()
}

/// All but the gateway's plan, in which the gateway is the last node and so gets another number, and other draws.
#[test]
fn a_node_that_nobody_calls_changes_nothing() {
    for strategy in every_strategy()
        .into_iter()
        .filter(|strategy| !strategy.needs_gateway())
        // Who is told of a token holds it without having asked for one: an issuance kills it there too.
        .filter(|strategy| !matches!(strategy, Coordination::Gossip(_)))
    {
        let what = format!("{strategy:?}");
        let plan = usual(strategy);
        let mut more = plan.clone();
        let mut idle = more.layout.fleets[0].clone();
        (idle.nodes, idle.first_ordinal) = (3..5, 3);
        more.layout.fleets.push(idle);
        more.workloads.push(Vec::new());
        more.timeline.push((Time::ZERO, Act::Start(3..5)));
        let traces = [plan, more].map(|plan| without_starts(record(&plan, Dice::new(5))));
        assert!(traces[0].len() > 500, "{what}");
        assert!(traces[0] == traces[1], "{what}");
    }
}

fn same(one: &Plan, other: &Plan, why: &str) {
    // What a quota has counted is told, and nobody hears of it.
    let changes = |(_, event): &(_, Event)| !matches!(event, Event::QuotaUsed { .. });
    let traces = [one, other].map(|plan| {
        let trace = record(plan, Dice::new(6)).into_iter();
        trace.filter(changes).collect::<Vec<_>>()
    });
    assert!(traces[0].len() > 500 && traces[0] == traces[1], "{why}");
}

/// A breaker that nothing opens, and a hold of no time, give the base model too.
#[test]
fn what_never_refuses_a_call_gives_the_base_model() {
    for strategy in every_strategy() {
        let base = usual(strategy);
        let with = |why: &str, change: &dyn Fn(&mut Plan)| {
            let mut plan = base.clone();
            change(&mut plan);
            same(&base, &plan, &format!("{why}, {:?}", base.coordination));
        };
        let day = Duration::from_secs(86_400);
        with("a breaker that never opens", &|plan| {
            plan.policy.breaker = Some(Breaker {
                failures: u32::MAX,
                open: day,
                longest: None,
                refused_tokens: true,
            });
        });
        with("a breaker that counts no refused token", &|plan| {
            plan.policy.breaker = Some(Breaker {
                failures: 1,
                open: day,
                longest: None,
                refused_tokens: false,
            });
        });
        with("a wait of no time that holds up its node", &|plan| {
            plan.policy.holds = HoldsUp::Node
        });
    }
}

#[test]
fn neutral_parameters_give_the_base_model() {
    for strategy in every_strategy() {
        let base = usual(strategy);
        let with = |why: &str, change: &dyn Fn(&mut Plan)| {
            let mut plan = base.clone();
            change(&mut plan);
            same(&base, &plan, &format!("{why}, {:?}", base.coordination));
        };
        let day = Duration::from_secs(86_400);
        with("no loss", &|plan| {
            all_loss(plan, 0.0);
        });
        with("patient time-outs", &|plan| {
            plan.policy.timeout = Some(day);
            plan.policy.store_timeout = Some(day);
        });
        with("a full budget", &|plan| {
            plan.policy.budget = Some(Budget {
                capacity: 1_000_000,
                ..Budget::default()
            });
        });
        with("callers with patience", &|plan| plan.layout.patience.fill(Some(day)));
        for (kind, counts, scope) in KINDS_OF_QUOTA {
            with(&format!("{kind:?} beyond reach"), &|plan| {
                let quota = Quota {
                    kind,
                    counts,
                    scope,
                    penalty: Some(day),
                    prolongs: true,
                    on_exceed: OnExceed::NoOp,
                    ..Quota::fixed(u32::MAX, day)
                };
                plan.provider.token_endpoint = plan.provider.token_endpoint.clone().with_quotas([quota]);
                plan.provider.api_endpoint = plan.provider.api_endpoint.clone().with_quotas([quota]);
                plan.provider.pool = vec![quota];
            });
        }
        with("a server for everybody", &|plan| {
            plan.provider.token_endpoint.servers = Some(u32::MAX);
            plan.provider.api_endpoint.servers = Some(u32::MAX);
        });
        with("an overlap of nothing", &|plan| {
            plan.provider.rule.overlap_depth = Some(3)
        });
        with("a threshold beyond the life", &|plan| {
            plan.provider.rule.reuse_threshold = Some(day)
        });
        with("lags of nothing", &|plan| {
            plan.links.lags.visible_after = Latency::uniform(Duration::ZERO, Duration::ZERO);
            plan.links.lags.replicas = 7;
        });
        with("latencies times one", &|plan| {
            plan.timeline.push((
                Time::ZERO,
                Act::Slow {
                    legs: vec![tokenstorm::world::Leg::ApiRequest],
                    thousandths: 1000,
                },
            ));
        });
    }
}

/// Each kind of quota, each thing that it may count, and each key.
const KINDS_OF_QUOTA: [(QuotaKind, Counts, Scope); 5] = [
    (QuotaKind::Fixed, Counts::Requests, Scope::Account),
    (QuotaKind::SlidingLog, Counts::Issuances, Scope::Grant),
    (QuotaKind::SlidingCounter, Counts::Requests, Scope::Address),
    (
        QuotaKind::TokenBucket(TokenBucket { burst: u32::MAX }),
        Counts::Requests,
        Scope::Client,
    ),
    (QuotaKind::Concurrency, Counts::Requests, Scope::Grant),
];

fn all_loss(plan: &mut Plan, share: f64) {
    use tokenstorm::world::Leg;
    for leg in [Leg::TokenRequest, Leg::TokenResponse, Leg::ApiRequest, Leg::ApiResponse] {
        plan.links.leg_mut(leg).loss = Chance::of(share);
    }
}

#[test]
fn strategies_meet_at_their_neutral_ends() {
    same(&usual(slots(1)), &usual(compare_first()), "one slot is none");
    let apps = Coordination::AppPerNode(AppPerNode { apps: 1 });
    same(&usual(apps), &usual(compare_first()), "one app is the app");
    let lease = a_lease();
    let rotation = Rotation {
        over: Over::Slots,
        count: 1,
        lease,
    };
    let lease = usual(Coordination::Lease(lease));
    let mut turning = usual(Coordination::Rotation(rotation));
    turning.provider.stride = 1;
    same(&turning, &lease, "a rotation over one slot stands still");
    let mut roomy = usual(naive());
    roomy.provider.rule.capacity = Some(1_000_000);
    let mut independent = usual(naive());
    independent.provider.rule.capacity = None;
    same(&roomy, &independent, "room for everybody is independence");
}

/// Timers of different periods instead of Poisson calls, constant latencies and no jitter: a run without any draw, so that
/// the nodes can change places.
#[test]
fn nodes_may_change_places() {
    let periods = [701u64, 1009, 1303];
    let plan = |strategy: Coordination, order: [usize; 3]| {
        let fleets = order.map(|_| Nodes {
            count: 1,
            per_second: 1.0,
        });
        let mut plan = m0(strategy, Issuance::latest_only(Duration::from_secs(9)), &fleets, 60);
        all_legs(&mut plan, &Latency::constant(Duration::from_nanos(20_000_003)));
        plan.policy.retry = at_most(4);
        for (workload, place) in plan.workloads.iter_mut().zip(order) {
            let group = workload[0].group;
            let timer = Periodic {
                every: ms(periods[place]),
                jitter: Duration::ZERO,
                jitters: Jitters::Gaps,
                aligned: true,
                at: None,
            };
            *workload = vec![Stream {
                group,
                arrivals: Pattern::Periodic(timer),
            }];
        }
        plan
    };
    for strategy in strategies_in(1) {
        let strategy = match strategy {
            // Slots and apps are dealt out by place.
            Coordination::SlotPerNode(_) | Coordination::AppPerNode(_) => continue,
            // So is who is told.
            Coordination::Gossip(_) => continue,
            // Draws when to renew, whatever its parameters.
            Coordination::Xfetch(_) => continue,
            Coordination::Lease(lease) => Coordination::Lease(Lease {
                jitter: Duration::ZERO,
                ..lease
            }),
            Coordination::WaitAndLook(_) => Coordination::WaitAndLook(WaitAndLook { spread: Duration::ZERO }),
            Coordination::RenewAhead(one) => Coordination::RenewAhead(RenewAhead {
                jitter: Duration::ZERO,
                ..one
            }),
            other => other,
        };
        let order = [2, 0, 1];
        let straight = without_starts(record(&plan(strategy.clone(), [0, 1, 2]), Dice::new(9)));
        let permuted = without_starts(record(&plan(strategy.clone(), order), Dice::new(10)));
        let back: Trace = permuted
            .into_iter()
            .map(|(now, event)| (now, renamed(event, &order)))
            .collect();
        assert!(straight.len() > 300 && straight == back, "{strategy:?}");
    }
}

/// The event as it would be if the nodes, and with them the groups, stood where `order` took them from.
fn renamed(mut event: Event, order: &[usize; 3]) -> Event {
    let of_node = |node: &mut NodeId| {
        if let Some(&place) = order.get(node.index()) {
            *node = NodeId(place as u32);
        }
    };
    let of_group = |group: &mut Group| *group = Group(order[usize::from(group.0)] as u16);
    match &mut event {
        Event::CallArrived { node, group }
        | Event::AttemptSent { node, group, .. }
        | Event::AttemptRejected { node, group, .. }
        | Event::CallEnded { node, group, .. } => {
            of_node(node);
            of_group(group);
        }
        Event::Issued { node, .. } | Event::TokenRequested { node } | Event::TokenRefused { node, .. } => of_node(node),
        _ => {}
    }
    event
}
