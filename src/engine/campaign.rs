//! Campaigns: each strategy of a scenario at each sweep point, replicated on all cores and reduced to a record's findings.
//!
//! The reduction does not depend on the order in which replications finish: each is kept at its place, and what is summed
//! on the way is integers.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::recovery::{self, Flow};
use super::sampling;
use super::sim;
use super::statistics::{self, CONFIDENCE, Estimate};
use crate::base::{Dice, Duration, Time};
use crate::metric::{Better, METRICS, Metric, Observed, RunContext, Second};
use crate::record::{
    Check, CheckKind, Comparison, ComparisonVerdict, Holding, Incident, Reading, RecoveryVerdict, Series,
};
use crate::scenario::plan::{Plan, PlanCase};
use crate::scenario::{Condition, ConditionOutcome, PlanError, Scenario};

/// Options of a campaign: how often, from which seed, on how many threads.
#[derive(Clone, Debug)]
pub struct CampaignOptions {
    /// Only the strategy of this name.
    pub only: Option<String>,
    /// Every draw follows from it.
    pub seed: u64,
    /// Runs of each strategy at each point.
    pub replications: u32,
    /// Replicate until the half-width of every failure rate's interval is at most this share of its mean.
    pub precision: Option<f64>,
    /// Zero for all cores.
    pub threads: usize,
}

impl CampaignOptions {
    /// As the scenario says, on all cores.
    pub fn of(scenario: &Scenario) -> Self {
        Self {
            only: None,
            seed: scenario.file.run.seed,
            replications: scenario.file.run.replications,
            precision: None,
            threads: 0,
        }
    }
}

/// No run replicates more often than this for the sake of precision.
const MOST_REPLICATIONS: u32 = 2_000;
/// A sequential rule that starts with fewer runs sees only calm ones.
const FEWEST_FOR_PRECISION: u32 = 30;

/// Receives the progress of a campaign.
pub trait CampaignProgress: Sync {
    /// This many runs are planned in all.
    fn planned(&self, runs: u64);
    /// One run is done.
    fn done(&self);
}

impl CampaignProgress for () {
    fn planned(&self, _: u64) {}
    fn done(&self) {}
}

/// One strategy at one point.
struct Arm {
    strategy: String,
    point: String,
    plan: Plan,
    /// The same for every replication.
    setting: RunContext,
    case: PlanCase,
    /// By replication; none where the campaign was interrupted.
    samples: Vec<Option<Sample>>,
    intervals: Vec<[u64; SERIES.len()]>,
    width_s: u64,
    events: u64,
}

/// What is kept of one replication.
struct Sample {
    metrics: Vec<Option<f64>>,
    /// By group name, then by metric.
    groups: Vec<Vec<Option<f64>>>,
    /// Arrivals and successes over time, where a trigger asks for them.
    flow: Vec<Flow>,
}

/// What a second counts, by the name of its series.
type SeriesOf = (&'static str, fn(&Second) -> u32);

const SERIES: [SeriesOf; 8] = [
    ("arrivals", |second| second.arrivals),
    ("attempts", |second| second.attempts),
    ("repeats", |second| second.repeats),
    ("rejections", |second| second.rejections),
    ("token_requests", |second| second.token_requests),
    ("issuances", |second| second.issuances),
    ("denied", |second| second.denied),
    ("goodput", |second| second.successes),
];

/// The findings of a campaign.
pub struct CampaignResults {
    /// Names of the strategies, in the order of the scenario.
    pub strategies: Vec<String>,
    /// Sweep points, as `key=value;key=value`; one empty one without a sweep.
    pub points: Vec<String>,
    /// The figures.
    pub readings: Vec<Reading>,
    /// Quantities over simulated time.
    pub series: Vec<Series>,
    /// Every strategy against the first.
    pub comparisons: Vec<Comparison>,
    /// What the scenario states, and whether it held.
    pub checks: Vec<Check>,
    /// Spans of the timeline that charts mark.
    pub incidents: Vec<Incident>,
    /// Whether each strategy recovers from the trigger, where the scenario has one.
    pub aftermaths: Vec<RecoveryVerdict>,
    /// What the nodes held in the first replication.
    pub holdings: Vec<Holding>,
    /// Replications that every arm has finished.
    pub replications: u32,
    /// The campaign was ended early.
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

/// Why a scenario cannot be run after all.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// A file that the scenario names has changed since it was read.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Retries without a wait, at a party that answers without a latency, would go on for ever.
    #[error(
        "strategy `{strategy}`{point}: time stands still at {at}: calls are tried again and again in one instant; \
         give its retry policy a wait or a bound, or the latencies more than zero"
    )]
    Stuck {
        /// Name of the strategy.
        strategy: String,
        /// The sweep point, in words.
        point: String,
        /// From the start of the run until time stands still.
        at: Duration,
    },
    /// The threads cannot be started.
    #[error("cannot start {threads} threads: {reason}")]
    Threads {
        /// How many were wanted.
        threads: usize,
        /// What the operating system says.
        reason: String,
    },
}

