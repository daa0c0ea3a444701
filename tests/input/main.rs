//! Bad input as a user meets it: what is refused says what to write instead, what is accepted runs in the memory that was foretold, and
//! what somebody else wrote does nothing to a terminal, a spreadsheet or a picture.

mod bounds;
mod commands;
mod messages;
mod shown;

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A whole scenario that runs in no time.
const VALID: &str = r#"name = "test/valid"
summary = "Two nodes share one app"
source = "made up"

[run]
duration = "10min"
warmup = "1min"
replications = 2

[provider]
profile = "zoom-s2s-2022"

[[app]]
name = "main"

[[fleet]]
name = "web"
nodes = 2
app = "main"
workload = [{ kind = "user", arrivals = { poisson = "6/min" } }]

[[strategy]]
name = "naive cache"
coordination = "naive"

[[strategy]]
name = "shared lease"
coordination = { lease = { ttl = "10s" } }
retry = { fixed = { delay = "1s" } }

[[event]]
at = "5min"
what = { crash = { fleet = "web", node = 1 } }

[[assert]]
strategy = "*"
metric = "success_rate"
op = ">="
value = 0.5

[expect."shared lease"]
success_rate = ">= 99%"
"#;

fn changed(from: &str, to: &str) -> String {
    assert!(VALID.contains(from), "{from}");
    VALID.replacen(from, to, 1)
}

fn tokenstorm(arguments: &[&str], folder: &Path, input: &str) -> Output {
    use std::io::Write as _;
    let mut child = Command::new(env!("CARGO_BIN_EXE_tokenstorm"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("COLUMNS")
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Whoever does not read it has gone by then.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
