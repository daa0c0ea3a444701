//! The figures of an arm, for the record.

use super::arm::{Arm, estimate, parts, position, together};
use super::controlled::{Controlled, controlled};
use crate::metric::{CallPart, METRICS, Metric, MetricName};
use crate::record::Reading;

fn reading(
    arm: &Arm,
    metric: &Metric,
    part: Option<CallPart<'_>>,
    (values, controlled): (Vec<Option<f64>>, Option<Controlled>),
    enough: f64,
) -> Reading {
    let values: Vec<f64> = values.into_iter().flatten().collect();
    let estimate = controlled.map(|controlled| controlled.estimate);
    Reading {
        strategy: arm.strategy.clone(),
        point: arm.point.to_string(),
        metric: MetricName {
            metric: metric.name,
            part,
        }
        .to_string(),
        unit: metric.unit.to_owned(),
        mean: estimate.map(|estimate| estimate.mean),
        ci95: estimate.and_then(|estimate| estimate.interval),
        replications: values.len() as u32,
        doubtful: estimate.is_some_and(|estimate| estimate.is_doubtful(enough)),
        controls_gain: controlled.and_then(|controlled| controlled.gain),
    }
}

/// The figures; `enough` values for each unit of squared skewness give an interval that can be trusted.
pub(super) fn readings(arm: &Arm, enough: f64) -> Vec<Reading> {
    let calls = position("calls");
    let counted = |metric: &Metric| {
        (arm.plan.usable_tokens || !metric.counts_usable_tokens())
            && (arm.plan.has_tenants() || !metric.is_of_tenants())
            && (arm.plan.second.is_some() || !metric.is_of_second_provider())
    };
    let mut readings: Vec<_> = METRICS
        .iter()
        .enumerate()
        .filter(|(_, metric)| counted(metric))
        .map(|(at, metric)| {
            let controlled = controlled(arm, at, enough);
            reading(arm, metric, None, (arm.values(at), controlled), enough)
        })
        .collect();
    for (group, part) in parts(&arm.plan).iter().enumerate().filter(|(_, part)| part.telling) {
        let own = together(&arm.group_values(group, calls));
        for (at, metric) in METRICS
            .iter()
            .enumerate()
            .filter(|(_, metric)| counted(metric))
            .filter(|(_, metric)| metric.by_group.is_some() || part.fleet.is_some() && metric.by_fleet.is_some())
        {
            let values = arm.group_values(group, at);
            let known: Vec<f64> = values.iter().flatten().copied().collect();
            let plain = estimate(metric, &known, own).map(Controlled::plain);
            readings.push(reading(arm, metric, Some(part.name), (values, plain), enough));
        }
    }
    readings
}
