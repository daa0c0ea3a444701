//! Figures for which control variates are taken into account, where somebody asks for it and they are of use.

use super::arm::{Arm, estimate, position, together};
use super::mixture::mixture;
use super::regression::{Regressed, regressed};
use super::statistics::{CONFIDENCE, Estimate};
use crate::metric::{CONTROL_COUNT, METRICS};

/// A figure, and how many times as large the variance of the plain mean is, where controls were taken into account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Controlled {
    pub(super) estimate: Estimate,
    pub(super) gain: Option<f64>,
}

impl Controlled {
    /// The plain figure.
    pub(super) fn plain(estimate: Estimate) -> Self {
        Self { estimate, gain: None }
    }
}

/// What is no mean, though all else is.
const NO_MEANS: [&str; 4] = [
    "storm_probability",
    "recovery_probability",
    "storm_onset",
    "time_to_recover",
];

/// The metric at this place over an arm's replications; `enough` values for each unit of squared skewness give an interval that can be
/// trusted.
pub(super) fn controlled(arm: &Arm, at: usize, enough: f64) -> Option<Controlled> {
    let metric = &METRICS[at];
    let values = arm.values(at);
    let known: Vec<f64> = values.iter().flatten().copied().collect();
    let plain = estimate(metric, &known, together(&arm.values(position("calls"))))?;
    let better = || {
        if NO_MEANS.contains(&metric.name)
            || plain.is_doubtful(enough)
            || !arm.is_controlled()
            || mixture(arm).is_some()
        {
            return None;
        }
        let regressed = of(&values, &[arm])?;
        let estimate = match metric.unit {
            "share" => regressed.share(CONFIDENCE),
            _ => regressed.mean(CONFIDENCE),
        };
        (!estimate.is_doubtful(enough)).then_some((estimate, regressed.gain))
    };
    Some(match better() {
        Some((estimate, gain)) => Controlled {
            estimate,
            gain: Some(gain),
        },
        None => Controlled::plain(plain),
    })
}

/// The mean of the differences within replications, given the controls of both arms, and by how much they narrow it; none where the plain one is
/// as good.
pub(super) fn controlled_difference(
    (arm, base): (&Arm, &Arm),
    at: usize,
    plain: Estimate,
    confidence: f64,
    enough: f64,
) -> Option<(Estimate, f64)> {
    let arms = [arm, base];
    if plain.is_doubtful(enough) || arms.iter().any(|arm| !arm.is_controlled() || mixture(arm).is_some()) {
        return None;
    }
    let (one, other) = (arm.values(at), base.values(at));
    let pairs = one.iter().zip(&other);
    let differences: Vec<Option<f64>> = pairs.map(|(one, other)| Some((*one)? - (*other)?)).collect();
    let regressed = of(&differences, &arms)?;
    let estimate = regressed.mean(confidence);
    (!estimate.is_doubtful(enough)).then_some((estimate, regressed.gain))
}

/// Values by replication, given the controls of these arms in the replications that have a value.
fn of(values: &[Option<f64>], arms: &[&Arm]) -> Option<Regressed> {
    let with = |at: usize| values.get(at).copied().flatten();
    let control = |arm: &Arm, control: usize| -> Option<Vec<f64>> {
        let samples = arm.samples.iter().enumerate();
        let own = samples.filter(|(at, _)| with(*at).is_some());
        own.map(|(_, sample)| Some(sample.as_ref()?.controls?[control]))
            .collect()
    };
    let controls = arms
        .iter()
        .flat_map(|arm| (0..CONTROL_COUNT).filter_map(|at| control(arm, at)));
    let known: Vec<f64> = values.iter().flatten().copied().collect();
    regressed(&known, controls.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests;
