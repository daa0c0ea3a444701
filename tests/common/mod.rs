//! Small plans built in code, and statistics for holding a simulation to a law.

#![allow(dead_code)] // Each test binary uses its part.

use rayon::prelude::*;
use tokenstorm::base::{Dice, Duration, Group, NodeId, Rate, Time};
use tokenstorm::campaign::run_context;
use tokenstorm::engine::sim::Shortcuts;
use tokenstorm::metric::{Observed, RunContext};
use tokenstorm::net::Latency;
use tokenstorm::node::{CallPolicy, Strategy as _};
use tokenstorm::plan::{Act, Drivers, Links, Plan, ProviderPlan, Span, Stream};
use tokenstorm::provider::{Endpoint, Issuance, OnBadSlot, Reveals};
use tokenstorm::retry::{Attempts, DecorrelatedJitter, EqualJitter, Exponential, Fixed, FullJitter, Immediate, Retry};
use tokenstorm::strategy::{
    AppPerNode, CentralRefresher, ClockFirst, CompareAndSet, CompareFirst, Coordination, Covers, FileLock, Gateway,
    Gossip, Leader, Lease, LockKind, Naive, OnInvalidGrant, OnRefused, Over, Publish, PutIfNewer, Release, RenewAhead,
    Reread, Rotation, SharedBlind, SingleFlight, SlotPerNode, TokenPerCall, Ttl, WaitAndLook, WhenStuck, WhoAsks,
    WipingLoser, Write, Xfetch,
};
use tokenstorm::trace::Event;
use tokenstorm::workload::Pattern;
use tokenstorm::world::{Fleet, Layout, Leg, StoreLayout};

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
        mix: None,
        fleets_apart: Vec::new(),
        policy: CallPolicy::plain(Retry::Immediate(Immediate {
            attempts: Attempts::UNBOUNDED,
        })),
        layout: Layout {
            patience: vec![None; groups.len()],
            fleets: layout,
            stores: 1,
            store: StoreLayout::default(),
            login_again: None,
        },
        provider: ProviderPlan {
            rotation: None,
            reveals: Reveals::Nothing,
            rule,
            on_bad_slot: OnBadSlot::Refuse,
            slots: vec![stride; slots],
            stride,
            token_endpoint: Endpoint::default(),
            api_endpoint: Endpoint::default(),
            pool: Vec::new(),
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

pub fn a_lease() -> Lease {
    Lease {
        ttl: Ttl::After(Duration::from_secs(10)),
        extend_every: None,
        poll: ms(50),
        wait: Duration::from_secs(12),
        when_stuck: WhenStuck::Fail,
        write: Write::Blind,
        publish: Publish::Acknowledged,
        covers: Covers::Renewal,
        release: Release::Owner,
        read_before_lock: false,
        on_invalid_grant: OnInvalidGrant::Fail,
        renew_ahead: None,
        jitter: Duration::ZERO,
    }
}

/// A lease in which nothing is as in [`a_lease`].
pub fn another_lease() -> Lease {
    Lease {
        ttl: Ttl::After(ms(400)),
        extend_every: Some(ms(150)),
        poll: ms(30),
        wait: ms(300),
        when_stuck: WhenStuck::UseStale,
        write: Write::Fenced,
        publish: Publish::Unacknowledged,
        covers: Covers::Renewal,
        release: Release::Unchecked,
        read_before_lock: true,
        on_invalid_grant: OnInvalidGrant::Reread,
        renew_ahead: Some(ms(500)),
        jitter: ms(500),
    }
}

pub fn slots(count: u16) -> Coordination {
    Coordination::SlotPerNode(SlotPerNode {
        hashed: None,
        slots: count,
        first: 0,
        parameter: None,
        fall_back: false,
        known: true,
    })
}

/// One of each strategy and of its variants, with parameters that suit runs of seconds.
pub fn every_strategy() -> Vec<Coordination> {
    // Tests take some of them by their place.
    [
        first_strategies(),
        strategies_with_a_store(),
        strategies_that_elect_or_lock(),
    ]
    .concat()
}

fn first_strategies() -> Vec<Coordination> {
    vec![
        Coordination::TokenPerCall(TokenPerCall {}),
        Coordination::Naive(Naive {}),
        Coordination::SingleFlight(SingleFlight {}),
        Coordination::CompareFirst(CompareFirst {}),
        Coordination::WaitAndLook(WaitAndLook { spread: ms(200) }),
        Coordination::SharedBlind(SharedBlind::default()),
        Coordination::Lease(a_lease()),
        Coordination::Gateway(Gateway {}),
        slots(2),
        Coordination::AppPerNode(AppPerNode { apps: 2 }),
        Coordination::Rotation(Rotation {
            over: Over::Apps,
            count: 2,
            lease: a_lease(),
        }),
        Coordination::RenewAhead(RenewAhead {
            margin: ms(500),
            jitter: ms(500),
        }),
    ]
}

fn strategies_with_a_store() -> Vec<Coordination> {
    vec![
        Coordination::CompareAndSet(CompareAndSet { spare: false }),
        Coordination::CompareAndSet(CompareAndSet { spare: true }),
        Coordination::PutIfNewer(PutIfNewer {}),
        Coordination::Reread(Reread::default()),
        Coordination::Reread(Reread {
            before: true,
            only_reads: false,
        }),
        Coordination::WipingLoser(WipingLoser::default()),
        Coordination::WipingLoser(WipingLoser {
            compare: true,
            before: true,
        }),
        Coordination::Xfetch(Xfetch {
            beta: "1.5".parse().unwrap(),
        }),
        Coordination::Lease(another_lease()),
        Coordination::Lease(Lease {
            ttl: Ttl::Never,
            when_stuck: WhenStuck::GoAlone,
            write: Write::PutIfNewer,
            ..a_lease()
        }),
        Coordination::SharedBlind(SharedBlind { expire_first: true }),
    ]
}

fn strategies_that_elect_or_lock() -> Vec<Coordination> {
    vec![
        Coordination::CentralRefresher(CentralRefresher {
            renew_ahead: Some(ms(500)),
            try_again: None,
            wait: ms(900),
            on_request: true,
        }),
        Coordination::Leader(Leader {
            ttl: ms(900),
            poll: ms(50),
            wait: ms(2000),
            renew_ahead: Some(ms(500)),
        }),
        Coordination::Gossip(Gossip {
            fanout: None,
            wait: Duration::ZERO,
        }),
        Coordination::Gossip(Gossip {
            fanout: Some(2),
            wait: ms(50),
        }),
        Coordination::FileLock(FileLock {
            kind: LockKind::Flock,
            covers: Covers::Renewal,
            poll: ms(50),
            wait: ms(2000),
            when_stuck: WhenStuck::Fail,
        }),
        Coordination::FileLock(FileLock {
            kind: LockKind::LockFile,
            covers: Covers::Write,
            poll: ms(50),
            wait: ms(300),
            when_stuck: WhenStuck::GoAlone,
        }),
        Coordination::ClockFirst(ClockFirst {
            margin: ms(500),
            jitter: ms(500),
            flight: WhoAsks::Queue,
            ..ClockFirst::default()
        }),
        Coordination::ClockFirst(ClockFirst {
            margin: ms(500),
            background: Some(ms(900)),
            flight: WhoAsks::Shared,
            refused: OnRefused::Compare,
            ..ClockFirst::default()
        }),
    ]
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
