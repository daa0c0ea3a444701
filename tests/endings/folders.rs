//! A folder is one run.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{json, scenario, text, tokenstorm};

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Of several that want one folder one gets it, before any of them has begun to run; the others end at once.
#[test]
fn one_folder_is_one_run_at_a_time() {
    let folder = TempDir::new().expect("a folder");
    let file = shown(&scenario(folder.path(), "one", "5min"));
    let out = folder.path().join("out");
    let start = |seed| {
        let run = tokenstorm(&["run", &file, "--out", &shown(&out), "--seed", seed]).spawn();
        run.expect("it starts")
    };
    let runs = ["1", "2", "3", "4"].map(start);
    let ended = runs.map(|run| run.wait_with_output().expect("its output"));
    let done = ended.iter().filter(|output| output.status.success()).count();
    assert!((1..4).contains(&done), "they run at the same time: {ended:#?}");
    for output in ended.iter().filter(|output| !output.status.success()) {
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{errors}");
        assert!(output.stdout.is_empty());
        assert!(errors.contains("another run writes to"), "{errors}");
    }
    let told = tokenstorm(&["report", &shown(&out)]).output().expect("it runs");
    assert_eq!(told.status.code(), Some(0), "{}", text(&told.stderr));
    let run = json(&out.join("manifest.json"))["run"].clone();
    assert_eq!(run, json(&out.join("summary.json"))["run"]);
    assert_eq!(run.as_str().map(str::len), Some(16));
}

#[test]
fn two_scenarios_of_one_name_are_no_run() {
    let folders = [TempDir::new(), TempDir::new()].map(|folder| folder.expect("a folder"));
    let files = folders
        .each_ref()
        .map(|folder| shown(&scenario(folder.path(), "same", "10s")));
    let out = folders[0].path().join("out");
    let run = tokenstorm(&["run", &files[0], &files[1], "--out", &shown(&out)]).output();
    let output = run.expect("it runs");
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(
        files.iter().all(|file| errors.contains(file)) && errors.contains("`same`"),
        "{errors}"
    );
    assert!(!out.exists() && output.stdout.is_empty());
}

fn listed(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

/// A run of something else into the same folder leaves nothing of the one before.
#[test]
fn a_rerun_with_fewer_files_leaves_none_of_the_one_before() {
    let folder = TempDir::new().expect("a folder");
    let plain = scenario(folder.path(), "one", "10min");
    let text = std::fs::read_to_string(&plain).expect("it was written");
    let wide = folder.path().join("wide.toml");
    let asks = text.replacen("summary", "holders = [\"naive\"]\nsummary", 1);
    std::fs::write(&wide, asks).expect("it can be written");
    let (again, once) = (folder.path().join("again"), folder.path().join("once"));
    let run = |scenario: &Path, out: &Path| {
        let run = tokenstorm(&["run", &shown(scenario), "--out", &shown(out)]).output();
        assert_eq!(run.expect("it runs").status.code(), Some(0));
        let below = listed(out).into_iter().chain(listed(&out.join("charts")));
        let name = |path: PathBuf| path.strip_prefix(out).expect("below it").to_owned();
        below.map(name).collect::<Vec<_>>()
    };
    let before = run(&wide, &again);
    assert!(before.contains(&"holders.csv".into()) && before.contains(&"charts/holders.svg".into()));
    assert_eq!(run(&plain, &again), run(&plain, &once));
}

/// Cases of strategies whose names differ only in what a file cannot be called, and of any length that a name can have, lie in files of their own.
#[test]
fn kept_cases_do_not_lie_on_each_other() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "one", "10s");
    let text = std::fs::read_to_string(&file).expect("it was written");
    let one = |name: &str, coordination: &str| format!("{{ name = \"{name}\", coordination = \"{coordination}\" }}");
    let alike = [
        one("a b", "naive"),
        one("a/b", "token_per_call"),
        one(&"x".repeat(200), "naive"),
    ]
    .join(", ");
    let several = text.replace(&one("naive", "naive"), &alike);
    assert_ne!(several, text);
    std::fs::write(&file, several).expect("it can be written");
    let out = folder.path().join("cases");
    let fuzz = [
        "fuzz",
        &shown(&file),
        "--property",
        "s6",
        "--cases",
        "64",
        "--seed",
        "7",
        "--save",
        &shown(&out),
    ];
    for _ in 0..2 {
        let output = tokenstorm(&fuzz).output().expect("it runs");
        assert_eq!(output.status.code(), Some(100), "{}", crate::text(&output.stderr));
        let names = listed(&out);
        assert_eq!(names.len(), 3, "the same cases again are the same files: {names:?}");
    }
}
