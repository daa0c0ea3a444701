//! `tokenstorm advise`: what it recommends, what it says beside it, and how it ends.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{command, text, tokenstorm};

/// Two busy processes that take each other's token; short, as every strategy is run on it.
const PAIR: &str = r#"
name = "pair"
summary = "Two processes <b>share</b> one app"
source = "made for this test"

[run]
duration = "3min"
warmup = "10s"
replications = 2

[provider]
token_ttl = "1min"
rule = { latest_only = {} }

[[app]]
name = "main"

[[fleet]]
name = "web"
nodes = 2
app = "main"
workload = [{ kind = "user", arrivals = { poisson = "1/s" } }]

[[strategy]]
name = "a token each"
coordination = "naive"
"#;

/// As little as gives advice.
const LITTLE: [&str; 8] = [
    "--screening",
    "2",
    "--replications",
    "3",
    "--finalists",
    "4",
    "--states",
    "60",
];

fn scenario(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("pair.toml");
    std::fs::write(&path, text).unwrap();
    path
}

fn advice(path: &Path, more: &[&str]) -> serde_json::Value {
    let path = path.display().to_string();
    let output = tokenstorm(&[&["advise", &path, "--format", "json"], &LITTLE[..], more].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn candidate<'a>(advice: &'a serde_json::Value, name: &str) -> &'a serde_json::Value {
    let all = advice["candidates"].as_array().unwrap();
    all.iter().find(|candidate| candidate["name"] == name).unwrap()
}

/// Two processes with a token each refuse half of all first attempts; one that is shared is refused when it ends. The advice is a
/// strategy that reads as a scenario's, and the same on any number of threads.
#[test]
fn what_shares_the_token_is_recommended_to_those_who_do_not() {
    let folder = TempDir::new().unwrap();
    let path = scenario(folder.path(), PAIR);
    let page = folder.path().join("advice.html");
    let told = advice(&path, &["--page", page.to_str().unwrap(), "--threads", "2"]);
    let best = candidate(&told, told["recommended"].as_str().unwrap());
    assert_eq!(best["figures"]["failure_rate"]["mean"], 0.0);
    let refused = |of: &serde_json::Value| of["figures"]["first_attempt_rejection_rate"]["mean"].as_f64().unwrap();
    let own = candidate(&told, "a token each");
    assert!(
        refused(own) > 0.4 && refused(best) < 0.1,
        "{} {}",
        refused(own),
        refused(best)
    );
    assert_eq!(told["reference"], "a token each");
    assert!(own["finalist"] == true && own["own"] == true && own["front"].is_boolean());
    let broken = own["can_happen"].as_array().unwrap().iter();
    assert!(
        broken.filter(|row| row["verdict"] == "can").count() > 0,
        "a naive cache breaks S4"
    );
    let changes = told["changes"].as_array().unwrap();
    assert!(changes.len() >= 3 && changes.iter().all(|change| change["recommended"].is_string()));

    let written = told["written"].as_str().unwrap();
    let changed = PAIR.split("[[strategy]]").next().unwrap().to_owned() + written;
    let again = scenario(folder.path(), &changed);
    let output = tokenstorm(&["validate", again.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{written}\n{}", text(&output.stderr));

    let path = scenario(folder.path(), PAIR);
    assert_eq!(told, advice(&path, &["--threads", "1"]), "on one thread");
    assert_ne!(told, advice(&path, &["--seed", "2"]));
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("&lt;b&gt;share&lt;/b&gt;"));
    assert!(!page.contains("<b>share") && !page.contains("src=") && !page.contains("href="));
}

#[test]
fn what_may_not_be_used_is_not_recommended_and_the_reason_is_told() {
    let folder = TempDir::new().unwrap();
    let path = scenario(folder.path(), PAIR);
    let told = advice(&path, &["--no-store", "--no-gateway", "--no-peers", "--max-apps", "1"]);
    let all = told["candidates"].as_array().unwrap();
    for candidate in all {
        let needs = &candidate["needs"];
        assert!(needs["store"] == false && needs["gateway"] == false && needs["peers"] == false && needs["apps"] == 0);
    }
    let left_out = told["left_out"].as_array().unwrap();
    for what in ["lease", "gateway", "app per node", "file lock", "slot per node"] {
        let item = left_out.iter().find(|item| item["what"] == what);
        assert!(
            item.is_some_and(|item| !item["why"].as_str().unwrap().is_empty()),
            "{what}: {left_out:?}"
        );
    }
    let free = advice(&path, &["--one-machine"]);
    let locks = |told: &serde_json::Value| {
        let all = told["candidates"].as_array().unwrap();
        all.iter()
            .filter(|candidate| candidate["coordination"] == "file_lock")
            .count()
    };
    assert!(locks(&told) == 0 && locks(&free) > 0);
}

#[test]
fn advice_in_words_names_its_reasons_and_what_was_not_tried() {
    let folder = TempDir::new().unwrap();
    let path = scenario(folder.path(), PAIR);
    let path = path.to_str().unwrap();
    for format in ["text", "md"] {
        let output = tokenstorm(&[&["advise", path, "--format", format], &LITTLE[..]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let told = text(&output.stdout);
        for part in [
            "Recommended: “",
            "[[strategy]]",
            "Because",
            "How sure this is",
            "What would change it",
            "If the token endpoint takes ten times as long",
            "Not tried",
            "Not modelled",
        ] {
            assert!(told.contains(part), "{part} is missing in:\n{told}");
        }
        assert!(!told.contains("{\"format\""), "words, not data");
    }
}

#[test]
fn what_cannot_be_advised_on_ends_with_2_and_an_interrupt_with_130() {
    let folder = TempDir::new().unwrap();
    let path = scenario(folder.path(), PAIR);
    let path = path.to_str().unwrap();
    let refused = |arguments: &[&str], message: &str| {
        let output = tokenstorm(&[&["advise", path], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains(message), "{}", text(&output.stderr));
        assert!(output.stdout.is_empty());
    };
    refused(&["--point", "fleet.web.nodes=4"], "the scenario has no sweep");
    refused(&["--max-apps", "0"], "--max-apps");
    refused(&["--max-events", "10"], "raise it with --max-events");
    #[cfg(unix)]
    {
        let mut long = command();
        long.args(["advise", path, "--set", "run.duration=30d", "--max-events", "1T"]);
        let mut child = long.stdout(std::process::Stdio::piped()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(700));
        let kill = std::process::Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(130));
    }
}
