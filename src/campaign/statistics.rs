//! Means, shares and medians over replications, with their confidence intervals.
//!
//! Replications are the unit throughout: figures within a run are correlated, runs are independent.

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, StudentsT};

use super::moments::Moments;

/// A mean with its confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean of the values, or what stands for it: a share, a median.
    pub mean: f64,
    /// The two ends of its confidence interval; none with fewer than two values.
    pub interval: Option<(f64, f64)>,
    /// How many values there are.
    pub count: u32,
    /// How many values there are for each unit of their squared skewness; infinite where skew does not matter.
    pub values_per_skew: f64,
}

/// So many values for each unit of squared skewness give the interval of a mean that can be trusted. W. G. Cochran, "Sampling
/// Techniques", 3rd edition, 1977, page 42, asks for 25 of Student's interval, so that it is wrong in no more than 6 of 100 cases;
/// the interval with an allowance for skew does with 20 (`reports/statistics.md`).
pub const ENOUGH: f64 = 20.0;

/// The same where the number of values hangs on what was seen of them: who looks again and again sees at last a sample without the
/// tail.
pub const ENOUGH_AFTER_LOOKS: f64 = 60.0;

impl Estimate {
    /// Whether so few values are so skewed that the interval may cover less often than it says; `enough` is [`ENOUGH`] or
    /// [`ENOUGH_AFTER_LOOKS`].
    pub fn is_doubtful(&self, enough: f64) -> bool {
        self.values_per_skew < enough
    }
}

/// Confidence of every interval that is reported.
pub const CONFIDENCE: f64 = 0.95;

/// Shares of calls that differ by no more than one in a thousand count as the same.
pub(super) const MARGIN: f64 = 0.001;

/// The mean of independent values, with Student's interval at `confidence`, which allows for their skew; none of no values.
pub fn mean(values: &[f64], confidence: f64) -> Option<Estimate> {
    let first = *values.first()?;
    let count = values.len() as u32;
    let Some(moments) = Moments::of(values) else {
        // Equal values have exactly their own mean, which a sum and a division need not give.
        return Some(Estimate {
            mean: first,
            interval: (count > 1).then_some((first, first)),
            count,
            values_per_skew: f64::INFINITY,
        });
    };
    Some(Estimate {
        mean: moments.mean,
        interval: Some(moments.interval(student(f64::from(count) - 1.0, confidence))),
        count,
        values_per_skew: moments.values_per_skew(),
    })
}

/// A share of replications in which something was seen, with Wilson's interval. Source: E. B. Wilson, "Probable inference,
/// the law of succession, and statistical inference", JASA 22, 1927.
pub fn share(values: &[f64], confidence: f64) -> Option<Estimate> {
    let estimate = mean(values, confidence)?;
    let ends = wilson(estimate.mean, f64::from(estimate.count), normal(confidence));
    let interval = estimate.interval.map(|_| ends);
    Some(Estimate {
        interval,
        values_per_skew: f64::INFINITY,
        ..estimate
    })
}

/// A mean of shares, one of each replication, with an interval that stays between 0 and 1: Wilson's, for as many independent
/// trials as would spread the mean as the replications do, and with Student's quantile for the few that there are. Source: Kott
/// and Carr, "Developing an estimation strategy for a pesticide data program", J. Official Statistics 13, 1997; Franco et al.,
/// "Comparative study of confidence intervals for proportions in complex sample surveys", J. Survey Statistics and Methodology 7,
/// 2019.
///
/// Where every share is none or all there is no spread to go by: then the interval is that of `trials` independent trials (the
/// calls of all replications together), and has no width where that is not known.
pub fn mean_share(values: &[f64], trials: f64, confidence: f64) -> Option<Estimate> {
    let estimate = mean(values, confidence)?;
    let Some((low, high)) = estimate.interval else {
        return Some(estimate);
    };
    let p = estimate.mean.clamp(0.0, 1.0);
    let extreme = p == 0.0 || p == 1.0;
    let error = Moments::of(values)
        .map(|moments| moments.error)
        .filter(|error| *error > 0.0);
    let interval = if let Some(error) = error {
        let quantile = student(f64::from(estimate.count) - 1.0, confidence);
        wilson(p, p * (1.0 - p) / (error * error), quantile)
    } else if extreme && trials > 0.0 {
        wilson(p, trials, normal(confidence))
    } else {
        (low, high)
    };
    Some(Estimate {
        interval: Some(interval),
        ..estimate
    })
}

