//! The program as a user meets it: what it prints, what it leaves on disk, how it ends.

mod advise;
mod explain;
mod gates;
mod init;
mod manual;
mod museum;
mod outputs;
mod rare;
mod streams;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

const DEFAULT: &str = "scenarios/zoom/default.toml";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokenstorm"));
    command.current_dir(root()).env_remove("COLUMNS").env("NO_COLOR", "1");
    command
}

fn tokenstorm(arguments: &[&str]) -> Output {
    command().args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Every file below a folder, by its path there.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn run_into(folder: &Path, more: &[&str]) -> Output {
    let out = folder.display().to_string();
    let output = tokenstorm(&[&["run", DEFAULT, "--out", &out], more].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    output
}

#[test]
fn same_seed_same_bytes_on_one_thread_and_on_two_and_another_seed_differs() {
    let (one, two, other) = (
        TempDir::new().unwrap(),
        TempDir::new().unwrap(),
        TempDir::new().unwrap(),
    );
    let first = run_into(one.path(), &["--threads", "1", "--replications", "8"]);
    let second = run_into(two.path(), &["--threads", "2", "--replications", "8"]);
    let third = run_into(other.path(), &["--threads", "2", "--replications", "8", "--seed", "2"]);
    assert_eq!(text(&first.stdout), text(&second.stdout));
    let (one, two, other) = (files(one.path()), files(two.path()), files(other.path()));
    let names: Vec<_> = one.keys().map(|path| path.display().to_string()).collect();
    for name in [
        "manifest.json",
        "results.csv",
        "timeline.csv",
        "summary.json",
        "report.html",
        "charts/failures.svg",
        "charts/failures.png",
    ] {
        assert!(
            names.iter().any(|found| found == name),
            "{name} is missing among {names:?}"
        );
    }
    assert!(one == two, "the files of one thread and of two differ");
    assert_ne!(text(&first.stdout), text(&third.stdout));
    assert_ne!(one[Path::new("results.csv")], other[Path::new("results.csv")]);
}

#[test]
fn formats_are_what_they_say() {
    let folder = TempDir::new().unwrap();
    let json = run_into(folder.path(), &["--replications", "2", "--format", "json"]);
    let summary: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert!(summary.is_object());
    let csv = run_into(folder.path(), &["--replications", "2", "--format", "csv"]);
    let mut reader = csv::Reader::from_reader(csv.stdout.as_slice());
    assert_eq!(
        reader.headers().unwrap().iter().collect::<Vec<_>>().join(","),
        "scenario,strategy,point,metric,unit,mean,ci95_low,ci95_high,replications,doubt,storm_mean,calm_mean,run"
    );
    assert!(reader.records().all(|row| row.is_ok()));
    assert_eq!(csv.stdout, std::fs::read(folder.path().join("results.csv")).unwrap());
    assert_eq!(
        json.stdout.trim_ascii_end(),
        std::fs::read(folder.path().join("summary.json"))
            .unwrap()
            .trim_ascii_end()
    );
}

#[test]
fn a_value_is_set_in_place_of_the_scenarios() {
    let folder = TempDir::new().unwrap();
    run_into(
        folder.path(),
        &["--set", "run.replications=3", "--set", "fleet.web.nodes=2"],
    );
    let manifest = std::fs::read(folder.path().join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["replications"], 3);
    assert!(manifest["as_resolved"].as_str().unwrap().contains("nodes = 2"));
    let line = manifest["command_line"].as_array().unwrap();
    assert!(line.contains(&"fleet.web.nodes=2".into()), "{line:?}");
    for (setting, told) in [
        ("fleet.web.nods=2", "did you mean `nodes`?"),
        ("fleet.web.nodes=0", "From the command line"),
        ("fleet.web.nodes", "KEY=VALUE"),
    ] {
        let output = tokenstorm(&["run", DEFAULT, "--set", setting]);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{setting}: {errors}");
        assert!(errors.contains(told), "{setting}: {errors}");
    }
}

#[test]
fn an_old_result_is_told_and_drawn_again() {
    let folder = TempDir::new().unwrap();
    let printed = run_into(folder.path(), &["--replications", "2"]).stdout;
    let before = files(folder.path());
    std::fs::remove_dir_all(folder.path().join("charts")).unwrap();
    std::fs::create_dir(folder.path().join("charts")).unwrap();
    std::fs::write(folder.path().join("charts/sweep.svg"), "of another run").unwrap();
    let path = folder.path().to_str().unwrap();
    let output = tokenstorm(&["report", path]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), text(&printed));
    assert!(files(folder.path()) == before, "the charts are not those of the run");

    let results = folder.path().join("results.csv");
    let edited = std::fs::read_to_string(&results)
        .unwrap()
        .replacen("scenario,", "story,", 1);
    std::fs::write(&results, edited).unwrap();
    for (folder, told) in [(path, "results.csv"), ("tests", "manifest.json")] {
        let output = tokenstorm(&["report", folder]);
        assert_eq!(output.status.code(), Some(2));
        assert!(
            output.stdout.is_empty() && text(&output.stderr).contains(told),
            "{}",
            text(&output.stderr)
        );
    }
}

#[test]
fn a_scenario_with_mistakes_ends_with_2_names_the_place_and_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let good = std::fs::read_to_string(root().join(DEFAULT)).unwrap();
    for (from, to, place, help) in [
        ("nodes = 8", "nodes = 0", "nodes", "1"),
        ("nodes = 8", "nods = 8", "nods", "did you mean `nodes`"),
        (
            "duration = \"2h\"",
            "duration = \"2m\"",
            "2m",
            "did you mean `2min` or `2ms`?",
        ),
        ("duration = \"2h\"", "duration = \"inf\"", "inf", "never ends"),
        ("poisson = \"6/min\"", "poisson = \"-6/min\"", "-6/min", "negative"),
        (
            "profile = \"zoom-s2s-2022\"",
            "profile = \"zoom-jwt-2022\"",
            "slot",
            "zoom-s2s-2022",
        ),
        ("app = \"main\"", "", "app", "main"),
    ] {
        assert!(good.contains(from));
        let path = folder.path().join("bad.toml");
        std::fs::write(&path, good.replacen(from, to, 1)).unwrap();
        let out = folder.path().join("out");
        let output = tokenstorm(&["run", path.to_str().unwrap(), "--out", out.to_str().unwrap()]);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{to}: {errors}");
        assert!(output.stdout.is_empty() && !out.exists(), "{to}");
        assert!(errors.contains("bad.toml:"), "{to}: no file and line in\n{errors}");
        assert!(errors.contains(place) && errors.contains(help), "{to}: {errors}");
        assert!(!errors.contains("panicked"), "{errors}");
    }
}

