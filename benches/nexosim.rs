//! The benchmark model (section 7 of `src/manual/model.md`) beside nexosim, a general engine for discrete events: tokenstorm as it runs
//! any plan, with all statistics on, and the same model written for nexosim, in turns within one process.
//!
//! `cargo bench --bench nexosim --features bench-nexosim` prints one table; `-- --write` also puts it into
//! `reports/benchmark.md`, and `-- --only busy:1000` measures one row.
//!
//! In nexosim every node is a model that schedules its arrivals, checks, answers, commits and token responses on itself. The
//! provider is once a model of its own, which the nodes query, and once, as the least that it can cost, a number in memory
//! that all nodes share. It counts what [`reference::Counts`] counts; the engine counts all that it always does.
//!
//! Times are those that the thread spent on a processor, for both: with one thread nexosim runs its models on the thread
//! that calls it. What nexosim's bench takes to build and to drop is not timed; the engine's set-up is.

#[path = "nexosim/bench.rs"]
mod bench;
mod model;

use std::fmt::Write as _;

use bench::{Counts, Provider};
use model::{Case, REPORT, median, observed, timed};
use tokenstorm::base::Dice;
use tokenstorm::engine::sim::{self, Shortcuts};
use tokenstorm::metric::Observed;
use tokenstorm::plan::Plan;
use tokenstorm::trace::CallOutcome;

const BEGIN: &str = "<!-- nexosim: begin -->\n";
const END: &str = "<!-- nexosim: end -->\n";

/// Where the report's section on nexosim lies, its marks included.
fn section(report: &str) -> Option<(usize, usize)> {
    let start = report.find(BEGIN)?;
    let end = start + report[start..].find(END)? + END.len();
    Some((start, end))
}

const ROUNDS: u64 = 3;

/// One row, measured: millions of calls per second, and how many times those of nexosim the engine's are.
struct Row {
    case: Case,
    engine: f64,
    as_model: f64,
    as_number: f64,
    ratio: f64,
    ratio_number: f64,
    /// Of the engine and of nexosim, which drew other arrivals.
    rejections: [f64; 2],
    issuances: [f64; 2],
    tolerance: f64,
}

fn engine(plan: &Plan, dice: Dice, shortcuts: Shortcuts) -> Observed {
    let mut seen = observed(plan);
    sim::observe(plan, dice, &mut seen, shortcuts);
    seen.finish();
    seen
}

fn counts(seen: &Observed) -> Counts {
    let total = seen.total();
    Counts {
        calls: total.calls,
        succeeded: total.succeeded,
        gave_up: seen.total().ended(Outcome::GaveUp),
        attempts: total.attempts,
        rejections: total.rejections,
        issued: seen.issued,
        latency_sum: seen.latency_sum,
        latency_max: seen.latency.most().unwrap_or_default().nanos(),
    }
}

/// Four standard errors of the difference of two means over so many calls. No call has more than five rejections or asks for
/// more than four tokens, and nothing between 0 and 5 spreads wider than 2.5; that this is wider than the truth leaves room
/// for the calls of one node that share a fate.
fn tolerance(calls: [u64; 2]) -> f64 {
    4.0 * 2.5 * calls.map(|calls| 1.0 / calls as f64).iter().sum::<f64>().sqrt()
}

