//! Diurnal arrivals, which follow the hour of the day: a Poisson process whose rate is a cosine wave.

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PatternMoment;
use crate::base::{Dice, Duration, Rate, Share, exponential};

/// Independent calls whose rate follows the hour of the day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Diurnal {
    /// Calls at each node, averaged over a period.
    pub mean: Rate,
    /// How far the rate swings above and below the mean, as a share of it: 1 swings between nothing and twice the mean.
    pub amplitude: Share,
    /// How long one wave is.
    #[serde(default = "one_day")]
    pub period: Duration,
    /// When the rate is highest, counted from the start of the warm-up; the same for all nodes.
    #[serde(default)]
    pub peak_at: Duration,
}

fn one_day() -> Duration {
    Duration::from_secs(86_400)
}

/// A [`Diurnal`] wave in integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wave {
    /// Mean gap between two calls at the peak; none where no call ever comes.
    gap_at_peak: Option<Duration>,
    /// In units of 2^-30.
    amplitude: i64,
    period: Duration,
    peak_at: Duration,
}

const ONE: i64 = 1 << 30;
const STEPS: usize = 1024;

/// One period of the cosine in units of 2^-30. The chord is off by at most (2 pi / 1024)^2 / 8 = 5e-6.
static COSINE: LazyLock<Vec<i64>> = LazyLock::new(|| {
    let angle = |step: usize| step as f64 / STEPS as f64 * 2.0 * std::f64::consts::PI;
    let value = |step| libm::round(libm::cos(angle(step)) * ONE as f64) as i64;
    (0..=STEPS).map(value).collect()
});

impl Diurnal {
    /// The wave made ready.
    pub fn wave(&self) -> Wave {
        let amplitude = (self.amplitude.get() * ONE as f64) as i64;
        Wave {
            gap_at_peak: self
                .mean
                .gap()
                .map(|gap| gap.ratio(ONE as u64, (ONE + amplitude) as u64)),
            amplitude,
            period: self.period,
            peak_at: self.peak_at,
        }
    }
}

impl Wave {
    /// Calls per second, averaged over a period.
    pub(super) fn mean_per_second(&self) -> f64 {
        let above = (ONE + self.amplitude) as f64 / ONE as f64;
        self.gap_at_peak.map_or(0.0, |gap| 1.0 / (gap.as_secs_f64() * above))
    }

    /// Thinning: calls come at the rate of the peak, and each stays with the share of it that the hour has (Lewis and Shedler,
    /// "Simulation of nonhomogeneous Poisson processes by thinning", 1979).
    pub(super) fn next(&self, moment: PatternMoment, mut draw: u64, stream: &mut u64) -> Option<Duration> {
        let mean = self.gap_at_peak?;
        let mut gap = Duration::ZERO;
        loop {
            gap = gap.saturating_add(exponential(mean, draw));
            let now = u128::from(moment.now.nanos()) + u128::from(gap.nanos());
            let lot = (Dice::next(stream) >> 34) as i64;
            // In units of 2^-60: a share of the peak's rate against a share of the hour's.
            if lot * (ONE + self.amplitude) < (ONE << 30) + self.amplitude * self.cosine(now) {
                return Some(gap);
            }
            draw = Dice::next(stream);
        }
    }

    fn cosine(&self, now: u128) -> i64 {
        let period = u128::from(self.period.nanos());
        let place = (now + period - u128::from(self.peak_at.nanos()) % period) % period;
        let steps = place * STEPS as u128;
        let (step, rest) = ((steps / period) as usize, steps % period);
        let (from, to) = (COSINE[step], COSINE[step + 1]);
        from + (i128::from(to - from) * rest as i128 / period as i128) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Time;

    #[test]
    fn the_wave_is_a_cosine_with_its_peak_where_it_is_said() {
        let wave = Diurnal {
            mean: Rate::of(1, Duration::SECOND),
            amplitude: Share::new(0.5).unwrap(),
            period: Duration::from_secs(100),
            peak_at: Duration::from_secs(130),
        }
        .wave();
        for second in 0..1000u32 {
            let angle = (f64::from(second) / 10.0 - 30.0) / 100.0 * 2.0 * std::f64::consts::PI;
            let found = wave.cosine(u128::from(second) * 100_000_000) as f64 / ONE as f64;
            assert!((found - libm::cos(angle)).abs() < 1e-5, "{second}: {found}");
        }
    }

    /// Counts by tenth of a period, over 20,000 periods at one node: chi-square with 9 degrees of freedom against the integral
    /// of the rate over each tenth, below 42.0 (error 3e-6). The whole count within 4.5 deviations.
    #[test]
    fn calls_follow_the_hour() {
        let (amplitude, periods) = (0.8, 20_000u32);
        let wave = Diurnal {
            mean: Rate::of(1, Duration::SECOND),
            amplitude: Share::new(amplitude).unwrap(),
            period: Duration::from_secs(10),
            peak_at: Duration::ZERO,
        }
        .wave();
        let mut stream = Dice::new(11).stream(0, 0);
        let mut moment = PatternMoment {
            first: true,
            now: Time::ZERO,
            phase: 0,
        };
        let mut counts = [0u32; 10];
        loop {
            let draw = Dice::next(&mut stream);
            moment.now = moment.now + wave.next(moment, draw, &mut stream).unwrap();
            let at = moment.now.as_secs_f64();
            if at >= f64::from(periods) * 10.0 {
                break;
            }
            counts[(at % 10.0) as usize] += 1;
        }
        let turn = 2.0 * std::f64::consts::PI;
        let law = |tenth: usize| {
            let primitive = |at: f64| at + amplitude * 10.0 / turn * libm::sin(turn * at / 10.0);
            f64::from(periods) * (primitive(tenth as f64 + 1.0) - primitive(tenth as f64))
        };
        let square: f64 = (0..10)
            .map(|tenth| (f64::from(counts[tenth]) - law(tenth)).powi(2) / law(tenth))
            .sum();
        assert!(square < 42.0, "{square} {counts:?}");
        let (all, expected) = (counts.iter().sum::<u32>(), f64::from(periods) * 10.0);
        assert!((f64::from(all) - expected).abs() < 4.5 * expected.sqrt(), "{all}");
    }
}
