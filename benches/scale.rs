//! How far the checker goes: time and memory of the search of every system among three or four nodes, each in a process of its own.
//!
//! `cargo bench --bench scale` prints the table of three nodes; `-- --nodes 4` that of four, `--most` says after how many millions of
//! states a search is given up, `--only` searches the system of this name, or those whose names contain it, and `--write` puts the rows into
//! `reports/scale.md`, in the place of those of the same systems.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Instant;

use tokenstorm::engine::check::{self, CheckReport, FaultBudget, systems};

const REPORT: &str = "reports/scale.md";

/// States, in millions, after which a search is given up.
const MOST: usize = 60;

const HEAD: &str = "# How far the checker goes

`cargo bench --bench scale -- --write` and `-- --nodes 4 --write` wrote this: each system of a call at each node, without faults and on two
threads, in a process of its own. Memory is the most that the process held at any time, the search for cycles included; a search that did
not end was given up after so many states. A system without a row has not been searched among so many nodes.

| nodes | strategy | states | steps | furthest state | ended | seconds | MB | bytes a state |
|---|---|---|---|---|---|---|---|---|
";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1)
    };
    let number = |name, default| after(name).map_or(default, |text| text.parse().expect("a number"));
    let (nodes, most) = (number("--nodes", 3), number("--most", MOST));
    if let Some(name) = after("--one") {
        println!("{}", row(name, nodes as u32, most * 1_000_000));
        return;
    }
    let mut rows = known();
    for (place, name) in names().enumerate() {
        if after("--only").is_some_and(|wanted| !is_wanted(name, wanted)) {
            continue;
        }
        let own = std::env::current_exe().expect("this program has a place");
        let one = [
            "--one",
            name,
            "--nodes",
            &nodes.to_string(),
            "--most",
            &most.to_string(),
        ]
        .map(str::to_owned);
        let output = Command::new(own).args(one).output().expect("this program can be run");
        let row = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        println!("{row}");
        rows.insert((nodes, place), row);
    }
    if arguments.iter().any(|argument| argument == "--write") {
        let rows: String = rows.values().map(|row| format!("{row}\n")).collect();
        std::fs::write(REPORT, HEAD.to_owned() + &rows).expect("reports/ can be written");
    }
}

fn names() -> impl Iterator<Item = &'static str> {
    systems::SYSTEMS
        .iter()
        .chain(&systems::REFRESHERS)
        .map(|(name, _)| *name)
}

/// Whether a system is asked for by its name, or by a part of it that is no system's name.
fn is_wanted(name: &str, wanted: &str) -> bool {
    name == wanted || (name.contains(wanted) && !names().any(|known| known == wanted))
}

/// The rows of the report as it is, by nodes and the place of the system.
fn known() -> BTreeMap<(usize, usize), String> {
    let text = std::fs::read_to_string(REPORT).unwrap_or_default();
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let nodes = cells.next()?.parse().ok()?;
        let name = cells.next()?;
        let place = names().position(|known| known == name)?;
        Some(((nodes, place), line.to_owned()))
    });
    rows.collect()
}

/// Searches one system; the row that it makes.
fn row(name: &str, nodes: u32, most: usize) -> String {
    let setup = systems::setup(name, nodes, 1, FaultBudget::NONE).expect("the name of a system");
    let mut setup = setup.without_names();
    setup.system.most = most;
    let start = Instant::now();
    let report = check::check(&setup, &());
    let seconds = start.elapsed().as_secs_f64();
    let CheckReport {
        states,
        transitions,
        depth,
        complete,
        ..
    } = report;
    let ended = if complete { "yes" } else { "no" };
    let bytes = peak();
    format!(
        "| {nodes} | {name} | {states} | {transitions} | {depth} | {ended} | {seconds:.1} | {:.0} | {} |",
        bytes as f64 / 1e6,
        // A small search is smaller than the program around it.
        if states < 100_000 {
            "-".to_owned()
        } else {
            (bytes / states).to_string()
        },
    )
}

/// The most memory that this process has held so far, in bytes; zero where the system does not say.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    kilobytes.unwrap_or(0) * 1024
}
