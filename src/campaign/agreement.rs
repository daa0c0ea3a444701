//! Whether a live run agrees with what was predicted: the measured figure beside those of simulated runs of the same length.
//!
//! A live run is one run. If the model is right, it is one more of the runs that the simulator makes, and its figure lies where
//! theirs lie. So the figure is compared with the spread of the runs, not with the error of their mean: what varies from run to run,
//! because calls of one run depend on each other, varies in the live run as well.
//!
//! Counts of few are skew. Shares and figures per call are therefore compared by their square roots, which spread alike whatever
//! their mean (F. J. Anscombe, "The transformation of Poisson, binomial and negative-binomial data", Biometrika 35, 1948), and
//! never by less than independent calls would spread them.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::arm::replicate;
use super::statistics;
use crate::base::{Dice, Duration};
use crate::metric::{METRICS, Metric, Observed, RunContext};
use crate::net::Latency;
use crate::plan::{Act, Plan};
use crate::record::agreement::{Agreement, Measurement, Prediction};
use crate::world::Leg;

/// What is compared.
pub const COMPARED: [&str; 6] = [
    "success_rate",
    "first_attempt_rejection_rate",
    "token_requests_per_call",
    "added_latency_mean",
    "lease_lapses",
    "stale_store_writes",
];

/// What is predicted: what is compared, and what can be measured of clients whose calls only the provider sees.
const PREDICTED: [&str; COMPARED.len() + 1] = {
    let mut names = ["rejections_per_call"; COMPARED.len() + 1];
    let mut place = 0;
    while place < COMPARED.len() {
        names[place] = COMPARED[place];
        place += 1;
    }
    names
};

/// What is compared of this plan: of a store only where there is one, and writes of what is older only where older is dead.
pub fn compared(plan: &Plan) -> Vec<&'static str> {
    let rule = &plan.provider.rule;
    let latest_only = rule.capacity == Some(1) && rule.overlap.is_zero() && rule.reuse_threshold.is_none();
    let told = |name: &&str| match *name {
        "lease_lapses" => plan.has_lapses(),
        "stale_store_writes" => plan.needs_store() && latest_only && plan.provider.rotation.is_none(),
        _ => true,
    };
    COMPARED.into_iter().filter(told).collect()
}

/// Confidence of the intervals that are shown, and of all verdicts of a command together.
pub const AGREEMENT: f64 = 0.99;

/// Messages of a leg from which on their measured times are fed to the simulator.
const FEWEST_WAYS: usize = 20;

/// Values of the compared metrics, run by run.
pub struct PredictedRuns(Vec<Vec<Option<f64>>>);

fn metric(name: &str) -> &'static Metric {
    crate::metric::find(name).expect("it is in the list of metrics")
}

/// Simulates so many runs of a plan, from the second replication of the seed on: the first one's dice are the live run's. None where
/// `stop` ended it.
pub fn predict(
    plan: &Plan,
    context: &RunContext,
    seed: u64,
    replications: u32,
    stop: &AtomicBool,
) -> Option<PredictedRuns> {
    let places = PREDICTED.map(|name| {
        METRICS
            .iter()
            .position(|metric| metric.name == name)
            .expect("it is listed")
    });
    let runs: Vec<_> = (1..=replications)
        .into_par_iter()
        .map(|replication| {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let dice = Dice::replication(seed, replication.into());
            let (sample, ..) = replicate(plan, (context, None), dice, stop)?;
            Some(places.map(|place| sample.metric(place)).to_vec())
        })
        .collect();
    runs.into_iter().collect::<Option<Vec<_>>>().map(PredictedRuns)
}

/// The same plan with the latencies that were measured, as far as they were: where a leg is slowed for a time, or requests wait for
/// a server, a measured time is more than the leg's own.
#[must_use]
pub fn fed_with(plan: &Plan, ways: &[(Leg, Vec<Duration>)]) -> Plan {
    let mut fed = plan.clone();
    let slowed = |leg: Leg| {
        let slows = |act: &Act| matches!(act, Act::Slow { legs, .. } if legs.contains(&leg));
        plan.timeline.iter().any(|(_, act)| slows(act))
    };
    let queues = |leg: Leg| match leg {
        Leg::TokenRequest | Leg::TokenService => plan.provider.token_endpoint.servers.is_some(),
        Leg::ApiRequest | Leg::ApiService => plan.provider.api_endpoint.servers.is_some(),
        _ => false,
    };
    for (leg, spans) in ways {
        if spans.len() >= FEWEST_WAYS
            && !slowed(*leg)
            && !queues(*leg)
            && let Some(latency) = Latency::measured(spans.iter().copied())
        {
            fed.links.leg_mut(*leg).latency = latency;
        }
    }
    fed
}

