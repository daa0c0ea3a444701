//! Files that a scenario names belong to its sweep: one that has changed since is noticed, and named.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{done, same, shown, sweep, text, tokenstorm};

/// Latencies in `token.csv`, calls in `calls.csv`, and a choice of two more files at the points.
fn measured(folder: &Path) -> PathBuf {
    let path = folder.join("measured.toml");
    let text = r#"
name = "measured"
summary = "Two nodes, with latencies and calls that somebody has measured"
source = "a test"
run = { duration = "20s", warmup = "5s", replications = 2 }
provider = { profile = "zoom-s2s-2022", token_request = { empirical = "token.csv" } }
app = [{ name = "main" }]
fleet = [{ name = "web", nodes = 2, app = "main", workload = [{ kind = "user", arrivals = { trace = "calls.csv" } }] }]
strategy = [{ name = "naive", coordination = "naive" }]
"#;
    std::fs::write(&path, text).expect("a scenario can be written");
    for name in FILES {
        put(folder, name, 0);
    }
    path
}

const FILES: [&str; 4] = ["token.csv", "calls.csv", "one.csv", "two.csv"];

const PARAMS: [&str; 4] = [
    "--param",
    "provider.api_request={ empirical = \"one.csv\" },{ empirical = \"two.csv\" }",
    "--param",
    "provider.token_ttl=10s..30s:5",
];

/// One of the contents of a file.
fn put(folder: &Path, name: &str, which: u32) {
    let text = match name {
        "calls.csv" => (0..20u32).fold("timestamp,fleet\n".to_owned(), |text, call| {
            text + &format!("{},web\n", call + which)
        }),
        _ => format!("ms\n40\n{}\n", 50 + which),
    };
    std::fs::write(folder.join(name), text).expect("a file can be written");
}

/// Takes the last point out of a journal, as if a machine had failed before it.
fn one_less(out: &Path) {
    let journal = out.join("points.journal");
    let text = std::fs::read_to_string(&journal).expect("a journal");
    let (rest, _) = text.trim_end().rsplit_once('\n').expect("two lines");
    std::fs::write(journal, format!("{rest}\n")).expect("it can be written");
}

#[test]
fn a_sweep_does_not_go_on_with_another_file_and_does_once_it_is_back() {
    let folder = TempDir::new().expect("a folder");
    let file = measured(folder.path());
    let [whole, resumed, merged] = ["whole", "resumed", "merged"].map(|name| folder.path().join(name));
    let share = [&PARAMS[..], &["--shard", "1/1"]].concat();
    done(sweep(&file, &resumed, &share));
    one_less(&resumed);
    let journal = || std::fs::read(resumed.join("points.journal")).expect("a journal");
    let before = journal();
    for name in FILES {
        put(folder.path(), name, 1);
        let output = sweep(&file, &resumed, &share);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}: {errors}");
        for told in [
            &format!("`{name}`, which the scenario names, has changed since"),
            "put it back",
            "--out",
        ] {
            assert!(errors.contains(told), "{name}: {errors}");
        }
        assert_eq!(journal(), before);
        put(folder.path(), name, 0);
    }
    let output = done(sweep(&file, &resumed, &share));
    assert!(
        text(&output.stderr).contains("going on after 9 of 10 points"),
        "{}",
        text(&output.stderr)
    );
    done(sweep(&file, &whole, &PARAMS));
    let line = ["merge", &shown(&resumed), "--out", &shown(&merged)];
    done(tokenstorm(&line).output().expect("it runs"));
    same(&whole, &merged);

    // A whole sweep that is finished is of those files, too.
    let manifest = std::fs::read_to_string(whole.join("manifest.json")).expect("a manifest");
    assert!(
        FILES
            .iter()
            .all(|name| manifest.contains(&format!("\"path\": \"{name}\""))),
        "{manifest}"
    );
    put(folder.path(), "calls.csv", 1);
    let output = sweep(&file, &whole, &PARAMS);
    assert!(text(&output.stderr).contains("`calls.csv`, which the scenario names, has changed"));
}

#[test]
fn shards_of_different_files_are_not_merged_and_the_file_is_named() {
    let folder = TempDir::new().expect("a folder");
    let file = measured(folder.path());
    let [whole, merged] = ["whole", "merged"].map(|name| folder.path().join(name));
    done(sweep(&file, &whole, &PARAMS));
    let shard = |which: &str| {
        let out = folder.path().join(which.replace('/', "-of-"));
        done(sweep(&file, &out, &[&PARAMS[..], &["--shard", which]].concat()));
        shown(&out)
    };
    for name in FILES {
        let first = shard("1/2");
        put(folder.path(), name, 1);
        let second = shard("2/2");
        let merge = |second: &str| {
            let line = ["merge", &first, second, "--out", &shown(&merged)];
            tokenstorm(&line).output().expect("it runs")
        };
        let output = merge(&second);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}: {errors}");
        for told in [
            &format!("`{name}`, which the scenario names"),
            "run that shard again",
            "--shard 2/2",
        ] {
            assert!(errors.contains(told), "{name}: {errors}");
        }
        assert!(!merged.join("results.csv").exists());
        put(folder.path(), name, 0);
        std::fs::remove_dir_all(&second).expect("a folder");
        let second = shard("2/2");
        done(merge(&second));
        same(&whole, &merged);
        std::fs::remove_dir_all(&merged).expect("a folder");
        std::fs::remove_dir_all(&second).expect("a folder");
    }
}
