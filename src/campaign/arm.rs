//! An arm: one strategy at one point in one case of the trigger, and what is kept of its replications.

use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use super::judge::Flow;
use super::options::CampaignError;
use super::statistics::{self, CONFIDENCE, Estimate};
use super::tenants::TenantSums;
use crate::base::{Dice, Time};
use crate::engine::sim;
use crate::engine::sim::run_context;
use crate::metric::{
    CONTROL_COUNT, CallPart, ControlSetting, Controls, METRICS, Metric, MetricName, Observed, RunContext, Second,
};
use crate::plan::{Plan, SweepPoint};
use crate::record::{Replicated, Series};
use crate::scenario::PlanCase;

/// What two runs are compared by, of all calls and of each part of them; of this each replication is kept.
pub(super) const COMPARED: [&str; 10] = [
    "failure_rate",
    "first_attempt_rejection_rate",
    "attempts_per_call",
    "token_requests_per_call",
    "added_latency_mean",
    "latency_p99",
    "peak_token_requests_per_s",
    "storm_probability",
    "livelock_seconds",
    "grants_lost",
];

/// One strategy at one point.
pub(super) struct Arm {
    pub(super) strategy: String,
    pub(super) point: SweepPoint,
    pub(super) plan: Plan,
    /// The same for every replication.
    pub(super) setting: RunContext,
    pub(super) case: PlanCase,
    /// What control variates have to know, where they are asked for.
    pub(super) controls: Option<ControlSetting>,
    /// By replication; none where the campaign was interrupted.
    pub(super) samples: Vec<Option<Sample>>,
    intervals: Vec<[u64; SERIES.len()]>,
    /// What becomes of each tenant, added up as replications end.
    pub(super) tenants: Mutex<TenantSums>,
    pub(super) width_s: u64,
    pub(super) events: u64,
}

/// What is kept of one replication.
pub(super) struct Sample {
    metrics: Vec<Option<f64>>,
    /// What its control variates came to.
    pub(super) controls: Option<[f64; CONTROL_COUNT]>,
    /// By group name, then by metric.
    groups: Vec<Vec<Option<f64>>>,
    /// Arrivals and successes over time, where a trigger asks for them.
    pub(super) flow: Vec<Flow>,
}

#[cfg(feature = "live")]
impl Sample {
    /// The metric at this place of the registry.
    pub(super) fn metric(&self, place: usize) -> Option<f64> {
        self.metrics[place]
    }
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
    ("denied", |second| second.refused),
    ("goodput", |second| second.successes),
];

impl Arm {
    pub(super) fn new(strategy: String, point: SweepPoint, plan: Plan, case: PlanCase) -> Self {
        Self {
            strategy,
            point,
            setting: run_context(&plan),
            plan,
            case,
            controls: None,
            samples: Vec::new(),
            intervals: Vec::new(),
            tenants: Mutex::default(),
            width_s: 1,
            events: 0,
        }
    }

    pub(super) fn stuck(&self, at: Time) -> CampaignError {
        let point = match self.point == SweepPoint::default() {
            true => String::new(),
            false => format!(" at {}", self.point),
        };
        CampaignError::Stuck {
            strategy: self.strategy.clone(),
            point,
            at: at.since(Time::ZERO),
        }
    }

    /// Whether its replications have control variates.
    pub(super) fn is_controlled(&self) -> bool {
        self.controls.is_some()
    }

    pub(super) fn values(&self, metric: usize) -> Vec<Option<f64>> {
        self.samples
            .iter()
            .map(|sample| sample.as_ref().and_then(|sample| sample.metrics[metric]))
            .collect()
    }

    pub(super) fn group_values(&self, group: usize, metric: usize) -> Vec<Option<f64>> {
        self.samples
            .iter()
            .map(|sample| sample.as_ref().and_then(|sample| sample.groups[group][metric]))
            .collect()
    }

    pub(super) fn take(&mut self, mut sample: Sample, observed: &Observed, events: u64, with_flow: bool) {
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

/// A part of the calls, the groups that it takes together, and whether it tells more than the parts before it and the whole.
pub(super) struct Part<'a> {
    pub(super) name: CallPart<'a>,
    groups: Vec<usize>,
    pub(super) telling: bool,
    /// The place of the fleet that it is, where fleets are counted apart.
    pub(super) fleet: Option<usize>,
}

/// Each fleet, and each kind of call of each fleet.
pub(super) fn parts(plan: &Plan) -> Vec<Part<'_>> {
    let mut fleets: Vec<&str> = plan.groups.iter().map(|(fleet, _)| fleet.as_str()).collect();
    fleets.dedup();
    let mut parts = Vec::new();
    for fleet in fleets.iter().copied() {
        let of_fleet = |(at, (name, _)): (usize, &(String, String))| (name == fleet).then_some(at);
        let groups: Vec<usize> = plan.groups.iter().enumerate().filter_map(of_fleet).collect();
        parts.push(Part {
            name: CallPart { fleet, kind: None },
            groups: groups.clone(),
            telling: fleets.len() > 1,
            fleet: plan.fleets_apart.iter().position(|known| known == fleet),
        });
        parts.extend(groups.iter().map(|&group| Part {
            name: CallPart {
                fleet,
                kind: Some(&plan.groups[group].1),
            },
            groups: vec![group],
            telling: groups.len() > 1,
            fleet: None,
        }));
    }
    parts
}

