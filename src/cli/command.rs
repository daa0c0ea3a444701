//! `tokenstorm serve ... -- COMMAND`: a command, such as a test suite, that runs beside the server and finds it by its environment.

use std::ffi::OsString;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::emulator::Emulator;

/// How often the command and the interrupts are looked at.
const GLANCE: Duration = Duration::from_millis(5);

/// Runs it until it ends; an interrupt is passed on. Its exit code, as a shell has it.
///
/// # Errors
/// When it does not start.
pub(super) fn accompany(
    emulator: &Emulator,
    command: &[OsString],
    more: &[(&str, String)],
    stop: &Arc<AtomicBool>,
) -> Result<u8, String> {
    let [program, arguments @ ..] = command else {
        return Err("there is no command after `--`".to_owned());
    };
    let url = emulator.url();
    let named = |error| format!("{} cannot be run: {error}", program.display());
    let mut child = Command::new(program)
        .args(arguments)
        .env("TOKENSTORM_URL", url)
        .env("TOKENSTORM_TOKEN_URL", emulator.token_url())
        .env("TOKENSTORM_API_URL", format!("{url}/v2"))
        .env("TOKENSTORM_CONTROL_URL", format!("{url}/_tokenstorm"))
        .envs(more.iter().map(|(name, value)| (name, value)))
        .spawn()
        .map_err(named)?;
    let mut passed_on = false;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(code(status)),
            Ok(None) => {}
            Err(error) => return Err(named(error)),
        }
        if stop.load(Ordering::Relaxed) && !passed_on {
            pass_on(&mut child);
            passed_on = true;
        }
        std::thread::sleep(GLANCE);
    }
}

/// As a shell has it: 128 and the signal's number where one ended it.
fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        if let Some(signal) = status.signal() {
            return u8::try_from(128 + signal).unwrap_or(1);
        }
    }
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// Asks the command to end too. What has been interrupted at a terminal has heard it already, and hears it once more.
#[cfg(unix)]
fn pass_on(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process};
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // It may have ended meanwhile.
        let _gone = kill_process(pid, Signal::TERM);
    }
}

#[cfg(not(unix))]
fn pass_on(child: &mut Child) {
    let _gone = child.kill();
}
