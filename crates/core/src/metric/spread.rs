//! How spans of time are spread: quantiles in memory that grows with the range of the spans, not with their number.

use hdrhistogram::Histogram;

use crate::base::Duration;

/// Digits that a quantile keeps.
const DIGITS: u8 = 3;

/// The quantiles of spans of time, as long as a run can have them. A quantile is rounded up by a thousandth at most, and lies between
/// the least and the most that were recorded: where all spans are the same, it is exact.
#[derive(Clone, Debug)]
pub struct Spread {
    /// In microseconds; it grows to what is recorded.
    counts: Histogram<u32>,
    least: Duration,
    most: Duration,
}

impl Default for Spread {
    fn default() -> Self {
        Self {
            counts: Histogram::new(DIGITS).expect("the precision is a constant"),
            least: Duration::MAX,
            most: Duration::ZERO,
        }
    }
}

impl Spread {
    /// Counts one more.
    #[inline]
    pub fn record(&mut self, span: Duration) {
        let fits = self.counts.record(span.nanos() / 1_000);
        fits.expect("a histogram of every span that there is has room");
        self.least = self.least.min(span);
        self.most = self.most.max(span);
    }

    /// How many were recorded.
    pub fn len(&self) -> u64 {
        self.counts.len()
    }

    /// Whether none was recorded.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The longest that was recorded; none where none was.
    pub fn most(&self) -> Option<Duration> {
        (!self.is_empty()).then_some(self.most)
    }

    /// The span that this share of those recorded does not exceed, in seconds; none where none was.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let most = self.most()?;
        let micros = self.counts.value_at_quantile(share);
        let span = Duration::from_nanos(micros.saturating_mul(1_000));
        Some(span.max(self.least).min(most).as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(spans: &[Duration]) -> Spread {
        let mut spread = Spread::default();
        spans.iter().for_each(|&span| spread.record(span));
        spread
    }

    #[test]
    fn what_is_constant_is_exact_and_what_is_long_is_not_cut_off() {
        for span in [
            Duration::ZERO,
            Duration::from_millis(45),
            Duration::from_secs(60 * 86_400),
            Duration::LONGEST.saturating_mul(3),
        ] {
            let same = spread(&[span; 5]);
            for share in [0.01, 0.5, 0.99] {
                assert_eq!(same.quantile(share), Some(span.as_secs_f64()), "{span}");
            }
            assert_eq!((same.most(), same.len()), (Some(span), 5));
        }
        assert_eq!((spread(&[]).quantile(0.5), spread(&[]).most()), (None, None));
    }

    #[test]
    fn a_quantile_is_off_by_a_thousandth_at_most() {
        let spans: Vec<_> = (1..=10_000).map(|ms| Duration::from_millis(ms * ms)).collect();
        let spread = spread(&spans);
        for share in [0.1, 0.5, 0.9, 0.99] {
            let exact = (10.0 * share * 1e3f64).powi(2) / 1e3;
            let read = spread.quantile(share).unwrap();
            assert!(
                read >= exact && read <= exact * 1.001 + 1e-6,
                "{share}: {read}, {exact}"
            );
        }
    }
}
