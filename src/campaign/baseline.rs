//! A run against an earlier one, from what both have left on disk: a change is told from noise replication by replication where both
//! ran under the same luck, and by the intervals of both otherwise.

use std::collections::{BTreeMap, BTreeSet};

use super::arm::COMPARED;
use super::replicate::paired;
use super::statistics::{self, CONFIDENCE, Estimate};
use crate::metric::{self, Better, MetricName};
use crate::record::baseline::{Baseline, BaselineChange, BaselineVerdict, NotComparable};
use crate::record::{Reading, Record};

/// Shares that differ by no more than one in a thousand count as the same.
const SHARE: f64 = 0.001;
/// So does anything else that differs by no more than a hundredth of what it was.
const PART: f64 = 0.01;

type Key<'a> = (&'a str, &'a str, &'a str);

/// What has changed since `before`.
pub fn compare(before: &Record, now: &Record) -> Baseline {
    let (old, new) = (&before.manifest, &now.manifest);
    let mut baseline = Baseline {
        run: old.run.clone(),
        scenario: old.scenario.clone(),
        tokenstorm: old.tokenstorm.clone(),
        seed: old.seed,
        replications: old.replications,
        same_luck: old.sha256 == new.sha256
            && old.as_resolved == new.as_resolved
            && (old.seed, old.replications) == (new.seed, new.replications),
        ..Baseline::default()
    };
    if old.scenario != new.scenario {
        baseline.not_comparable.push(NotComparable {
            what: "all figures".to_owned(),
            why: format!("the baseline is of another scenario, `{}`", old.scenario),
        });
        return baseline;
    }
    baseline.not_paired = not_paired(before, now);
    let (theirs, ours) = (figures(before), figures(now));
    let singly = match baseline.not_paired {
        None => [replications(before), replications(now)],
        Some(_) => Default::default(),
    };
    let both: Vec<Key> = theirs.keys().filter(|key| ours.contains_key(*key)).copied().collect();
    let confidence = 1.0 - (1.0 - CONFIDENCE) / both.len().max(1) as f64;
    for key in both {
        let pairs = singly[0].get(&key).zip(singly[1].get(&key));
        let pairs = pairs.map(|(old, new)| (*old, *new));
        match change(theirs[&key], ours[&key], pairs, confidence) {
            Ok(change) => baseline.changes.push(change),
            Err(Some(why)) => baseline.not_comparable.push(NotComparable { what: words(key), why }),
            // It has no value in either.
            Err(None) => {}
        }
    }
    missing(&theirs, &ours, "not in this run", &mut baseline.not_comparable);
    missing(&ours, &theirs, "not in the baseline", &mut baseline.not_comparable);
    baseline
}

/// Why the two cannot be compared replication by replication, where they cannot.
fn not_paired(before: &Record, now: &Record) -> Option<String> {
    let (old, new) = (&before.manifest, &now.manifest);
    if before.replicated.is_empty() || now.replicated.is_empty() {
        let which = if now.replicated.is_empty() {
            "this run"
        } else {
            "the baseline"
        };
        return Some(format!("{which} does not hold what single replications came to"));
    }
    if old.seed != new.seed {
        return Some(format!("the seeds differ ({} and {})", old.seed, new.seed));
    }
    (old.replications != new.replications).then(|| {
        format!(
            "the numbers of replications differ ({} and {})",
            old.replications, new.replications
        )
    })
}

fn replications(record: &Record) -> BTreeMap<Key<'_>, &[Option<f64>]> {
    let all = record.replicated.iter();
    all.map(|of| ((&*of.strategy, &*of.point, &*of.metric), &*of.values))
        .collect()
}

fn figures(record: &Record) -> BTreeMap<Key<'_>, &Reading> {
    let compared = |reading: &&Reading| COMPARED.contains(&MetricName::parse(&reading.metric).metric);
    record
        .readings
        .iter()
        .filter(compared)
        .map(|reading| ((&*reading.strategy, &*reading.point, &*reading.metric), reading))
        .collect()
}

/// Strategies and points that only one of them has, each named once.
fn missing(
    of: &BTreeMap<Key<'_>, &Reading>,
    other: &BTreeMap<Key<'_>, &Reading>,
    why: &str,
    into: &mut Vec<NotComparable>,
) {
    let known: BTreeSet<(&str, &str)> = other.keys().map(|(strategy, point, _)| (*strategy, *point)).collect();
    let mut told = BTreeSet::new();
    for (strategy, point, metric) in of.keys().filter(|key| !other.contains_key(*key)) {
        let whole = !known.contains(&(*strategy, *point));
        let what = words((strategy, point, if whole { "" } else { metric }));
        if told.insert(what.clone()) {
            into.push(NotComparable {
                what,
                why: why.to_owned(),
            });
        }
    }
}