/// Runs all of a scenario; `stop` ends it early, with what has been finished until then.
///
/// Errors when a latency file has changed since the scenario was read, or when threads cannot be started.
pub fn run(
    scenario: &Scenario,
    effort: CampaignOptions,
    progress: &dyn CampaignProgress,
    stop: &AtomicBool,
) -> Result<CampaignResults, CampaignError> {
    let threads = rayon::ThreadPoolBuilder::new()
        .num_threads(effort.threads)
        .build()
        .map_err(|error| CampaignError::Threads {
            threads: effort.threads,
            reason: error.to_string(),
        })?;
    let points = scenario.points();
    let mut arms = Vec::new();
    for (label, point) in &points {
        let wanted = |name: &str| effort.only.as_deref().is_none_or(|only| only == name);
        for strategy in point.file.strategy.iter().filter(|strategy| wanted(&strategy.name)) {
            let cases: &[PlanCase] = match point.file.trigger {
                Some(_) => &[PlanCase::Triggered, PlanCase::Untouched, PlanCase::HotStart],
                None => &[PlanCase::Triggered],
            };
            for &case in cases {
                let plan = point.plan_case(strategy, case)?;
                arms.push(Arm::new(strategy.name.clone(), label.clone(), plan, case));
            }
        }
    }
    let mut campaign = Campaign {
        arms,
        seed: effort.seed,
        replications: 0,
        triggered: scenario.file.trigger.is_some(),
    };
    let first = match effort.precision {
        Some(_) => effort.replications.max(FEWEST_FOR_PRECISION),
        None => effort.replications,
    };
    let mut wanted = first;
    let mut precise = None;
    loop {
        threads.install(|| campaign.replicate(wanted, progress, stop))?;
        let Some(precision) = effort.precision else { break };
        let reached = campaign.is_precise(precision);
        precise = Some(reached);
        // Looking after each doubling only: who looks often stops at a lucky moment.
        if reached || wanted >= MOST_REPLICATIONS || stop.load(Ordering::Relaxed) {
            break;
        }
        wanted = (wanted * 2).min(MOST_REPLICATIONS);
    }
    Ok(campaign.outcome(scenario, &points, precise, stop.load(Ordering::Relaxed)))
}

struct Campaign {
    /// Point by point, strategies in the order of the file, cases of a trigger in the order of their names.
    arms: Vec<Arm>,
    seed: u64,
    replications: u32,
    triggered: bool,
}

/// Runs whose series are held in memory at once.
const CHUNK: usize = 256;

impl Arm {
    fn new(strategy: String, point: String, plan: Plan, case: PlanCase) -> Self {
        Self {
            strategy,
            point,
            setting: plan.run_context(),
            plan,
            case,
            samples: Vec::new(),
            intervals: Vec::new(),
            width_s: 1,
            events: 0,
        }
    }

    fn stuck(&self, at: Time) -> CampaignError {
        let point = if self.point.is_empty() {
            String::new()
        } else {
            format!(" at {}", self.point)
        };
        CampaignError::Stuck {
            strategy: self.strategy.clone(),
            point,
            at: at.since(Time::ZERO),
        }
    }

    fn values(&self, metric: usize) -> Vec<Option<f64>> {
        self.samples
            .iter()
            .map(|sample| sample.as_ref().and_then(|sample| sample.metrics[metric]))
            .collect()
    }

    fn group_values(&self, group: usize, metric: usize) -> Vec<Option<f64>> {
        self.samples
            .iter()
            .map(|sample| sample.as_ref().and_then(|sample| sample.groups[group][metric]))
            .collect()
    }

    fn take(&mut self, mut sample: Sample, observed: &Observed, events: u64, with_flow: bool) {
        let intervals = &observed.seconds.intervals;
        self.width_s = observed.seconds.width;
        if with_flow {
            sample.flow = intervals.iter().map(Flow::of).collect();
        }
        self.intervals.resize(intervals.len(), [0; SERIES.len()]);
        for (sums, second) in self.intervals.iter_mut().zip(intervals) {
            for (sum, (_, pick)) in sums.iter_mut().zip(SERIES) {
                *sum += u64::from(pick(second));
            }
        }
        self.samples.push(Some(sample));
        self.events += events;
    }
}

