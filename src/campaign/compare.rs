//! Strategies against the first, and against what the scenario says of them.

use super::arm::estimate;
use super::replicate::{Campaign, paired, position};
use super::statistics::CONFIDENCE;
use crate::metric::{Better, METRICS};
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
                let Some(difference) = paired(&arm.values(metric), &base.values(metric), confidence) else {
                    continue;
                };
                comparisons.push(Comparison {
                    strategy: arm.strategy.clone(),
                    reference: reference.clone(),
                    point: arm.point.to_string(),
                    metric: name.to_owned(),
                    difference: difference.mean,
                    interval: difference.interval,
                    verdict: verdict(METRICS[metric].better, difference.interval),
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
            let estimate = estimate(metric, &values);
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
        for (strategy, conditions) in point.file.expect.iter() {
            for (metric, condition) in conditions.iter() {
                check(CheckKind::Expect, strategy, metric, condition);
            }
        }
        checks
    }
}

fn verdict(better: Option<Better>, interval: Option<(f64, f64)>) -> ComparisonVerdict {
    match (better, interval) {
        (Some(Better::Low), Some((_, high))) if high < 0.0 => ComparisonVerdict::Better,
        (Some(Better::High), Some((low, _))) if low > 0.0 => ComparisonVerdict::Better,
        (Some(Better::Low), Some((low, _))) if low > 0.0 => ComparisonVerdict::Worse,
        (Some(Better::High), Some((_, high))) if high < 0.0 => ComparisonVerdict::Worse,
        _ => ComparisonVerdict::NotDistinguishable,
    }
}
