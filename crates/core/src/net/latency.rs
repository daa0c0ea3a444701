//! Latency distributions made ready for the hot path: one draw and a few integer operations a sample.

use std::sync::Arc;

use crate::base::{Duration, Quantiles, exponential};

/// A distribution of durations, sampled by inverting its distribution function at one uniform draw.
///
/// Inversion keeps the order of draws: under common random numbers a lucky message stays lucky when the distribution is
/// swapped for another.
#[derive(Clone, Debug)]
pub struct Latency(Shape);

#[derive(Clone, Debug)]
enum Shape {
    Constant(Duration),
    Uniform {
        low: Duration,
        width: Duration,
    },
    /// The exponential law of this mean.
    Exponential(Duration),
    Table(Arc<Quantiles>),
}

impl Latency {
    /// No time, always.
    pub const ZERO: Self = Self(Shape::Constant(Duration::ZERO));

    /// Always this long.
    pub const fn constant(span: Duration) -> Self {
        Self(Shape::Constant(span))
    }

    /// Uniform between two spans, given in any order.
    pub fn uniform(one: Duration, other: Duration) -> Self {
        let low = one.min(other);
        Self(Shape::Uniform {
            low,
            width: one.max(other).saturating_sub(low),
        })
    }

    /// Exponential with this mean.
    pub fn exponential(mean: Duration) -> Self {
        Self(Shape::Exponential(mean))
    }

    /// As it was measured: of all values alike; none of no values.
    pub fn measured(spans: impl IntoIterator<Item = Duration>) -> Option<Self> {
        Self::of_values(spans.into_iter().map(|span| span.nanos() as f64).collect())
    }

    /// The same in nanoseconds.
    pub(super) fn of_values(mut values: Vec<f64>) -> Option<Self> {
        let last = values.len().checked_sub(1)?;
        values.sort_by(f64::total_cmp);
        Some(Self::table(|below, _| {
            let at = below * last as f64;
            let (low, rest) = (at as usize, at - libm::floor(at));
            let next = values[(low + 1).min(last)];
            values[low] + (next - values[low]) * rest
        }))
    }

    /// From a quantile function in nanoseconds, called with (probability below, probability above).
    pub(super) fn table(quantile: impl Fn(f64, f64) -> f64) -> Self {
        Self(Shape::Table(Arc::new(Quantiles::build(quantile))))
    }

    /// From what it is, in nanoseconds, where a standard normal variable has the quantile that is given.
    pub(super) fn of_normal(quantile: impl Fn(f64) -> f64) -> Self {
        Self(Shape::Table(Arc::new(Quantiles::of_normal(quantile))))
    }

    /// The span, when it is always the same: then no draw is needed.
    pub const fn as_constant(&self) -> Option<Duration> {
        match self.0 {
            Shape::Constant(span) => Some(span),
            _ => None,
        }
    }

    /// The span at a uniform draw.
    #[inline]
    pub fn sample(&self, draw: u64) -> Duration {
        match &self.0 {
            Shape::Constant(span) => *span,
            Shape::Uniform { low, width } => low.saturating_add(Duration::from_nanos(
                ((u128::from(width.nanos()) * u128::from(draw)) >> 64) as u64,
            )),
            Shape::Exponential(mean) => exponential(*mean, draw),
            Shape::Table(quantiles) => Duration::from_nanos(quantiles.at(draw)),
        }
    }

    /// The longest span that can be drawn.
    pub fn longest(&self) -> Duration {
        self.sample(u64::MAX)
    }

    /// Mean in seconds, by the midpoints of equally likely cells: good to about 1e-4 of itself.
    pub fn mean_s(&self) -> f64 {
        if let Some(constant) = self.as_constant() {
            return constant.as_secs_f64();
        }
        const CELLS: u64 = 1 << 16;
        (0..CELLS)
            .map(|cell| self.sample((cell << 48) + (1 << 47)).as_secs_f64())
            .sum::<f64>()
            / CELLS as f64
    }
}
