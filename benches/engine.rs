//! How fast the simulator is: the benchmark model (section 7 of `src/manual/model.md`) through the ordinary plan and engine
//! with full statistics on, beside a plain loop tuned by hand ([`reference`]), measured in turns within one process.
//!
//! `cargo bench --bench engine` prints one table; `-- --long` measures longer, `-- --write` also writes `reports/benchmark.md`,
//! `-- --only busy:1000` measures one row, and `-- --profile busy:1000` runs the engine alone, for a profiler.
//!
//! Times are those that a thread spent on a processor, so that other programs disturb them little; ratios are medians over
//! rounds in which all ways take turns.

mod model;
mod reference;

use std::alloc::{GlobalAlloc, Layout as Block, System};
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use model::{Case, median, observed, timed};
use tokenstorm::base::{Dice, Time};
use tokenstorm::engine::sim::{self, RunStats, Shortcuts};
use tokenstorm::metric::Observed;
use tokenstorm::plan::{Plan, Span};
use tokenstorm::trace::{CallOutcome, Event, Sink};

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

/// One row of this table.
fn row(nodes: u32, busy: bool, long: bool) -> Case {
    let calls = if long { 2_000_000 } else { 200_000 };
    let per_second = if busy { u64::from(nodes) } else { 1 };
    // A call of the busy fleet takes half a second.
    let seconds = (calls / per_second).max(if long { 5 } else { 1 });
    Case { nodes, busy, seconds }
}

/// Nothing but the set-up.
fn empty(case: Case) -> Plan {
    let mut plan = case.plan();
    plan.span = Span {
        warmup: Time::ZERO,
        horizon: Time::from_nanos(1),
        end: Time::from_nanos(1),
    };
    plan
}

/// The full statistics, and how much had been allocated when they began to count.
struct Watched {
    observed: Observed,
    warmup: Time,
    allocated: Option<u64>,
}

impl Sink for Watched {
    fn record(&mut self, now: Time, event: &Event) {
        if self.allocated.is_none() && now >= self.warmup {
            self.allocated = Some(ALLOCATIONS.load(Relaxed));
        }
        self.observed.record(now, event);
    }
}

fn engine(plan: &Plan, dice: Dice, shortcuts: Shortcuts) -> (Observed, RunStats) {
    let mut seen = observed(plan);
    let effort = sim::observe(plan, dice, &mut seen, shortcuts);
    seen.finish();
    (seen, effort)
}

fn by_hand(case: Case, dice: Dice) -> reference::CallOutcome {
    let span = case.plan().span;
    reference::run(case.nodes, case.gap(), span.warmup.nanos(), span.horizon.nanos(), dice)
}

/// What the engine counted, in the words of the reference loop.
fn counts(seen: &Observed) -> reference::Counts {
    let total = seen.total();
    reference::Counts {
        calls: total.calls,
        succeeded: total.succeeded,
        gave_up: seen.total().ended(CallOutcome::GaveUp),
        attempts: total.attempts,
        rejections: total.rejections,
        first_rejected: total.first_rejected,
        issued: seen.issued,
        latency_sum: seen.latency_sum,
        latency_max: seen.latency.most().unwrap_or_default().nanos(),
    }
}

/// One row, measured.
struct Row {
    case: Case,
    events_per_second: f64,
    calls_per_second: f64,
    reference_events_per_second: f64,
    /// Calls per second of the engine over those of the loop: as it runs by default, and with arrivals of its own for each
    /// node as the loop has them.
    ratio: f64,
    ratio_own_streams: f64,
    bytes_per_node: f64,
    allocations_per_event: f64,
    setup: f64,
    two_threads: Option<f64>,
}

/// The engine's ways that are measured: its default, and the one whose draws are those of the loop.
const OWN_STREAMS: Shortcuts = Shortcuts {
    order: true,
    crowds: false,
};

fn measure(case: Case, rounds: u64) -> Row {
    let plan = case.plan();
    let (mut rates, mut ratios, mut own_ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        let dice = Dice::replication(1, round);
        let ((seen, effort), fast) = timed(|| engine(&plan, dice, Shortcuts::ALL));
        let ((same, same_effort), own) = timed(|| engine(&plan, dice, OWN_STREAMS));
        let (reference, by_hand) = timed(|| by_hand(case, dice));
        // The same draws, so the same to the last count.
        assert_eq!(counts(&same), reference.counts, "{}", case.name());
        assert_eq!(same_effort.events, reference.events, "{}", case.name());
        let recorded: u64 = reference.latency.iter().map(|&count| u64::from(count)).sum();
        assert_eq!(recorded, same.latency.len(), "{}", case.name());
        let calls = |seen: &Observed| {
            seen.seconds
                .intervals
                .iter()
                .map(|s| f64::from(s.arrivals))
                .sum::<f64>()
        };
        // Another draw of the same law; the exact comparison is a test's (`crates/core/tests/shortcuts.rs`).
        let share = |seen: &Observed| seen.total().rejections as f64 / seen.total().attempts.max(1) as f64;
        assert!((share(&seen) - share(&same)).abs() < 0.02, "{}", case.name());
        rates.push([
            effort.events as f64 / fast,
            calls(&seen) / fast,
            reference.events as f64 / by_hand,
        ]);
        ratios.push((calls(&seen) / fast) / (calls(&same) / by_hand));
        own_ratios.push(by_hand / own);
    }
    let best = |place: usize| rates.iter().map(|rate| rate[place]).fold(0.0, f64::max);
    // Too short for the processor's accounts.
    let setup = (0..5).map(|_| {
        let plan = empty(case);
        let start = Instant::now();
        black_box(engine(&plan, Dice::new(1), Shortcuts::ALL));
        start.elapsed().as_secs_f64()
    });
    let (bytes_per_node, allocations_per_event) = memory(case, &plan);
    Row {
        case,
        events_per_second: best(0),
        calls_per_second: best(1),
        reference_events_per_second: best(2),
        ratio: median(ratios),
        ratio_own_streams: median(own_ratios),
        bytes_per_node,
        allocations_per_event,
        setup: setup.fold(f64::MAX, f64::min),
        two_threads: (case.nodes <= 1000).then(|| two_threads(&plan, rounds)),
    }
}

