//! From replications to a figure with its interval.

use crate::campaign::statistics::{self, CONFIDENCE, ENOUGH_AFTER_LOOKS, Estimate};
use crate::engine::splitting::TreeTally;

/// A steady rate is called unsteady once in a hundred runs.
const DRIFT_CONFIDENCE: f64 = 0.99;

/// Hits for each unit of exposure: of all replications together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RateEstimate {
    pub(super) rate: Estimate,
    /// How much larger it is in the second half of the measured span than in the first: a 99 % interval.
    pub(super) drift: Option<(f64, f64)>,
}

impl RateEstimate {
    /// Whether it is known to within this share of itself, by the rule for a relative width ([`precision`](crate::campaign::precision)).
    pub(super) fn is_within(&self, share: f64) -> bool {
        let Some((low, high)) = self.rate.interval else {
            return false;
        };
        let narrow = (high - low) / 2.0 <= share / (1.0 + share) * self.rate.mean;
        narrow && !self.rate.is_doubtful(ENOUGH_AFTER_LOOKS)
    }
}

/// None where the event was not seen.
///
/// A ratio of means has an interval by its linear part: the replications' values of hits - rate x exposure, over the mean exposure,
/// are as good as independent. Source: W. G. Cochran, "Sampling Techniques", 3rd edition, 1977, section 2.11.
pub(super) fn rate(trees: &[TreeTally]) -> Option<RateEstimate> {
    let both = |tree: &TreeTally| (tree.hits[0] + tree.hits[1], tree.exposure[0] + tree.exposure[1]);
    let all = linear(trees, both)?;
    let halves = [0, 1].map(|half| linear(trees, |tree| (tree.hits[half], tree.exposure[half])));
    let drift = match halves {
        [Some(first), Some(second)] => {
            let more: Vec<_> = second
                .iter()
                .zip(&first)
                .map(|(second, first)| second - first)
                .collect();
            statistics::mean(&more, DRIFT_CONFIDENCE).and_then(|more| more.interval)
        }
        _ => None,
    };
    let rate = statistics::mean(&all, CONFIDENCE)?;
    let interval = rate.interval.map(|(low, high)| (low.max(0.0), high));
    Some(RateEstimate {
        rate: Estimate { interval, ..rate },
        drift,
    })
}

/// The ratio of hits and exposure, spread over the replications: values whose mean it is.
fn linear(trees: &[TreeTally], of: impl Fn(&TreeTally) -> (f64, f64)) -> Option<Vec<f64>> {
    let (hits, exposure) = trees
        .iter()
        .map(&of)
        .fold((0.0, 0.0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
    if hits <= 0.0 || exposure <= 0.0 {
        return None;
    }
    let (ratio, mean) = (hits / exposure, exposure / trees.len() as f64);
    let value = |tree: &TreeTally| {
        let (hits, exposure) = of(tree);
        ratio + (hits - ratio * exposure) / mean
    };
    Some(trees.iter().map(value).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(hits: f64, exposure: f64) -> TreeTally {
        TreeTally {
            hits: [hits / 2.0; 2],
            exposure: [exposure / 2.0; 2],
            ..TreeTally::default()
        }
    }

    #[test]
    fn a_rate_is_of_all_replications_together() {
        let trees = [tree(2.0, 10.0), tree(0.0, 30.0)];
        let estimate = rate(&trees).unwrap();
        assert!((estimate.rate.mean - 0.05).abs() < 1e-12);
        // Hits in proportion to the exposure have no spread.
        let (low, high) = rate(&[tree(1.0, 10.0), tree(3.0, 30.0)])
            .unwrap()
            .rate
            .interval
            .unwrap();
        assert!((low - 0.1).abs() < 1e-12 && (high - 0.1).abs() < 1e-12);
        assert_eq!(rate(&[tree(0.0, 10.0)]), None);
        assert_eq!(rate(&[]), None);
    }
}
