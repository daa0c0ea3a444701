//! A run against an earlier one, from what both have left on disk: a change is told from noise by the intervals of both.

use std::collections::{BTreeMap, BTreeSet};

use super::statistics::{self, CONFIDENCE, Estimate};
use crate::metric::{self, Better, MetricName};
use crate::record::baseline::{Baseline, BaselineChange, BaselineVerdict, NotComparable};
use crate::record::{Reading, Record};

/// What is compared, of all calls and of each part of them.
const COMPARED: [&str; 10] = [
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
    let (theirs, ours) = (figures(before), figures(now));
    let both: Vec<Key> = theirs.keys().filter(|key| ours.contains_key(*key)).copied().collect();
    let confidence = 1.0 - (1.0 - CONFIDENCE) / both.len().max(1) as f64;
    for key in both {
        match change(theirs[&key], ours[&key], confidence) {
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
fn change(before: &Reading, now: &Reading, confidence: f64) -> Result<BaselineChange, Option<String>> {
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
        })
    };
    let interval = match wide(now, new).zip(wide(before, old)) {
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
        interval,
        margin,
        verdict: verdict(better, interval, margin),
    })
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
mod tests {
    use super::*;
    use crate::record::fake;

    /// The readings of a record, each changed.
    fn with(change: impl Fn(&mut Reading)) -> Record {
        let mut record = fake::dozen();
        record.readings.iter_mut().for_each(change);
        record
    }

    fn failures(reading: &mut Reading, mean: f64, half: f64) {
        if reading.metric == "failure_rate" {
            (reading.mean, reading.ci95) = (Some(mean), Some((mean - half, mean + half)));
            reading.replications = 30;
        }
    }

    #[test]
    fn a_run_has_not_changed_from_itself() {
        let same = compare(&fake::dozen(), &fake::dozen());
        assert!(same.same_luck && !same.changes.is_empty());
        assert!(
            same.changes
                .iter()
                .all(|change| change.verdict == BaselineVerdict::NoChange)
        );
        assert!(same.not_comparable.is_empty(), "{:?}", same.not_comparable);
    }

    /// Half widths of a hundredth: a difference of five of them is more than chance for a dozen strategies together, one of two is not.
    #[test]
    fn a_change_is_told_from_noise() {
        let before = with(|reading| failures(reading, 0.2, 0.01));
        let of = |now: f64| {
            let changed = compare(&before, &with(|reading| failures(reading, now, 0.01)));
            let found = changed.changes.iter().find(|change| change.metric == "failure_rate");
            found.unwrap().verdict
        };
        assert_eq!(of(0.25), BaselineVerdict::Worse);
        assert_eq!(of(0.15), BaselineVerdict::Better);
        assert_eq!(of(0.22), BaselineVerdict::NoChange);
    }

    #[test]
    fn a_change_that_is_sure_and_tiny_is_none() {
        let before = with(|reading| failures(reading, 0.2, 0.0));
        let changed = compare(&before, &with(|reading| failures(reading, 0.2009, 0.0)));
        assert!(!changed.is_worse());
        let changed = compare(&before, &with(|reading| failures(reading, 0.202, 0.0)));
        assert!(changed.is_worse());
    }

    #[test]
    fn what_has_no_counterpart_is_named_with_the_reason() {
        let mut other = fake::dozen();
        other.manifest.scenario = "another".to_owned();
        let none = compare(&other, &fake::dozen());
        assert!(none.changes.is_empty() && none.not_comparable[0].why.contains("another scenario"));
        let renamed = with(|reading| {
            if reading.strategy == "naive cache" {
                reading.strategy = "renamed".to_owned();
            }
            if reading.metric == "failure_rate" && reading.strategy != "renamed" {
                reading.unit = "percent".to_owned();
            }
        });
        let some = compare(&fake::dozen(), &renamed);
        let why: Vec<&str> = some.not_comparable.iter().map(|item| item.why.as_str()).collect();
        for part in [
            "not in this run",
            "not in the baseline",
            "the unit was `share`, and is `percent`",
        ] {
            assert!(why.contains(&part), "{part}: {why:?}");
        }
        let single = with(|reading| {
            reading.ci95 = None;
            reading.mean = reading.mean.map(|mean| mean + 1.0);
        });
        let single = compare(&fake::dozen(), &single);
        assert!(
            single
                .not_comparable
                .iter()
                .any(|item| item.why.contains("single replication"))
        );
    }
}
