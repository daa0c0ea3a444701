//! Ctrl-C, and the SIGTERM of a time limit or a job scheduler.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
#[cfg(unix)]
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};

use super::Exit;
use super::say::say;

const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// Signals that come so soon after the first are the same one: `timeout` sends each twice, to the program and to its group.
#[cfg(unix)]
const SAME: Duration = Duration::from_secs(1);

/// What says from now on whether there was an interrupt. Another one, later, ends the process at once.
pub(super) fn interrupt() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    if let Err(error) = listen(&stop) {
        say!("warning: an interrupt will lose what is finished: {error}");
    }
    stop
}

#[cfg(unix)]
fn listen(stop: &Arc<AtomicBool>) -> std::io::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new(SIGNALS)?;
    let stop = Arc::clone(stop);
    let wait = move || {
        let mut first = None;
        for _signal in signals.forever() {
            let first = *first.get_or_insert_with(std::time::Instant::now);
            if stop.swap(true, std::sync::atomic::Ordering::Relaxed) && first.elapsed() > SAME {
                std::process::exit(Exit::Interrupted as i32);
            }
        }
    };
    std::thread::Builder::new().spawn(wait)?;
    Ok(())
}

#[cfg(not(unix))]
fn listen(stop: &Arc<AtomicBool>) -> std::io::Result<()> {
    for signal in SIGNALS {
        signal_hook::flag::register(signal, Arc::clone(stop))?;
    }
    Ok(())
}
