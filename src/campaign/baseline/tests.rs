//! A change is told from noise, one by one where that can be, and the intervals hold what they say.

use super::*;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use crate::campaign::{self, CampaignOptions};
use crate::record::fake;
use crate::scenario::Scenario;

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

/// Two processes that take each other's token, for ten minutes each replication.
fn run(seed: u64, per_minute: f64, replications: u32) -> Record {
    let text = format!(
        r#"
        name = "pair"
        summary = "Two processes share one app"
        source = "made for this test"
        run = {{ duration = "10min", warmup = "1min", seed = {seed}, replications = {replications} }}
        provider = {{ rule = {{ latest_only = {{}} }}, token_ttl = "1h" }}
        app = [{{ name = "main" }}]
        fleet = [{{ name = "web", nodes = 2, app = "main", workload = [{{ kind = "user", arrivals = {{ poisson = "{per_minute}/min" }} }}] }}]
        strategy = [{{ name = "naive", coordination = "naive" }}]
        "#
    );
    let scenario = Scenario::parse("pair.toml", &text, Path::new(".")).unwrap();
    let options = CampaignOptions::of(&scenario);
    campaign::run(&scenario, options, &(), &AtomicBool::new(false))
        .unwrap()
        .record
}

/// What two runs say of a metric.
fn changed(before: &Record, now: &Record, metric: &str) -> BaselineChange {
    let found = compare(before, now);
    let change = found.changes.into_iter().find(|change| change.metric == metric);
    change.unwrap()
}

fn width(change: &BaselineChange) -> f64 {
    let (low, high) = change.interval.unwrap();
    high - low
}

/// A sixth more load: the same arrivals a little denser, under the same latencies. Replication by replication the difference is seen; by
/// the intervals of both runs, as those of an older folder, it is not.
#[test]
fn a_small_change_is_seen_under_the_same_luck_alone() {
    let metric = "first_attempt_rejection_rate";
    let (before, now) = (run(1, 60.0, 40), run(1, 70.0, 40));
    let paired = changed(&before, &now, metric);
    let mut old = before.clone();
    old.replicated.clear();
    let apart = changed(&old, &now, metric);
    assert!(paired.paired && !apart.paired);
    assert_eq!((apart.before, apart.now), (paired.before, paired.now));
    assert!(
        width(&paired) < 0.4 * width(&apart),
        "{} of {}",
        width(&paired),
        width(&apart)
    );
    let verdicts = (paired.verdict, apart.verdict);
    assert_eq!(
        verdicts,
        (BaselineVerdict::Worse, BaselineVerdict::NoChange),
        "{paired:?} {apart:?}"
    );
}

#[test]
fn why_nothing_is_paired_is_said() {
    let (one, more) = (run(1, 6.0, 4), run(1, 6.0, 5));
    let why = |before: &Record, now: &Record| {
        let found = compare(before, now);
        assert_eq!(found.paired() > 0, found.not_paired.is_none());
        found.not_paired.unwrap_or_default()
    };
    assert_eq!(why(&one, &one), "");
    assert_eq!(why(&one, &run(2, 6.0, 4)), "the seeds differ (1 and 2)");
    assert_eq!(why(&one, &more), "the numbers of replications differ (4 and 5)");
    let mut old = one.clone();
    old.replicated.clear();
    assert_eq!(
        why(&old, &one),
        "the baseline does not hold what single replications came to"
    );
    assert_eq!(
        why(&one, &old),
        "this run does not hold what single replications came to"
    );
}

/// What would say too much is not paired.
#[test]
fn what_replications_cannot_tell_is_left_to_the_intervals() {
    let values = |values: &[f64]| -> Vec<Option<f64>> { values.iter().map(|value| Some(*value)).collect() };
    let of =
        |metric, unit, before: &[f64], now: &[f64]| one_by_one(metric, unit, (&values(before), &values(now)), 0.95);
    assert!(of("latency_p99", "s", &[1.0, 2.0, 3.0], &[1.5, 2.0, 3.5]).is_some());
    assert_eq!(
        of("latency_p99", "s", &[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]),
        Some((0.0, 0.0))
    );
    assert_eq!(
        of("latency_p99", "s", &[1.0, 2.0, 3.0], &[2.0, 3.0, 4.0]),
        None,
        "no spread of differences"
    );
    assert_eq!(
        of("storm_probability", "share", &[0.0, 1.0, 1.0], &[1.0, 0.0, 1.0]),
        None,
        "a count"
    );
    for end in [0.0, 1.0] {
        assert_eq!(
            of("failure_rate", "share", &[end; 3], &[end; 3]),
            None,
            "bounded by the number of calls"
        );
    }
    let missing = (
        &[Some(1.0), None, Some(2.0)][..],
        &[Some(1.0), Some(3.0), Some(2.5)][..],
    );
    assert_eq!(one_by_one("latency_p99", "s", missing, 0.95), None);
}

/// A hundred comparisons of eight replications each. Where nothing has changed but the luck, and where the load is a twentieth more under
/// the same luck, the 95 % interval leaves out the true difference about five times in a hundred: sixteen times or more has a
/// probability below 1 in 20000 if the intervals hold what they say. The true difference of the second is that of all 800 pairs.
#[test]
fn intervals_hold_what_they_say() {
    const EIGHT: usize = 8;
    let replicated = |records: &[Record], metric: &str| -> Vec<Option<f64>> {
        let of = |record: &Record| {
            record
                .replicated
                .iter()
                .find(|of| of.metric == metric)
                .unwrap()
                .values
                .clone()
        };
        records.iter().flat_map(of).collect()
    };
    let runs = |luck: u64, load| -> Vec<Record> { (0..10).map(|at| run(2 * at + luck, load, 80)).collect() };
    let [before, other, now] = [runs(1, 6.0), runs(2, 6.0), runs(1, 6.3)];
    for (metric, unit) in [
        ("first_attempt_rejection_rate", "share"),
        ("token_requests_per_call", "per call"),
        ("added_latency_mean", "s"),
    ] {
        let old = replicated(&before, metric);
        for (name, records, moved) in [("other luck", &other, false), ("more load", &now, true)] {
            let new = replicated(records, metric);
            let truth = match moved {
                false => 0.0,
                true => paired(&new, &old, 0.95).unwrap().mean,
            };
            let pairs = old.chunks(EIGHT).zip(new.chunks(EIGHT));
            let intervals: Vec<_> = pairs
                .filter_map(|pairs| one_by_one(metric, unit, pairs, 0.95))
                .collect();
            assert_eq!(intervals.len(), 100, "{metric}");
            let missed = intervals
                .iter()
                .filter(|(low, high)| truth < *low || *high < truth)
                .count();
            assert!((1..16).contains(&missed), "{metric}, {name}: {missed} of 100");
        }
    }
}
