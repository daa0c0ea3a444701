//! What the command line is asked for: arguments that cannot be, several scenarios in one text, standard input.

use tempfile::TempDir;

use crate::{VALID, text, tokenstorm};

#[test]
fn arguments_that_cannot_be_say_what_to_write() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("a.toml"), VALID).unwrap();
    for (arguments, told) in [
        (["--seed", "-1"], "a whole number from 0"),
        (["--seed", "x"], "such as 42"),
        (["--precision", "0%"], "a share such as 5%"),
        (["--precision", "150%"], "from 0% to 100%"),
        (["--threads", "100000"], "a number up to 1024"),
        (["--threads", "-1"], "a number up to 1024"),
        (["--replications", "0"], "--replications"),
    ] {
        let output = tokenstorm(&["run", "a.toml", arguments[0], arguments[1]], folder.path(), "");
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(errors.contains(told), "{arguments:?}: {errors}");
        assert!(!folder.path().join("reports").exists());
    }
}

/// The studio can run what it is sent, and so is for this machine alone.
#[test]
#[cfg(feature = "ui")]
fn the_studio_listens_to_this_machine_alone() {
    let folder = TempDir::new().unwrap();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8000", "[::ffff:192.0.2.1]:0"] {
        let output = tokenstorm(&["ui", "--listen", address], folder.path(), "");
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{address}: {errors}");
        assert!(errors.contains("listen on 127.0.0.1 or [::1]"), "{address}: {errors}");
        assert!(output.stdout.is_empty());
    }
    let output = tokenstorm(&["ui", "missing.toml"], folder.path(), "");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn several_scenarios_are_one_text_of_their_format() {
    let folder = TempDir::new().unwrap();
    for name in ["a", "b"] {
        let file = VALID.replacen("test/valid", name, 1);
        std::fs::write(folder.path().join(format!("{name}.toml")), file).unwrap();
    }
    let run = |format: &str| {
        let output = tokenstorm(&["run", "a.toml", "b.toml", "--format", format], folder.path(), "");
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let json: serde_json::Value = serde_json::from_str(&run("json")).expect("two scenarios are JSON");
    let list = json.as_array().expect("a list of two");
    assert_eq!(list.len(), 2);
    let alone = tokenstorm(&["run", "a.toml", "--format", "json"], folder.path(), "");
    let alone: serde_json::Value = serde_json::from_slice(&alone.stdout).unwrap();
    assert!(alone.is_object() && alone["scenario"] == list[0]["scenario"]);
    let csv = run("csv");
    assert_eq!(csv.lines().filter(|line| line.starts_with("scenario,")).count(), 1);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let names: std::collections::BTreeSet<String> = reader.records().map(|row| row.unwrap()[0].to_owned()).collect();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn a_dash_is_standard_input() {
    let folder = TempDir::new().unwrap();
    let output = tokenstorm(&["validate", "-"], folder.path(), VALID);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("2 strategies"));
    let output = tokenstorm(&["run", "-", "--replications", "1"], folder.path(), VALID);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(folder.path().join("reports/test/valid/results.csv").exists());
    let output = tokenstorm(&["validate", "-"], folder.path(), "nonsense");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("standard input:"),
        "{}",
        text(&output.stderr)
    );
}

/// A kept case is held to what a scenario is held to, and to the size that the checker can take.
#[test]
fn a_case_that_no_scenario_could_have_is_refused() {
    let case = |slots: u32, strategy: &str| {
        format!(
            "property = \"S1\"\nseed = 1\nrule = \"latest_only\"\nslots = {slots}\nnodes = 2\ncalls = 1\nfaults = \"none\"\nsteps = [\"deliver A's call\"]\n\n{strategy}\n"
        )
    };
    let folder = TempDir::new().unwrap();
    for (file, told) in [
        (case(1, "[strategy.app_per_node]\napps = 0"), "apps = 0 is not from 1"),
        (
            case(1, "[strategy.app_per_node]\napps = 65535"),
            "apps = 65535 is not from 1",
        ),
        (
            case(
                65_535,
                "[strategy.leader]\nttl = \"1s\"\npoll = \"100ms\"\nwait = \"100ms\"",
            ),
            "slots = 65535 is not from 1",
        ),
        (
            case(
                2,
                "[strategy.rotation]\nover = \"slots\"\ncount = 0\n\n[strategy.rotation.lease]\nttl = \"1s\"",
            ),
            "count = 0 is not from 1",
        ),
        (
            case(1, "[strategy.slot_per_node]\nslots = 2\nfirst = 65535"),
            "is not from 1",
        ),
        (case(1, "[strategy.lease]\nttl = \"0s\""), "must be at least 1ms"),
        (
            case(1, "[strategy.lease]\nttl = \"1s\"\nextend_every = \"5s\""),
            "extend_every",
        ),
    ] {
        std::fs::write(folder.path().join("case.toml"), &file).unwrap();
        let output = tokenstorm(&["fuzz", "--replay", "case.toml"], folder.path(), "");
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{file}: {errors}");
        assert!(
            errors.contains(told) || told == "must be at least 1ms" && errors.contains("ends before it begins"),
            "{file}: {errors}"
        );
    }
    std::fs::write(folder.path().join("case.toml"), case(1, "[strategy.naive]")).unwrap();
    let output = tokenstorm(&["fuzz", "--replay", "case.toml"], folder.path(), "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

/// One provider is played, served and told step by step; of two, a search leaves the second one out and says so.
#[test]
#[cfg(all(feature = "live", feature = "serve"))]
fn a_second_provider_is_refused_or_left_out_aloud() {
    let folder = TempDir::new().unwrap();
    let file = format!("{VALID}\n[second_provider]\ntoken_ttl = \"10min\"\n");
    std::fs::write(folder.path().join("a.toml"), file).unwrap();
    let run = tokenstorm(&["run", "a.toml", "--out", "results"], folder.path(), "");
    assert!(run.status.success(), "{}", text(&run.stderr));
    for (command, of, told) in [
        ("live", "a.toml", "one is served"),
        ("serve", "a.toml", "one is served"),
        (
            "explain",
            "results",
            "a run with a second provider is not told step by step",
        ),
    ] {
        let output = tokenstorm(&[command, of], folder.path(), "");
        let errors = text(&output.stderr);
        assert!(!output.status.success(), "{command}");
        assert!(errors.contains(told), "{command}: {errors}");
    }
    let output = tokenstorm(&["check", "a.toml"], folder.path(), "");
    let printed = text(&output.stdout);
    assert!(printed.contains("the second provider"), "{printed}");
    assert!(
        !printed.contains(" ok "),
        "what holds at the first may break at the second: {printed}"
    );
}
