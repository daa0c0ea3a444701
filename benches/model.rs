//! What the benchmarks share: the model of section 7 of `src/manual/model.md` as a plan, the clock, and the report's marked section.

use std::hint::black_box;
use std::sync::OnceLock;
use std::time::Instant;

use tokenstorm::base::{Duration, Group, Rate, Time};
use tokenstorm::engine::sim::run_context;
use tokenstorm::metric::Observed;
use tokenstorm::net::Latency;
use tokenstorm::node::CallPolicy;
use tokenstorm::plan::{Act, Drivers, Links, Plan, ProviderPlan, Span, Stream};
use tokenstorm::provider::{Endpoint, Issuance, OnBadSlot};
use tokenstorm::retry::{Attempts, Immediate, Retry};
use tokenstorm::strategy::{Coordination, SingleFlight};
use tokenstorm::workload::Pattern;
use tokenstorm::world::{Layout, Leg};

/// Where the benchmarks write what they measured.
pub const REPORT: &str = "reports/benchmark.md";

/// One row of the table: so many nodes, under one of the two loads.
#[derive(Clone, Copy)]
pub struct Case {
    pub nodes: u32,
    pub busy: bool,
    pub seconds: u64,
}

impl Case {
    pub fn gap(self) -> Duration {
        Duration::SECOND.saturating_mul(if self.busy { 1 } else { self.nodes.into() })
    }

    pub fn name(self) -> String {
        format!("{}:{}", if self.busy { "busy" } else { "calm" }, self.nodes)
    }

    /// The benchmark model as a scenario would resolve it.
    pub fn plan(self) -> Plan {
        let ms = |ms| Latency::constant(Duration::from_millis(ms));
        let mut links = Links::perfect();
        links.leg_mut(Leg::ApiRequest).latency = ms(20);
        links.leg_mut(Leg::ApiResponse).latency = ms(20);
        links.leg_mut(Leg::TokenRequest).latency = ms(40);
        links.leg_mut(Leg::TokenResponse).latency = ms(40);
        let horizon = Time::ZERO + Duration::from_secs(self.seconds);
        Plan {
            second: None,
            shares: Vec::new(),
            mix: None,
            fleets_apart: Vec::new(),
            usable_tokens: false,
            coordination: Coordination::SingleFlight(SingleFlight {}),
            policy: CallPolicy::plain(Retry::Immediate(Immediate {
                attempts: Attempts::at_most(5),
            })),
            layout: Layout::plain(self.nodes, false),
            provider: ProviderPlan {
                rotation: None,
                reveals: Default::default(),
                // No token expires within a run, not even within that of a million calm nodes.
                rule: Issuance::latest_only(Duration::from_secs(1_000_000_000)),
                on_bad_slot: OnBadSlot::Refuse,
                slots: vec![1],
                stride: 1,
                tenants: 1,
                token_endpoint: Endpoint::default(),
                api_endpoint: Endpoint::default(),
                pool: Vec::new(),
                addresses: Vec::new(),
            },
            links,
            drivers: Drivers::default(),
            workloads: vec![vec![Stream {
                group: Group(0),
                arrivals: Pattern::Poisson(Rate::of(1, self.gap())),
            }]],
            timeline: vec![(Time::ZERO, Act::Start(0..self.nodes))],
            groups: vec![("fleet".to_owned(), "user".to_owned())],
            span: Span {
                warmup: Time::ZERO + Duration::from_nanos(horizon.nanos() / 2),
                horizon,
                end: horizon + Duration::from_secs(60),
            },
            trigger: None,
        }
    }
}

pub fn observed(plan: &Plan) -> Observed {
    Observed::new(run_context(plan))
}

/// Time that this thread has spent on a processor; where the system does not tell, time that has passed.
pub fn clock() -> f64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = spent.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    match nanos {
        Some(nanos) => nanos / 1e9,
        None => START.get_or_init(Instant::now).elapsed().as_secs_f64(),
    }
}

/// What it gives, and how long it takes.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = clock();
    let result = black_box(work());
    (result, clock() - start)
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0
}
