//! Inverse distribution functions as tables: one draw and a few integer operations a sample, no float.

use std::sync::LazyLock;

use super::time::Duration;

/// Quantiles at points that crowd towards both ends: the half below the median and the half above are each cut into
/// octaves of probability (1/2 to 1/4, 1/4 to 1/8, ...), each octave into `STEPS` equal steps, linear between.
///
/// For the exponential law the chord lies above the curve by at most (1/128)^2 / 8 = 8e-6 of the mean.
#[derive(Debug)]
pub struct Quantiles {
    /// Below the median, from the median downwards, then above it upwards: `SIDE` values each, in units of 2^-SHIFT.
    points: Vec<u64>,
}

const STEPS: u32 = 128;
const STEP_BITS: u32 = STEPS.trailing_zeros();
/// Beyond 2^-41 the last quantile stands.
const OCTAVES: u32 = 40;
const SIDE: u32 = OCTAVES * STEPS + 1;

impl Quantiles {
    /// From a quantile function over (0, 1), given as (probability, probability of the other side) so that neither
    /// tail suffers from cancellation.
    pub fn build(quantile: impl Fn(f64, f64) -> f64) -> Self {
        let below = tails().map(|tail| quantile(tail, 1.0 - tail));
        let above = tails().map(|tail| quantile(1.0 - tail, tail));
        Self::of(below.chain(above))
    }

    /// From what a quantile is where a standard normal variable has the one that is given.
    pub fn of_normal(quantile: impl Fn(f64) -> f64) -> Self {
        let below = NORMAL.iter().map(|z| quantile(-z));
        let above = NORMAL.iter().map(|z| quantile(*z));
        Self::of(below.chain(above))
    }

    fn of(points: impl Iterator<Item = f64>) -> Self {
        let whole = |point: f64| point.max(0.0).min(u64::MAX as f64) as u64;
        Self {
            points: points.map(whole).collect(),
        }
    }

    /// The quantile at a uniform draw. On which side of the median it lies is a coin's toss that no processor foresees, so
    /// nothing branches on it.
    #[inline]
    pub fn at(&self, draw: u64) -> u64 {
        let above = draw >> 63;
        let tail = (draw ^ 0u64.wrapping_sub(above)) << 1;
        let first = above as u32 * SIDE;
        // The probability left beyond the point is half of tail / 2^64: its leading zeros are the octave.
        let octave = tail.leading_zeros();
        if octave >= OCTAVES {
            return self.points[(first + OCTAVES * STEPS) as usize];
        }
        // Within the octave from the outer end (all ones) to the inner one.
        let rest = !(tail << octave << 1);
        let index = (first + (octave << STEP_BITS) + (rest >> (64 - STEP_BITS)) as u32) as usize;
        let fraction = (rest << STEP_BITS) >> 32;
        let (from, to) = (self.points[index], self.points[index + 1]);
        let way = ((u128::from(to.abs_diff(from)) * u128::from(fraction)) >> 32) as u64;
        // Its negative where the quantiles fall.
        let falls = 0u64.wrapping_sub(u64::from(to < from));
        from.wrapping_add((way ^ falls).wrapping_sub(falls))
    }
}

/// The probabilities beyond the points of one side, from the median outwards.
fn tails() -> impl Iterator<Item = f64> {
    let octave = |octave: u32| {
        (0..STEPS).map(move |step| {
            let left = f64::from(STEPS * 2 - step) / f64::from(STEPS * 4);
            left * libm::exp2(-f64::from(octave))
        })
    };
    let last = 0.5 * libm::exp2(-f64::from(OCTAVES));
    (0..OCTAVES).flat_map(octave).chain([last])
}

/// What a standard normal variable exceeds with the probability of each of [`tails`]: milliseconds of work, the same for every law.
static NORMAL: LazyLock<Vec<f64>> = LazyLock::new(|| tails().map(upper_normal_quantile).collect());

/// The z that a standard normal variable exceeds with probability `tail` (at most one half): Newton's method on the
/// complementary error function, started at the asymptotic value.
fn upper_normal_quantile(tail: f64) -> f64 {
    let mut z = libm::sqrt((-2.0 * libm::log(2.0 * tail)).max(0.0));
    for _ in 0..60 {
        let upper = 0.5 * libm::erfc(z / std::f64::consts::SQRT_2);
        let density = libm::exp(-0.5 * z * z) / libm::sqrt(2.0 * std::f64::consts::PI);
        let step = (upper - tail) / density;
        z += step;
        if libm::fabs(step) < 1e-14 * (1.0 + z) {
            break;
        }
    }
    z
}

/// The exponential law of mean one, in units of 2^-32.
static EXPONENTIAL: LazyLock<Quantiles> =
    LazyLock::new(|| Quantiles::build(|_, above| -libm::log(above) * 4_294_967_296.0));

/// The exponential law of mean one at a uniform draw, in units of 2^-32.
#[inline]
pub fn unit_exponential(draw: u64) -> u64 {
    EXPONENTIAL.at(draw)
}

/// The exponential law of this mean at a uniform draw.
#[inline]
pub fn exponential(mean: Duration, draw: u64) -> Duration {
    Duration::from_nanos(((u128::from(mean.nanos()) * u128::from(EXPONENTIAL.at(draw))) >> 32) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Dice;

    /// A table equals the quantile function it was made from, at ten thousand draws and in both tails.
    #[test]
    fn table_follows_its_quantile_function() {
        let mean = Duration::SECOND;
        let dice = Dice::new(5);
        let exact = |draw: u64| -libm::log((!draw as f64 + 0.5) / 18_446_744_073_709_551_616.0);
        for count in 0..10_000 {
            let draw = dice.draw(0, 0, count) >> (count % 30);
            for draw in [draw, !draw] {
                let sampled = exponential(mean, draw).as_secs_f64();
                assert!(
                    (sampled - exact(draw)).abs() < 1e-5 + 1e-4 * exact(draw).min(1.0),
                    "{draw:x}: {sampled} against {}",
                    exact(draw)
                );
            }
        }
    }

    #[test]
    fn samples_grow_with_the_draw() {
        let mut last = Duration::ZERO;
        for cell in 0..100_000u64 {
            let sample = exponential(Duration::SECOND, cell * (u64::MAX / 100_000));
            assert!(sample >= last, "cell {cell}");
            last = sample;
        }
        assert!(exponential(Duration::SECOND, u64::MAX) < Duration::from_secs(29));
        assert_eq!(exponential(Duration::SECOND, 0), exponential(Duration::SECOND, 1));
    }
}