/// Wilson's interval of a share `p` of `n` trials, `quantile` standard deviations to either side.
pub(super) fn wilson(p: f64, n: f64, quantile: f64) -> (f64, f64) {
    let square = quantile * quantile;
    let centre = (p + square / (2.0 * n)) / (1.0 + square / n);
    let half = quantile / (1.0 + square / n) * (p * (1.0 - p) / n + square / (4.0 * n * n)).sqrt();
    // The ends are exact at none and at all, where rounding would leave a hair.
    let low = if p == 0.0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if p == 1.0 { 1.0 } else { (centre + half).min(1.0) };
    (low, high)
}

/// The interval of the difference `one` minus `other` of two shares from the interval of each. Source: R. G. Newcombe, "Interval
/// estimation for the difference between independent proportions", Statistics in Medicine 17, 1998, method 10.
pub fn share_difference(one: Estimate, other: Estimate) -> Option<(f64, f64)> {
    let ((low, high), (other_low, other_high)) = (one.interval?, other.interval?);
    let difference = one.mean - other.mean;
    let down = (one.mean - low).hypot(other_high - other.mean);
    let up = (high - one.mean).hypot(other.mean - other_low);
    Some((difference - down, difference + up))
}

/// No more replications than these are foretold.
const MOST_FORETOLD: u32 = 1_000_000;

/// Roughly how many replications would tell whether a mean is zero: the fewest whose interval would, four times in five, leave out
/// zero or lie within `margin` of it, if the mean and the spread seen so far are the true ones. None where even a million would
/// not, or where no spread was seen.
pub fn replications_to_tell(seen: Estimate, margin: f64, confidence: f64) -> Option<u32> {
    let (low, high) = seen.interval?;
    let count = f64::from(seen.count);
    let deviation = (high - low) / 2.0 / student(count - 1.0, confidence) * count.sqrt();
    let room = seen.mean.abs().max(margin - seen.mean.abs());
    if deviation <= 0.0 || room <= 0.0 {
        return None;
    }
    // Four times in five.
    let beyond = normal(0.6);
    let tells = |count: u32| {
        let n = f64::from(count);
        (student(n - 1.0, confidence) + beyond) * deviation / n.sqrt() <= room
    };
    let mut enough = seen.count.max(2);
    while !tells(enough) {
        enough = enough.checked_mul(2).filter(|more| *more <= MOST_FORETOLD)?;
    }
    let (mut few, mut enough) = (enough / 2, enough);
    while enough - few > 1 {
        let middle = few.midpoint(enough);
        if middle >= 2 && tells(middle) {
            enough = middle;
        } else {
            few = middle;
        }
    }
    Some(enough.max(seen.count + 1))
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
        values_per_skew: f64::INFINITY,
    })
}

/// How many times as wide an interval of the mean of so many values is at `confidence` as at [`CONFIDENCE`].
pub fn wider(count: u32, confidence: f64) -> f64 {
    let freedom = f64::from(count.max(2)) - 1.0;
    student(freedom, confidence) / student(freedom, CONFIDENCE)
}

