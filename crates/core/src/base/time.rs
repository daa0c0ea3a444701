//! Time of our own: nanoseconds since the start of a run, in an integer.

use std::fmt;
use std::ops::{Add, Sub};

/// A span of time in nanoseconds. Arithmetic saturates: a span that would not fit means "longer than any run".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(u64);

/// An instant: nanoseconds since the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

/// A span in whole milliseconds, for messages and records that must stay small; at most 49.7 days, saturating.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(u32);

/// A span to a millionth of itself, in three bytes; at most 13 days, saturating. For what is measured and must travel in a message
/// that is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rough([u8; 3]);

impl Duration {
    /// No time.
    pub const ZERO: Self = Self(0);
    /// The longest that can be written: 584 years.
    pub const MAX: Self = Self(u64::MAX);
    /// One second.
    pub const SECOND: Self = Self::from_nanos(1_000_000_000);
    /// The longest span that a scenario may name: ten years. What is longer is a slip, and the engine's clock ends at 146.
    pub const LONGEST: Self = Self::from_secs(10 * 365 * 24 * 3600);

    /// From nanoseconds.
    #[inline]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// From milliseconds.
    #[inline]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// From seconds.
    #[inline]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// In nanoseconds.
    #[inline]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// In seconds, as far as a float can tell.
    #[inline]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Whether it takes no time.
    #[inline]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or [`Duration::MAX`] beyond it.
    #[inline]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, or zero below it.
    #[inline]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// So many times as long, or [`Duration::MAX`] beyond it.
    #[inline]
    pub const fn saturating_mul(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }

    /// `self * numerator / denominator`, rounded down, saturating.
    #[inline]
    pub const fn ratio(self, numerator: u64, denominator: u64) -> Self {
        let product = self.0 as u128 * numerator as u128 / denominator as u128;
        if product > u64::MAX as u128 {
            Self::MAX
        } else {
            Self(product as u64)
        }
    }
}

impl Time {
    /// The start of the run.
    pub const ZERO: Self = Self(0);
    /// Later than any run lasts.
    pub const MAX: Self = Self(u64::MAX);

    /// So many nanoseconds after the start of the run.
    #[inline]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the start of the run.
    #[inline]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the start of the run, as far as a float can tell.
    #[inline]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The time from `earlier` until here; zero when `earlier` is later.
    #[inline]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    #[inline]
    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<Duration> for Time {
    type Output = Self;

    #[inline]
    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Millis {
    /// No time.
    pub const ZERO: Self = Self(0);

    /// From milliseconds.
    #[inline]
    pub const fn new(millis: u32) -> Self {
        Self(millis)
    }

    /// In milliseconds.
    #[inline]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl From<Duration> for Millis {
    #[inline]
    fn from(span: Duration) -> Self {
        Self(u32::try_from(span.0 / 1_000_000).unwrap_or(u32::MAX))
    }
}

impl From<Millis> for Duration {
    #[inline]
    fn from(millis: Millis) -> Self {
        Self::from_millis(u64::from(millis.0))
    }
}

impl Rough {
    /// No time.
    pub const ZERO: Self = Self([0; 3]);
    /// Bits of the leading digits; those above are the power of two that they are multiplied by.
    const DIGITS: u32 = 19;
}

impl From<Duration> for Rough {
    fn from(span: Duration) -> Self {
        let most = (1u64 << Self::DIGITS) - 1;
        let mut power = (u64::BITS - span.0.leading_zeros()).saturating_sub(Self::DIGITS);
        // To the nearest; what carries over has one digit more.
        let rounded = |power: u32| (span.0 >> power) + (span.0 >> power.saturating_sub(1) & u64::from(power > 0));
        if rounded(power) > most {
            power += 1;
        }
        let (digits, power) = match power < 32 {
            true => (rounded(power), power),
            false => (most, 31),
        };
        let [low, middle, high, _] = ((power << Self::DIGITS) | digits as u32).to_le_bytes();
        Self([low, middle, high])
    }
}

impl From<Rough> for Duration {
    #[inline]
    fn from(Rough([low, middle, high]): Rough) -> Self {
        let bits = u32::from_le_bytes([low, middle, high, 0]);
        Self(u64::from(bits & ((1 << Rough::DIGITS) - 1)) << (bits >> Rough::DIGITS))
    }
}

/// Written with the largest unit that divides it, as scenario files write it: `250ms`, `1h`, `1500us`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 7] = [
            (86_400_000_000_000, "d"),
            (3_600_000_000_000, "h"),
            (60_000_000_000, "min"),
            (1_000_000_000, "s"),
            (1_000_000, "ms"),
            (1_000, "us"),
            (1, "ns"),
        ];
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let (unit, name) = UNITS
            .into_iter()
            .find(|(unit, _)| self.0.is_multiple_of(*unit))
            .expect("one nanosecond divides everything");
        write!(f, "{}{name}", self.0 / unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_instead_of_wrapping() {
        assert_eq!(Time::MAX + Duration::SECOND, Time::MAX);
        assert_eq!(Time::ZERO - Duration::SECOND, Time::ZERO);
        assert_eq!(Duration::MAX.ratio(3, 2), Duration::MAX);
        assert_eq!(Millis::from(Duration::MAX).get(), u32::MAX);
    }

    #[test]
    fn a_rough_span_is_off_by_a_millionth_at_most() {
        for nanos in [
            0,
            1,
            80_000_000,
            (1 << 19) - 1,
            (1 << 20) - 1,
            123_456_789_012,
            1_000_000_000_000_001,
        ] {
            let span = Duration::from_nanos(nanos);
            let again = Duration::from(Rough::from(span)).nanos();
            assert!(again.abs_diff(nanos) <= nanos / 1_000_000, "{nanos}: {again}");
        }
        assert_eq!(
            Duration::from(Rough::from(Duration::from_millis(80))),
            Duration::from_millis(80)
        );
        assert!(Duration::from(Rough::from(Duration::MAX)) > Duration::from_secs(12 * 86_400));
    }

    #[test]
    fn durations_are_shown_as_they_are_written() {
        for (span, text) in [
            (Duration::from_millis(250), "250ms"),
            (Duration::from_secs(3600), "1h"),
            (Duration::from_secs(90), "90s"),
            (Duration::ZERO, "0s"),
            (Duration::from_nanos(1_500_000), "1500us"),
        ] {
            assert_eq!(span.to_string(), text);
        }
    }
}
