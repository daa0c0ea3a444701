//! Nodes that are processes of their own: a crash is a SIGKILL, a pause a SIGSTOP, and nothing is left behind however a run ends.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use tokenstorm::scenario::Scenario;

use crate::redis_server::TestRedis;
use crate::runs::scenario;

/// Killed, standing still for longer than a lease lasts, cut off, and a store whose replica has missed the last seconds.
const DISTURBED: &str = r#"
    [store]
    request = { constant = "5ms" }
    response = { constant = "5ms" }
    [[event]]
    at = "8s"
    what = { crash = { fleet = "web", node = 0, down = "1s" } }
    [[event]]
    at = "12s"
    what = { pause = { fleet = "web", nodes = [1, 2], for = "6s" } }
    [[event]]
    at = "20s"
    what = { partition = { fleet = "web", nodes = [3], from = "store", for = "4s" } }
    [[event]]
    at = "26s"
    what = { fail_over_store = { loses = "4s" } }
"#;

fn written(folder: &TempDir, coordination: &str, events: &str) -> PathBuf {
    let provider = r#"rule = { latest_only = {} }, reveals = "order""#;
    let text = scenario(provider, coordination, events).to_resolved_toml();
    let short = text.replace("token_ttl = \"1h\"", "token_ttl = \"6s\"");
    assert_ne!(text, short);
    Scenario::parse("live.toml", &short, Path::new(".")).unwrap();
    let path = folder.path().join("live.toml");
    std::fs::write(&path, short).unwrap();
    path
}

fn live(path: &Path, arguments: &[&str]) -> Child {
    live_with(path, &[&["--processes"], arguments].concat())
}

