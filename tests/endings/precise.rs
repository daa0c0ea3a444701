//! `run --precision`, as a user meets it: what ends it, what is said, and that it can be had again.

use std::path::Path;

use crate::{said_in, text};

const SCENARIO: &str = "\
name = \"small\"
summary = \"Two nodes\"
source = \"a test\"
run = { duration = \"1min\", replications = 2 }
provider = { profile = \"zoom-s2s-2022\" }
app = [{ name = \"app\", slots = 2 }]
fleet = [{ name = \"web\", nodes = 2, app = \"app\", workload = [{ kind = \"user\", arrivals = { poisson = \"1/s\" } }] }]
strategy = [{ name = \"naive\", coordination = \"naive\" }, { name = \"slots\", coordination = { slot_per_node = { slots = 2 } } }]
";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("small.toml"), SCENARIO).unwrap();
    folder
}

/// Runs into `out`, and reads what became of the precision and what was said.
fn ran(folder: &Path, out: &str, more: &[&str]) -> (serde_json::Value, String) {
    let output = said_in(folder, &[&["run", "small.toml", "--out", out], more].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let summary = std::fs::read(folder.join(out).join("summary.json")).unwrap();
    (serde_json::from_slice(&summary).unwrap(), text(&output.stderr))
}

fn replayed(folder: &Path, out: &str) {
    let output = said_in(folder, &["replay", out, "--threads", "1"]);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}{}", text(&output.stderr));
    assert!(told.contains("are the same, byte for byte"), "{told}");
}

#[test]
fn a_precision_ends_with_the_same_bytes_on_any_number_of_threads() {
    let folder = folder();
    let goals = ["--precision", "20%", "--precision", "latency_p50=5%"];
    let (summary, told) = ran(folder.path(), "one", &[&goals[..], &["--threads", "1"]].concat());
    assert!(
        told.contains("The precision of 20%, latency_p50=5% was reached with"),
        "{told}"
    );
    assert_eq!(summary["precision"]["ended_by"], "reached");
    assert!(summary["replications"].as_u64().unwrap() >= 100, "{summary}");
    for strategy in ["naive", "slots"] {
        let figure = &summary["figures"][strategy][""]["failure_rate"];
        let (mean, low, high) = (
            figure["mean"].as_f64().unwrap(),
            figure["ci95"][0].as_f64().unwrap(),
            figure["ci95"][1].as_f64().unwrap(),
        );
        assert!(
            high <= 0.001 || (high - low) / 2.0 <= 0.2 * mean,
            "{strategy}: {figure}"
        );
    }
    ran(folder.path(), "three", &[&goals[..], &["--threads", "3"]].concat());
    for file in [
        "results.csv",
        "summary.json",
        "manifest.json",
        "replications.csv",
        "timeline.csv",
    ] {
        let [one, three] = ["one", "three"].map(|out| std::fs::read(folder.path().join(out).join(file)).unwrap());
        assert!(one == three, "{file}");
    }
    replayed(folder.path(), "one");
}

#[test]
fn each_limit_is_named_with_what_is_not_yet_precise() {
    let folder = folder();
    let hard = ["--precision", "0.5%"];
    let (summary, told) = ran(
        folder.path(),
        "runs",
        &[&hard[..], &["--max-replications", "150"]].concat(),
    );
    assert!(told.contains("was not reached: the limit of replications, which --max-replications raises, ended the run after 150 replications. Not known that well: `"), "{told}");
    assert!(
        told.contains("times as wide as asked for") || told.contains("too few replications"),
        "{told}"
    );
    assert_eq!(summary["replications"], 150);
    assert_eq!(summary["precision"]["ended_by"], "replications");
    replayed(folder.path(), "runs");
    // About 640 events a replication.
    let (summary, told) = ran(
        folder.path(),
        "events",
        &["--precision", "3%", "--only", "naive", "--max-events", "120k"],
    );
    assert!(
        told.contains("the limit of events, which --max-events raises, ended the run"),
        "{told}"
    );
    assert_eq!(summary["precision"]["ended_by"], "events");
    replayed(folder.path(), "events");
    // Before the first look no clock is looked at; where it ended the run, `replay` ends it too.
    let (summary, told) = ran(folder.path(), "time", &["--precision", "1%", "--max-time", "0s"]);
    assert!(
        told.contains("the limit of time, which --max-time raises, ended the run after 300 replications"),
        "{told}"
    );
    assert_eq!(summary["precision"]["ended_by"], "time");
    replayed(folder.path(), "time");
}

#[test]
fn what_cannot_be_asked_for_is_refused_with_words() {
    let folder = folder();
    for (arguments, told) in [
        (&["--precision", "0"][..], "precision of zero"),
        (&["--precision", "200%"], "from 0% to 100%"),
        (&["--precision", "-5%"], "negative"),
        (&["--precision", "latency=5%"], "there is no metric `latency`"),
        (&["--precision", "5%", "--replications", "3"], "cannot be used with"),
        (&["--precision", "5%", "--max-replications", "3"], "100..=100000"),
        (&["--max-replications", "500"], "--precision"),
        (&["--max-time", "5min"], "--precision"),
        (&["--precision", "5%", "--max-time", "soon"], "250ms"),
    ] {
        let output = said_in(folder.path(), &[&["run", "small.toml"], arguments].concat());
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(errors.contains(told), "{arguments:?}: {errors}");
    }
    assert!(!folder.path().join("reports").exists());
}

/// What control variates know is taken off: the same precision is there after fewer replications, and the run can be had again.
#[test]
fn control_variates_end_a_precision_sooner() {
    let folder = folder();
    let goal = ["--precision", "first_attempt_rejection_rate=0.7%", "--only", "naive"];
    let controls = [&goal[..], &["--variance", "controls"]].concat();
    let (plain, _) = ran(folder.path(), "plain", &goal);
    let (one, told) = ran(folder.path(), "one", &[&controls[..], &["--threads", "1"]].concat());
    assert!(told.contains("was reached with"), "{told}");
    let count = |summary: &serde_json::Value| summary["replications"].as_u64().unwrap();
    assert!(count(&one) < count(&plain), "{} {}", count(&one), count(&plain));
    let figure = |summary: &serde_json::Value| summary["figures"]["naive"][""]["first_attempt_rejection_rate"].clone();
    assert!(
        figure(&one)["controls_gain"].as_f64().unwrap() > 2.0,
        "{}",
        figure(&one)
    );
    assert!(figure(&plain).get("controls_gain").is_none());
    ran(folder.path(), "three", &[&controls[..], &["--threads", "3"]].concat());
    for file in ["results.csv", "summary.json", "manifest.json", "report.html"] {
        let [one, three] = ["one", "three"].map(|out| std::fs::read(folder.path().join(out).join(file)).unwrap());
        assert!(one == three, "{file}");
    }
    replayed(folder.path(), "one");
}
