//! How much of a scenario a preview runs: what fits into a moment, by the time that earlier runs took.

use std::sync::Mutex;
use std::time::Duration as Span;

use crate::base::Duration;
use crate::scenario::{Extent, Overrides, Scenario};

/// What the simulation of a preview may take, so that with drawing and the browser's part a slider still feels held.
const MOMENT: Span = Span::from_millis(90);
/// Fewer replications give no interval.
const FEWEST: u32 = 2;
/// Of the measured span a preview runs at least one part in so many.
const SHORTEST: u64 = 24;
/// Before anything has been measured: a release build has several million events in a second of one core, a debug build a thirtieth.
const FIRST_GUESS_NS: f64 = if cfg!(debug_assertions) { 4000.0 } else { 130.0 };

/// What an event takes here, all cores together.
#[derive(Debug)]
pub(super) struct Pace {
    /// Nanoseconds for each event that was estimated beforehand.
    per_event_ns: Mutex<f64>,
}

/// What is run of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Portion {
    pub replications: u32,
    /// The span that is measured in place of the scenario's.
    pub duration: Option<Duration>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            per_event_ns: Mutex::new(FIRST_GUESS_NS),
        }
    }
}

impl Pace {
    /// Learns from a run that was finished.
    pub fn learn(&self, estimated_events: u64, took: Span) {
        if estimated_events == 0 {
            return;
        }
        let found = took.as_nanos() as f64 / estimated_events as f64;
        let mut known = self
            .per_event_ns
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *known = (*known + found) / 2.0;
    }

    /// What of a scenario fits into a moment; all of it where that does.
    pub fn preview(&self, scenario: &Scenario) -> Portion {
        let known = *self
            .per_event_ns
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let bearable = MOMENT.as_nanos() as f64 / known;
        let all = scenario.file.run.replications;
        let one = events(scenario, 1) as f64;
        let replications = ((bearable / one.max(1.0)) as u32).clamp(FEWEST.min(all), all);
        let excess = one * f64::from(replications) / bearable;
        let whole = scenario.file.run.duration;
        // What the timeline does may come late in the run: then all of it is run.
        let fixed = !scenario.file.event.is_empty() || scenario.file.trigger.is_some();
        let shorter = Duration::from_nanos((whole.nanos() as f64 / excess.max(1.0)) as u64);
        let least = Duration::from_nanos(whole.nanos() / SHORTEST);
        Portion {
            replications,
            duration: (excess > 1.3 && !fixed)
                .then(|| shorter.max(least))
                .filter(|short| *short < whole),
        }
    }
}

/// Events of so many replications, as they are estimated beforehand.
pub(super) fn events(scenario: &Scenario, replications: u32) -> u64 {
    let extent = Extent {
        only: None,
        replications,
        threads: 1,
    };
    scenario.effort(extent).events
}

impl Portion {
    /// All of it.
    pub fn whole(scenario: &Scenario) -> Self {
        Self {
            replications: scenario.file.run.replications,
            duration: None,
        }
    }

    /// In place of the scenario's own, as the command line would say it.
    pub fn overrides(&self) -> Overrides {
        let seconds = |span: Duration| format!("{}s", span.nanos().div_ceil(1_000_000_000));
        Overrides {
            set: self
                .duration
                .map(|span| ("run.duration".to_owned(), seconds(span)))
                .into_iter()
                .collect(),
            ..Overrides::default()
        }
    }

    /// What is left out, in words; nothing of a whole run.
    pub fn told(&self, scenario: &Scenario) -> Option<String> {
        let run = scenario.file.run;
        let fewer = (self.replications < run.replications)
            .then(|| format!("{} of {} replications", self.replications, run.replications));
        let shorter = self.duration.map(|span| {
            let minutes = Duration::from_secs(span.nanos().div_ceil(1_000_000_000));
            format!("{minutes} of {} each", run.duration)
        });
        let parts: Vec<String> = fewer.into_iter().chain(shorter).collect();
        (!parts.is_empty()).then(|| format!("preview: {}", parts.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn default() -> Scenario {
        let text = include_str!("../../scenarios/zoom/default.toml");
        Scenario::parse("default.toml", text, Path::new(".")).unwrap()
    }

    #[test]
    fn a_preview_is_what_fits_into_a_moment_and_says_what_it_leaves_out() {
        let (scenario, pace) = (default(), Pace::default());
        let slow = 1_000_000;
        (0..30).for_each(|_| pace.learn(1, Span::from_nanos(slow)));
        let little = pace.preview(&scenario);
        assert_eq!(
            (little.replications, little.duration),
            (2, Some(Duration::from_secs(300)))
        );
        assert_eq!(
            little.told(&scenario).unwrap(),
            "preview: 2 of 30 replications, 5min of 2h each"
        );
        let short = Scenario::parse_with("x", &scenario.text, Path::new("."), &little.overrides()).unwrap();
        assert_eq!(short.file.run.duration, Duration::from_secs(300));
        (0..60).for_each(|_| pace.learn(1000, Span::from_nanos(1)));
        let all = pace.preview(&scenario);
        assert_eq!(all, Portion::whole(&scenario));
        assert_eq!(all.told(&scenario), None);
    }
}