fn live_with(path: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_tokenstorm"))
        .arg("live")
        .arg(path)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The processes of a run that are nodes, each with its state as Linux has it.
fn nodes(of: u32) -> Vec<(u32, char)> {
    let all = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    numbers
        .filter_map(|pid| {
            let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            // The name stands in brackets, and may hold anything.
            let rest = status.rsplit_once(')')?.1;
            let mut fields = rest.split_whitespace();
            let state = fields.next()?.chars().next()?;
            let parent: u32 = fields.next()?.parse().ok()?;
            (parent == of && state != 'Z').then_some((pid, state))
        })
        .collect()
}

fn is_there(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    status.is_ok_and(|status| !status.rsplit_once(')').is_some_and(|(_, rest)| rest.starts_with(" Z")))
}

/// Waits for something that comes about within seconds, or not at all.
fn wait_for(what: &str, mut comes: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !comes() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether the signals are real is read off the system; the figures lie, each with a probability of more than 1 - 1e-6, within
/// what simulated runs come to.
#[test]
fn what_is_done_to_processes_was_predicted() {
    let (Some(first), Some(second)) = (TestRedis::start(), TestRedis::start()) else {
        return;
    };
    let folder = TempDir::new().unwrap();
    for coordination in [
        r#"{ lease = { ttl = "4s", wait = "8s" } }"#,
        "{ put_if_newer = {} }",
        "{ compare_and_set = {} }",
    ] {
        let path = written(&folder, coordination, DISTURBED);
        let _alone = crate::alone();
        let run = |scale: &str| {
            let redis = ["--redis", &first.url(), "--redis-replica", &second.url()].map(str::to_owned);
            let arguments = ["--time-scale", scale, "--replications", "60", "--format", "json"].map(str::to_owned);
            let arguments: Vec<_> = redis.iter().chain(&arguments).map(String::as_str).collect();
            let child = live(&path, &arguments);
            let (mut all, mut stood_still) = (BTreeSet::new(), BTreeSet::new());
            let id = child.id();
            let ended = std::thread::spawn(move || child.wait_with_output().unwrap());
            while !ended.is_finished() {
                for (pid, state) in nodes(id) {
                    all.insert(pid);
                    if state == 'T' {
                        stood_still.insert(pid);
                    }
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            (ended.join().unwrap(), all, stood_still)
        };
        let kept = ["3", "1"].into_iter().map(run).find(|(output, ..)| {
            let said = String::from_utf8_lossy(&output.stderr);
            output.status.code() != Some(2) || !said.contains("could not keep")
        });
        let Some((output, all, stood_still)) = kept else {
            eprintln!("LEFT OUT: this machine is too busy for a live run");
            return;
        };
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("left out"), "{said}");
        assert_eq!(
            (all.len(), stood_still.len()),
            (5, 2),
            "four nodes, of which one is killed once: {said}"
        );
        assert!(all.iter().all(|pid| !is_there(*pid)), "no process outlives its run");
        let record: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
        let figures = record["figures"].as_array().unwrap();
        assert!(figures.len() >= 5, "{said}");
        for figure in figures {
            let p = figure["fed"]["p"].as_f64().unwrap_or_else(|| panic!("{figure}"));
            assert!(p > 1e-7, "{coordination}: {figure}");
        }
    }
}

/// A Redis that dies twice, and once stands still: it is killed and stopped for real, and what came of it lies, for each figure with a
/// probability of more than 1 - 1e-6, within what simulated runs come to.
#[test]
fn a_redis_that_is_killed_was_predicted() {
    if TestRedis::start().is_none() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let fails = |at: u32, how: &str| {
        format!(
            "[[event]]\nat = \"{at}s\"\nwhat = {{ fail = {{ endpoint = \"store\", for = \"3s\", how = \"{how}\" }} }}\n"
        )
    };
    let forgets = |at| format!("[[event]]\nat = \"{at}s\"\nwhat = {{ fail_over_store = {{ loses = \"1h\" }} }}\n");
    let store = "[store]\nrequest = { constant = \"5ms\" }\nresponse = { constant = \"5ms\" }\n";
    let events = [
        store.to_owned(),
        fails(8, "errors"),
        forgets(8),
        fails(16, "silent"),
        fails(24, "errors"),
        forgets(24),
    ]
    .concat();
    for coordination in [
        r#"{ lease = { ttl = "4s", wait = "8s" } }"#,
        "{ put_if_newer = {} }",
        "{ compare_and_set = {} }",
    ] {
        let path = written(&folder, coordination, &events);
        let _alone = crate::alone();
        let run = |scale: &str| {
            let arguments = [
                "--own-redis",
                "--time-scale",
                scale,
                "--replications",
                "60",
                "--format",
                "json",
            ];
            live_with(&path, &arguments).wait_with_output().unwrap()
        };
        let kept = ["3", "1"].into_iter().map(run).find(|output| {
            let said = String::from_utf8_lossy(&output.stderr);
            output.status.code() != Some(2) || !said.contains("could not keep")
        });
        let Some(output) = kept else {
            eprintln!("LEFT OUT: this machine is too busy for a live run");
            return;
        };
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("left out"), "{said}");
        let record: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
        assert_eq!(record["store"], "redis");
        for figure in record["figures"].as_array().unwrap() {
            let p = figure["fed"]["p"].as_f64().unwrap_or_else(|| panic!("{figure}"));
            assert!(p > 1e-7, "{coordination}: {figure}");
        }
    }
}

/// A run of ten hours, once its four nodes are there and one of them stands still.
fn long_run(folder: &TempDir) -> (Child, Vec<u32>) {
    let event = "[[event]]\nat = \"1s\"\nwhat = { pause = { fleet = \"web\", nodes = [2], for = \"9h\" } }";
    let path = written(folder, r#""naive""#, event);
    let child = live(&path, &["--set", "run.duration=10h"]);
    let mut pids = Vec::new();
    wait_for("four nodes begin, and one stands still", || {
        let nodes = nodes(child.id());
        pids = nodes.iter().map(|(pid, _)| *pid).collect();
        nodes.len() == 4 && nodes.iter().any(|(_, state)| *state == 'T')
    });
    (child, pids)
}

fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill").args([name, &pid.to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn an_interrupt_ends_every_process() {
    let folder = TempDir::new().unwrap();
    let _alone = crate::alone();
    let (child, pids) = long_run(&folder);
    signal("-INT", child.id());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(130),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(pids.iter().all(|pid| !is_there(*pid)), "they end before their run does");
}

/// Nobody is left even by a run that has no time to end anything.
#[test]
fn a_run_that_is_killed_leaves_no_process() {
    let folder = TempDir::new().unwrap();
    let _alone = crate::alone();
    let (mut child, pids) = long_run(&folder);
    signal("-KILL", child.id());
    child.wait().unwrap();
    wait_for("they end with their run", || pids.iter().all(|pid| !is_there(*pid)));
}

/// A node that dies although nobody lets it is no figure, but an error.
#[test]
fn a_process_that_dies_by_itself_is_told() {
    let folder = TempDir::new().unwrap();
    let _alone = crate::alone();
    let (child, pids) = long_run(&folder);
    signal("-KILL", pids[0]);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("ended by itself (signal: 9"), "{said}");
    assert!(output.stdout.is_empty());
    assert!(pids.iter().all(|pid| !is_there(*pid)));
}

#[test]
fn what_processes_cannot_share_is_told() {
    let folder = TempDir::new().unwrap();
    let path = written(&folder, "{ lease = {} }", "");
    let _alone = crate::alone();
    let output = live(&path, &[]).wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("share a store only in a Redis") && said.contains("--redis"),
        "{said}"
    );

    // Whoever starts a node by hand learns who does.
    let mut node = Command::new(env!("CARGO_BIN_EXE_tokenstorm"));
    let output = node.arg("live-node").stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("tokenstorm live --processes"), "{said}");
}

/// A second Redis becomes a replica, and loses what it holds: one that holds something is refused, and keeps it.
#[test]
fn a_replica_that_holds_something_is_refused() {
    let (Some(first), Some(second)) = (TestRedis::start(), TestRedis::start()) else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let path = written(&folder, "{ lease = {} }", "");
    let mut connection = redis::Client::open(second.url()).unwrap().get_connection().unwrap();
    let _: () = redis::cmd("SET").arg("mine").arg(1).query(&mut connection).unwrap();
    let _alone = crate::alone();
    let arguments = ["--redis", &first.url(), "--redis-replica", &second.url()];
    let output = live(&path, &arguments).wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("holds 1 keys") && said.contains("an empty one"), "{said}");
    let kept: i32 = redis::cmd("GET").arg("mine").query(&mut connection).unwrap();
    assert_eq!(kept, 1);
}
