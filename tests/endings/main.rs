//! How a command ends when somebody ends it, or nobody listens: interrupts, and streams that are closed or full.

mod again;
mod folders;
mod precise;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

fn tokenstorm(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokenstorm"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env("NO_COLOR", "1");
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What a command that is given in this folder says.
fn said_in(folder: &Path, arguments: &[&str]) -> Output {
    tokenstorm(arguments).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// A scenario of this name, one replication of which runs for so long.
fn scenario(folder: &Path, name: &str, duration: &str) -> PathBuf {
    let path = folder.join(format!("{name}.toml"));
    let text = format!(
        r#"
name = "{name}"
summary = "Two nodes that share one app"
source = "a test"
run = {{ duration = "{duration}", replications = 2 }}
provider = {{ profile = "zoom-s2s-2022" }}
app = [{{ name = "main" }}]
fleet = [{{ name = "web", nodes = 2, app = "main", workload = [{{ kind = "user", arrivals = {{ poisson = "100/s" }} }}] }}]
strategy = [{{ name = "naive", coordination = "naive" }}]
"#
    );
    std::fs::write(&path, text).expect("a scenario can be written");
    path
}

/// Waits until the program listens for interrupts, sends it one, and waits for its end.
fn interrupted(mut child: Child, signal: &str) -> (Output, Duration) {
    let number = if signal == "INT" { 2 } else { 15 };
    let begin = Instant::now();
    while !catches(&child, number) {
        assert!(child.try_wait().expect("a child").is_none(), "it ended by itself");
        assert!(begin.elapsed() < Duration::from_secs(60), "it never listens");
        std::thread::sleep(Duration::from_millis(20));
    }
    // Into the middle of its work.
    std::thread::sleep(Duration::from_millis(500));
    let sent = Instant::now();
    // Twice at once, as `timeout` does.
    let (signal, process) = (format!("-{signal}"), child.id().to_string());
    let kill = Command::new("kill").args([&signal, &process, &process]).status();
    assert!(kill.expect("kill runs").success());
    (child.wait_with_output().expect("its output"), sent.elapsed())
}

/// Whether a process has a handler of its own for a signal, as Linux tells.
fn catches(child: &Child, signal: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let mask = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.unwrap_or(0) & 1 << (signal - 1) != 0
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON")
}

/// A replication of a month is not waited for, and where none is finished there is nothing to keep.
#[cfg(target_os = "linux")]
#[test]
fn a_long_replication_is_ended_by_either_signal() {
    let folder = TempDir::new().expect("a folder");
    let endless = scenario(folder.path(), "endless", "30d");
    for signal in ["INT", "TERM"] {
        let out = folder.path().join(signal);
        let run = tokenstorm(&[
            "run",
            &endless.display().to_string(),
            "--out",
            &out.display().to_string(),
        ])
        .spawn();
        let (output, took) = interrupted(run.expect("it starts"), signal);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{signal}: {errors}");
        assert!(errors.contains("interrupted"), "{errors}");
        assert!(took < Duration::from_secs(20), "{signal}: {took:?}");
        assert!(errors.contains("nothing was written") && !out.exists(), "{errors}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_check_tells_what_it_has() {
    let check = tokenstorm(&["check", "--nodes", "4", "--calls", "3", "--states", "100000000"]).spawn();
    let (output, took) = interrupted(check.expect("it starts"), "INT");
    let (printed, errors) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(130), "{errors}");
    assert!(printed.contains('?'), "{printed}");
    assert!(errors.contains("not looked at: "), "{errors}");
    assert!(took < Duration::from_secs(60), "{took:?}");
}

/// `tokenstorm run A B 2>&1 | head -1`, and a standard error that is full: both scenarios are run all the same.
#[cfg(target_os = "linux")]
#[test]
fn streams_that_nobody_reads_cost_no_results() {
    let folder = TempDir::new().expect("a folder");
    let files = ["one", "two"].map(|name| scenario(folder.path(), name, "10s").display().to_string());
    for (stream, code) in [("a reader that has gone", 0), ("a full disk", 1)] {
        let out = folder.path().join(stream);
        let mut run = tokenstorm(&["run", &files[0], &files[1], "--out", &out.display().to_string()]);
        match code {
            0 => {
                let (reader, writer) = std::io::pipe().expect("a pipe");
                drop(reader);
                run.stdout(writer.try_clone().expect("a second end")).stderr(writer);
            }
            _ => {
                let full = || File::options().write(true).open("/dev/full").expect("Linux has it");
                run.stdout(full()).stderr(full());
            }
        }
        // Standard output that is full is a failure, told by the exit code alone.
        assert_eq!(run.status().expect("it runs").code(), Some(code), "{stream}");
        for name in ["one", "two"] {
            assert!(out.join(name).join("manifest.json").exists(), "{stream}: {name}");
        }
    }
    // A mistake that nobody can be told of is still one.
    let mut run = tokenstorm(&["run", "no-such-file.toml"]);
    let full = File::options().write(true).open("/dev/full").expect("Linux has it");
    assert_eq!(run.stderr(full).status().expect("it runs").code(), Some(2));
}
