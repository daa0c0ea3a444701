//! `tokenstorm live` as a user meets it.

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use tokenstorm::emulator::{Emulator, EmulatorOptions};

use crate::runs::scenario;

fn tokenstorm() -> Command {
    Command::new(env!("CARGO_BIN_EXE_tokenstorm"))
}

fn written(folder: &TempDir, provider: &str, coordination: &str) -> PathBuf {
    let path = folder.path().join("live.toml");
    std::fs::write(&path, scenario(provider, coordination, "").to_resolved_toml()).unwrap();
    path
}

fn live(path: &PathBuf, arguments: &[&str]) -> Output {
    let _alone = crate::alone();
    tokenstorm().arg("live").arg(path).args(arguments).output().unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const LATEST_ONLY: &str = "rule = { latest_only = {} }";

/// What is measured is what was predicted with the latencies that were measured: each of the ten figures lies, with a probability
/// of more than 1 - 1e-6, within what simulated runs come to.
#[test]
fn what_is_measured_was_predicted() {
    let folder = TempDir::new().unwrap();
    for coordination in [r#""naive""#, "{ lease = {} }"] {
        let path = written(&folder, LATEST_ONLY, coordination);
        // As fast as a machine that has other tests to run can go.
        let output = ["5", "2", "1"]
            .into_iter()
            .map(|scale| {
                let arguments = ["--time-scale", scale, "--replications", "60", "--format", "json"];
                live(&path, &arguments)
            })
            .find(|output| output.status.code() != Some(2) || !errors(output).contains("could not keep"));
        let Some(output) = output else {
            // Nothing can be measured on a machine that does not keep the time of its own clock.
            eprintln!("LEFT OUT: this machine is too busy for a live run");
            return;
        };
        let said = errors(&output);
        let record: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
        let figures = record["figures"].as_array().unwrap();
        let of_a_store = if coordination.contains("lease") { 2 } else { 0 };
        assert_eq!(figures.len(), 4 + of_a_store, "{said}");
        for figure in figures {
            let p = figure["fed"]["p"].as_f64().unwrap_or_else(|| panic!("{figure}"));
            assert!(p > 1e-7, "{coordination}: {figure}");
        }
        assert!(said.contains("99 % of what was due was done within"), "{said}");
        assert_eq!(
            said.contains("the shared store is kept in this process"),
            coordination != r#""naive""#,
            "{said}"
        );
    }
}

/// Whatever came of it, the figures, their chart and a page lie in the folder, and no address that may hold a password stands there.
#[test]
fn a_folder_has_the_page_and_the_figures() {
    let folder = TempDir::new().unwrap();
    let path = written(&folder, LATEST_ONLY, r#""naive""#);
    let lenient = scenario("rule = \"independent\"", r#""naive""#, "");
    let emulator = Emulator::start_with(EmulatorOptions::scenario(&lenient).unwrap()).unwrap();
    let out = folder.path().join("out");
    let secret = ["--against", emulator.url(), "--client", "app:secret"];
    let output = live(
        &path,
        &[
            &secret[..],
            &[
                "--set",
                "run.duration=6s",
                "--set",
                "run.warmup=1s",
                "--replications",
                "20",
                "--format",
                "json",
                "--out",
                out.to_str().unwrap(),
            ],
        ]
        .concat(),
    );
    let said = errors(&output);
    if said.contains("could not keep") {
        eprintln!("LEFT OUT: this machine is too busy for a live run");
        return;
    }
    let read =
        |name: &str| std::fs::read_to_string(out.join(name)).unwrap_or_else(|error| panic!("{name}: {error}: {said}"));
    let json = read("agreement.json");
    assert_eq!(json.as_bytes(), output.stdout, "what is printed is the file");
    let record: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(record["runs"].as_array().map(Vec::len), Some(1));
    let figures = record["figures"].as_array().unwrap();
    assert_eq!(read("agreement.csv").lines().count(), 1 + figures.len());
    let page = read("report.html");
    let beyond = figures
        .iter()
        .filter(|figure| figure["fed"]["beyond_chance"] == true)
        .count();
    assert_eq!(output.status.code(), Some(if beyond > 0 { 101 } else { 0 }), "{said}");
    let says = match beyond {
        0 => format!("<h1>All {} measured figures lie where", figures.len()),
        _ => format!("<h1>{beyond} of {} measured figures lie", figures.len()),
    };
    assert!(page.contains(&says), "{says}");
    assert!(page.contains("--against URL --client ID:SECRET"));
    for text in [&json, &page] {
        assert!(!text.contains("app:secret") && !text.contains(emulator.url()));
    }
    assert!(read("agreement.svg").starts_with("<svg") && out.join("agreement.png").is_file());
}

/// A provider that follows another rule than the scenario says: the prediction is wrong, and the command says so.
#[test]
fn another_rule_is_noticed() {
    let folder = TempDir::new().unwrap();
    let path = written(&folder, LATEST_ONLY, r#""naive""#);
    let lenient = scenario("rule = \"independent\"", r#""naive""#, "");
    let emulator = Emulator::start_with(EmulatorOptions::scenario(&lenient).unwrap()).unwrap();
    let arguments = [
        "--against",
        emulator.url(),
        "--client",
        "main:secret",
        "--replications",
        "40",
    ];
    let spans = ["--set", "run.duration=8s", "--set", "run.warmup=1s"];
    let output = live(&path, &[&arguments[..], &spans[..]].concat());
    assert_eq!(output.status.code(), Some(101), "{}", errors(&output));
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(table.contains('✗') && table.contains("first"), "{table}");
}

/// Whatever cannot be run is refused before it begins, with its place and the way out.
#[test]
fn what_cannot_be_run_is_told() {
    let folder = TempDir::new().unwrap();
    let path = written(&folder, LATEST_ONLY, "{ lease = {} }");
    for (arguments, parts) in [
        (
            &["--redis", "redis://127.0.0.1:1/"][..],
            &["the Redis at redis://127.0.0.1:1/", "without --redis"][..],
        ),
        (
            &["--against", "http://127.0.0.1:1"],
            &["the provider at http://127.0.0.1:1 cannot be reached", "refused"],
        ),
        (
            &["--against", "ftp://127.0.0.1"],
            &["that is no URL", "write https://HOST/PATH or http://HOST:PORT/PATH"],
        ),
        (
            &["--against", "http://127.0.0.1:1", "--time-scale", "2"],
            &["--time-scale"],
        ),
        (
            &["--against", "http://127.0.0.1:1", "--client", "main"],
            &["app:secret"],
        ),
        (&["--time-scale", "0"], &["a number from 0.01"]),
        (&["--set", "fleet.web.nodes=1000000"], &["1000000 nodes", "512"]),
        (
            &["--set", "fleet.web.workload.user.arrivals={ poisson = \"5000/s\" }"],
            &["calls per second", "time scale of at most"],
        ),
        (&["--only", "nobody"], &["there is no strategy `nobody`", "the one"]),
    ] {
        let output = live(&path, arguments);
        let said = errors(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        for part in parts {
            assert!(said.contains(part), "{arguments:?}: {part:?} is not in {said}");
        }
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

/// Where time goes faster than any machine, there are no figures.
#[test]
fn a_time_scale_that_cannot_be_kept_gives_no_figures() {
    let folder = TempDir::new().unwrap();
    let path = written(&folder, LATEST_ONLY, r#""naive""#);
    let heavy = "fleet.web.workload.user.arrivals={ poisson = \"10/s\" }";
    let arguments = ["--time-scale", "1000", "--set", heavy, "--set", "run.duration=30min"];
    let output = live(&path, &arguments);
    let said = errors(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("time scale"), "{said}");
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
}

/// An interrupt ends everything, however long the run was to be.
#[cfg(unix)]
#[test]
fn an_interrupt_ends_everything() {
    use std::io::{BufRead as _, BufReader};
    let folder = TempDir::new().unwrap();
    let path = written(&folder, LATEST_ONLY, r#""naive""#);
    let mut child = tokenstorm()
        .arg("live")
        .arg(&path)
        .args(["--set", "run.duration=10h"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let begun = said.find(|line| line.contains("running"));
    assert!(begun.is_some());
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(said.any(|line| line.contains("interrupted")));
}
