//! How far a fuzzing run is, and when it is enough.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::engine::fuzz::FuzzProgress;

/// Cases so far on standard error, and when it is enough.
pub(super) struct Clock<'a> {
    pub(super) bar: ProgressBar,
    start: Instant,
    limit: Option<Duration>,
    stop: &'a AtomicBool,
}

impl<'a> Clock<'a> {
    pub(super) fn new(name: &str, seconds: Option<u64>, stop: &'a AtomicBool) -> Self {
        let bar = ProgressBar::with_draw_target(None, crate::cli::say::bar());
        bar.set_style(ProgressStyle::with_template("{prefix} {msg}").expect("the template is a constant"));
        bar.set_prefix(name.to_owned());
        Self {
            bar,
            start: Instant::now(),
            limit: seconds.map(Duration::from_secs),
            stop,
        }
    }
}

impl FuzzProgress for Clock<'_> {
    fn fuzzed(&self, cases: u64, broken: usize) -> bool {
        let elapsed = self.start.elapsed();
        let rate = cases as f64 / elapsed.as_secs_f64().max(1e-3);
        self.bar
            .set_message(format!("{cases} cases, {broken} properties broken, {rate:.0} cases/s"));
        !self.stop.load(Ordering::Relaxed) && self.limit.is_none_or(|limit| elapsed < limit)
    }
}
