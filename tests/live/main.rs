//! Live runs: real sockets, a real Redis where there is one, and whether a node's inputs explain its words.
//!
//! A live run has the luck of its machine, so no figure of it is the same twice. What is asserted of figures holds with the
//! probability that is said beside it.

mod command;
#[cfg(target_os = "linux")]
mod processes;
#[path = "../common/redis.rs"]
mod redis_server;
mod runs;
#[cfg(all(feature = "https", feature = "intercept"))]
mod secure;
mod source;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// One live run at a time: two would disturb each other's clocks.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}
