//! The exponential-backoff-and-jitter simulation of the AWS architecture blog, run with tokenstorm's own policies: a
//! table of calls and completion on standard output, and charts against the number of clients below `reports/backoff`.
//!
//! `cargo run --release --example backoff_contention [-- FOLDER]`; `crates/core/tests/published.rs` holds the figures to the published ones.

mod contention;

use std::error::Error;
use std::path::PathBuf;

use tokenstorm::campaign::statistics;
use tokenstorm::record::write::{self, ResultFile};
use tokenstorm::record::{Manifest, Reading, Record};
use tokenstorm::report::chart::sweep::{self, Height, Panel};
use tokenstorm::report::number;

const CLIENTS: [u32; 14] = [1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 50, 60, 80, 100];
const REPLICATIONS: u32 = 500;
const SEED: u64 = 1;

const PANELS: [Panel; 2] = [
    Panel {
        metric: "calls",
        head: "Writes that reach the server",
        scale: Height::Ratio,
    },
    Panel {
        metric: "completion",
        head: "Time until all have written, ms",
        scale: Height::Ratio,
    },
];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os()
        .nth(1)
        .map_or_else(|| PathBuf::from("reports/backoff"), PathBuf::from);
    let record = measured();
    print!("{}", table(&record));
    let calls = |strategy| mean(&record, strategy, 100, "calls");
    let title = format!(
        "A hundred clients contend for one row: {} writes without backoff, {} with full jitter",
        number::short(calls("none")),
        number::short(calls("full jitter"))
    );
    let below = "Means over 500 replications with 95 % intervals; every client wants one successful write.";
    let drawing = sweep::against(&record, &title, below, &PANELS);
    let files = [
        ResultFile::new("contention.svg", drawing.svg()),
        ResultFile::new("contention.png", drawing.png()?),
        ResultFile::new("contention.md", table(&record)),
    ];
    write::place(&folder, &files, &[])?;
    eprintln!("wrote {}", folder.display());
    Ok(())
}

fn measured() -> Record {
    let policies = contention::policies();
    let mut readings = Vec::new();
    for clients in CLIENTS {
        for (name, retry) in &policies {
            let races = contention::replicate(clients, retry, REPLICATIONS, SEED);
            let calls: Vec<f64> = races.iter().map(|race| race.calls).collect();
            let completion: Vec<f64> = races.iter().map(|race| race.completion_ms).collect();
            for (metric, unit, values) in [("calls", "count", calls), ("completion", "ms", completion)] {
                let estimate = statistics::mean(&values, statistics::CONFIDENCE);
                readings.push(Reading {
                    strategy: (*name).to_owned(),
                    point: point(clients),
                    metric: metric.to_owned(),
                    unit: unit.to_owned(),
                    mean: estimate.map(|estimate| estimate.mean),
                    ci95: estimate.and_then(|estimate| estimate.interval),
                    replications: REPLICATIONS,
                    doubtful: estimate.is_some_and(|estimate| estimate.is_doubtful(statistics::ENOUGH)),
                    controls_gain: None,
                });
            }
        }
    }
    Record {
        manifest: Manifest {
            tokenstorm: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: "backoff_contention".to_owned(),
            seed: SEED,
            replications: REPLICATIONS,
            ..Manifest::default()
        },
        strategies: policies.iter().map(|(name, _)| (*name).to_owned()).collect(),
        points: CLIENTS.map(point).to_vec(),
        readings,
        ..Record::default()
    }
}

fn point(clients: u32) -> String {
    format!("clients={clients}")
}

fn mean(record: &Record, strategy: &str, clients: u32, metric: &str) -> f64 {
    let found = record
        .readings
        .iter()
        .find(|reading| reading.strategy == strategy && reading.point == point(clients) && reading.metric == metric);
    found.and_then(|reading| reading.mean).unwrap_or(f64::NAN)
}

/// Calls and completion of every policy, a row for each number of clients, in Markdown.
fn table(record: &Record) -> String {
    let mut text = String::from("calls; completion in ms\n\n| clients |");
    record.strategies.iter().for_each(|name| text += &format!(" {name} |"));
    text += "\n|---:|";
    record.strategies.iter().for_each(|_| text += "---:|");
    for clients in CLIENTS {
        text += &format!("\n| {clients} |");
        for name in &record.strategies {
            let figure = |metric| number::significant(mean(record, name, clients, metric), 4);
            text += &format!(" {}; {} |", figure("calls"), figure("completion"));
        }
    }
    text.push('\n');
    text
}
