//! How far a run is, on standard error.

use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use crate::base::Duration;
use crate::campaign::CampaignProgress;

/// A progress bar on standard error; nothing where that is no terminal.
pub(super) struct Bar {
    shown: ProgressBar,
    began: Instant,
    most: Option<Duration>,
}

impl Bar {
    pub(super) fn new(name: &str) -> Self {
        Self::until(name, None)
    }

    /// Of a run that begins no further replications after so long.
    pub(super) fn until(name: &str, most: Option<Duration>) -> Self {
        let shown = ProgressBar::with_draw_target(Some(0), super::say::bar());
        let style = ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len} runs, {eta} left")
            .expect("the template is a constant")
            .progress_chars("=> ");
        shown.set_style(style);
        shown.set_message(name.to_owned());
        Self {
            shown,
            began: Instant::now(),
            most,
        }
    }

    pub(super) fn end(&self) {
        self.shown.finish_and_clear();
    }
}

impl CampaignProgress for Bar {
    fn planned(&self, runs: u64) {
        self.shown.inc_length(runs);
    }

    fn done(&self) {
        self.shown.inc(1);
    }

    fn is_late(&self) -> bool {
        let spent = self.began.elapsed().as_secs_f64();
        self.most.is_some_and(|most| spent >= most.as_secs_f64())
    }
}
