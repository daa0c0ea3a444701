//! `tokenstorm init`, and the README's way from nothing to advice on a scenario of one's own.

use std::process::Stdio;

use tempfile::TempDir;

use super::{command, root, text};

#[test]
fn init_writes_a_scenario_that_runs_and_never_over_another() {
    let folder = TempDir::new().unwrap();
    let tokenstorm = |arguments: &[&str]| {
        let mut command = command();
        command.current_dir(folder.path()).args(arguments).stdin(Stdio::null());
        command.output().unwrap()
    };
    let output = tokenstorm(&["init"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(output.stdout.is_empty() && text(&output.stderr).contains("tokenstorm advise scenario.toml"));
    assert_eq!(tokenstorm(&["validate", "scenario.toml"]).status.code(), Some(0));
    let written = std::fs::read(folder.path().join("scenario.toml")).unwrap();
    let again = tokenstorm(&["init"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("is there already"));
    assert_eq!(std::fs::read(folder.path().join("scenario.toml")).unwrap(), written);

    let flags = [
        "--profile",
        "wechat-classic",
        "--nodes",
        "3",
        "--calls",
        "2/s",
        "--client",
        "wechatpy",
        "--strategy",
        "lease",
    ];
    let output = tokenstorm(&[&["init", "-"], &flags[..]].concat());
    let told = text(&output.stdout);
    for part in [
        "profile = \"wechat-classic\"",
        "nodes = 3",
        "poisson = \"2/s\"",
        "client = \"wechatpy\"",
        "coordination = ",
    ] {
        assert!(told.contains(part), "{part} is missing in:\n{told}");
    }
    let run = [
        "run",
        "scenario.toml",
        "--set",
        "run.duration=1min",
        "--replications",
        "2",
        "--out",
        "out",
    ];
    let output = tokenstorm(&run);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let wrong = tokenstorm(&["init", "other.toml", "--profile", "zoom-s2s"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        text(&wrong.stderr).contains("did you mean `zoom-s2s-2022`?") && !folder.path().join("other.toml").exists()
    );
}

/// The two commands of the README, in an empty folder, with as little effort as gives advice.
#[test]
fn the_readme_leads_to_a_scenario_of_ones_own_and_its_advice() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let block = readme.split("<!-- own commands -->").nth(1).unwrap();
    let lines: Vec<&str> = block.split("```").nth(1).unwrap().lines().skip(1).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    let folder = TempDir::new().unwrap();
    let little = "--screening 2 --replications 2 --finalists 3 --states 50 --set run.duration=3min";
    for line in lines {
        let words = line
            .strip_prefix("cargo run --release -- ")
            .expect("as the README has it");
        let advises = words.starts_with("advise");
        let words = words
            .split_whitespace()
            .chain(little.split_whitespace().filter(|_| advises));
        let mut command = command();
        let output = command
            .current_dir(folder.path())
            .args(words)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{line}: {}", text(&output.stderr));
        assert_eq!(text(&output.stdout).contains("Recommended: “"), advises);
    }
}
