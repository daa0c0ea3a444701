//! `tokenstorm`: parse, dispatch, exit code.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    tokenstorm::cli::main()
}
