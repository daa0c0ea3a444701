//! What a test needs that may not be installed here.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Whether it is there. Where it is not, the test is left out, and that is said aloud; with `TOKENSTORM_INSIST=1` it fails instead.
pub fn is_there(what: &str, there: bool) -> bool {
    if !there {
        let insist = std::env::var("TOKENSTORM_INSIST").as_deref() == Ok("1");
        assert!(!insist, "{what} is missing, and TOKENSTORM_INSIST=1");
        println!("left out: {what} is missing; `.ci/run` says how it is installed");
    }
    there
}

/// Whether a program runs.
#[allow(dead_code, reason = "each test binary uses its part")]
pub fn program(name: &str) -> bool {
    let runs = Command::new(name).arg("--version").output();
    is_there(name, runs.is_ok_and(|output| output.status.success()))
}

/// Where `.ci/run` installs the clients that nobody here wrote.
#[allow(dead_code, reason = "each test binary uses its part")]
pub fn clients() -> PathBuf {
    if let Some(folder) = std::env::var_os("TOKENSTORM_CLIENTS") {
        return folder.into();
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target"));
    target.join("clients")
}