#[test]
fn files_that_are_no_scenario_end_with_2() {
    let folder = TempDir::new().unwrap();
    let large = folder.path().join("large.toml");
    // Ten gigabytes that take no room on the disk.
    std::fs::File::create(&large).unwrap().set_len(10 << 30).unwrap();
    for (path, word) in [
        (large.to_str().unwrap(), "large"),
        ("/dev/zero", "regular file"),
        (folder.path().to_str().unwrap(), "folder"),
        ("scenarios/zoom/defualt.toml", "default.toml"),
    ] {
        for verb in ["run", "validate"] {
            let output = tokenstorm(&[verb, path]);
            let errors = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{verb} {path}: {errors}");
            assert!(errors.contains(word), "{verb} {path}: {errors}");
        }
    }
}

#[test]
fn a_failed_assertion_ends_with_99_and_keeps_the_files() {
    let folder = TempDir::new().unwrap();
    let mut scenario = std::fs::read_to_string(root().join(DEFAULT)).unwrap();
    let assertion =
        "[[assert]]\nstrategy = \"naive cache\"\nmetric = \"success_rate\"\nop = \">=\"\nvalue = 0.999999\n";
    scenario.push_str(assertion);
    let path = folder.path().join("strict.toml");
    std::fs::write(&path, scenario).unwrap();
    let out = folder.path().join("out");
    let arguments = [
        "run",
        path.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
        "--replications",
        "3",
    ];
    let output = tokenstorm(&arguments);
    assert_eq!(output.status.code(), Some(99), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains('✗'));
    assert!(out.join("results.csv").exists());
}