/// The most bytes that a run holds at once, and its allocations after half of it.
fn memory(case: Case, plan: &Plan) -> (f64, f64) {
    let before = HELD.load(Relaxed);
    MOST.store(before, Relaxed);
    let mut watched = Watched {
        observed: observed(plan),
        warmup: plan.span.warmup,
        allocated: None,
    };
    let effort = sim::run(plan, Dice::new(1), &mut watched);
    let allocations = ALLOCATIONS.load(Relaxed) - watched.allocated.expect("a call arrives after the warm-up");
    let bytes = MOST.load(Relaxed) - before;
    (
        bytes as f64 / f64::from(case.nodes),
        // What the engine frees and takes at its end is not an event's.
        allocations.saturating_sub(CLOSING) as f64 / (effort.events as f64 / 2.0),
    )
}

/// Allocations with which a run ends: lists of what is left over.
const CLOSING: u64 = 16;

/// How many times the work of one thread two threads do, each on a processor of its own.
fn two_threads(plan: &Plan, rounds: u64) -> f64 {
    let one = |seed| timed(|| engine(plan, Dice::new(seed), Shortcuts::ALL)).1;
    let ratios = (0..rounds).map(|_| {
        let alone = one(1) + one(2);
        let together = std::thread::scope(|scope| {
            let other = scope.spawn(|| one(1));
            one(2) + other.join().expect("a run does not panic")
        });
        2.0 * alone / together
    });
    median(ratios.collect())
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| nodes | load | M events/s | M calls/s | loop, M events/s | ratio | ratio, own streams | bytes/node | allocations/event | set-up, ms | two threads |\n\
         |---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for row in rows {
        let bytes = match row.case.nodes {
            // The histograms of one run would be spread over too few nodes.
            0..100_000 => "".to_owned(),
            _ => format!("{:.0}", row.bytes_per_node),
        };
        let _ = writeln!(
            text,
            "| {} | {} | {:.1} | {:.2} | {:.1} | {:.2} | {:.2} | {bytes} | {} | {:.1} | {} |",
            row.case.nodes,
            if row.case.busy { "busy" } else { "calm" },
            row.events_per_second / 1e6,
            row.calls_per_second / 1e6,
            row.reference_events_per_second / 1e6,
            row.ratio,
            row.ratio_own_streams,
            match row.allocations_per_event {
                0.0 => "0".to_owned(),
                some => format!("{some:.0e}"),
            },
            row.setup * 1e3,
            row.two_threads.map_or(String::new(), |ratio| format!("{ratio:.2}")),
        );
    }
    text
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
            cases.push(row(nodes, busy, long));
        }
    }
    if let Some(name) = value("--profile") {
        let case = cases
            .into_iter()
            .find(|case| case.name() == name)
            .expect("a case of the table");
        let shortcuts = if has("--own-streams") {
            OWN_STREAMS
        } else {
            Shortcuts::ALL
        };
        let (_, effort) = engine(&case.plan(), Dice::new(1), shortcuts);
        println!("{} events", effort.events);
        return;
    }
    let only = value("--only");
    let rows: Vec<Row> = cases
        .into_iter()
        .filter(|case| only.as_ref().is_none_or(|only| *only == case.name()))
        .map(|case| {
            eprintln!("{} ...", case.name());
            measure(
                case,
                if long {
                    9
                } else if case.nodes > 100_000 {
                    2
                } else {
                    3
                },
            )
        })
        .collect();
    let table = table(&rows);
    println!("{table}");
    if has("--write") {
        let text = format!("{HEADING}\n{table}");
        let old = std::fs::read_to_string(model::REPORT).unwrap_or_default();
        // What other commands wrote stands below, between marks.
        let others = old.find("<!-- ").map_or("", |start| &old[start..]);
        let gap = if others.is_empty() { "" } else { "\n" };
        std::fs::write(model::REPORT, format!("{text}{gap}{others}")).expect("reports/ can be written");
    }
}

const HEADING: &str = "# Benchmark

`cargo bench --bench engine -- --write` wrote this (`--long` measures longer). The model is that of `src/manual/speed.md`; *busy* is one call per second at \
each node, *calm* one call per second over all nodes. Times are processor time of one thread; every row was measured beside \
the loop tuned by hand (`benches/reference.rs`) in one process, taking turns. *ratio* compares calls per second with the loop's: \
first as the engine runs by default, then with arrivals of its own for each node, as the loop has them (the counts of these two \
are equal to the last one).
";
