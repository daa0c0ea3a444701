//! Small plans built in code, and statistics for holding a simulation to a law.

#![allow(dead_code)] // Each test binary uses its part.

use rayon::prelude::*;
use tokenstorm::base::{Dice, Duration, Group, NodeId, Rate, Time};
use tokenstorm::engine::sim::Shortcuts;
use tokenstorm::metric::{Observed, Setting};
use tokenstorm::net::Latency;
use tokenstorm::provider::{Endpoint, Issuance, OnBadSlot};
use tokenstorm::retry::{Attempts, Immediate, Retry};
use tokenstorm::scenario::plan::{Act, Links, Plan, ProviderPlan, Span, Stream};
use tokenstorm::strategy::Coordination;
use tokenstorm::workload::Arrivals;
use tokenstorm::world::{Client, Fleet, Layout, Leg};

/// A fleet of a plan that is built in code.
#[derive(Clone)]
pub struct Nodes {
    pub count: u32,
    /// Calls per second at each node; zero for none.
    pub per_second: f64,
}

/// One app, the given fleets in one domain, everything instantaneous, tokens that outlive the run, and calls that are retried
/// at once and for ever: the setting M0 of the model.
pub fn m0(coordination: Coordination, rule: Issuance, fleets: &[Nodes], seconds: u64) -> Plan {
    let mut layout = Vec::new();
    let mut workloads = Vec::new();
    let mut groups = Vec::new();
    let mut first = 0;
    for (index, fleet) in fleets.iter().enumerate() {
        layout.push(Fleet {
            nodes: first..first + fleet.count,
            client: 0,
            store: 0,
            gateway: None,
            sends_slot: true,
            force: false,
            first_seat: first,
            is_gateway: false,
        });
        first += fleet.count;
        let streams = if fleet.per_second > 0.0 {
            let rate: Rate = format!("{}/s", fleet.per_second).parse().unwrap();
            vec![Stream {
                group: Group(index as u16),
                arrivals: Arrivals::Poisson(rate),
            }]
        } else {
            Vec::new()
        };
        workloads.push(streams);
        groups.push((format!("fleet{index}"), "user".to_owned()));
    }
    if coordination.needs_gateway() {
        for fleet in &mut layout {
            fleet.gateway = Some(NodeId(first));
        }
        layout.push(Fleet {
            nodes: first..first + 1,
            is_gateway: true,
            ..layout[0].clone()
        });
        workloads.push(Vec::new());
        first += 1;
    }
    let horizon = Time::ZERO + Duration::from_secs(seconds);
    let slots = usize::from(coordination.duplicate_apps());
    let stride = coordination.highest_slot().map_or(1, |highest| highest + 1);
    Plan {
        client: Client::plain(Retry::Immediate(Immediate {
            attempts: Attempts::UNBOUNDED,
        })),
        layout: Layout {
            patience: vec![None; groups.len()],
            fleets: layout,
            stores: 1,
        },
        provider: ProviderPlan {
            rule,
            on_bad_slot: OnBadSlot::Refuse,
            slots: vec![stride; slots],
            stride,
            token_endpoint: Endpoint::default(),
            api_endpoint: Endpoint::default(),
        },
        links: Links::perfect(),
        workloads,
        timeline: vec![(Time::ZERO, Act::Start(0..first))],
        groups,
        span: Span {
            warmup: Time::ZERO + Duration::from_secs(seconds / 10),
            horizon,
            end: horizon + Duration::from_secs(60),
        },
        trigger: None,
        coordination,
    }
}

pub fn constant(plan: &mut Plan, leg: Leg, span: Duration) {
    plan.links.leg_mut(leg).latency = Latency::constant(span);
}

pub fn observe(plan: &Plan, dice: Dice) -> Observed {
    observe_with(plan, dice, Shortcuts::ALL)
}

pub fn observe_with(plan: &Plan, dice: Dice, shortcuts: Shortcuts) -> Observed {
    let mut observed = Observed::new(Setting {
        warmup: plan.span.warmup,
        horizon: plan.span.horizon,
        end: plan.span.end,
        groups: plan.groups.len(),
        nodes: plan.layout.fleets.last().unwrap().nodes.end as usize,
        trigger: plan.trigger,
        bare_api: Duration::ZERO,
        needed_issuances: 0.0,
    });
    tokenstorm::engine::sim::run_with(plan, dice, &mut observed, shortcuts);
    observed.finish();
    observed
}

/// A mean over independent replications.
#[derive(Clone, Copy, Debug)]
pub struct Mean {
    pub mean: f64,
    pub standard_error: f64,
}

/// Runs replications and takes the mean of a reading.
pub fn mean(plan: &Plan, replications: u64, seed: u64, read: impl Fn(&Observed) -> f64 + Sync) -> Mean {
    let values: Vec<f64> = (0..replications)
        .into_par_iter()
        .map(|index| read(&observe(plan, Dice::replication(seed, index))))
        .collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    Mean {
        mean,
        standard_error: (variance / n).sqrt(),
    }
}

/// Holds a mean to a law at a confidence of 99.9 % (two-sided Student quantile for at least 29 degrees of freedom: 3.66).
///
/// The interval must also be narrow enough to tell: half its width is at most `resolution`.
#[track_caller]
pub fn holds(measured: Mean, law: f64, resolution: f64) {
    let half = 3.66 * measured.standard_error;
    assert!(
        half <= resolution,
        "too noisy to tell: {measured:?}, half width {half} above {resolution}"
    );
    assert!(
        (measured.mean - law).abs() <= half + 1e-9,
        "measured {measured:?}, the law says {law}"
    );
}
