//! Every shortcut of the simulator is held to the general path: those that only change how events are kept to the very same
//! trace, the one that draws other arrivals to the same law.

extern crate tokenstorm_core as tokenstorm;

#[path = "../../../tests/common/mod.rs"]
mod common;

use common::*;
use tokenstorm::base::{Dice, Duration, Time};
use tokenstorm::engine::sim::{RunStats, Shortcuts, run_with};
use tokenstorm::metric::Observed;
use tokenstorm::net::{Distribution, LogNormal};
use tokenstorm::plan::{Act, Plan};
use tokenstorm::provider::Issuance;
use tokenstorm::retry::{Attempts, Immediate, Retry};
use tokenstorm::strategy::{CompareFirst, Coordination, Naive, SingleFlight};
use tokenstorm::trace::Event;
use tokenstorm::world::Leg;

const LEGS: [Leg; 8] = [
    Leg::TokenRequest,
    Leg::TokenResponse,
    Leg::ApiRequest,
    Leg::ApiResponse,
    Leg::StoreRequest,
    Leg::StoreResponse,
    Leg::GatewayRequest,
    Leg::GatewayResponse,
];

fn strategies() -> Vec<Coordination> {
    let written = |name: &str, settings: serde_json::Value| {
        serde_json::from_value(serde_json::json!({ name: settings })).expect("a strategy")
    };
    vec![
        Coordination::Naive(Naive {}),
        Coordination::SingleFlight(SingleFlight {}),
        Coordination::CompareFirst(CompareFirst {}),
        written("wait_and_look", serde_json::json!({ "spread": "50ms" })),
        written("shared_blind", serde_json::json!({})),
        written("lease", serde_json::json!({})),
        written("gateway", serde_json::json!({})),
    ]
}

/// Busy nodes with latencies as in the benchmark model, on all legs.
fn plan(coordination: Coordination, nodes: u32, seconds: u64) -> Plan {
    let fleets = [Nodes {
        count: nodes,
        per_second: 2.0,
    }];
    let mut plan = m0(
        coordination,
        Issuance::latest_only(Duration::from_secs(30)),
        &fleets,
        seconds,
    );
    for leg in LEGS {
        let ms = match leg {
            Leg::TokenRequest | Leg::TokenResponse => 40,
            Leg::ApiRequest | Leg::ApiResponse => 20,
            _ => 1,
        };
        constant(&mut plan, leg, Duration::from_millis(ms));
    }
    plan.policy.retry = Retry::Immediate(Immediate {
        attempts: Attempts::at_most(5),
    });
    plan
}

fn trace(plan: &Plan, shortcuts: Shortcuts) -> (RunStats, Vec<(Time, Event)>) {
    let mut events = Vec::new();
    let effort = run_with(plan, Dice::new(3), &mut events, shortcuts);
    (effort, events)
}

#[track_caller]
fn same_trace(plan: &Plan, what: &str) {
    for crowds in [false, true] {
        let plain = trace(plan, Shortcuts { order: false, crowds });
        let fast = trace(plan, Shortcuts { order: true, crowds });
        assert!(plain.1.len() > 1000, "{what}: the run shows something");
        assert_eq!(plain.0, fast.0, "{what}");
        let differs = plain.1.iter().zip(&fast.1).position(|(one, other)| one != other);
        assert_eq!(differs, None, "{what}");
        assert_eq!(plain.1.len(), fast.1.len(), "{what}");
    }
}

#[test]
fn lanes_change_no_trace() {
    for coordination in strategies() {
        let what = format!("{coordination:?}");
        same_trace(&plan(coordination, 40, 20), &what);
    }
}

/// Time-outs have lanes too, and a latency that falls breaks the order of a lane for a while.
#[test]
fn lanes_change_no_trace_with_time_outs_and_slow_spells() {
    for coordination in strategies() {
        let what = format!("{coordination:?}");
        let mut plan = plan(coordination, 40, 20);
        plan.policy.timeout = Some(Duration::from_millis(90));
        plan.policy.store_timeout = Some(Duration::from_millis(3));
        let at = |s| Time::ZERO + Duration::from_secs(s);
        let slow = |thousandths| Act::Slow {
            legs: LEGS.to_vec(),
            thousandths,
        };
        plan.timeline.push((at(5), slow(4000)));
        plan.timeline.push((at(8), slow(1000)));
        plan.timeline.push((at(10), Act::Crash(3..4)));
        plan.timeline.push((at(11), Act::Start(3..4)));
        plan.timeline.push((at(12), slow(200)));
        same_trace(&plan, &what);
    }
}

/// Without latency everything is a tie; with latencies by chance the wheel has the work.
#[test]
fn neither_ties_nor_chance_tell_the_ways_apart() {
    let fleets = [Nodes {
        count: 30,
        per_second: 5.0,
    }];
    let tokens = Issuance::latest_only(Duration::from_secs(30));
    same_trace(
        &m0(Coordination::SingleFlight(SingleFlight {}), tokens.clone(), &fleets, 20),
        "M0",
    );
    let latency = Distribution::Lognormal(LogNormal {
        median: Duration::from_millis(80),
        p99: Duration::from_millis(900),
    });
    let mut plan = plan(Coordination::SingleFlight(SingleFlight {}), 2000, 3);
    for leg in LEGS {
        plan.links.leg_mut(leg).latency = latency.compile(std::path::Path::new(".")).expect("in order");
    }
    same_trace(&plan, "by chance");
}

/// What is compared, by name.
type Reading = (&'static str, fn(&Observed) -> f64);

/// Crowds follow the same law: means of the same readings over 30 replications each differ by no more than their errors
/// allow (Welch's test, two-sided error 1e-3 a reading, Student's quantile for at least 29 degrees of freedom).
#[test]
fn crowds_follow_the_law_of_single_streams() {
    let readings: [Reading; 5] = [
        ("calls", |run| run.total().calls as f64),
        ("first rejected", |run| {
            run.total().first_rejected as f64 / run.total().calls as f64
        }),
        ("issued per call", |run| run.issued as f64 / run.total().calls as f64),
        ("latency", |run| run.latency_sum as f64 / run.total().succeeded as f64),
        // Whether calls fall on nodes alike: the sum of squares of their counts.
        ("spread", |run| {
            run.nodes.iter().map(|node| f64::from(node.0).powi(2)).sum()
        }),
    ];
    for nodes in [2, 20] {
        let mut plan = plan(Coordination::CompareFirst(CompareFirst {}), nodes, 200);
        // One fleet that starts in two parts.
        plan.timeline = vec![
            (Time::ZERO, Act::Start(0..nodes / 2)),
            (Time::ZERO + Duration::from_secs(60), Act::Start(nodes / 2..nodes)),
        ];
        let runs = |crowds, seed| -> Vec<Observed> {
            (0..30)
                .map(|index| observe_with(&plan, Dice::replication(seed, index), Shortcuts { order: true, crowds }))
                .collect()
        };
        let (single, together) = (runs(false, 1), runs(true, 2));
        for (name, read) in readings {
            let moments = |runs: &[Observed]| {
                let values: Vec<f64> = runs.iter().map(read).collect();
                let n = values.len() as f64;
                let mean = values.iter().sum::<f64>() / n;
                let square = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0) / n;
                (mean, square)
            };
            let (one, other) = (moments(&single), moments(&together));
            let error = (one.1 + other.1).sqrt();
            assert!(
                (one.0 - other.0).abs() <= 3.66 * error,
                "{nodes} nodes, {name}: {one:?} against {other:?}"
            );
            assert!(error < 0.05 * one.0, "{nodes} nodes, {name}: too noisy to tell");
        }
    }
}
