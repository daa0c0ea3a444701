//! What the program writes to its two streams. Nothing else prints, so no reader that has gone and no full disk ends a command
//! before its work is done.

use std::io::{ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::ProgressDrawTarget;

use super::Exit;
use crate::base::shown;

/// A line to standard error, written as by `format!`.
macro_rules! say {
    ($($text:tt)*) => { $crate::cli::say::aside($crate::base::shown::block(&format!("{}\n", format_args!($($text)*))).as_ref()) };
}
pub(super) use say;

/// As [`say!`], of what went as it should: `--quiet` leaves it out.
macro_rules! note {
    ($($text:tt)*) => { if !$crate::cli::say::is_quiet() { $crate::cli::say::say!($($text)*) } };
}
pub(super) use note;

static QUIET: AtomicBool = AtomicBool::new(false);

/// From now on standard error has only what went wrong, what is asked, and what bears on the results.
pub(super) fn be_quiet() {
    QUIET.store(true, Ordering::Relaxed);
}

pub(super) fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Where a bar of progress is drawn: on standard error where that is a terminal, and nowhere for `--quiet`.
pub(super) fn bar() -> ProgressDrawTarget {
    match is_quiet() {
        true => ProgressDrawTarget::hidden(),
        false => ProgressDrawTarget::stderr_with_hz(10),
    }
}

/// To standard error. Nobody is left to be told when that fails, and the results do not hang on it: `eprintln!` would panic.
pub(super) fn aside(text: impl AsRef<[u8]>) {
    let _ = std::io::stderr().lock().write_all(text.as_ref());
}

/// Prints a result; a reader that has gone (`| head`) is no failure of ours.
pub(super) fn print(text: &str) -> Exit {
    let mut out = std::io::stdout().lock();
    // The one place where what a terminal would act on becomes harmless, whoever wrote it.
    match out.write_all(shown::block(text).as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            say!("error: cannot write to standard output: {error}");
            Exit::Internal
        }
        _ => Exit::Ok,
    }
}
