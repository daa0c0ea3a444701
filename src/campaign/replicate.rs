//! The arms of a campaign, replicated side by side on all cores.
//!
//! What comes out does not depend on the order in which replications finish: each is kept at its place, and what is summed on the
//! way is integers.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::arm::{Arm, parts, replicate};
use super::options::{CampaignError, CampaignProgress};
use super::statistics::{self, CONFIDENCE, Estimate};
use crate::base::Dice;
use crate::metric::{METRICS, MetricName};
use crate::plan::SweepPoint;
use crate::scenario::PlanCase;

/// Every arm, and what they share.
pub(super) struct Campaign {
    /// Point by point, strategies in the order of the file, cases of a trigger in the order of their names.
    pub(super) arms: Vec<Arm>,
    pub(super) seed: u64,
    pub(super) replications: u32,
    pub(super) triggered: bool,
    /// How many values for each unit of squared skewness give an interval that can be trusted.
    pub(super) enough: f64,
}

/// Runs whose series are held in memory at once.
const CHUNK: usize = 256;

impl Campaign {
    /// Runs more replications, until every arm has this many.
    pub(super) fn replicate(
        &mut self,
        until: u32,
        progress: &dyn CampaignProgress,
        stop: &AtomicBool,
    ) -> Result<(), CampaignError> {
        let arms = self.arms.len();
        let jobs: Vec<(u32, usize)> = (self.replications..until)
            .flat_map(|replication| (0..arms).map(move |arm| (replication, arm)))
            .collect();
        progress.planned(jobs.len() as u64);
        for chunk in jobs.chunks(CHUNK) {
            let runs: Vec<_> = chunk
                .par_iter()
                .map(|&(replication, arm)| {
                    if stop.load(Ordering::Relaxed) {
                        return None;
                    }
                    // All arms share the dice of a replication: common random numbers.
                    let Arm {
                        plan,
                        setting,
                        controls,
                        tenants,
                        ..
                    } = &self.arms[arm];
                    let mut run = replicate(
                        plan,
                        (setting, controls.as_ref()),
                        Dice::replication(self.seed, replication.into()),
                        stop,
                    );
                    if let Some((_, observed, _)) = &mut run {
                        tenants.lock().expect("no run panics").add(observed);
                        // There may be millions, and the chunk keeps what it holds until its end.
                        observed.tenants = Vec::new();
                        observed.nodes = Vec::new();
                    }
                    progress.done();
                    run
                })
                .collect();
            for (&(_, arm), run) in chunk.iter().zip(runs) {
                match run {
                    Some((sample, observed, effort)) => {
                        let arm = &mut self.arms[arm];
                        if let Some(at) = effort.stuck_at {
                            return Err(arm.stuck(at));
                        }
                        arm.take(sample, &observed, effort.events, self.triggered);
                    }
                    None => self.arms[arm].samples.push(None),
                }
            }
        }
        self.replications = until;
        Ok(())
    }

    /// Replications that every arm has finished; fewer than were wanted after an interrupt.
    pub(super) fn finished(&self) -> u32 {
        let counts = self.arms.iter().map(|arm| arm.samples.iter().flatten().count());
        counts.min().unwrap_or(0) as u32
    }

    pub(super) fn arm(&self, strategy: &str, point: &SweepPoint) -> Option<&Arm> {
        self.case(strategy, point, PlanCase::Triggered)
    }

    pub(super) fn case(&self, strategy: &str, point: &SweepPoint, case: PlanCase) -> Option<&Arm> {
        self.arms
            .iter()
            .find(|arm| arm.strategy == strategy && arm.point == *point && arm.case == case)
    }

    /// The arms that are as the scenario writes them.
    pub(super) fn written(&self) -> impl Iterator<Item = &Arm> {
        self.arms.iter().filter(|arm| arm.case == PlanCase::Triggered)
    }

    /// Values of a metric, `name` or `name@part`, by replication.
    pub(super) fn metric(&self, strategy: &str, point: &SweepPoint, metric: &str) -> Option<Vec<Option<f64>>> {
        let arm = self.arm(strategy, point)?;
        let MetricName { metric, part } = MetricName::parse(metric);
        let metric = METRICS.iter().position(|known| known.name == metric)?;
        match part {
            None => Some(arm.values(metric)),
            Some(part) => {
                let part = parts(&arm.plan).iter().position(|known| known.name == part)?;
                Some(arm.group_values(part, metric))
            }
        }
    }

    /// Interval of the paired difference of a metric between two strategies at one point.
    pub(super) fn difference(
        &self,
        strategy: &str,
        other: &str,
        point: &SweepPoint,
        metric: &str,
    ) -> Option<(f64, f64)> {
        let one = self.metric(strategy, point, metric)?;
        let other = self.metric(other, point, metric)?;
        paired(&one, &other, CONFIDENCE)?.interval
    }
}

/// The mean of the differences within replications that have both values.
pub(super) fn paired(one: &[Option<f64>], other: &[Option<f64>], confidence: f64) -> Option<Estimate> {
    let pairs = one.iter().zip(other);
    let differences: Vec<f64> = pairs
        .filter_map(|(one, other)| Some((*one)? - (*other)?))
        .filter(|difference| difference.is_finite())
        .collect();
    statistics::mean(&differences, confidence)
}
