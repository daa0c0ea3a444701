//! Sweeps as a user meets them: killed and begun again, shared out and merged, refused with a reason.

mod changed;
mod columns;
mod doubts;
#[path = "../common/installed.rs"]
mod installed;
mod jobs;
mod kills;
mod precise;
mod refusals;
mod shards;
#[cfg(target_os = "linux")]
mod slurm;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

fn tokenstorm(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokenstorm"));
    command.env_remove("COLUMNS").env("NO_COLOR", "1");
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// A scenario of two strategies whose points take a few milliseconds each.
fn scenario(folder: &Path, more: &str) -> PathBuf {
    let path = folder.join("pair.toml");
    let text = format!(
        r#"
name = "pair"
summary = "Two nodes that share one app"
source = "a test"
run = {{ duration = "20s", warmup = "5s", replications = 2 }}
provider = {{ profile = "zoom-s2s-2022" }}
app = [{{ name = "main" }}]
fleet = [{{ name = "web", nodes = 2, app = "main", workload = [{{ kind = "user", arrivals = {{ poisson = "1/s" }} }}] }}]
strategy = [{{ name = "naive", coordination = "naive" }}]
{more}
"#
    );
    std::fs::write(&path, text).expect("a scenario can be written");
    path
}

/// A sweep into a folder, with its output.
fn sweep(scenario: &Path, out: &Path, more: &[&str]) -> Output {
    let line = ["sweep", &shown(scenario), "--out", &shown(out)];
    tokenstorm(&[&line, more].concat()).output().expect("it runs")
}

#[track_caller]
fn done(output: Output) -> Output {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    output
}

/// Every file of a folder, by its name.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let name = path.strip_prefix(folder).expect("below it").to_owned();
                    found.insert(name, std::fs::read(&path).expect("a file"));
                }
            }
        }
    }
    found
}

#[track_caller]
fn same(one: &Path, other: &Path) {
    let (one, other) = (files(one), files(other));
    let names = one.keys().chain(other.keys());
    let differ: Vec<_> = names.filter(|name| one.get(*name) != other.get(*name)).collect();
    assert!(differ.is_empty() && !one.is_empty(), "{differ:?}");
}

/// The points of a results file, in its order, each once.
fn points(folder: &Path) -> Vec<String> {
    let mut reader = csv::Reader::from_path(folder.join("results.csv")).expect("a CSV file");
    let mut points: Vec<String> = reader.records().map(|row| row.expect("a row")[2].to_owned()).collect();
    points.dedup();
    points
}

#[test]
fn a_grid_has_the_figures_of_the_same_run_point_by_point() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "[sweep]\n\"run.drain\" = ['10s', '20s']");
    let (out, ran) = (folder.path().join("sweep"), folder.path().join("run"));
    let params = [
        "--param",
        "fleet.web.nodes=2,3",
        "--param",
        "provider.token_ttl=10s..30s:3",
    ];
    let output = done(sweep(&file, &out, &params));
    let printed = text(&output.stdout);
    assert!(
        printed.contains("12 points") && printed.contains("calls failed"),
        "{printed}"
    );
    let labels = points(&out);
    assert_eq!(labels.len(), 12);
    assert_eq!(labels[1], "run.drain=10s;fleet.web.nodes=2;provider.token_ttl=20s");
    assert_eq!(labels[11], "run.drain=20s;fleet.web.nodes=3;provider.token_ttl=30s");

    // The same as `run` has them, but for the id of the run.
    let whole =
        "\"run.drain\" = ['10s', '20s']\n\"fleet.web.nodes\" = [2, 3]\n\"provider.token_ttl\" = ['10s', '20s', '30s']";
    let file = scenario(folder.path(), &format!("[sweep]\n{whole}"));
    done(
        tokenstorm(&["run", &shown(&file), "--out", &shown(&ran)])
            .output()
            .expect("it runs"),
    );
    let rows = |folder: &Path| -> Vec<String> {
        let text = std::fs::read_to_string(folder.join("results.csv")).expect("results");
        text.lines()
            .map(|line| line.rsplit_once(',').expect("cells").0.to_owned())
            .collect()
    };
    assert_eq!(rows(&out), rows(&ran));
    let names: Vec<_> = files(&out).into_keys().collect();
    assert!(
        names.contains(&"manifest.json".into())
            && names.contains(&"report.html".into())
            && !names.contains(&"points.journal".into()),
        "{names:?}"
    );
}

#[test]
fn threads_change_no_byte_and_another_seed_does() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let more = |threads, seed| {
        let out = folder.path().join(format!("{threads}-{seed}"));
        let line = [
            "--param",
            "fleet.web.nodes=1..9:9",
            "--threads",
            threads,
            "--seed",
            seed,
        ];
        done(sweep(&file, &out, &line));
        out
    };
    same(&more("1", "5"), &more("2", "5"));
    same(&more("1", "5"), &more("7", "5"));
    assert_ne!(files(&more("2", "6")), files(&more("2", "5")));
}