/// Parts of the calls: each fleet, and each kind of call of each fleet. Name, groups that it takes together, and whether it
/// tells more than the parts before it and the whole.
struct Part {
    name: String,
    groups: Vec<usize>,
    telling: bool,
}

fn parts(plan: &Plan) -> Vec<Part> {
    let mut fleets: Vec<&str> = plan.groups.iter().map(|(fleet, _)| fleet.as_str()).collect();
    fleets.dedup();
    let mut parts = Vec::new();
    for fleet in &fleets {
        let of_fleet = |(at, (name, _)): (usize, &(String, String))| (name == fleet).then_some(at);
        let groups: Vec<usize> = plan.groups.iter().enumerate().filter_map(of_fleet).collect();
        parts.push(Part {
            name: (*fleet).to_owned(),
            groups: groups.clone(),
            telling: fleets.len() > 1,
        });
        parts.extend(groups.iter().map(|&group| Part {
            name: format!("{fleet}/{}", plan.groups[group].1),
            groups: vec![group],
            telling: groups.len() > 1,
        }));
    }
    parts
}

fn replicate(plan: &Plan, setting: &RunContext, dice: Dice) -> (Sample, Observed, sim::RunStats) {
    let mut observed = Observed::new(setting.clone());
    let effort = sim::observe(plan, dice, &mut observed, sim::Shortcuts::ALL);
    observed.finish();
    let groups = parts(plan)
        .iter()
        .map(|part| {
            let tally = observed.together(&part.groups);
            let read = |metric: &Metric| metric.by_group.and_then(|read| read(&tally));
            METRICS.iter().map(read).collect()
        })
        .collect();
    let sample = Sample {
        metrics: METRICS.iter().map(|metric| (metric.read)(&observed)).collect(),
        groups,
        flow: Vec::new(),
    };
    (sample, observed, effort)
}

impl Campaign {
    /// Runs more replications, until every arm has this many.
    fn replicate(
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
                    let Arm { plan, setting, .. } = &self.arms[arm];
                    let run = replicate(plan, setting, Dice::replication(self.seed, replication.into()));
                    progress.done();
                    Some(run)
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

    /// Whether every failure rate is known as well as was asked; a rate without any spread is not known at all.
    fn is_precise(&self, precision: f64) -> bool {
        let failures = position("failure_rate");
        self.written().all(|arm| {
            let values: Vec<f64> = arm.values(failures).into_iter().flatten().collect();
            let estimate = statistics::mean(&values, CONFIDENCE);
            // Without any spread nothing is known yet: the runs so far may all have been of the calm kind.
            estimate.is_some_and(|Estimate { mean, interval, .. }| {
                interval.is_some_and(|(low, high)| high > low && (high - low) / 2.0 <= precision * mean)
            })
        })
    }

    fn outcome(
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

    /// Replications that every arm has finished; fewer than were wanted after an interrupt.
    fn finished(&self) -> u32 {
        let counts = self.arms.iter().map(|arm| arm.samples.iter().flatten().count());
        counts.min().unwrap_or(0) as u32
    }

    fn arm(&self, strategy: &str, point: &str) -> Option<&Arm> {
        self.case(strategy, point, PlanCase::Triggered)
    }

    fn case(&self, strategy: &str, point: &str, case: PlanCase) -> Option<&Arm> {
        self.arms
            .iter()
            .find(|arm| arm.strategy == strategy && arm.point == point && arm.case == case)
    }

    /// The arms that are as the scenario writes them.
    fn written(&self) -> impl Iterator<Item = &Arm> {
        self.arms.iter().filter(|arm| arm.case == PlanCase::Triggered)
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
            let courses = recovery::Courses {
                triggered: flows(PlanCase::Triggered)?,
                untouched: flows(PlanCase::Untouched)?,
                hot: flows(PlanCase::HotStart)?,
                width_s: arm.width_s,
            };
            recovery::judge(&arm.strategy, &arm.point, &arm.plan, &courses, within_s)
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

    /// Each strategy against the first, by what users feel.
    fn comparisons(&self, strategies: &[String]) -> Vec<Comparison> {
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
                    point: arm.point.clone(),
                    metric: name.to_owned(),
                    difference: difference.mean,
                    interval: difference.interval,
                    verdict: verdict(METRICS[metric].better, difference.interval),
                });
            }
        }
        comparisons
    }

    fn checks(&self, label: &str, point: &Scenario) -> Vec<Check> {
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
                point: label.to_owned(),
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

    /// Values of a metric, `name` or `name@part`, by replication.
    fn metric(&self, strategy: &str, point: &str, metric: &str) -> Option<Vec<Option<f64>>> {
        let arm = self.arm(strategy, point)?;
        let (name, part) = metric
            .split_once('@')
            .map_or((metric, None), |(name, part)| (name, Some(part)));
        let metric = METRICS.iter().position(|known| known.name == name)?;
        match part {
            None => Some(arm.values(metric)),
            Some(part) => {
                let part = parts(&arm.plan).iter().position(|known| known.name == part)?;
                Some(arm.group_values(part, metric))
            }
        }
    }

    /// Interval of the paired difference of a metric between two strategies at one point.
    fn difference(&self, strategy: &str, other: &str, point: &str, metric: &str) -> Option<(f64, f64)> {
        let one = self.metric(strategy, point, metric)?;
        let other = self.metric(other, point, metric)?;
        paired(&one, &other, CONFIDENCE)?.interval
    }
}

