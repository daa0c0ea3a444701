//! From replications to the findings of a record.

use super::arm::{readings, series};
use super::judge::{self, Flow};
use super::replicate::Campaign;
use super::sampling;
use crate::base::{Dice, Duration};
use crate::record::{Check, Comparison, Holding, Incident, Reading, RecoveryVerdict, Series};
use crate::scenario::{PlanCase, Scenario};

/// What a campaign came to.
pub struct CampaignResults {
    pub strategies: Vec<String>,
    pub points: Vec<String>,
    pub readings: Vec<Reading>,
    pub series: Vec<Series>,
    pub comparisons: Vec<Comparison>,
    pub checks: Vec<Check>,
    pub incidents: Vec<Incident>,
    pub aftermaths: Vec<RecoveryVerdict>,
    pub holdings: Vec<Holding>,
    /// Replications that every arm has finished.
    pub replications: u32,
    pub interrupted: bool,
    /// With a wanted precision: whether it was reached.
    pub precise: Option<bool>,
    /// Events that the simulator delivered.
    pub events: u64,
}

impl CampaignResults {
    /// Mean of a metric for a strategy, at the first point that has it.
    pub fn mean(&self, strategy: &str, metric: &str) -> Option<f64> {
        let mut readings = self.readings.iter();
        readings
            .find(|reading| reading.strategy == strategy && reading.metric == metric)?
            .mean
    }
}

impl Campaign {
    pub(super) fn outcome(
        &self,
        scenario: &Scenario,
        points: &[(String, Scenario)],
        precise: Option<bool>,
        interrupted: bool,
    ) -> CampaignResults {
        let mut strategies: Vec<String> = Vec::new();
        for arm in self.written() {
            if !strategies.contains(&arm.strategy) {
                strategies.push(arm.strategy.clone());
            }
        }
        let readings: Vec<Reading> = self.written().flat_map(readings).collect();
        let checks = points
            .iter()
            .flat_map(|(label, point)| self.checks(label, point))
            .collect();
        CampaignResults {
            comparisons: self.comparisons(&strategies),
            strategies,
            points: points.iter().map(|(label, _)| label.clone()).collect(),
            checks,
            readings,
            series: self.written().flat_map(series).collect(),
            aftermaths: self.aftermaths(points),
            holdings: self.holdings(&scenario.file.holders),
            incidents: scenario
                .incidents()
                .into_iter()
                .map(|(from, until, label)| Incident {
                    from_s: from.as_secs_f64(),
                    until_s: until.as_secs_f64(),
                    label,
                })
                .collect(),
            replications: self.finished(),
            interrupted,
            precise,
            events: self.arms.iter().map(|arm| arm.events).sum(),
        }
    }

    fn aftermaths(&self, points: &[(String, Scenario)]) -> Vec<RecoveryVerdict> {
        let within = |point: &str| {
            let (_, scenario) = points.iter().find(|(label, _)| label == point)?;
            let trigger = scenario.file.trigger?;
            let within = trigger.recover_within.unwrap_or(Duration::MAX);
            Some(within.as_secs_f64())
        };
        let judged = self.written().filter_map(|arm| {
            let within_s = within(&arm.point)?;
            let flows = |case| -> Option<Vec<&[Flow]>> {
                let arm = self.case(&arm.strategy, &arm.point, case)?;
                let flows = arm.samples.iter();
                Some(
                    flows
                        .map(|sample| sample.as_ref().map_or(&[][..], |sample| &sample.flow))
                        .collect(),
                )
            };
            let courses = judge::Courses {
                triggered: flows(PlanCase::Triggered)?,
                untouched: flows(PlanCase::Untouched)?,
                hot: flows(PlanCase::HotStart)?,
                width_s: arm.width_s,
            };
            judge::judge(&arm.strategy, &arm.point, &arm.plan, &courses, within_s)
        });
        judged.collect()
    }

    /// Who held a live token when, for these strategies at the last point.
    fn holdings(&self, strategies: &[String]) -> Vec<Holding> {
        let last = self.arms.last().map_or("", |arm| &arm.point);
        let arms = strategies.iter().filter_map(|strategy| self.arm(strategy, last));
        let dice = Dice::replication(self.seed, 0);
        arms.flat_map(|arm| sampling::holdings(&arm.strategy, last, &arm.plan, dice))
            .collect()
    }
}