#[test]
fn a_place_that_cannot_be_written_ends_with_1_and_says_where() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let output = tokenstorm(&["run", DEFAULT, "--out", file.to_str().unwrap(), "--replications", "1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains(file.to_str().unwrap()),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "in the way");
}

#[test]
fn an_interrupt_keeps_what_is_finished_and_ends_with_130() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let mut child = command()
        .args([
            "run",
            DEFAULT,
            "--replications",
            "100000",
            "--max-events",
            "100G",
            "--out",
            out.to_str().unwrap(),
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_secs(2));
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(out.join("results.csv").exists(), "what was finished is kept");
    let manifest = std::fs::read(out.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let finished = manifest["replications"].as_u64().unwrap();
    assert!(
        (1..100_000).contains(&finished),
        "what was finished is counted, not what was wanted: {finished}"
    );
    assert_eq!(manifest["interrupted"], true);
    let summary = std::fs::read(out.join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&summary).unwrap();
    assert_eq!(summary["interrupted"], true);
    let told = tokenstorm(&["report", out.to_str().unwrap()]);
    assert!(text(&told.stderr).contains("interrupted"), "{}", text(&told.stderr));
}

#[test]
fn unknown_names_are_answered_with_the_known_ones() {
    let output = tokenstorm(&["run", DEFAULT, "--only", "gatewya"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("gateway"));
    let output = tokenstorm(&["list", "strategys"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("strategies"));
}

#[test]
fn lists_name_what_there_is() {
    for (kind, name) in [
        ("strategies", "slot_per_node"),
        ("retries", "decorrelated_jitter"),
        ("workloads", "poisson"),
        ("providers", "zoom-s2s-2022"),
        ("clients", "google-auth"),
        ("metrics", "first_attempt_rejection_rate"),
    ] {
        let output = tokenstorm(&["list", kind]);
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).contains(name), "{kind}");
    }
    let schema: serde_json::Value = serde_json::from_slice(&tokenstorm(&["schema"]).stdout).unwrap();
    assert!(schema["properties"]["strategy"].is_object());
}

#[test]
fn show_tells_all_about_one_thing() {
    for (name, told) in [
        ("zoho", "rule.capacity.live = 15"),
        ("zoho", "[documentation] 15 access tokens of one refresh token"),
        ("zoho", "Sources do not agree:"),
        ("zoho", "profile = \"zoho\""),
        ("wechat-classic", "200 -> a success"),
        ("google-auth", "again_after.refused_token = 2"),
        ("google-auth", "[code] `max_refresh_attempts=2`"),
        ("lease", "ttl (default \"10s\")"),
        ("full_jitter", "base (required)"),
        ("poisson", "arrivals = { poisson ="),
        ("goodput", "unit per s"),
    ] {
        let output = tokenstorm(&["show", name]);
        assert_eq!(output.status.code(), Some(0), "{name}");
        assert!(text(&output.stdout).contains(told), "{name}: {}", text(&output.stdout));
    }
    let output = tokenstorm(&["show", "zohoo"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("did you mean `zoho`?"),
        "{}",
        text(&output.stderr)
    );
    assert!(output.stdout.is_empty());
    let output = tokenstorm(&["show", "nothing-of-the-kind"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("tokenstorm list"),
        "{}",
        text(&output.stderr)
    );
}
