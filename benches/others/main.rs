//! The benchmark model (section 7 of `src/manual/model.md`) beside general engines for discrete events: tokenstorm as it runs any plan, with
//! all statistics on, and the same model written for nexosim, DSLab's simcore, SimPy and Cimba, in turns within one run.
//!
//! `benches/others.sh` prepares all of them and calls this; `--write` puts the table into `reports/benchmark.md`, and `--only busy:1000`
//! measures one row. SimPy and Cimba run as programs of their own, named by `SIMPY` (a Python that has it) and `CIMBA` (the compiled model);
//! without one of these its column is empty, and the run says so.
//!
//! Times are those that the thread, or the program, spent on a processor. What the others take to build their nodes is not timed; the
//! engine's set-up is.

#[path = "../model.rs"]
mod model;
mod nexosim;
mod simcore;

use std::fmt::Write as _;
use std::process::Command;

use model::{Case, REPORT, median, observed, timed};
use serde::Deserialize;
use tokenstorm::base::Dice;
use tokenstorm::engine::sim::{self, Shortcuts};
use tokenstorm::metric::Observed;
use tokenstorm::plan::Plan;
use tokenstorm::trace;

const BEGIN: &str = "<!-- others: begin -->\n";
const END: &str = "<!-- others: end -->\n";

const ROUNDS: u64 = 3;

/// What is counted of the calls that arrive, and of the tokens that are issued, after the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Counts {
    pub calls: u64,
    pub succeeded: u64,
    pub gave_up: u64,
    pub attempts: u64,
    pub rejections: u64,
    pub issued: u64,
    /// In nanoseconds, by engines that count time so.
    #[serde(default)]
    pub latency_sum: u128,
    #[serde(default)]
    pub latency_max: u64,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.rejections += other.rejections;
        self.issued += other.issued;
    }
}

#[derive(Clone, Default, Deserialize)]
pub struct Outcome {
    #[serde(flatten)]
    pub counts: Counts,
    /// Calls, those of the warm-up included.
    pub arrived: u64,
}

/// One way to run the model elsewhere.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Other {
    Nexosim,
    NexosimNumber,
    Simcore,
    SimPy,
    Cimba,
}

impl Other {
    const ALL: [Self; 5] = [
        Self::Nexosim,
        Self::NexosimNumber,
        Self::Simcore,
        Self::SimPy,
        Self::Cimba,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Nexosim => "nexosim",
            Self::NexosimNumber => "nexosim, shared number",
            Self::Simcore => "simcore",
            Self::SimPy => "SimPy",
            Self::Cimba => "Cimba",
        }
    }

    /// Whether it runs here, or what to do for it.
    fn is_there(self) -> Result<(), &'static str> {
        match self {
            Self::SimPy if std::env::var_os("SIMPY").is_none() => Err("left out: SIMPY names no Python that has it"),
            Self::Cimba if std::env::var_os("CIMBA").is_none() => {
                Err("left out: CIMBA does not name its compiled model")
            }
            _ => Ok(()),
        }
    }

    /// Whether it has the very arrivals of the engine, and counts time in whole nanoseconds, so that it has to count the same.
    fn is_exact(self) -> bool {
        matches!(self, Self::Nexosim | Self::NexosimNumber)
    }

    /// What it counts, and seconds of the processor.
    fn run(self, case: Case, plan: &Plan, dice: Dice, round: u64) -> (Outcome, f64) {
        let nexosim = |provider| {
            let mut bench = nexosim::Bench::new(case, plan.span, dice, provider);
            let ((), time) = timed(|| bench.run());
            (bench.outcome(), time)
        };
        match self {
            Self::Nexosim => nexosim(nexosim::Provider::Model),
            Self::NexosimNumber => nexosim(nexosim::Provider::Number),
            Self::Simcore => {
                let mut bench = simcore::Bench::new(case, plan.span, dice);
                let ((), time) = timed(|| bench.run());
                (bench.outcome(), time)
            }
            Self::SimPy => {
                let mut python = Command::new(std::env::var_os("SIMPY").expect("it is there"));
                python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/simpy_fleet.py"));
                apart(python, case, plan, round)
            }
            Self::Cimba => apart(
                Command::new(std::env::var_os("CIMBA").expect("it is there")),
                case,
                plan,
                round,
            ),
        }
    }
}

