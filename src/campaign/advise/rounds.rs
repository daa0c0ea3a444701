//! Some candidates under the same luck, so many replications of each.

use std::sync::atomic::AtomicBool;

use super::AdviseError;
use super::variant::Base;
use crate::campaign::arm::{Arm, estimate, position, together};
use crate::campaign::compare::difference_of_shares;
use crate::campaign::options::{CampaignError, CampaignProgress};
use crate::campaign::replicate::{Campaign, paired};
use crate::campaign::statistics::{ENOUGH, Estimate};
use crate::metric::METRICS;
use crate::plan::SweepPoint;
use crate::record::advice::AdvisedFigure;
use crate::scenario::{PlanCase, StrategySettings};

/// A round: one arm for each candidate, in their order.
pub(super) struct Round(Campaign);

impl Round {
    /// Runs it. The error is that the scenario cannot be run so.
    pub fn run(
        base: &Base,
        candidates: &[StrategySettings],
        (seed, replications): (u64, u32),
        (progress, stop): (&dyn CampaignProgress, &AtomicBool),
    ) -> Result<Self, AdviseError> {
        let scenario = base.with(candidates).map_err(AdviseError::Variant)?;
        let mut arms = Vec::new();
        for strategy in &scenario.file.strategy {
            let plan = scenario.plan(strategy).map_err(CampaignError::from)?;
            arms.push(Arm::new(
                strategy.name.clone(),
                SweepPoint::default(),
                plan,
                PlanCase::Triggered,
            ));
        }
        let mut campaign = Campaign {
            arms,
            enough: ENOUGH,
            seed,
            replications: 0,
            triggered: false,
        };
        campaign.replicate(replications, progress, stop)?;
        Ok(Self(campaign))
    }

    /// Replications that every arm has finished.
    pub fn finished(&self) -> u32 {
        self.0.finished()
    }

    /// A metric of the candidate at this place.
    pub fn figure(&self, at: usize, metric: &str) -> Option<AdvisedFigure> {
        let (arm, place) = (&self.0.arms[at], position(metric));
        let values: Vec<f64> = arm.values(place).into_iter().flatten().collect();
        let calls = together(&arm.values(position("calls")));
        let estimate = estimate(&METRICS[place], &values, calls)?;
        Some(AdvisedFigure {
            mean: estimate.mean,
            ci95: estimate.interval,
        })
    }

    /// Its mean.
    pub fn mean(&self, at: usize, metric: &str) -> Option<f64> {
        self.figure(at, metric).map(|figure| figure.mean)
    }

    /// How much more one candidate has of a metric than another, replication by replication.
    pub fn difference(&self, (one, other): (usize, usize), metric: &str, confidence: f64) -> Option<Estimate> {
        let (one, other, place) = (&self.0.arms[one], &self.0.arms[other], position(metric));
        if METRICS[place].is_share_of_calls() {
            return difference_of_shares(one, other, place, confidence).map(|(difference, _)| difference);
        }
        paired(&one.values(place), &other.values(place), confidence)
    }
}
