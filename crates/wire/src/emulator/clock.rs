//! The emulator's time: the wall clock, moved ahead as it is told, or standing still.
//!
//! It counts from the beginning of 1970, so that a quota by the day ends at midnight (UTC).

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::base::{Duration, PacedClock, Time};

pub(super) struct SimClock {
    /// What it showed at an instant, and that instant; a clock that stands still shows it for ever.
    shown: Time,
    since: Option<Instant>,
    /// How far it has been moved in all.
    pub advanced: Duration,
    /// How many times as fast as the wall clock it goes.
    pace: f64,
    /// Answers tell what it shows.
    pub told: bool,
}

impl SimClock {
    /// It shows what the wall clock shows.
    pub fn wall() -> Self {
        Self {
            shown: wall(),
            since: Some(Instant::now()),
            ..Self::frozen(Time::ZERO)
        }
    }

    /// It shows what another one does, as long as nobody moves it.
    pub fn paced(clock: &PacedClock) -> Self {
        Self {
            since: Some(clock.began()),
            pace: clock.pace(),
            told: true,
            ..Self::frozen(Time::ZERO)
        }
    }

    /// It stands still at this instant.
    pub const fn frozen(at: Time) -> Self {
        Self {
            shown: at,
            since: None,
            advanced: Duration::ZERO,
            pace: 1.0,
            told: false,
        }
    }

    /// Never earlier than what it showed before.
    pub fn now(&self) -> Time {
        match self.since {
            None => self.shown,
            Some(since) => {
                // At the usual pace without a float: nanoseconds since 1970 have more digits than one holds.
                let nanos = u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
                let shown = if self.pace == 1.0 {
                    nanos
                } else {
                    (nanos as f64 * self.pace) as u64
                };
                self.shown + Duration::from_nanos(shown)
            }
        }
    }

    pub fn advance(&mut self, by: Duration) {
        self.shown = self.shown + by;
        self.advanced = self.advanced.saturating_add(by);
    }

    pub fn freeze(&mut self, stands: bool) {
        self.shown = self.now();
        self.since = (!stands).then(Instant::now);
    }

    /// So much of its time by the wall clock.
    pub fn real(&self, span: Duration) -> std::time::Duration {
        std::time::Duration::from_nanos((span.nanos() as f64 / self.pace) as u64)
    }

    pub const fn is_frozen(&self) -> bool {
        self.since.is_none()
    }
}

/// What the wall clock shows.
pub(super) fn wall() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_nanos(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

/// As the system has it.
pub(super) fn system_time(at: Time) -> SystemTime {
    UNIX_EPOCH + std::time::Duration::from_nanos(at.nanos())
}

/// `2026-11-28T00:00:00.000Z`.
pub(super) fn written(at: Time) -> String {
    humantime::format_rfc3339_millis(system_time(at)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_stands_still_moves_only_as_it_is_told() {
        let mut clock = SimClock::frozen(Time::ZERO);
        assert_eq!(
            (clock.now(), written(clock.now()).as_str()),
            (Time::ZERO, "1970-01-01T00:00:00.000Z")
        );
        clock.advance(Duration::from_secs(3600));
        assert_eq!(clock.now(), Time::ZERO + Duration::from_secs(3600));
        clock.freeze(false);
        assert!(!clock.is_frozen() && clock.now() >= Time::ZERO + Duration::from_secs(3600));
        let ahead = PacedClock::start_in(std::time::Duration::ZERO, 1e6);
        let clock = SimClock::paced(&ahead);
        let (one, other) = (ahead.now(), clock.now());
        assert!(one <= other && other <= ahead.now());
        assert_eq!(clock.real(Duration::SECOND), std::time::Duration::from_micros(1));
        let mut clock = SimClock::wall();
        clock.advance(Duration::from_secs(3600));
        assert!(clock.now().since(wall()) > Duration::from_secs(3599));
    }
}
