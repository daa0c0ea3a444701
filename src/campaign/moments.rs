//! The first three moments of independent values, and the interval of their mean that allows for skew.

/// Fewer values say too little about their own skew: then the interval is Student's.
const FEWEST_FOR_SKEW: f64 = 10.0;

/// Of two values or more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moments {
    pub(super) count: f64,
    pub(super) mean: f64,
    /// Standard error of the mean.
    pub(super) error: f64,
    /// Third central moment over the cube of the standard deviation, scaled for few values; zero of fewer than three.
    skewness: f64,
}

impl Moments {
    /// None of fewer than two values, and of values that are all the same.
    pub(super) fn of(values: &[f64]) -> Option<Self> {
        let first = *values.first()?;
        if values.iter().all(|value| *value == first) {
            return None;
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let away = || values.iter().map(|value| value - mean);
        let variance = away().map(|away| away * away).sum::<f64>() / (count - 1.0);
        let cubes = away().map(|away| away * away * away).sum::<f64>();
        let skewness = match count > 2.0 && variance > 0.0 {
            true => count / (count - 1.0) / (count - 2.0) * cubes / (variance * variance.sqrt()),
            false => 0.0,
        };
        Some(Self {
            count,
            mean,
            error: (variance / count).sqrt(),
            skewness,
        })
    }

    /// Of a mean whose error is known otherwise; the skewness is that of what is left of the values, whose mean is zero.
    pub(super) fn with_error(left: &[f64], mean: f64, error: f64) -> Self {
        let skewness = Self::of(left).map_or(0.0, |moments| moments.skewness);
        Self {
            count: left.len() as f64,
            mean,
            error,
            skewness,
        }
    }

    /// The interval of the mean, `quantile` being Student's. It reaches further to the side on which the values have their tail.
    /// Source: R. Willink, "A confidence interval and test for the mean of an asymmetric distribution", Communications in
    /// Statistics - Theory and Methods 34, 2005, after N. J. Johnson, "Modified t tests and confidence intervals for asymmetrical
    /// populations", JASA 73, 1978.
    pub(super) fn interval(&self, quantile: f64) -> (f64, f64) {
        let skew = self.skewness / (6.0 * self.count.sqrt());
        let plain = self.count < FEWEST_FOR_SKEW || skew.abs() < 1e-6;
        let reach = |quantile: f64| match plain {
            true => quantile,
            // The cube root is the same on every machine, which that of the standard library need not be.
            false => (libm::cbrt(1.0 + 6.0 * skew * (quantile - skew)) - 1.0) / (2.0 * skew),
        };
        (
            self.mean - reach(quantile) * self.error,
            self.mean - reach(-quantile) * self.error,
        )
    }

    /// Of the values.
    pub(super) fn variance(&self) -> f64 {
        self.error * self.error * self.count
    }

    /// How many values there are for each unit of squared skewness; infinite of so few that their skew says little.
    pub(super) fn values_per_skew(&self) -> f64 {
        match self.count < FEWEST_FOR_SKEW {
            true => f64::INFINITY,
            false => self.count / (self.skewness * self.skewness),
        }
    }
}
