//! Strategies against the first, and against what the scenario says of them.

use super::arm::{Arm, estimate, position, together};
use super::controlled::{controlled, controlled_difference};
use super::moments::Moments;
use super::replicate::{Campaign, paired};
use super::statistics::{self, CONFIDENCE, Estimate, MARGIN};
use crate::metric::{Better, METRICS, MetricName};
use crate::plan::SweepPoint;
use crate::record::{Check, CheckKind, Comparison, ComparisonVerdict};
use crate::scenario::{Condition, ConditionOutcome, Scenario};

impl Campaign {
    /// Each strategy against the first, by what users feel.
    pub(super) fn comparisons(&self, strategies: &[String]) -> Vec<Comparison> {
        const COMPARED: [&str; 2] = ["failure_rate", "first_attempt_rejection_rate"];
        let Some(reference) = strategies.first() else {
            return Vec::new();
        };
        let others = self.written().filter(|arm| arm.strategy != *reference).count();
        // Bonferroni: all comparisons of the scenario hold together at 95 %.
        let confidence = 1.0 - (1.0 - CONFIDENCE) / (others * COMPARED.len()).max(1) as f64;
        let mut comparisons = Vec::new();
        for arm in self.written().filter(|arm| arm.strategy != *reference) {
            for name in COMPARED {
                let metric = position(name);
                let Some(base) = self.arm(reference, &arm.point) else {
                    continue;
                };
                let Some((plain, plain_seen)) = difference_of_shares(arm, base, metric, confidence) else {
                    continue;
                };
                let controlled = controlled_difference((arm, base), metric, plain_seen, confidence, self.enough);
                let (difference, seen) = controlled.map_or((plain, plain_seen), |(better, _)| (better, better));
                let verdict = verdict(METRICS[metric].better, difference.interval, MARGIN);
                let open = verdict == ComparisonVerdict::NotDistinguishable;
                comparisons.push(Comparison {
                    strategy: arm.strategy.clone(),
                    reference: reference.clone(),
                    point: arm.point.to_string(),
                    metric: name.to_owned(),
                    difference: difference.mean,
                    interval: difference.interval,
                    verdict,
                    margin: MARGIN,
                    replications_to_tell: open
                        .then(|| statistics::replications_to_tell(seen, MARGIN, confidence))
                        .flatten(),
                    doubtful: difference.is_doubtful(self.enough),
                    controls_gain: controlled.map(|(_, gain)| gain),
                    pairing_gain: pairing_gain(&arm.values(metric), &base.values(metric)),
                });
            }
        }
        comparisons
    }

    pub(super) fn checks(&self, label: &SweepPoint, point: &Scenario) -> Vec<Check> {
        let mut checks = Vec::new();
        let mut check = |kind, strategy: &str, metric: &str, condition: &Condition| {
            // With `only`, what is said of other strategies cannot be judged.
            let against = condition.against().unwrap_or(strategy);
            if self.arm(strategy, label).is_none() || self.arm(against, label).is_none() {
                return;
            }
            let values: Vec<f64> = self
                .metric(strategy, label, metric)
                .into_iter()
                .flatten()
                .flatten()
                .collect();
            let name = MetricName::parse(metric);
            let calls = MetricName {
                metric: "calls",
                ..name
            }
            .to_string();
            let calls = together(&self.metric(strategy, label, &calls).unwrap_or_default());
            let known = METRICS.iter().position(|known| known.name == name.metric);
            let estimate = known.and_then(|at| match (name.part, self.arm(strategy, label)) {
                (None, Some(arm)) => controlled(arm, at, self.enough).map(|controlled| controlled.estimate),
                _ => estimate(&METRICS[at], &values, calls),
            });
            let mean = estimate.map(|estimate| estimate.mean);
            let ci95 = estimate.and_then(|estimate| estimate.interval);
            let difference = |other: &str| self.difference(strategy, other, label, metric);
            let judged = mean.map(|mean| condition.evaluate(mean, ci95.unwrap_or((mean, mean)), difference));
            checks.push(Check {
                kind,
                strategy: strategy.to_owned(),
                point: label.to_string(),
                metric: metric.to_owned(),
                condition: condition.to_string(),
                measured: mean,
                ci95,
                holds: judged.is_some_and(ConditionOutcome::holds),
            });
        };
        for assert in &point.file.assert {
            let condition = Condition::Compare(assert.op, assert.value);
            for strategy in &point.file.strategy {
                if assert.strategy == "*" || assert.strategy == strategy.name {
                    check(CheckKind::Assert, &strategy.name, &assert.metric, &condition);
                }
            }
        }
        for (strategy, conditions) in point.file.expect.figures.iter() {
            for (metric, condition) in conditions.iter() {
                check(CheckKind::Expect, strategy, metric, condition);
            }
        }
        checks
    }
}

