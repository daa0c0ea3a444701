//! What the program writes to its two streams. Nothing else prints, so no reader that has gone and no full disk ends a command
//! before its work is done.

use std::io::{ErrorKind, Write};

use super::Exit;
use crate::base::shown;

/// A line to standard error, written as by `format!`.
macro_rules! say {
    ($($text:tt)*) => { $crate::cli::say::aside($crate::base::shown::block(&format!("{}\n", format_args!($($text)*))).as_ref()) };
}
pub(super) use say;

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
