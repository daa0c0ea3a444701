//! Which figures of a campaign are not yet known as well as was asked.

use super::arm::{Arm, position};
use super::controlled::controlled;
use super::precision::PrecisionGoal;
use super::replicate::Campaign;
use super::statistics::ENOUGH_AFTER_LOOKS;
use crate::metric::METRICS;
use crate::record::OpenFigure;

impl Campaign {
    /// Figures that are not known as well as is asked, furthest from it first.
    pub(super) fn open_figures(&self, goals: &[PrecisionGoal]) -> Vec<OpenFigure> {
        let mut open = Vec::new();
        for arm in self.written() {
            for goal in goals {
                open.extend(
                    goal.metrics()
                        .into_iter()
                        .filter_map(|name| open_figure(arm, goal, position(name))),
                );
            }
        }
        let far = |figure: &OpenFigure| {
            figure
                .half_width
                .map_or(f64::INFINITY, |half| half / figure.wanted.max(1e-300))
        };
        open.sort_by(|one, other| far(other).total_cmp(&far(one)));
        open
    }
}

/// The figure, where it has a value and is not known as well as this.
fn open_figure(arm: &Arm, goal: &PrecisionGoal, at: usize) -> Option<OpenFigure> {
    let metric = &METRICS[at];
    let figure = controlled(arm, at, ENOUGH_AFTER_LOOKS)?.estimate;
    if goal.is_met(figure, metric.unit) {
        return None;
    }
    let half_width = figure
        .interval
        .map(|(low, high)| (high - low) / 2.0)
        .filter(|half| half.is_finite());
    let doubtful = figure.is_doubtful(ENOUGH_AFTER_LOOKS);
    let wanted = goal.half_width(figure.mean);
    let enough = half_width.map(|half| f64::from(figure.count) * (half / wanted).powi(2));
    Some(OpenFigure {
        strategy: arm.strategy.clone(),
        point: arm.point.to_string(),
        metric: metric.name.to_owned(),
        unit: metric.unit.to_owned(),
        mean: figure.mean,
        half_width,
        wanted,
        doubtful,
        replications_to_reach: enough
            .filter(|enough| !doubtful && *enough < 1e9)
            .map(|enough| enough.ceil() as u32),
    })
}
