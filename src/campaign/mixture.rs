//! Replications of two kinds: some storm, and some do not.

use super::arm::{Arm, COMPARED, estimate, position};
use super::moments::Moments;
use super::statistics::{self, CONFIDENCE, MARGIN};
use crate::metric::{METRICS, Metric};
use crate::record::{KindFigure, MixedFigure, Mixture};

/// From this ratio of the distance between two means to the spread within both kinds on, they are clearly apart. Source: K. M. Ashman, C. M.
/// Bird and S. E. Zepf, "Detecting bimodality in astronomical datasets", Astronomical Journal 108, 1994.
const APART: f64 = 2.0;

/// Means that differ by less than this part of the larger one are no two kinds, however little they vary.
const PART: f64 = 0.01;

/// A single run has no spread, and is no kind.
const FEWEST: usize = 2;

/// What tells the kinds apart.
const STORMS: &str = "storm_probability";

/// The two kinds of an arm's replications; none where all but one are of one kind, or the kinds differ in nothing that strategies are compared by.
pub(super) fn mixture(arm: &Arm) -> Option<Mixture> {
    let storms = arm.values(position(STORMS));
    let known: Vec<f64> = storms.iter().flatten().copied().collect();
    let share = statistics::share(&known, CONFIDENCE)?;
    let of_kind = |kind: f64| known.iter().filter(|storm| **storm == kind).count();
    if of_kind(0.0).min(of_kind(1.0)) < FEWEST {
        return None;
    }
    let compared = METRICS.iter().enumerate();
    let compared = compared.filter(|(_, metric)| COMPARED.contains(&metric.name) && metric.name != STORMS);
    let figures: Vec<_> = compared
        .filter_map(|(at, metric)| figure(metric, &storms, &arm.values(at), &arm.values(position("calls"))))
        .collect();
    figures.iter().any(|figure| figure.apart).then(|| Mixture {
        strategy: arm.strategy.clone(),
        point: arm.point.to_string(),
        storms: known.iter().sum::<f64>() as u32,
        replications: share.count,
        share_ci95: share.interval.unwrap_or((0.0, 1.0)),
        figures,
    })
}

fn figure(
    metric: &'static Metric,
    storms: &[Option<f64>],
    values: &[Option<f64>],
    calls: &[Option<f64>],
) -> Option<MixedFigure> {
    let of = |storm: f64, column: &[Option<f64>]| -> Vec<f64> {
        let own = storms.iter().zip(column).filter(|(known, _)| **known == Some(storm));
        own.filter_map(|(_, value)| *value).collect()
    };
    let kind = |storm: f64| {
        let values = of(storm, values);
        let estimate = estimate(metric, &values, of(storm, calls).iter().sum())?;
        let figure = KindFigure {
            mean: estimate.mean,
            ci95: estimate.interval,
        };
        Some((figure, Moments::of(&values).map_or(0.0, |moments| moments.variance())))
    };
    let ((storm, one), (calm, other)) = (kind(1.0)?, kind(0.0)?);
    let distance = (storm.mean - calm.mean).abs();
    let margin = match metric.unit {
        "share" => MARGIN,
        _ => PART * storm.mean.abs().max(calm.mean.abs()),
    };
    Some(MixedFigure {
        metric: metric.name.to_owned(),
        unit: metric.unit.to_owned(),
        apart: distance > margin && distance > APART * ((one + other) / 2.0).sqrt(),
        storm,
        calm,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failures(values: &[(f64, f64)]) -> MixedFigure {
        let (storms, values): (Vec<_>, Vec<_>) =
            values.iter().map(|&(storm, value)| (Some(storm), Some(value))).unzip();
        let calls = vec![Some(1000.0); values.len()];
        figure(&METRICS[position("failure_rate")], &storms, &values, &calls).unwrap()
    }

    #[test]
    fn two_kinds_are_told_apart_by_what_lies_between_them() {
        let clear = failures(&[(0.0, 0.01), (1.0, 0.5), (0.0, 0.012), (1.0, 0.6), (0.0, 0.0)]);
        assert!(clear.apart);
        assert_eq!(clear.storm.mean, 0.55);
        assert!((clear.calm.mean - 0.022 / 3.0).abs() < 1e-12);
        assert!(clear.calm.ci95.is_some());
        // They overlap: a storm that changes little.
        assert!(!failures(&[(0.0, 0.1), (1.0, 0.2), (0.0, 0.3), (1.0, 0.35), (0.0, 0.0)]).apart);
        // Nothing varies within the kinds, and what is between them is less than what counts.
        assert!(!failures(&[(0.0, 0.0), (0.0, 0.0), (1.0, 0.0009)]).apart);
        assert!(failures(&[(0.0, 0.0), (0.0, 0.0), (1.0, 0.0011)]).apart);
    }
}