/// How many times as large the variance of the difference would be if the two had been replicated apart; none where nothing varies.
pub(super) fn pairing_gain(one: &[Option<f64>], other: &[Option<f64>]) -> Option<f64> {
    let pairs = one.iter().zip(other);
    let pairs: Vec<(f64, f64)> = pairs.filter_map(|(one, other)| Some(((*one)?, (*other)?))).collect();
    let variance = |value: fn(&(f64, f64)) -> f64| {
        let values: Vec<f64> = pairs.iter().map(value).collect();
        Moments::of(&values).map_or(0.0, |moments| moments.variance())
    };
    let paired = variance(|(one, other)| one - other);
    let gain = (variance(|pair| pair.0) + variance(|pair| pair.1)) / paired;
    (paired > 0.0 && gain.is_finite()).then_some(gain)
}

/// The difference between two arms' shares of calls, replication by replication, with an interval that a difference of shares can
/// have; and the same as the replications alone have it.
pub(super) fn difference_of_shares(
    arm: &Arm,
    base: &Arm,
    metric: usize,
    confidence: f64,
) -> Option<(Estimate, Estimate)> {
    let (one, other) = (arm.values(metric), base.values(metric));
    let seen = paired(&one, &other, confidence)?;
    let share = |arm: &Arm, values: &[Option<f64>]| {
        let values: Vec<f64> = values.iter().flatten().copied().collect();
        let share = statistics::mean_share(&values, together(&arm.values(position("calls"))), confidence)?;
        let constant = values.iter().all(|value| *value == values[0]);
        (constant && (share.mean == 0.0 || share.mean == 1.0)).then_some(share)
    };
    let interval = match (share(arm, &one), share(base, &other)) {
        // Runs in which no call fails, or each, have no spread: how many calls there were bounds what may yet be seen.
        (Some(one), Some(other)) => statistics::share_difference(one, other),
        _ => seen.interval.map(|(low, high)| (low.max(-1.0), high.min(1.0))),
    };
    Some((Estimate { interval, ..seen }, seen))
}

pub(super) fn verdict(better: Option<Better>, interval: Option<(f64, f64)>, margin: f64) -> ComparisonVerdict {
    match (better, interval) {
        (Some(Better::Low), Some((_, high))) if high < 0.0 => ComparisonVerdict::Better,
        (Some(Better::High), Some((low, _))) if low > 0.0 => ComparisonVerdict::Better,
        (Some(Better::Low), Some((low, _))) if low > 0.0 => ComparisonVerdict::Worse,
        (Some(Better::High), Some((_, high))) if high < 0.0 => ComparisonVerdict::Worse,
        (_, Some((low, high))) if -margin <= low && high <= margin => ComparisonVerdict::Same,
        _ => ComparisonVerdict::NotDistinguishable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: what moves together loses its variance, what moves against each other gains, and what has none says nothing.
    #[test]
    fn pairing_is_measured_by_what_it_takes_from_the_variance() {
        let some = |values: [f64; 4]| values.map(Some);
        let one = some([1.0, 2.0, 3.0, 4.0]);
        // The difference is 0, 0, 0, 4 with variance 4; both variances are 5/3.
        let gain = pairing_gain(&one, &some([1.0, 2.0, 3.0, 0.0])).unwrap();
        assert!((gain - (5.0 / 3.0 + 5.0 / 3.0) / 4.0).abs() < 1e-12, "{gain}");
        assert_eq!(pairing_gain(&one, &some([0.5; 4])), Some(1.0));
        let gain = pairing_gain(&one, &some([1.0, 2.0, 3.0, 5.0])).unwrap();
        assert!(gain > 15.0, "{gain}");
        assert_eq!(pairing_gain(&one, &one), None);
        assert_eq!(pairing_gain(&one, &[None; 4]), None);
    }

    #[test]
    fn the_same_is_more_than_not_distinguishable() {
        let of = |interval| verdict(Some(Better::Low), interval, MARGIN);
        assert_eq!(of(Some((-0.0005, 0.0009))), ComparisonVerdict::Same);
        assert_eq!(of(Some((0.0, 0.0))), ComparisonVerdict::Same);
        assert_eq!(of(Some((-0.9, 0.13))), ComparisonVerdict::NotDistinguishable);
        assert_eq!(of(Some((-0.0005, 0.0011))), ComparisonVerdict::NotDistinguishable);
        assert_eq!(of(None), ComparisonVerdict::NotDistinguishable);
        assert_eq!(of(Some((-0.0005, -0.0001))), ComparisonVerdict::Better);
        assert_eq!(of(Some((0.0001, 0.0005))), ComparisonVerdict::Worse);
    }
}
