//! Means, shares and medians over replications, with their confidence intervals.
//!
//! Replications are the unit throughout: figures within a run are correlated, runs are independent.

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, StudentsT};

/// A mean with its confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean of the values, or what stands for it: a share, a median.
    pub mean: f64,
    /// The two ends of its confidence interval; none with fewer than two values.
    pub interval: Option<(f64, f64)>,
    /// How many values there are.
    pub count: u32,
}

/// Confidence of every interval that is reported.
pub const CONFIDENCE: f64 = 0.95;

/// The mean of independent values, with Student's interval at `confidence`; none of no values.
pub fn mean(values: &[f64], confidence: f64) -> Option<Estimate> {
    if values.is_empty() {
        return None;
    }
    let count = values.len() as f64;
    // Equal values have exactly their own mean, which a sum and a division need not give.
    if values.iter().all(|value| *value == values[0]) {
        return Some(Estimate {
            mean: values[0],
            interval: (values.len() > 1).then_some((values[0], values[0])),
            count: values.len() as u32,
        });
    }
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let half = student(count - 1.0, confidence) * (variance / count).sqrt();
    Some(Estimate {
        mean,
        interval: Some((mean - half, mean + half)),
        count: values.len() as u32,
    })
}

/// A share of replications in which something was seen, with Wilson's interval. Source: E. B. Wilson, "Probable inference,
/// the law of succession, and statistical inference", JASA 22, 1927.
pub fn share(values: &[f64], confidence: f64) -> Option<Estimate> {
    let estimate = mean(values, confidence)?;
    let n = f64::from(estimate.count);
    let z = normal(confidence);
    let centre = (estimate.mean + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (estimate.mean * (1.0 - estimate.mean) / n + z * z / (4.0 * n * n)).sqrt();
    // The ends are exact at none and at all, where rounding would leave a hair.
    let low = if estimate.mean == 0.0 { 0.0 } else { centre - half };
    let high = if estimate.mean == 1.0 { 1.0 } else { centre + half };
    let interval = estimate.interval.map(|_| (low, high));
    Some(Estimate { interval, ..estimate })
}

/// The median of independent values of which some may be infinite: what had not happened when a run ended. The interval is
/// that of order statistics, which supposes no law; none where it would reach beyond the values, and no estimate where the median
/// itself is infinite.
pub fn median(values: &[f64], confidence: f64) -> Option<Estimate> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len();
    let (low, high) = (sorted.get(count.checked_sub(1)? / 2)?, sorted.get(count / 2)?);
    let mean = (low + high) / 2.0;
    let below = Binomial::new(0.5, count as u64).expect("a share of one half");
    let rank = below.inverse_cdf((1.0 - confidence) / 2.0) as usize;
    let interval = rank.checked_sub(1).map(|first| (sorted[first], sorted[count - rank]));
    mean.is_finite().then_some(Estimate {
        mean,
        interval: interval.filter(|(_, high)| high.is_finite()),
        count: count as u32,
    })
}

/// The two-sided quantile of Student's law.
fn student(freedom: f64, confidence: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom)
        .expect("degrees of freedom above zero")
        .inverse_cdf(0.5 + confidence / 2.0)
}

/// The two-sided quantile of the normal law.
fn normal(confidence: f64) -> f64 {
    statrs::distribution::Normal::standard().inverse_cdf(0.5 + confidence / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Dice;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        assert!((student(29.0, 0.95) - 2.045).abs() < 5e-4);
        assert!((student(1.0, 0.95) - 12.706).abs() < 5e-4);
        assert!((normal(0.95) - 1.959_964).abs() < 1e-5);
    }

    #[test]
    fn few_values_have_no_interval_and_equal_ones_no_width() {
        assert_eq!(mean(&[], 0.95), None);
        assert_eq!(mean(&[3.0], 0.95).unwrap().interval, None);
        assert_eq!(mean(&[0.1; 30], 0.95).unwrap().interval, Some((0.1, 0.1)));
    }

    #[test]
    fn wilson_stays_within_zero_and_one() {
        // 0 of 30: Wilson's upper end is z^2 / (n + z^2) = 0.1135.
        let none = share(&[0.0; 30], 0.95).unwrap().interval.unwrap();
        assert!(none.0 == 0.0 && (none.1 - 0.1135).abs() < 1e-3, "{none:?}");
        let all = share(&[1.0; 30], 0.95).unwrap().interval.unwrap();
        assert!(all.1 == 1.0 && (all.0 - 0.8865).abs() < 1e-3, "{all:?}");
    }

    /// For 30 values the interval of order statistics reaches from the 10th to the 21st (coverage 0.957, tables of the sign
    /// test); a run that never came to its end counts as late, not as missing.
    #[test]
    fn a_median_bears_values_that_never_came() {
        let mut values: Vec<f64> = (1..=30).map(f64::from).collect();
        let estimate = median(&values, 0.95).unwrap();
        assert_eq!((estimate.mean, estimate.interval), (15.5, Some((10.0, 21.0))));
        values[25..].fill(f64::INFINITY);
        assert_eq!(median(&values, 0.95), Some(estimate));
        values[20..].fill(f64::INFINITY);
        assert_eq!(median(&values, 0.95).unwrap().interval, None);
        values[10..].fill(f64::INFINITY);
        assert_eq!(median(&values, 0.95), None);
        assert_eq!(median(&[], 0.95), None);
        assert_eq!(median(&[3.0, 4.0], 0.95).unwrap().interval, None);
    }

    /// Of 2,000 intervals over 30 uniform draws, the share that covers the true mean is 0.95 within 4 standard deviations
    /// (0.0195).
    #[test]
    fn intervals_cover_as_often_as_they_say() {
        let dice = Dice::new(3);
        let covered = (0..2000u64)
            .filter(|&trial| {
                let values: Vec<_> = (0..30)
                    .map(|i| dice.draw(0, trial, i) as f64 / u64::MAX as f64)
                    .collect();
                let (low, high) = mean(&values, 0.95).unwrap().interval.unwrap();
                low <= 0.5 && 0.5 <= high
            })
            .count();
        assert!((f64::from(covered as u32) / 2000.0 - 0.95).abs() < 0.0195, "{covered}");
    }
}
