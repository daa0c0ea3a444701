//! How fast the checker is: states per second beside stateright's over the very same states, measured in turns within one
//! process, with two threads each.
//!
//! `cargo bench --bench check` prints one table; `-- --write` also writes `reports/check.md`. The checker judges every property on
//! its way and keeps the whole graph for the properties about whole runs; stateright is given one property that costs nothing.

#[path = "../crates/core/tests/check/small.rs"]
mod small;

use std::fmt::Write as _;
use std::time::Instant;

use tokenstorm::engine::check::{self, FaultBudget, systems};

const REPORT: &str = "reports/check.md";
const THREADS: usize = 2;
const ROUNDS: usize = 5;

/// What is searched: strategy, nodes, faults.
const ROWS: [(&str, u32, &str); 6] = [
    ("lease", 2, "drop=1,crash=1"),
    ("lease", 3, "none"),
    ("lease_alone", 2, "none"),
    ("wait_and_look", 2, "none"),
    ("shared_blind", 2, "drop=1,crash=1"),
    ("put_if_newer", 3, "none"),
];

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// States per second of both, and the ratio, in one round.
fn round(name: &str, nodes: u32, faults: FaultBudget) -> (usize, f64, f64) {
    let mut setup = systems::setup(name, nodes, 1, faults).expect("a name of the cast");
    setup.system.most = systems::MOST;
    let start = Instant::now();
    let report = check::check(&setup, &());
    let own = report.states as f64 / start.elapsed().as_secs_f64();
    let start = Instant::now();
    let found = small::unique_states(&setup, THREADS);
    let theirs = found as f64 / start.elapsed().as_secs_f64();
    assert_eq!(found, report.states, "{name}: both find the same states");
    (found, own, theirs)
}

fn main() {
    rayon::ThreadPoolBuilder::new()
        .num_threads(THREADS)
        .build_global()
        .expect("no other pool yet");
    let mut text = String::from(
        "| strategy | nodes | faults | states | checker, states/s | stateright, states/s | ratio |\n|---|---|---|---|---|---|---|\n",
    );
    for (name, nodes, faults) in ROWS {
        let budget: FaultBudget = faults.parse().expect("a budget");
        let rounds: Vec<_> = (0..ROUNDS).map(|_| round(name, nodes, budget)).collect();
        let of = |read: fn(&(usize, f64, f64)) -> f64| median(&mut rounds.iter().map(read).collect::<Vec<_>>());
        let _ = writeln!(
            text,
            "| {name} | {nodes} | {faults} | {} | {:.0} | {:.0} | {:.2} |",
            rounds[0].0,
            of(|round| round.1),
            of(|round| round.2),
            of(|round| round.1 / round.2)
        );
    }
    print!("{text}");
    if std::env::args().any(|argument| argument == "--write") {
        let head = format!(
            "# The checker beside stateright\n\n`cargo bench --bench check -- --write` wrote this: {THREADS} threads each, medians of {ROUNDS} \
             rounds in which both take turns, over the same states.\nThe checker judges every property on its way and keeps the graph; \
             stateright 0.31 is given one property that costs nothing.\n\n"
        );
        std::fs::write(REPORT, head + &text).expect("reports/ can be written");
    }
}
