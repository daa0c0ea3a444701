//! Small plans built in code, and statistics for holding a simulation to a law.

#![allow(dead_code, unused_imports)] // Each test binary uses its part.

mod strategies;

use rayon::prelude::*;
use tokenstorm::base::{Chance, Dice, Duration, Group, NodeId, Rate, Time};
use tokenstorm::engine::sim::{Shortcuts, run_context};
use tokenstorm::metric::{Observed, RunContext};
use tokenstorm::net::Latency;
use tokenstorm::node::{CallPolicy, Strategy as _};
use tokenstorm::plan::{Act, CallShare, Drivers, Links, Plan, Processes, ProviderPlan, Span, Stream, TenantShare};
use tokenstorm::provider::{Addresses, Endpoint, Issuance, OnBadSlot, Reveals};
use tokenstorm::retry::{Attempts, DecorrelatedJitter, EqualJitter, Exponential, Fixed, FullJitter, Immediate, Retry};
use tokenstorm::strategy::Coordination;
use tokenstorm::trace::Event;
use tokenstorm::workload::Pattern;
use tokenstorm::world::{Fleet, Layout, Leg};

pub use strategies::*;

/// A fleet of a plan that is built in code.
#[derive(Clone)]
pub struct Nodes {
    pub count: u32,
    /// Calls per second at each node; zero for none.
    pub per_second: f64,
}

impl Nodes {
    fn streams(&self, index: u16) -> Vec<Stream> {
        if self.per_second <= 0.0 {
            return Vec::new();
        }
        let rate: Rate = format!("{}/s", self.per_second).parse().unwrap();
        vec![Stream {
            group: Group(index),
            arrivals: Pattern::Poisson(rate),
        }]
    }
}