fn measure(case: Case) -> Row {
    let plan = case.plan();
    let (mut rates, mut ratios, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
    let mut sums = [Counts::default(), Counts::default()];
    for round in 0..ROUNDS {
        let dice = Dice::replication(1, round);
        let (seen, fast) = timed(|| engine(&plan, dice, Shortcuts::ALL));
        let run = |provider| {
            let mut bench = bench::Bench::new(case, plan.span, dice, provider);
            let ((), time) = timed(|| bench.run());
            let outcome = bench.outcome();
            assert_eq!(outcome.latency.len(), outcome.counts.succeeded, "{}", case.name());
            (outcome, time)
        };
        let (by_model, model_time) = run(Provider::Model);
        let (by_number, number_time) = run(Provider::Number);
        // With the arrivals that nexosim drew, so the same to the last count; not timed.
        let same = counts(&engine(
            &plan,
            dice,
            Shortcuts {
                order: true,
                crowds: false,
            },
        ));
        assert_eq!(same, by_model.counts, "{}", case.name());
        assert_eq!(same, by_number.counts, "{}", case.name());
        sums[0].add(&counts(&seen));
        sums[1].add(&by_model.counts);
        let arrived = seen
            .seconds
            .intervals
            .iter()
            .map(|s| f64::from(s.arrivals))
            .sum::<f64>();
        let rate = [
            arrived / fast,
            by_model.arrived as f64 / model_time,
            by_number.arrived as f64 / number_time,
        ];
        ratios.push(rate[0] / rate[1]);
        numbers.push(rate[0] / rate[2]);
        rates.push(rate);
    }
    let tolerance = tolerance([sums[0].calls, sums[1].calls]);
    let rejections = [&sums[0], &sums[1]].map(|sum| sum.rejections as f64 / sum.calls as f64);
    let issuances = [&sums[0], &sums[1]].map(|sum| sum.issued as f64 / sum.calls as f64);
    for [ours, theirs] in [rejections, issuances] {
        assert!(
            (ours - theirs).abs() <= tolerance,
            "{}: {ours} and {theirs}",
            case.name()
        );
    }
    let best = |place: usize| rates.iter().map(|rate| rate[place]).fold(0.0, f64::max) / 1e6;
    Row {
        case,
        engine: best(0),
        as_model: best(1),
        as_number: best(2),
        ratio: median(ratios),
        ratio_number: median(numbers),
        rejections,
        issuances,
        tolerance,
    }
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| nodes | load | tokenstorm, M calls/s | nexosim, M calls/s | ratio | nexosim, shared number | ratio | rejections/call | issuances/call | tolerance |\n\
         |---:|---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for row in rows {
        let _ = writeln!(
            text,
            "| {} | {} | {:.2} | {:.3} | {:.1} | {:.3} | {:.1} | {:.4} / {:.4} | {:.4} / {:.4} | {:.3} |",
            row.case.nodes,
            if row.case.busy { "busy" } else { "calm" },
            row.engine,
            row.as_model,
            row.ratio,
            row.as_number,
            row.ratio_number,
            row.rejections[0],
            row.rejections[1],
            row.issuances[0],
            row.issuances[1],
            row.tolerance,
        );
    }
    text
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let only = arguments.iter().position(|argument| argument == "--only");
    let only = only.and_then(|at| arguments.get(at + 1));
    let mut rows = Vec::new();
    for busy in [true, false] {
        for nodes in [10, 1_000, 100_000] {
            let per_second = if busy { nodes } else { 1 };
            // A call of the busy fleet takes half a second.
            let seconds = (100_000 / per_second).max(1);
            let case = Case {
                nodes: nodes as u32,
                busy,
                seconds,
            };
            if only.is_none_or(|only| *only == case.name()) {
                eprintln!("{} ...", case.name());
                rows.push(measure(case));
            }
        }
    }
    let table = table(&rows);
    println!("{table}");
    if arguments.iter().any(|argument| argument == "--write") {
        let mut report = std::fs::read_to_string(REPORT).unwrap_or_default();
        let text = format!("{BEGIN}{HEADING}\n{table}{END}");
        match section(&report) {
            Some((start, end)) => report.replace_range(start..end, &text),
            None => report = format!("{}\n\n{text}", report.trim_end()).trim_start().to_owned(),
        }
        std::fs::write(REPORT, report).expect("reports/ can be written");
    }
}

const HEADING: &str = "## Beside nexosim

`cargo bench --bench nexosim --features bench-nexosim -- --write` wrote this section. nexosim 1.0.0, executor of one thread, one \
model per node; the provider is a model that the nodes query, or (*shared number*) a number in memory that all nodes share. \
tokenstorm runs as it does by default, with all statistics on; nexosim's models count \
what is compared and a histogram of latencies. Both took turns in one process. Times are processor time of the thread, for both; nexosim's are without building and \
dropping its bench. Rates are the best, ratios the medians, of three rounds. Rejections and issuances per call are tokenstorm's and \
nexosim's under arrivals of their own; the run asserts that they differ by no more than the *tolerance*, four standard errors \
of the difference if a call's counts had the widest spread that counts from 0 to 5 can have. It also runs tokenstorm with the \
arrivals that nexosim drew and asserts that every count is equal: calls, successes, failures, attempts, rejections, issuances, \
sum and maximum of the latencies.
";
