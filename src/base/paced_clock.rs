//! The time of a run that goes with the wall clock, or so many times as fast.

use std::time::{Duration as Real, Instant};

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
}
