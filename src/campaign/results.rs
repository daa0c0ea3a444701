//! From replications to the findings of a record.

use std::sync::atomic::{AtomicBool, Ordering};

use super::arm::{Arm, position, replicated, series};
use super::judge::{self, Flow};
use super::manifest::manifest;
use super::mixture::mixture;
use super::readings::readings;
use super::replicate::Campaign;
use super::sampling;
use super::tenants::tenant_counts;
use super::warmup::warmups;
use crate::base::{Dice, Duration};
use crate::plan::SweepPoint;
use crate::record::{
    FoundWarmup, Holding, Incident, Manifest, ReachedPrecision, Record, RecoveryVerdict, Series, TenantCounts,
};
use crate::scenario::{PlanCase, Scenario};

/// The findings of a campaign.
pub struct CampaignResults {
    /// Complete, but that nobody has said by which command it was made.
    pub record: Record,
    /// The campaign was ended early.
    pub interrupted: bool,
}

impl Campaign {
    pub(super) fn outcome(
        &self,
        scenario: &Scenario,
        points: &[(SweepPoint, Scenario)],
        precision: Option<ReachedPrecision>,
        stop: &AtomicBool,
    ) -> CampaignResults {
        let mut strategies: Vec<String> = Vec::new();
        for arm in self.written() {
            if !strategies.contains(&arm.strategy) {
                strategies.push(arm.strategy.clone());
            }
        }
        let checks = points
            .iter()
            .flat_map(|(label, point)| self.checks(label, point))
            .collect();
        let series: Vec<_> = self.written().flat_map(series).collect();
        let holdings = self.holdings(&scenario.file.holders, stop);
        let interrupted = stop.load(Ordering::Relaxed);
        let events = self.arms.iter().map(|arm| arm.events).sum();
        let mut record = Record {
            manifest: Manifest {
                interrupted,
                precision,
                ..manifest(scenario, self.seed, self.finished(), events)
            },
            comparisons: self.comparisons(&strategies),
            strategies,
            points: points.iter().map(|(label, _)| label.to_string()).collect(),
            checks,
            readings: self.written().flat_map(|arm| readings(arm, self.enough)).collect(),
            warmups: self.warmups(scenario, &series),
            series,
            mixtures: self.written().filter_map(mixture).collect(),
            aftermaths: self.aftermaths(points),
            holdings,
            replicated: self.written().flat_map(replicated).collect(),
            tenants: self.tenants(points),
            baseline: None,
            incidents: scenario
                .incidents()
                .into_iter()
                .map(|(from, until, label)| Incident {
                    from_s: from.as_secs_f64(),
                    until_s: until.as_secs_f64(),
                    label,
                })
                .collect(),
        };
        record.manifest.run = record.run_id();
        CampaignResults { record, interrupted }
    }

    /// What becomes of each tenant, where an app serves several.
    fn tenants(&self, points: &[(SweepPoint, Scenario)]) -> Vec<TenantCounts> {
        let of_arm = |arm: &Arm| {
            let point = points.iter().find(|(label, _)| *label == arm.point);
            let sums = arm.tenants.lock().expect("no run panics");
            point.map_or(Vec::new(), |(_, scenario)| {
                tenant_counts((&arm.strategy, &arm.point), &sums, &scenario.file)
            })
        };
        self.written().flat_map(of_arm).collect()
    }

    /// The warm-up that each arm needs, by what comes before the first incident.
    fn warmups(&self, scenario: &Scenario, series: &[Series]) -> Vec<FoundWarmup> {
        let begins = scenario.incidents().into_iter().map(|(from, ..)| from.as_secs_f64());
        let undisturbed_s = begins.fold(f64::INFINITY, f64::min);
        let mut found = warmups(series, scenario.file.run.warmup.as_secs_f64(), undisturbed_s);
        let storms = position("storm_probability");
        for warmup in &mut found {
            let mut arms = self.written();
            let own = arms.find(|arm| arm.strategy == warmup.strategy && arm.point.to_string() == warmup.point);
            // What breaks down on the way is another system afterwards, not one that has warmed up.
            warmup.too_short &= !own.is_some_and(|arm| arm.values(storms).contains(&Some(1.0)));
        }
        found
    }

    fn aftermaths(&self, points: &[(SweepPoint, Scenario)]) -> Vec<RecoveryVerdict> {
        let within = |point: &SweepPoint| {
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
            judge::judge(&arm.strategy, &arm.point.to_string(), &arm.plan, &courses, within_s)
        });
        judged.collect()
    }

    /// Who held a live token when, for these strategies at the last point.
    fn holdings(&self, strategies: &[String], stop: &AtomicBool) -> Vec<Holding> {
        let last = self.arms.last().map(|arm| arm.point.clone()).unwrap_or_default();
        let point = last.to_string();
        let arms = strategies.iter().filter_map(|strategy| self.arm(strategy, &last));
        let dice = Dice::replication(self.seed, 0);
        arms.flat_map(|arm| sampling::holdings(&arm.strategy, &point, &arm.plan, dice, stop))
            .collect()
    }
}