/// One app, the given fleets in one domain, everything instantaneous, tokens that outlive the run, and calls that are retried
/// at once and for ever: the setting M0 of section 3 of the model (`src/manual/model.md`).
pub fn m0(coordination: Coordination, rule: Issuance, fleets: &[Nodes], seconds: u64) -> Plan {
    let mut layout = Vec::new();
    let mut first = 0;
    for fleet in fleets {
        layout.push(Fleet {
            first_ordinal: first,
            ..Fleet::plain(first..first + fleet.count)
        });
        first += fleet.count;
    }
    let mut workloads: Vec<_> = (0..).zip(fleets).map(|(index, fleet)| fleet.streams(index)).collect();
    let groups: Vec<_> = (0..fleets.len())
        .map(|index| (format!("fleet{index}"), "user".to_owned()))
        .collect();
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
        shares: Vec::new(),
        second: None,
        mix: None,
        fleets_apart: Vec::new(),
        usable_tokens: false,
        policy: CallPolicy::plain(Retry::Immediate(Immediate {
            attempts: Attempts::UNBOUNDED,
        })),
        layout: Layout {
            patience: vec![None; groups.len()],
            fleets: layout,
            ..Layout::plain(0, false)
        },
        provider: ProviderPlan {
            rotation: None,
            reveals: Reveals::Nothing,
            rule,
            on_bad_slot: OnBadSlot::Refuse,
            slots: vec![stride; slots],
            stride,
            tenants: 1,
            token_endpoint: Endpoint::default(),
            api_endpoint: Endpoint::default(),
            pool: Vec::new(),
            addresses: Vec::new(),
        },
        links: Links::perfect(),
        workloads,
        drivers: Drivers::default(),
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

/// Makes each process of a plan as many nodes as it has credentials now, of so many tenants at so many providers.
pub fn lay_out_anew(plan: &mut Plan, tenants: u32, providers: u32) {
    let mut first = 0;
    for fleet in &mut plan.layout.fleets {
        let many = (fleet.nodes.end - fleet.nodes.start) * tenants * providers;
        *fleet = Fleet {
            nodes: first..first + many,
            tenants,
            providers,
            ..fleet.clone()
        };
        first += many;
    }
    let gateway = plan.layout.fleets.iter().find(|fleet| fleet.is_gateway);
    let gateway = gateway.map(|gateway| NodeId(gateway.nodes.start));
    for fleet in plan.layout.fleets.iter_mut().filter(|fleet| fleet.gateway.is_some()) {
        fleet.gateway = gateway;
    }
    plan.layout.stores *= tenants * providers;
    plan.timeline[0].1 = Act::Start(0..first);
    let at = Processes::of(&plan.layout.fleets[0]);
    plan.drivers.replays.iter_mut().for_each(|replay| replay.at = at);
}

/// All fleets of a plan with so many tenants in place of one, and the calls of each group spread over them as it says.
pub fn with_tenants(mut plan: Plan, tenants: u32, shares: Vec<TenantShare>) -> Plan {
    lay_out_anew(&mut plan, tenants, 1);
    plan.provider.tenants = tenants;
    plan.provider.addresses = vec![Addresses {
        nodes: 0..plan.nodes() as u32,
        first: 0,
        each: tenants,
    }];
    let share = |tenants| CallShare {
        tenants,
        providers: 1,
        at_second: false,
    };
    plan.shares = shares.into_iter().map(share).collect();
    plan
}

pub fn constant(plan: &mut Plan, leg: Leg, span: Duration) {
    plan.links.leg_mut(leg).latency = Latency::constant(span);
}

/// All legs between nodes, provider and store take this long.
pub fn all_legs(plan: &mut Plan, latency: &Latency) {
    for leg in [
        Leg::TokenRequest,
        Leg::TokenResponse,
        Leg::ApiRequest,
        Leg::ApiResponse,
        Leg::StoreRequest,
        Leg::StoreResponse,
        Leg::GatewayRequest,
        Leg::GatewayResponse,
    ] {
        plan.links.leg_mut(leg).latency = latency.clone();
    }
}

pub fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// One of each retry policy.
pub fn every_retry(base: Duration, cap: Duration, attempts: Attempts) -> [Retry; 7] {
    [
        Retry::None,
        Retry::Immediate(Immediate { attempts }),
        Retry::Fixed(Fixed { delay: base, attempts }),
        Retry::Exponential(Exponential { base, cap, attempts }),
        Retry::FullJitter(FullJitter { base, cap, attempts }),
        Retry::EqualJitter(EqualJitter { base, cap, attempts }),
        Retry::DecorrelatedJitter(DecorrelatedJitter { base, cap, attempts }),
    ]
}

/// Two fleets and a plan that draws at every turn: latencies, losses, errors, jitter, lags.
pub fn plan_of_draws(coordination: Coordination, seconds: u64) -> Plan {
    let fleets = [(3, 2.0), (1, 0.5)].map(|(count, per_second)| Nodes { count, per_second });
    let mut plan = m0(
        coordination,
        Issuance::latest_only(Duration::from_secs(7)),
        &fleets,
        seconds,
    );
    all_legs(&mut plan, &Latency::exponential(ms(30)));
    plan.links.leg_mut(Leg::TokenResponse).loss = Chance::of(0.05);
    plan.links.lags.invalidation = Latency::exponential(ms(20));
    plan.links.lags.replicas = 3;
    plan.provider.api_endpoint.errors = Chance::of(0.05);
    plan.policy.timeout = Some(ms(800));
    plan.policy.store_timeout = Some(ms(300));
    plan.policy.retry = Retry::FullJitter(FullJitter {
        base: ms(50),
        cap: ms(1000),
        attempts: Attempts::at_most(6),
    });
    plan
}

/// The whole trace of one run.
pub fn record(plan: &Plan, dice: Dice) -> Vec<(Time, Event)> {
    let mut trace = Vec::new();
    tokenstorm::engine::sim::run_with(plan, dice, &mut trace, path());
    trace
}

pub fn observe(plan: &Plan, dice: Dice) -> Observed {
    observe_with(plan, dice, path())
}

/// The way to run: with all shortcuts, or the general path where `TOKENSTORM_PATH=general` asks for it.
fn path() -> Shortcuts {
    match std::env::var("TOKENSTORM_PATH").as_deref() {
        Ok("general") => Shortcuts::NONE,
        _ => Shortcuts::ALL,
    }
}

/// As [`observe`], with a choice of the simulator's shortcuts.
pub fn observe_with(plan: &Plan, dice: Dice, shortcuts: Shortcuts) -> Observed {
    observe_knowing(plan, run_context(plan), dice, shortcuts)
}

fn observe_knowing(plan: &Plan, setting: RunContext, dice: Dice, shortcuts: Shortcuts) -> Observed {
    let mut observed = Observed::new(setting);
    tokenstorm::engine::sim::observe(plan, dice, &mut observed, shortcuts);
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
    let setting = run_context(plan);
    over_runs(replications, |index| {
        let dice = Dice::replication(seed, index);
        read(&observe_knowing(plan, setting.clone(), dice, path()))
    })
}

/// The mean of what a function says of each replication.
pub fn over_runs(replications: u64, read: impl Fn(u64) -> f64 + Sync + Send) -> Mean {
    let values: Vec<f64> = (0..replications).into_par_iter().map(read).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    Mean {
        mean,
        standard_error: (variance / n).sqrt(),
    }
}

/// Holds that a mean misses a law at the same confidence: the setting has been left.
#[track_caller]
pub fn fails(measured: Mean, law: f64) {
    assert!(
        (measured.mean - law).abs() > 3.66 * measured.standard_error + 1e-9,
        "measured {measured:?}, which is not told apart from {law}"
    );
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