/// The two-sided quantile of Student's law.
pub(super) fn student(freedom: f64, confidence: f64) -> f64 {
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

    /// Two runs, of which one failed three calls in ten: Student's interval would reach from -174 % to 203 %.
    #[test]
    fn intervals_of_shares_stay_within_zero_and_one() {
        let (low, high) = mean_share(&[0.0, 0.296], 400.0, 0.95).unwrap().interval.unwrap();
        assert!(0.0 < low && low < 0.01 && 0.9 < high && high < 1.0, "{low} {high}");
        // None of 300 calls: Wilson's upper end is z^2 / (n + z^2) = 0.01265, near the rule of three.
        let none = mean_share(&[0.0; 3], 300.0, 0.95).unwrap().interval.unwrap();
        assert!(none.0 == 0.0 && (none.1 - 0.012_65).abs() < 1e-4, "{none:?}");
        let all = mean_share(&[1.0; 3], 300.0, 0.95).unwrap().interval.unwrap();
        assert!(all.1 == 1.0 && (all.0 - 0.987_35).abs() < 1e-4, "{all:?}");
        assert_eq!(mean_share(&[0.4; 3], 300.0, 0.95).unwrap().interval, Some((0.4, 0.4)));
        assert_eq!(mean_share(&[0.0; 3], 0.0, 0.95).unwrap().interval, Some((0.0, 0.0)));
        assert_eq!(mean_share(&[0.0], 300.0, 0.95).unwrap().interval, None);
    }

    /// Far from the ends and of many runs it is Student's interval; in between it covers as often as it says, where Student's
    /// often reaches below zero. Runs of 20 calls, 3 % of which fail: of 2,000 intervals over 30 runs 0.95 within 4 standard
    /// deviations (0.0195) cover 0.03.
    #[test]
    fn intervals_of_shares_cover_as_often_as_they_say() {
        let dice = Dice::new(5);
        let draw = |trial: u64, i: u64| dice.draw(0, trial, i) as f64 / u64::MAX as f64;
        let calm: Vec<f64> = (0..200).map(|i| 0.4 + 0.2 * draw(0, i)).collect();
        let (wide, plain) = (mean_share(&calm, 1e4, 0.95).unwrap(), mean(&calm, 0.95).unwrap());
        let (wide, plain) = (wide.interval.unwrap(), plain.interval.unwrap());
        assert!(
            (wide.0 - plain.0).abs() < 2e-4 && (wide.1 - plain.1).abs() < 2e-4,
            "{wide:?} {plain:?}"
        );
        let (mut covered, mut below) = (0u32, 0u32);
        for trial in 1..=2000u64 {
            let run = |run: u64| (0..20).filter(|call| draw(trial, 20 * run + call) < 0.03).count() as f64 / 20.0;
            let shares: Vec<f64> = (0..30).map(run).collect();
            let (low, high) = mean_share(&shares, 600.0, 0.95).unwrap().interval.unwrap();
            covered += u32::from(low <= 0.03 && 0.03 <= high);
            below += u32::from(low < 0.0 || high > 1.0);
        }
        assert!((f64::from(covered) / 2000.0 - 0.95).abs() < 0.0195, "{covered}");
        assert_eq!(below, 0);
    }

    /// With the spread of the first ten runs as the true one, so many more runs do tell in four cases of five.
    #[test]
    fn as_many_runs_as_are_foretold_do_tell() {
        let seen = Estimate {
            mean: 0.5,
            // Standard deviation 1 of ten values.
            interval: Some((0.5 - 0.7154, 0.5 + 0.7154)),
            count: 10,
            values_per_skew: f64::INFINITY,
        };
        let wanted = replications_to_tell(seen, 0.1, 0.95).unwrap();
        // (1.96 + 0.84)^2 / 0.5^2 = 31.4, and a little more for Student's quantile.
        assert!((32..36).contains(&wanted), "{wanted}");
        let same = replications_to_tell(
            Estimate {
                mean: 0.0,
                interval: Some((-0.7154, 0.7154)),
                count: 10,
                values_per_skew: f64::INFINITY,
            },
            0.1,
            0.95,
        );
        assert!((785..795).contains(&same.unwrap()), "{same:?}");
        let hopeless = Estimate {
            mean: 0.0,
            interval: Some((-1e4, 1e4)),
            count: 10,
            values_per_skew: f64::INFINITY,
        };
        assert_eq!(replications_to_tell(hopeless, 0.1, 0.95), None);
        let dice = Dice::new(7);
        // The sum of twelve uniform draws less six is nearly normal with deviation 1.
        let told = (0..1000u64).filter(|&trial| {
            let value = |i: u64| {
                (0..12)
                    .map(|k| dice.draw(k, trial, i) as f64 / u64::MAX as f64)
                    .sum::<f64>()
                    - 5.5
            };
            let values: Vec<f64> = (0..u64::from(wanted)).map(value).collect();
            mean(&values, 0.95).unwrap().interval.unwrap().0 > 0.0
        });
        let told = told.count();
        // 0.8 within 4 standard deviations (0.0506), and the whole numbers of runs.
        assert!((740..=860).contains(&told), "{told}");
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