/// Measured and predicted figures of one strategy, side by side, of those that are [`compared`]. `tick` is how exactly the live run's timers measure time out.
pub fn compare(
    (scenario, strategy): (&str, &str),
    (observed, batches): (&Observed, &[Observed]),
    (asked, fed): (&PredictedRuns, &PredictedRuns),
    (metrics, tick): (&[&str], Duration),
) -> Vec<Agreement> {
    let measured = COMPARED.iter().filter(|name| metrics.contains(*name)).map(|name| {
        let metric = metric(name);
        MeasuredFigure {
            metric: metric.name,
            value: (metric.read)(observed),
            parts: batches.iter().filter_map(metric.read).collect(),
        }
    });
    let calls = observed.total().calls as f64;
    lay_beside((scenario, strategy), measured, calls, (asked, fed), tick)
}

/// A figure of a run in the world.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasuredFigure {
    /// Name of the metric: `success_rate`, `token_requests_per_call`, `rejections_per_call`, or one of [`COMPARED`].
    pub metric: &'static str,
    /// Over the whole run.
    pub value: Option<f64>,
    /// In each part of the run.
    pub parts: Vec<f64>,
}

/// [`compare`] for figures that something else than [`live`](crate::live) has measured, in so many calls.
///
/// # Panics
/// For a metric that is not predicted.
pub fn lay_beside(
    (scenario, strategy): (&str, &str),
    measured: impl IntoIterator<Item = MeasuredFigure>,
    calls: f64,
    (asked, fed): (&PredictedRuns, &PredictedRuns),
    tick: Duration,
) -> Vec<Agreement> {
    let one = |figure: MeasuredFigure| {
        let metric = metric(figure.metric);
        let place = PREDICTED.iter().position(|name| *name == figure.metric);
        let place = place.expect("it is predicted");
        let judge = |runs: &PredictedRuns| {
            let values: Vec<f64> = runs.0.iter().filter_map(|run| run[place]).collect();
            judge(metric, figure.value?, &values, calls, tick.as_secs_f64())
        };
        Agreement {
            scenario: scenario.to_owned(),
            strategy: strategy.to_owned(),
            metric: metric.name,
            unit: metric.unit,
            measured: Measurement {
                value: figure.value,
                ci99: interval(metric, &figure.parts, calls),
            },
            asked: judge(asked),
            fed: judge(fed),
        }
    };
    measured.into_iter().map(one).collect()
}

/// From the parts of a run.
fn interval(metric: &Metric, parts: &[f64], calls: f64) -> Option<(f64, f64)> {
    let estimate = match metric.unit {
        "share" => statistics::mean_share(parts, calls, AGREEMENT),
        // The mean of the parts is a part of the whole.
        "count" => return None,
        _ => statistics::mean(parts, AGREEMENT),
    };
    let (low, high) = estimate?.interval?;
    // Nothing happens less often than never.
    let least = if metric.unit == "per call" { 0.0 } else { f64::MIN };
    Some((low.max(least), high))
}

/// How a figure is brought to a scale on which it spreads alike, and back.
struct Scale {
    /// Beside all, the rest is what is counted.
    rest: bool,
    /// It counts something, in so many calls.
    counts: Option<f64>,
}

impl Scale {
    fn of(metric: &Metric, mean: f64, calls: f64) -> Self {
        let counts = match metric.unit {
            "share" | "per call" => Some(calls.max(1.0)),
            "count" => Some(1.0),
            _ => None,
        };
        Self {
            rest: metric.unit == "share" && mean > 0.5,
            counts,
        }
    }

    fn there(&self, value: f64) -> f64 {
        let value = if self.rest { 1.0 - value } else { value };
        match self.counts {
            Some(calls) => (value.max(0.0) + 0.375 / calls).sqrt(),
            None => value,
        }
    }

    fn back(&self, value: f64) -> f64 {
        let value = match self.counts {
            Some(calls) => (value.max(0.0).powi(2) - 0.375 / calls).max(0.0),
            None => value,
        };
        if self.rest { 1.0 - value } else { value }
    }

    /// The least variance: that of independent calls, or of a timer.
    fn least(&self, tick: f64) -> f64 {
        match self.counts {
            Some(calls) => 0.25 / calls,
            None => tick * tick / 12.0,
        }
    }
}

/// Where simulated runs lie, and how far out the live one is; none without at least two of them.
fn judge(metric: &Metric, value: f64, runs: &[f64], calls: f64, tick: f64) -> Option<Prediction> {
    let natural = statistics::mean(runs, AGREEMENT)?.mean;
    let scale = Scale::of(metric, natural, calls);
    let values: Vec<f64> = runs.iter().map(|run| scale.there(*run)).collect();
    let count = values.len() as f64;
    if count < 2.0 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let deviation = (variance.max(scale.least(tick)) * (1.0 + 1.0 / count)).sqrt();
    let student = StudentsT::new(0.0, 1.0, count - 1.0).ok()?;
    // Of a time, what a timer rounds says nothing.
    let blur = if scale.counts.is_none() { tick } else { 0.0 };
    let beyond = ((scale.there(value) - mean).abs() - blur).max(0.0);
    let half = student.inverse_cdf(0.5 + AGREEMENT / 2.0) * deviation + blur;
    let ends = [
        scale.back((mean - half).max(if scale.counts.is_some() { 0.0 } else { f64::MIN })),
        scale.back(mean + half),
    ];
    Some(Prediction {
        mean: natural,
        runs99: (ends[0].min(ends[1]), ends[0].max(ends[1])),
        p: (2.0 * (1.0 - student.cdf(beyond / deviation))).clamp(0.0, 1.0),
        beyond_chance: false,
    })
}

