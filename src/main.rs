//! `tokenstorm`: parse, dispatch, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    tokenstorm::cli::main()
}
