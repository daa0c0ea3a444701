//! The time of a run that goes with the wall clock, or so many times as fast.

use std::time::{Duration as Real, Instant, SystemTime, UNIX_EPOCH};

use super::time::{Duration, Time};

/// A clock that began at [`Time::ZERO`] and never goes back. Copies show the same.
#[derive(Clone, Copy, Debug)]
pub struct PacedClock {
    began: Instant,
    pace: f64,
}

impl PacedClock {
    /// It begins so much later, shows [`Time::ZERO`] until then, and goes so many times as fast as the wall clock.
    ///
    /// # Panics
    /// When the pace is not above zero.
    pub fn start_in(lead: Real, pace: f64) -> Self {
        assert!(pace > 0.0 && pace.is_finite(), "time goes on");
        Self {
            began: Instant::now() + lead,
            pace,
        }
    }

    /// The clock of another process of this machine, which [began](Self::began_unix_ns) so many nanoseconds after 1970.
    ///
    /// # Panics
    /// When the pace is not above zero.
    pub fn begun_at(unix_ns: u64, pace: f64) -> Self {
        let ahead = i128::from(unix_ns) - since_1970();
        let span = Real::from_nanos(u64::try_from(ahead.unsigned_abs()).unwrap_or(u64::MAX));
        let clock = Self::start_in(Real::ZERO, pace);
        let began = if ahead < 0 {
            clock.began.checked_sub(span)
        } else {
            clock.began.checked_add(span)
        };
        Self {
            began: began.unwrap_or(clock.began),
            pace,
        }
    }

    /// When it began: nanoseconds after the beginning of 1970, by which [`begun_at`](Self::begun_at) makes the same clock elsewhere.
    pub fn began_unix_ns(&self) -> u64 {
        let now = Instant::now();
        let ahead = self.began.saturating_duration_since(now).as_nanos() as i128;
        let behind = now.saturating_duration_since(self.began).as_nanos() as i128;
        u64::try_from(since_1970() + ahead - behind).unwrap_or(0)
    }

    /// How many times as fast as the wall clock it goes.
    pub const fn pace(&self) -> f64 {
        self.pace
    }

    /// When it began.
    pub const fn began(&self) -> Instant {
        self.began
    }

    /// What it shows.
    pub fn now(&self) -> Time {
        Time::ZERO + self.shown(self.began.elapsed())
    }

    /// So much of the wall clock's time as this clock shows it.
    pub fn shown(&self, span: Real) -> Duration {
        Duration::from_nanos((span.as_nanos() as f64 * self.pace) as u64)
    }

    /// So much of its time by the wall clock.
    pub fn real(&self, span: Duration) -> Real {
        Real::from_nanos((span.nanos() as f64 / self.pace) as u64)
    }

    /// When it shows this.
    pub fn instant(&self, at: Time) -> Instant {
        self.began + self.real(at.since(Time::ZERO))
    }
}

/// Nanoseconds, by the wall clock.
fn since_1970() -> i128 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i128::try_from(since.as_nanos()).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_as_fast_as_it_is_told() {
        let clock = PacedClock::start_in(Real::ZERO, 20.0);
        assert_eq!(clock.shown(Real::from_millis(50)), Duration::SECOND);
        assert_eq!(clock.real(Duration::SECOND), Real::from_millis(50));
        let second = Time::ZERO + Duration::SECOND;
        assert_eq!(clock.instant(second) - clock.began(), Real::from_millis(50));
        let shown = clock.now();
        assert!(clock.now() >= shown);
        assert_eq!(PacedClock::start_in(Real::from_secs(3600), 20.0).now(), Time::ZERO);
    }

    /// Within what two looks at two clocks take, with room for a machine that does something else between them.
    #[test]
    fn another_process_makes_the_same_clock() {
        for lead in [Real::ZERO, Real::from_secs(60)] {
            let clock = PacedClock::start_in(lead, 20.0);
            let other = PacedClock::begun_at(clock.began_unix_ns(), 20.0);
            let apart = clock.began().max(other.began()) - clock.began().min(other.began());
            assert!(apart < Real::from_secs(2), "{apart:?}");
        }
    }
}