/// Runs the model in a program of its own.
fn apart(mut program: Command, case: Case, plan: &Plan, round: u64) -> (Outcome, f64) {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(flatten)]
        outcome: Outcome,
        seconds: f64,
    }
    let seconds = |nanos: u64| (nanos as f64 / 1e9).to_string();
    program.arg(case.nodes.to_string());
    program.arg(seconds(case.gap().nanos()));
    program.arg(seconds(plan.span.warmup.nanos()));
    program.arg(seconds(plan.span.horizon.nanos()));
    program.arg((round + 1).to_string());
    let output = program.output().unwrap_or_else(|error| panic!("{program:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program:?}: {said}");
    let answer: Answer = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{program:?}: {error}"));
    (answer.outcome, answer.seconds)
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
        gave_up: total.ended(trace::CallOutcome::GaveUp),
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

/// What is compared of the counts of all rounds.
fn shares(sum: &Counts) -> [f64; 2] {
    [sum.rejections, sum.issued].map(|count| count as f64 / sum.calls as f64)
}

/// One row, measured.
struct Row {
    case: Case,
    /// Millions of calls per second.
    engine: f64,
    /// Of each other one that is there: millions of calls per second, and how many times as many the engine does.
    others: Vec<Option<(f64, f64)>>,
    /// Rejections and issuances for each call, of the engine.
    shares: [f64; 2],
    /// The furthest that another engine's are away, and how far they may be.
    furthest: f64,
    tolerance: f64,
}

fn measure(case: Case) -> Row {
    let plan = case.plan();
    let mut ours = (Counts::default(), Vec::new());
    let mut theirs = Other::ALL.map(|_| (Counts::default(), Vec::new()));
    for round in 0..ROUNDS {
        let dice = Dice::replication(1, round);
        let (seen, time) = timed(|| engine(&plan, dice, Shortcuts::ALL));
        let arrived: f64 = seen.seconds.intervals.iter().map(|s| f64::from(s.arrivals)).sum();
        ours.0.add(&counts(&seen));
        ours.1.push(arrived / time);
        // With the arrivals that the others draw; not timed.
        let own_streams = Shortcuts {
            order: true,
            crowds: false,
        };
        let same = counts(&engine(&plan, dice, own_streams));
        for (other, (sum, rates)) in Other::ALL.into_iter().zip(&mut theirs) {
            if other.is_there().is_err() {
                continue;
            }
            let (outcome, time) = other.run(case, &plan, dice, round);
            if other.is_exact() {
                assert_eq!(outcome.counts, same, "{} {}", other.name(), case.name());
            }
            sum.add(&outcome.counts);
            rates.push(outcome.arrived as f64 / time);
        }
    }
    let (mut furthest, mut allowed) = (0.0_f64, 0.0_f64);
    for (other, (sum, rates)) in Other::ALL.into_iter().zip(&theirs) {
        if rates.is_empty() {
            continue;
        }
        let tolerance = tolerance([ours.0.calls, sum.calls]);
        for (ours, theirs) in shares(&ours.0).into_iter().zip(shares(sum)) {
            assert!(
                (ours - theirs).abs() <= tolerance,
                "{} {}: {theirs}, the engine {ours}",
                other.name(),
                case.name()
            );
            furthest = furthest.max((ours - theirs).abs());
        }
        allowed = allowed.max(tolerance);
    }
    let best = |rates: &[f64]| rates.iter().copied().fold(0.0, f64::max) / 1e6;
    let compared = |rates: &Vec<f64>| {
        let ratios = ours.1.iter().zip(rates).map(|(ours, theirs)| ours / theirs).collect();
        (!rates.is_empty()).then(|| (best(rates), median(ratios)))
    };
    Row {
        case,
        engine: best(&ours.1),
        others: theirs.iter().map(|(_, rates)| compared(rates)).collect(),
        shares: shares(&ours.0),
        furthest,
        tolerance: allowed,
    }
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from("| nodes | load | tokenstorm |");
    for other in Other::ALL {
        let _ = write!(text, " {} |", other.name());
    }
    text += " rejections/call | issuances/call | furthest | allowed |\n|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n";
    for row in rows {
        let load = if row.case.busy { "busy" } else { "calm" };
        let _ = write!(text, "| {} | {load} | {:.2} |", row.case.nodes, row.engine);
        for other in &row.others {
            let _ = match other {
                Some((rate, ratio)) => write!(text, " {rate:.3} ({ratio:.1}) |"),
                None => write!(text, " - |"),
            };
        }
        let [rejections, issuances] = row.shares;
        let _ = writeln!(
            text,
            " {rejections:.4} | {issuances:.4} | {:.4} | {:.4} |",
            row.furthest, row.tolerance
        );
    }
    text
}

/// Where the report's section lies, its marks included.
fn section(report: &str) -> Option<(usize, usize)> {
    let start = report.find(BEGIN)?;
    let end = start + report[start..].find(END)? + END.len();
    Some((start, end))
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let only = arguments.iter().position(|argument| argument == "--only");
    let only = only.and_then(|at| arguments.get(at + 1));
    for other in Other::ALL {
        if let Err(why) = other.is_there() {
            eprintln!("{} {why}", other.name());
        }
    }
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
        let place = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");
        let place = format!("{place}{REPORT}");
        let mut report = std::fs::read_to_string(&place).unwrap_or_default();
        let text = format!("{BEGIN}{HEADING}\n{table}{END}");
        match section(&report) {
            Some((start, end)) => report.replace_range(start..end, &text),
            None => report = format!("{}\n\n{text}", report.trim_end()).trim_start().to_owned(),
        }
        std::fs::write(&place, report).expect("reports/ can be written");
    }
}

const HEADING: &str = "## Beside other engines

`benches/others.sh --write` wrote this section: the benchmark model of `src/manual/speed.md` in tokenstorm and in four general engines for \
discrete events, in turns within one run. Cells are millions of calls per second of one thread's processor time, and in brackets how many \
times as many tokenstorm does; rates are the best, ratios the medians, of three rounds. tokenstorm runs as it does by default, with all \
statistics on; the others count what is compared and a histogram of latencies, and the time that they take to build their nodes is left \
out. nexosim 1.0.0: a model for each node, the provider a model that they query, or (*shared number*) a number in memory. simcore 0.1.0, \
DSLab's engine: a component for each node. SimPy 4.1.2: a process for each node's arrivals, each call and each renewal. Cimba 3.0.0-rc1: \
events alone, without processes, with its checks of arguments on. The last four columns are tokenstorm's rejections and \
issuances for each call, the furthest that another engine's are away from these, and how far they may be: four standard errors of the \
difference if a call's counts had the widest spread that counts from 0 to 5 can have. The run asserts that; for nexosim it also runs \
tokenstorm with the very arrivals that nexosim drew, and asserts that every count is equal: calls, successes, failures, attempts, \
rejections, issuances, sum and maximum of the latencies.
";
