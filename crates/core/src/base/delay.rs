//! Waits, of which a part is drawn.

use super::quantiles::exponential;
use super::time::Duration;

/// How long to wait, as data: the base with a drawn part, at most the cap. The engine draws that part; an exhaustive
/// checker leaves it open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Delay {
    /// The least that it takes.
    pub base: Duration,
    /// The scale of the drawn part.
    pub spread: Duration,
    /// The most that it takes, whatever is drawn.
    pub cap: Duration,
    /// How the draw spreads.
    pub law: DelayShape,
}

/// What is drawn of a [`Delay`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DelayShape {
    /// Up to `spread` later than the base, uniformly.
    #[default]
    Later,
    /// Earlier than the base by an exponential time with the mean `spread`, but not before now.
    Earlier,
    /// At once where an exponential time with the mean `spread` reaches the base, and otherwise [never](Delay::is_never).
    AtOnceOrNever,
}

impl Delay {
    /// No wait at all.
    pub const NONE: Self = Self::exactly(Duration::ZERO);

    /// Always the same wait.
    pub const fn exactly(base: Duration) -> Self {
        Self {
            base,
            spread: Duration::ZERO,
            cap: Duration::MAX,
            law: DelayShape::Later,
        }
    }

    /// Uniform between `base` and `base + spread`.
    pub const fn between(base: Duration, spread: Duration) -> Self {
        Self {
            base,
            spread,
            cap: Duration::MAX,
            law: DelayShape::Later,
        }
    }

    /// Before `base` by an exponential time with this mean.
    pub const fn before(base: Duration, mean: Duration) -> Self {
        Self {
            base,
            spread: mean,
            cap: Duration::MAX,
            law: DelayShape::Earlier,
        }
    }

    /// No wait if an exponential time with this mean is as long as `base`, and otherwise never: a decision that is drawn.
    pub const fn at_once_or_never(base: Duration, mean: Duration) -> Self {
        Self {
            base,
            spread: mean,
            cap: Duration::MAX,
            law: DelayShape::AtOnceOrNever,
        }
    }

    /// Whether a wait that was drawn is longer than any run.
    pub fn is_never(wait: Duration) -> bool {
        wait > Duration::LONGEST
    }

    /// The wait that a uniform 64-bit draw stands for.
    pub fn at(self, draw: u64) -> Duration {
        let wait = match self.law {
            DelayShape::Later => {
                let jitter = (u128::from(self.spread.nanos()) * u128::from(draw)) >> 64;
                self.base.saturating_add(Duration::from_nanos(jitter as u64))
            }
            DelayShape::Earlier => self.base.saturating_sub(exponential(self.spread, draw)),
            DelayShape::AtOnceOrNever if exponential(self.spread, draw) >= self.base => Duration::ZERO,
            // Whatever the cap, which a clock that drifts has moved too.
            DelayShape::AtOnceOrNever => return Duration::MAX,
        };
        wait.min(self.cap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_stays_within_its_bounds() {
        let delay = Delay {
            base: Duration::from_millis(5),
            spread: Duration::from_millis(10),
            cap: Duration::from_millis(12),
            law: DelayShape::Later,
        };
        assert_eq!(delay.at(0), Duration::from_millis(5));
        assert_eq!(delay.at(u64::MAX / 2), Duration::from_nanos(9_999_999));
        assert_eq!(delay.at(u64::MAX), Duration::from_millis(12));
        assert_eq!(Delay::NONE.at(u64::MAX), Duration::ZERO);
    }

    #[test]
    fn an_exponential_lead_is_taken_from_the_base() {
        let delay = Delay::before(Duration::from_secs(100), Duration::from_secs(10));
        assert!(Duration::from_secs(100).saturating_sub(delay.at(0)) < Duration::from_millis(1));
        let median = delay.at(1 << 63).as_secs_f64();
        assert!(
            (median - (100.0 - 10.0 * std::f64::consts::LN_2)).abs() < 1e-3,
            "{median}"
        );
        let decision = Delay::at_once_or_never(Duration::from_secs(10), Duration::from_secs(10));
        // The chance is e^-1.
        let turn = (u64::MAX as f64 * (1.0 - (-1f64).exp())) as u64;
        assert!(Delay::is_never(decision.at(turn - (1 << 50))));
        assert_eq!(decision.at(turn + (1 << 50)), Duration::ZERO);
        let short = Delay::before(Duration::SECOND, Duration::from_secs(10));
        assert_eq!(short.at(u64::MAX), Duration::ZERO, "a lead longer than the base");
    }
}