/// Marks the figures that lie beyond chance, all of them together; says whether any does of those that were predicted with the
/// measured latencies.
pub fn judge_all(figures: &mut [Agreement]) -> bool {
    let mut mark = |pick: fn(&mut Agreement) -> &mut Option<Prediction>| {
        let chances: Vec<f64> = figures
            .iter_mut()
            .map(|figure| pick(figure).map_or(1.0, |it| it.p))
            .collect();
        let beyond = beyond_chance(&chances);
        for (figure, beyond) in figures.iter_mut().zip(&beyond) {
            if let Some(prediction) = pick(figure) {
                prediction.beyond_chance = *beyond;
            }
        }
        beyond.contains(&true)
    };
    mark(|figure| &mut figure.asked);
    mark(|figure| &mut figure.fed)
}

/// Which of these chances are too small to be chance, all together at most with the chance that [`AGREEMENT`] leaves. Source: S.
/// Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979.
fn beyond_chance(chances: &[f64]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|&one, &other| chances[one].total_cmp(&chances[other]));
    let mut beyond = vec![false; chances.len()];
    for (place, &which) in order.iter().enumerate() {
        if chances[which] > (1.0 - AGREEMENT) / (chances.len() - place) as f64 {
            break;
        }
        beyond[which] = true;
    }
    beyond
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws that are nearly normal: sums of twelve uniform ones.
    fn normal(dice: Dice, count: u64, mean: f64, deviation: f64) -> f64 {
        let uniform = |part: u64| dice.draw(1, count, part) as f64 / u64::MAX as f64;
        mean + deviation * ((0..12).map(uniform).sum::<f64>() - 6.0)
    }

    fn runs(mean: f64, deviation: f64) -> Vec<f64> {
        (0..200).map(|run| normal(Dice::new(7), run, mean, deviation)).collect()
    }

    #[test]
    fn one_more_run_agrees_and_another_model_does_not() {
        let metric = metric("first_attempt_rejection_rate");
        let runs = runs(0.4, 0.01);
        let p = |value| judge(metric, value, &runs, 5000.0, 0.001).unwrap().p;
        assert!(p(0.405) > 0.3 && p(0.42) > 0.01, "{} {}", p(0.405), p(0.42));
        assert!(p(0.5) < 1e-6, "{}", p(0.5));
        let Prediction { mean, runs99, .. } = judge(metric, 0.4, &runs, 5000.0, 0.001).unwrap();
        assert!((mean - 0.4).abs() < 0.002);
        assert!(
            runs99.0 > 0.36 && runs99.0 < 0.385 && runs99.1 > 0.415 && runs99.1 < 0.44,
            "{runs99:?}"
        );
    }

    /// Where no simulated call fails, one failed call of many is chance, and one in ten is not.
    #[test]
    fn none_is_not_known_exactly() {
        let metric = metric("success_rate");
        let p = |value| judge(metric, value, &[1.0; 100], 1000.0, 0.001).unwrap();
        assert!(p(1.0).p > 0.5);
        assert!(p(0.999).p > 0.01, "{:?}", p(0.999));
        assert!(p(0.9).p < 1e-6);
        assert_eq!(p(1.0).runs99.1, 1.0);
        assert!(p(1.0).runs99.0 > 0.99 && p(1.0).runs99.0 < 1.0);
    }

    /// Of a thousand live runs that are runs of the model itself, about one in a hundred lies outside: with probability 1 - 1e-5
    /// between 0 and 27 do.
    #[test]
    fn the_interval_holds_what_it_says() {
        let metric = metric("token_requests_per_call");
        let runs = runs(0.2, 0.02);
        let outside = (0..1000)
            .map(|run| normal(Dice::new(8), run, 0.2, 0.02))
            .filter(|&value| judge(metric, value, &runs, 2000.0, 0.001).unwrap().p < 0.01)
            .count();
        assert!(outside <= 27, "{outside}");
    }

    #[test]
    fn holm_goes_on_as_long_as_he_rejects() {
        assert_eq!(beyond_chance(&[0.004, 0.6, 0.0001]), [true, false, true]);
        assert_eq!(beyond_chance(&[0.006, 0.004]), [true, true]);
        assert_eq!(beyond_chance(&[0.006, 0.5]), [false, false]);
        assert!(beyond_chance(&[]).is_empty());
    }

    #[test]
    fn a_timer_blurs_a_time() {
        let metric = metric("added_latency_mean");
        let p = |value| judge(metric, value, &[0.040; 50], 1000.0, 0.01).unwrap().p;
        assert!(p(0.049) > 0.5 && p(0.09) < 1e-6);
    }
}
