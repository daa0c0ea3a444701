//! How fast the simulator is: the benchmark model (section 7 of the model) through the ordinary plan and engine with full
//! statistics on, beside a plain loop tuned by hand ([`reference`]), measured in turns within one process.
//!
//! `cargo bench --bench engine` prints one table; `-- --long` measures longer, `-- --write` also writes `reports/benchmark.md`,
//! `-- --only busy:1000` measures one row, and `-- --profile busy:1000` runs the engine alone, for a profiler.

mod reference;

use std::alloc::{GlobalAlloc, Layout as Block, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use tokenstorm::base::{Dice, Duration, Group, Rate, Time};
use tokenstorm::engine::sim::{self, Effort};
use tokenstorm::metric::{Observed, Setting};
use tokenstorm::net::Latency;
use tokenstorm::provider::{Endpoint, Issuance, OnBadSlot};
use tokenstorm::retry::{Attempts, Immediate, Retry};
use tokenstorm::scenario::plan::{Act, Links, Plan, ProviderPlan, Span, Stream};
use tokenstorm::strategy::{Coordination, SingleFlight};
use tokenstorm::trace::{Event, Outcome, Sink};
use tokenstorm::workload::Arrivals;
use tokenstorm::world::{Client, Fleet, Layout, Leg};

/// Counts what the program allocates.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static HELD: AtomicU64 = AtomicU64::new(0);
static MOST: AtomicU64 = AtomicU64::new(0);

fn grown(more: usize) {
    ALLOCATIONS.fetch_add(1, Relaxed);
    let held = HELD.fetch_add(more as u64, Relaxed) + more as u64;
    MOST.fetch_max(held, Relaxed);
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, block: Block) -> *mut u8 {
        grown(block.size());
        unsafe { System.alloc(block) }
    }

    unsafe fn alloc_zeroed(&self, block: Block) -> *mut u8 {
        grown(block.size());
        unsafe { System.alloc_zeroed(block) }
    }

    unsafe fn dealloc(&self, place: *mut u8, block: Block) {
        HELD.fetch_sub(block.size() as u64, Relaxed);
        unsafe { System.dealloc(place, block) }
    }

    unsafe fn realloc(&self, place: *mut u8, block: Block, size: usize) -> *mut u8 {
        HELD.fetch_sub(block.size() as u64, Relaxed);
        grown(size);
        unsafe { System.realloc(place, block, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One row of the table: so many nodes, under one of the two loads.
#[derive(Clone, Copy)]
struct Case {
    nodes: u32,
    busy: bool,
    seconds: u64,
}

impl Case {
    fn new(nodes: u32, busy: bool, long: bool) -> Self {
        let calls = if long { 4_000_000 } else { 400_000 };
        let per_second = if busy { u64::from(nodes) } else { 1 };
        // A call of the busy fleet takes half a second: two and a half of them show the steady state.
        let seconds = (calls / per_second).max(if long { 10 } else { 2 });
        Self { nodes, busy, seconds }
    }

    fn gap(self) -> Duration {
        Duration::SECOND.saturating_mul(if self.busy { 1 } else { self.nodes.into() })
    }

    fn name(self) -> String {
        format!("{}:{}", if self.busy { "busy" } else { "calm" }, self.nodes)
    }

    /// The benchmark model as a scenario would resolve it.
    fn plan(self) -> Plan {
        let ms = |ms| Latency::constant(Duration::from_millis(ms));
        let mut links = Links::perfect();
        links.leg_mut(Leg::ApiRequest).latency = ms(20);
        links.leg_mut(Leg::ApiResponse).latency = ms(20);
        links.leg_mut(Leg::TokenRequest).latency = ms(40);
        links.leg_mut(Leg::TokenResponse).latency = ms(40);
        let horizon = Time::ZERO + Duration::from_secs(self.seconds);
        Plan {
            coordination: Coordination::SingleFlight(SingleFlight {}),
            client: Client::plain(Retry::Immediate(Immediate {
                attempts: Attempts::at_most(5),
            })),
            layout: Layout {
                fleets: vec![Fleet {
                    nodes: 0..self.nodes,
                    client: 0,
                    store: 0,
                    gateway: None,
                    sends_slot: true,
                    force: false,
                    first_seat: 0,
                    is_gateway: false,
                }],
                patience: vec![None],
                stores: 1,
            },
            provider: ProviderPlan {
                // No token expires within a run, not even within that of a million calm nodes.
                rule: Issuance::latest_only(Duration::from_secs(1_000_000_000)),
                on_bad_slot: OnBadSlot::Refuse,
                slots: vec![1],
                stride: 1,
                token_endpoint: Endpoint::default(),
                api_endpoint: Endpoint::default(),
            },
            links,
            workloads: vec![vec![Stream {
                group: Group(0),
                arrivals: Arrivals::Poisson(Rate::of(1, self.gap())),
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

/// The full statistics, and how much had been allocated when they began to count.
struct Watched {
    observed: Observed,
    warmup: Time,
    allocated: Option<u64>,
}

impl Sink for Watched {
    fn hear(&mut self, now: Time, event: &Event) {
        if self.allocated.is_none() && now >= self.warmup {
            self.allocated = Some(ALLOCATIONS.load(Relaxed));
        }
        self.observed.hear(now, event);
    }
}

fn observed(plan: &Plan) -> Observed {
    Observed::new(Setting {
        warmup: plan.span.warmup,
        horizon: plan.span.horizon,
        end: plan.span.end,
        groups: plan.groups.len(),
        nodes: plan.layout.fleets.last().map_or(0, |fleet| fleet.nodes.end as usize),
        trigger: plan.trigger,
        bare_api: Duration::from_millis(40),
        needed_issuances: 0.0,
    })
}

fn engine(plan: &Plan, dice: Dice) -> (Observed, Effort) {
    let mut seen = observed(plan);
    let effort = sim::run(plan, dice, &mut seen);
    seen.finish();
    (seen, effort)
}

fn by_hand(case: Case, dice: Dice) -> reference::Outcome {
    let span = case.plan().span;
    reference::run(case.nodes, case.gap(), span.warmup.nanos(), span.horizon.nanos(), dice)
}

/// What the engine counted, in the words of the reference loop.
fn counts(seen: &Observed) -> reference::Counts {
    let total = seen.total();
    reference::Counts {
        calls: total.calls,
        succeeded: total.succeeded,
        gave_up: seen.outcomes[Outcome::GaveUp as usize],
        attempts: total.attempts,
        rejections: total.rejections,
        first_rejected: total.first_rejected,
        issued: seen.issued,
        latency_sum: seen.latency_sum,
        latency_max: seen.latency_max.nanos(),
    }
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let value = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(at + 1).cloned()
    };
    let long = has("--long");
    let mut cases = Vec::new();
    for busy in [true, false] {
        for nodes in [10, 1_000, 100_000, 1_000_000] {
            cases.push(Case::new(nodes, busy, long));
        }
    }
    if let Some(name) = value("--profile") {
        let case = cases.into_iter().find(|case| case.name() == name).expect("a case of the table");
        let (_, effort) = engine(&case.plan(), Dice::new(1));
        println!("{} events", effort.events);
        return;
    }
    for case in cases {
        if value("--only").is_some_and(|only| only != case.name()) {
            continue;
        }
        let plan = case.plan();
        let mut best = [f64::MAX; 2];
        let mut ratios = Vec::new();
        let (mut events, mut calls) = ([0; 2], 0);
        for round in 0..3 {
            let dice = Dice::replication(1, round);
            let mut seen = None;
            let one = seconds(|| seen = Some(black_box(engine(&plan, dice))));
            let (seen, effort) = seen.unwrap();
            let mut out = None;
            let two = seconds(|| out = Some(black_box(by_hand(case, dice))));
            let out = out.unwrap();
            assert_eq!(counts(&seen), out.counts, "{}", case.name());
            ratios.push(two / one);
            events = [effort.events, out.events];
            calls = seen.seconds.intervals.iter().map(|s| u64::from(s.arrivals)).sum();
            best = [best[0].min(one), best[1].min(two)];
        }
        ratios.sort_by(f64::total_cmp);
        println!(
            "{:>14} engine {:.1} M/s ({:.2} M calls/s) loop {:.1} M/s ratio {:.2} events {events:?}",
            case.name(),
            events[0] as f64 / best[0] / 1e6,
            calls as f64 / best[0] / 1e6,
            events[1] as f64 / best[1] / 1e6,
            ratios[1]
        );
    }
    let _ = (MOST.load(Relaxed), Watched { observed: observed(&Case::new(10, true, false).plan()), warmup: Time::ZERO, allocated: None }.allocated);
}