/// One run; none where `stop` ended it early, as a part of a run says nothing about the whole.
pub(super) fn replicate(
    plan: &Plan,
    (setting, controls): (&RunContext, Option<&ControlSetting>),
    dice: Dice,
    stop: &AtomicBool,
) -> Option<(Sample, Observed, sim::RunStats)> {
    let mut observed = Observed::new(setting.clone());
    let (effort, controls) = match controls {
        None => {
            let effort = sim::observe_until(plan, dice, &mut observed, sim::Shortcuts::ALL, stop);
            (effort, None)
        }
        Some(setting) => {
            let mut controls = Controls::new(setting.clone());
            let effort = sim::observe_controlled(plan, dice, (&mut observed, &mut controls), stop);
            (effort, Some(controls.finish()))
        }
    };
    if effort.stopped {
        return None;
    }
    observed.finish();
    let groups = parts(plan)
        .iter()
        .map(|part| {
            let tally = observed.together(&part.groups);
            let fleet = part.fleet.map(|fleet| &observed.fleets[fleet]);
            let read = |metric: &Metric| match (metric.by_group, metric.by_fleet, fleet) {
                (Some(read), ..) => read(&tally),
                (None, Some(read), Some(fleet)) => read(&observed, fleet, &tally),
                _ => None,
            };
            METRICS.iter().map(read).collect()
        })
        .collect();
    let sample = Sample {
        metrics: METRICS.iter().map(|metric| (metric.read)(&observed)).collect(),
        controls,
        groups,
        flow: Vec::new(),
    };
    Some((sample, observed, effort))
}

/// A share of replications is a count of yes and no, a share of other things lies between none and all, a time until something
/// has a median; all else has a mean. `calls` are those of all replications together.
pub(super) fn estimate(metric: &Metric, values: &[f64], calls: f64) -> Option<Estimate> {
    match metric.name {
        "storm_probability" | "recovery_probability" => statistics::share(values, CONFIDENCE),
        // What had not happened when a run ended is late, not missing.
        "storm_onset" | "time_to_recover" => statistics::median(values, CONFIDENCE),
        _ if metric.is_share_of_calls() => statistics::mean_share(values, calls, CONFIDENCE),
        _ if metric.unit == "share" => statistics::mean_share(values, 0.0, CONFIDENCE),
        _ => statistics::mean(values, CONFIDENCE),
    }
}

/// The calls of all replications together.
pub(super) fn together(calls: &[Option<f64>]) -> f64 {
    calls.iter().flatten().sum()
}

/// What single replications came to, of what two runs are compared by.
pub(super) fn replicated(arm: &Arm) -> Vec<Replicated> {
    let compared = || {
        METRICS
            .iter()
            .enumerate()
            .filter(|(_, metric)| COMPARED.contains(&metric.name))
    };
    let one = |metric: &Metric, part, values| Replicated {
        strategy: arm.strategy.clone(),
        point: arm.point.to_string(),
        metric: MetricName {
            metric: metric.name,
            part,
        }
        .to_string(),
        values,
    };
    let mut all: Vec<_> = compared()
        .map(|(at, metric)| one(metric, None, arm.values(at)))
        .collect();
    for (group, part) in parts(&arm.plan).iter().enumerate().filter(|(_, part)| part.telling) {
        let by_group = compared().filter(|(_, metric)| metric.by_group.is_some());
        all.extend(by_group.map(|(at, metric)| one(metric, Some(part.name), arm.group_values(group, at))));
    }
    all
}

/// The place of a metric in the registry.
pub(super) fn position(name: &str) -> usize {
    METRICS
        .iter()
        .position(|metric| metric.name == name)
        .expect("a metric of the registry")
}

/// Mean over replications, per second, in intervals that end by the horizon.
pub(super) fn series(arm: &Arm) -> Vec<Series> {
    let runs = arm.samples.iter().flatten().count().max(1) as f64;
    let width = arm.width_s as f64;
    let horizon = arm.plan.span.horizon.as_secs_f64();
    let whole = ((horizon / width).floor() as usize).min(arm.intervals.len());
    let one = |at: usize, name: &str| Series {
        strategy: arm.strategy.clone(),
        point: arm.point.to_string(),
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