fn words((strategy, point, metric): Key<'_>) -> String {
    let at = if point.is_empty() {
        String::new()
    } else {
        format!(" at {point}")
    };
    let metric = if metric.is_empty() {
        String::new()
    } else {
        format!(": {metric}")
    };
    format!("`{strategy}`{at}{metric}")
}

/// One figure of both; the error is why it cannot be compared, or none where neither has a value.
fn change(
    before: &Reading,
    now: &Reading,
    pairs: Option<Pairs>,
    confidence: f64,
) -> Result<BaselineChange, Option<String>> {
    if before.unit != now.unit {
        return Err(Some(format!("the unit was `{}`, and is `{}`", before.unit, now.unit)));
    }
    let (old, new) = match (before.mean, now.mean) {
        (None, None) => return Err(None),
        (None, _) => return Err(Some("it had no value".to_owned())),
        (_, None) => return Err(Some("it has no value any more".to_owned())),
        (Some(old), Some(new)) => (old, new),
    };
    let margin = if now.unit == "share" { SHARE } else { PART * old.abs() };
    let wide = |reading: &Reading, mean| {
        let (low, high) = reading.ci95?;
        let wider = statistics::wider(reading.replications, confidence);
        Some(Estimate {
            mean,
            interval: Some((mean - (mean - low) * wider, mean + (high - mean) * wider)),
            count: reading.replications,
            values_per_skew: f64::INFINITY,
        })
    };
    let one_by_one = pairs.and_then(|pairs| one_by_one(&now.metric, &now.unit, pairs, confidence));
    let interval = match wide(now, new).zip(wide(before, old)) {
        _ if one_by_one.is_some() => one_by_one,
        Some((new, old)) => statistics::share_difference(new, old),
        None if old == new => Some((0.0, 0.0)),
        None => {
            return Err(Some(
                "one of them has a single replication, and so no interval".to_owned(),
            ));
        }
    };
    let better = metric::find(MetricName::parse(&now.metric).metric).and_then(|metric| metric.better);
    Ok(BaselineChange {
        strategy: now.strategy.clone(),
        point: now.point.clone(),
        metric: now.metric.clone(),
        unit: now.unit.clone(),
        before: old,
        now: new,
        paired: one_by_one.is_some(),
        interval,
        margin,
        verdict: verdict(better, interval, margin),
    })
}

/// What single replications came to, of the earlier run and of this one.
type Pairs<'a> = (&'a [Option<f64>], &'a [Option<f64>]);

/// The interval of the differences of replications. None where it would say too much: of a share of replications, which is counted and
/// has no spread to go by; where a value is missing on one side, as what is missing is not so by chance; of a share that is none, or
/// all, throughout in both runs, where the number of calls bounds what may yet be seen; and where all differ by the same.
fn one_by_one(metric: &str, unit: &str, (before, now): Pairs, confidence: f64) -> Option<(f64, f64)> {
    let counted = MetricName::parse(metric).metric == "storm_probability";
    let alike = before.len() == now.len() && before.iter().zip(now).all(|(old, new)| old.is_some() == new.is_some());
    if counted || !alike {
        return None;
    }
    let throughout = |end: f64| before.iter().chain(now).flatten().all(|value| *value == end);
    if unit == "share" && (throughout(0.0) || throughout(1.0)) {
        return None;
    }
    let seen = paired(now, before, confidence)?;
    let (low, high) = seen.interval?;
    let interval = match unit {
        "share" => (low.max(-1.0), high.min(1.0)),
        _ => (low, high),
    };
    // No difference in any replication: the runs are the same. The same difference in all of them says nothing of how it varies.
    (low < high || seen.mean == 0.0).then_some(interval)
}

fn verdict(better: Option<Better>, interval: Option<(f64, f64)>, margin: f64) -> BaselineVerdict {
    let Some((low, high)) = interval else {
        return BaselineVerdict::NoChange;
    };
    match (better, low > margin, high < -margin) {
        (Some(Better::Low), true, _) | (Some(Better::High), _, true) => BaselineVerdict::Worse,
        (Some(Better::Low), _, true) | (Some(Better::High), true, _) => BaselineVerdict::Better,
        _ => BaselineVerdict::NoChange,
    }
}

#[cfg(test)]
mod tests;