#[test]
fn a_sample_spreads_over_each_axis_and_each_value() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let more = [
        "--param",
        "fleet.web.nodes=1,2",
        "--param",
        "provider.token_ttl=10s..90s",
        "--sample",
        "lhs:8",
    ];
    let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
    done(sweep(&file, &one, &more));
    done(sweep(&file, &two, &[&more[..], &["--threads", "1"]].concat()));
    same(&one, &two);
    let labels = points(&one);
    assert_eq!(labels.len(), 8);
    assert_eq!(labels.iter().filter(|label| label.contains("nodes=1;")).count(), 4);
    let seconds = |label: &String| {
        label
            .rsplit_once('=')
            .expect("a value")
            .1
            .trim_end_matches('s')
            .parse::<f64>()
            .expect("a number")
    };
    let mut parts: Vec<u32> = labels
        .iter()
        .map(|label| ((seconds(label) - 10.0) / 10.0) as u32)
        .collect();
    parts.sort_unstable();
    assert_eq!(parts, [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn forms_are_what_they_say_and_a_finished_sweep_is_told_again() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let out = folder.path().join("out");
    let told = |format: &str| {
        let output = done(sweep(
            &file,
            &out,
            &["--param", "fleet.web.nodes=1,2", "--format", format],
        ));
        (text(&output.stdout), text(&output.stderr))
    };
    let (json, _) = told("json");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((json["points"].as_u64(), json["seed"].as_u64()), (Some(2), Some(1)));
    let before = files(&out);
    let (again, errors) = told("json");
    assert_eq!(json, serde_json::from_str::<serde_json::Value>(&again).expect("JSON"));
    assert!(errors.contains("finished before"), "{errors}");
    let (csv, _) = told("csv");
    assert!(
        csv.starts_with("strategy,metric,unit,least,least_at,greatest,greatest_at\n"),
        "{csv}"
    );
    assert!(told("md").0.contains("| strategy | figure |"));
    assert_eq!(files(&out), before);
}

#[test]
fn an_assertion_that_fails_somewhere_ends_it_with_99() {
    let folder = TempDir::new().expect("a folder");
    let assert = "[[assert]]\nstrategy = \"*\"\nmetric = \"calls\"\nop = \"<=\"\nvalue = 70";
    let file = scenario(folder.path(), assert);
    let out = folder.path().join("out");
    let more = ["--param", "fleet.web.nodes=1,9"];
    for _ in 0..2 {
        let output = sweep(&file, &out, &more);
        assert_eq!(output.status.code(), Some(99), "{}", text(&output.stderr));
    }
    let manifest: serde_json::Value = serde_json::from_slice(&files(&out)[Path::new("manifest.json")]).expect("JSON");
    assert_eq!(manifest["points_with_failed_assertions"], 1);
    assert_eq!(manifest["points"], 2);
    assert!(manifest["events"].as_u64() > Some(100));
}

#[test]
fn a_row_is_run_again_alone_with_the_same_figures() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "[sweep]\n\"run.drain\" = ['10s', '20s']");
    let out = folder.path().join("out");
    // Values that come twice among whole numbers, too.
    let more = ["--param", "fleet.web.nodes=1..3", "--sample", "lhs:9"];
    let before = sweep(&file, &out, &[&more[..], &["--row", "2"]].concat());
    assert_eq!(before.status.code(), Some(2));
    assert!(
        text(&before.stderr).contains("no finished sweep"),
        "{}",
        text(&before.stderr)
    );
    done(sweep(&file, &out, &more));
    let whole = files(&out);
    let results = String::from_utf8(whole[Path::new("results.csv")].clone()).expect("text");
    let rows: Vec<&str> = results.lines().collect();
    for row in [2, rows.len() / 2, rows.len()] {
        let again = done(sweep(
            &file,
            &out,
            &[&more[..], &["--row", &row.to_string(), "--format", "csv"]].concat(),
        ));
        assert!(
            text(&again.stderr).contains("the figures are those of point"),
            "{}",
            text(&again.stderr)
        );
        let bare = |row: &str| row.rsplit_once(',').expect("cells").0.to_owned();
        let printed = text(&again.stdout);
        assert!(printed.lines().any(|line| bare(line) == bare(rows[row - 1])), "{row}");
        assert!(folder.path().join(format!("out-row-{row}/timeline.csv")).exists());
    }
    let beyond = sweep(
        &file,
        &out,
        &[&more[..], &["--row", &(rows.len() + 1).to_string()]].concat(),
    );
    assert!(text(&beyond.stderr).contains("has no row"), "{}", text(&beyond.stderr));
    assert!(files(&out) == whole);
}
