//! How far a sweep is, and how long it still takes: a bar at a terminal, now and then a line elsewhere.

use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::campaign::CampaignProgress;
use crate::cli::say::note;
use crate::report::number;

/// How often a line is written where no terminal shows a bar.
const PAUSE: Duration = Duration::from_secs(30);

/// The progress of a sweep in points.
pub(super) struct Points {
    bar: ProgressBar,
    name: String,
    /// None at a terminal.
    lines: Option<Mutex<Lines>>,
}

struct Lines {
    begun: Instant,
    told: Instant,
    planned: u64,
    done: u64,
}

impl Points {
    pub(super) fn new(name: &str) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), crate::cli::say::bar());
        let style = ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len} points, {eta} left")
            .expect("the template is a constant")
            .progress_chars("=> ");
        bar.set_style(style);
        bar.set_message(name.to_owned());
        let now = Instant::now();
        let lines = Lines {
            begun: now,
            told: now,
            planned: 0,
            done: 0,
        };
        let name = name.to_owned();
        let lines = (!std::io::stderr().is_terminal()).then(|| Mutex::new(lines));
        Self { bar, name, lines }
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl CampaignProgress for Points {
    fn planned(&self, runs: u64) {
        self.bar.inc_length(runs);
        if let Some(lines) = &self.lines {
            lines.lock().unwrap_or_else(PoisonError::into_inner).planned += runs;
        }
    }

    fn done(&self) {
        self.bar.inc(1);
        let Some(lines) = &self.lines else { return };
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.done += 1;
        if lines.told.elapsed() >= PAUSE {
            lines.told = Instant::now();
            let (done, planned) = (lines.done, lines.planned);
            let left = lines.begun.elapsed().as_secs_f64() / done as f64 * (planned - done) as f64;
            note!(
                "{}: {done} of {planned} points, about {} left",
                self.name,
                number::seconds(left)
            );
        }
    }
}