/// A share of replications is a count of yes and no, a time until something a median; all else has a mean.
fn estimate(metric: &str, values: &[f64]) -> Option<Estimate> {
    match metric {
        "storm_probability" | "recovery_probability" => statistics::share(values, CONFIDENCE),
        // What had not happened when a run ended is late, not missing.
        "storm_onset" | "time_to_recover" => statistics::median(values, CONFIDENCE),
        _ => statistics::mean(values, CONFIDENCE),
    }
}

fn position(name: &str) -> usize {
    METRICS
        .iter()
        .position(|metric| metric.name == name)
        .expect("a metric of the registry")
}

/// The mean of the differences within replications that have both values.
fn paired(one: &[Option<f64>], other: &[Option<f64>], confidence: f64) -> Option<Estimate> {
    let pairs = one.iter().zip(other);
    let differences: Vec<f64> = pairs
        .filter_map(|(one, other)| Some((*one)? - (*other)?))
        .filter(|difference| difference.is_finite())
        .collect();
    statistics::mean(&differences, confidence)
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

fn reading(arm: &Arm, metric: &Metric, part: Option<&str>, values: Vec<Option<f64>>) -> Reading {
    let values: Vec<f64> = values.into_iter().flatten().collect();
    let estimate = estimate(metric.name, &values);
    Reading {
        strategy: arm.strategy.clone(),
        point: arm.point.clone(),
        metric: part.map_or_else(|| metric.name.to_owned(), |part| format!("{}@{part}", metric.name)),
        unit: metric.unit.to_owned(),
        mean: estimate.map(|estimate| estimate.mean),
        ci95: estimate.and_then(|estimate| estimate.interval),
        replications: values.len() as u32,
    }
}

fn readings(arm: &Arm) -> Vec<Reading> {
    let mut readings: Vec<_> = METRICS
        .iter()
        .enumerate()
        .map(|(at, metric)| reading(arm, metric, None, arm.values(at)))
        .collect();
    for (group, part) in parts(&arm.plan).iter().enumerate().filter(|(_, part)| part.telling) {
        for (at, metric) in METRICS
            .iter()
            .enumerate()
            .filter(|(_, metric)| metric.by_group.is_some())
        {
            readings.push(reading(arm, metric, Some(&part.name), arm.group_values(group, at)));
        }
    }
    readings
}

/// Mean over replications, per second, in intervals that end by the horizon.
fn series(arm: &Arm) -> Vec<Series> {
    let runs = arm.samples.iter().flatten().count().max(1) as f64;
    let width = arm.width_s as f64;
    let horizon = arm.plan.span.horizon.as_secs_f64();
    let whole = ((horizon / width).floor() as usize).min(arm.intervals.len());
    let one = |at: usize, name: &str| Series {
        strategy: arm.strategy.clone(),
        point: arm.point.clone(),
        series: name.to_owned(),
        unit: "per s".to_owned(),
        t_s: (0..whole).map(|interval| interval as f64 * width).collect(),
        value: arm.intervals[..whole]
            .iter()
            .map(|sums| sums[at] as f64 / runs / width)
            .collect(),
    };
    SERIES.iter().enumerate().map(|(at, (name, _))| one(at, name)).collect()
}
