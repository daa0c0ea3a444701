//! Why calls fail: how those that did not succeed ended, why their tokens were refused, what failed their last tries, and what was
//! left of quotas.
//!
//! Knows which metrics add up to which, and nothing of how they were measured.

use super::{Figures, MOST_TOLD, Sweep, number, one_line, providers, quotas, quoted, tenants};
use crate::metric::MetricName;
use crate::record::Record;

/// How a call fails: the metric that counts it, a few words for a table, and the same for a sentence.
type Ending = (&'static str, &'static str, &'static str);

const ENDINGS: [Ending; 11] = [
    (
        "failed_gave_up_rate",
        "out of tries",
        "their retry policy allows no further try",
    ),
    (
        "failed_impatient_rate",
        "patience over",
        "their caller's patience ends first",
    ),
    (
        "failed_logged_out_rate",
        "login needed",
        "no refresh token is left that the provider accepts, so a user has to log in",
    ),
    (
        "failed_broken_rate",
        "breaker or throttle",
        "their own process turns them away (circuit breaker or throttle)",
    ),
    (
        "failed_out_of_budget_rate",
        "retry budget empty",
        "the retry budget is empty",
    ),
    (
        "failed_refused_rate",
        "refused for good",
        "the provider refuses them for good",
    ),
    ("failed_late_rate", "answer too late", "their answer comes too late"),
    ("failed_lost_rate", "process crashed", "their process crashes"),
    (
        "failed_misread_rate",
        "error misread",
        "an error is taken for a success",
    ),
    (
        "failed_not_renewed_rate",
        "kept token refused",
        "the token that their job keeps is refused, and it takes no other",
    ),
    ("failed_unfinished_rate", "run ended first", "the run ends first"),
];

/// Why a token is refused, by the metric that counts it.
const CAUSES: [(&str, &str); 6] = [
    (
        "rejections_superseded_per_call",
        "a newer token had taken the place of theirs",
    ),
    ("rejections_expired_per_call", "their token had expired"),
    ("rejections_revoked_per_call", "the provider had taken their token back"),
    (
        "rejections_in_flight_per_call",
        "their token ended while they were under way",
    ),
    (
        "rejections_not_yet_active_per_call",
        "the resource server had not heard of their token yet",
    ),
    ("rejections_long_dead_per_call", "their token had been dead for long"),
];

/// A reason that explains less than this share is not told.
const WORTH_TELLING: f64 = 0.1;

/// Whether the record tells how failed calls ended; old ones do not.
pub(super) fn told_apart(record: &Record) -> bool {
    record.readings.iter().any(|reading| reading.metric == ENDINGS[0].0)
}

/// The endings of the failed calls and the share of each among them, greatest first.
fn endings(figures: &Figures<'_>, strategy: &str, point: &str) -> Vec<(Ending, f64)> {
    let share = |ending: &Ending| figures.mean(strategy, point, ending.0).unwrap_or(0.0);
    let all: f64 = ENDINGS.iter().map(share).sum();
    let mut found: Vec<(Ending, f64)> = ENDINGS
        .iter()
        .map(|ending| (*ending, share(ending) / all))
        .filter(|(_, share)| *share > WORTH_TELLING)
        .collect();
    found.sort_by(|one, other| other.1.total_cmp(&one.1));
    found
}

/// The most frequent reason in a few words; none where no call fails.
pub(super) fn main(figures: &Figures<'_>, strategy: &str, point: &str) -> Option<String> {
    let found = endings(figures, strategy, point);
    let (first, share) = found.first()?;
    match found.get(1) {
        Some((second, _)) if *share < 0.6 => Some(format!("{}, {}", first.1, second.1)),
        _ => Some(first.1.to_owned()),
    }
}

/// Each strategy at the point where most of its calls fail, the worst first.
fn worst(record: &Record, figures: &Figures<'_>) -> Vec<(String, usize, f64)> {
    let mut found: Vec<(String, usize, f64)> = Vec::new();
    for strategy in &record.strategies {
        let failed = record.points.iter().enumerate();
        let failed = failed.filter_map(|(at, point)| Some((at, figures.mean(strategy, point, "failure_rate")?)));
        // Of equal points the first.
        let most = failed.fold(None, |most: Option<(usize, f64)>, next| match most {
            Some(most) if most.1 >= next.1 => Some(most),
            _ => Some(next),
        });
        found.extend(
            most.map(|(at, share)| (strategy.clone(), at, share))
                .filter(|(.., share)| *share > 0.0),
        );
    }
    found.sort_by(|one, other| other.2.total_cmp(&one.2));
    found
}

/// Why calls fail, in sentences: of the strategies that fail most, those that fail alike together.
pub(super) fn told(record: &Record) -> Vec<String> {
    let figures = Figures::of(record);
    let sweep = Sweep::of(record);
    let mut out = Vec::new();
    let worst = worst(record, &figures);
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (strategy, at, share) in &worst {
        let Some(why) = why(&figures, strategy, &record.points[*at]) else {
            continue;
        };
        let place = sweep.at(*at);
        let who = format!("{} ({}{place})", quoted(strategy), number::percent(*share));
        match groups.iter_mut().find(|(known, _)| *known == why) {
            Some((_, names)) => names.push(who),
            None => groups.push((why, vec![who])),
        }
    }
    for (why, names) in groups.into_iter().take(MOST_TOLD) {
        out.push(format!("Why calls of {} fail: {why}.", some(&names)));
    }
    out.extend(refused(record, &figures, &worst));
    out.extend(last_tries(&figures, record, &sweep, &worst));
    out.extend(quotas::told(record, &figures, &sweep));
    out.extend(tenants::told(record, &figures, &sweep, &worst));
    out.extend(providers::told(record, &figures, &sweep, &worst));
    out
}

/// The first of some names, and how many more there are.
fn some(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
    }
}

fn why(figures: &Figures<'_>, strategy: &str, point: &str) -> Option<String> {
    let found = endings(figures, strategy, point);
    match found.as_slice() {
        [] => None,
        [(only, _)] => Some(only.2.to_owned()),
        several => {
            let parts = several
                .iter()
                .map(|(ending, share)| format!("of {} {}", number::significant(share * 100.0, 2) + " %", ending.2));
            Some(parts.collect::<Vec<_>>().join(", "))
        }
    }
}

/// The most frequent reason for which tokens of a strategy are refused; none where none is refused.
pub(super) fn refusal(figures: &Figures<'_>, strategy: &str, point: &str) -> Option<&'static str> {
    let count = |metric: &str| figures.mean(strategy, point, metric).unwrap_or(0.0);
    let (metric, words) = CAUSES.iter().max_by(|a, b| count(a.0).total_cmp(&count(b.0)))?;
    (count(metric) > 0.0).then_some(*words)
}

/// Why tokens are refused, where that is what fails the calls of the worst strategy.
fn refused(record: &Record, figures: &Figures<'_>, worst: &[(String, usize, f64)]) -> Option<String> {
    let (strategy, at, _) = worst.first()?;
    let point = &record.points[*at];
    let count = |metric: &str| figures.mean(strategy, point, metric).unwrap_or(0.0);
    let all: f64 = CAUSES.iter().map(|(metric, _)| count(metric)).sum();
    let parts: Vec<String> = {
        let mut found: Vec<(f64, &str)> = CAUSES
            .iter()
            .map(|(metric, words)| (count(metric) / all, *words))
            .collect();
        found.retain(|(share, _)| *share > WORTH_TELLING);
        found.sort_by(|one, other| other.0.total_cmp(&one.0));
        let told = found
            .into_iter()
            .map(|(share, words)| format!("{} because {words}", number::percent(share)));
        told.collect()
    };
    let attempts = count("rejections_per_call");
    (attempts > 0.0 && !parts.is_empty()).then(|| {
        format!(
            "Tokens of {} are refused {} times a call: {}.",
            quoted(strategy),
            number::short(attempts),
            parts.join(", ")
        )
    })
}

/// What failed the last tries of calls, where it was not their token: that is told with why it was refused.
const LAST_TRIES: [(&str, &str); 7] = [
    (
        "failed_by_token_throttle_rate",
        "the token endpoint throttled the request for their token",
    ),
    (
        "failed_by_token_error_rate",
        "the token endpoint answered with an error",
    ),
    (
        "failed_by_token_silence_rate",
        "the token endpoint did not answer in time",
    ),
    ("failed_by_api_throttle_rate", "the API throttled them"),
    ("failed_by_api_error_rate", "the API answered with an error"),
    ("failed_by_api_silence_rate", "the API did not answer in time"),
    ("failed_by_unreachable_rate", "the store or the gateway did not answer"),
];

/// What failed the last tries of the calls that failed, of the strategies that fail most.
fn last_tries(figures: &Figures<'_>, record: &Record, sweep: &Sweep, worst: &[(String, usize, f64)]) -> Vec<String> {
    let told = worst.iter().take(MOST_TOLD).filter_map(|(strategy, at, failed)| {
        let point = &record.points[*at];
        let share = |metric: &str| figures.mean(strategy, point, metric).unwrap_or(0.0) / failed;
        let mut found: Vec<(f64, &str)> = LAST_TRIES
            .iter()
            .map(|(metric, words)| (share(metric), *words))
            .collect();
        found.retain(|(share, _)| *share > WORTH_TELLING);
        found.sort_by(|one, other| other.0.total_cmp(&one.0));
        let parts = found
            .iter()
            .map(|(share, words)| format!("{} because {words}", number::percent(*share)));
        let parts: Vec<String> = parts.collect();
        let place = sweep.at(*at);
        let who = quoted(strategy);
        (!parts.is_empty()).then(|| format!("The last tries of failed calls of {who}{place}: {}.", parts.join(", ")))
    });
    told.collect()
}

/// Fleets and kinds of calls that made no call, of which the figures therefore say nothing.
pub(super) fn silent(record: &Record) -> Vec<String> {
    let mut out = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for reading in &record.readings {
        let metric = reading.metric.as_str();
        if MetricName::parse(metric).metric == "calls" && !names.contains(&metric) {
            names.push(metric);
        }
    }
    for name in names {
        let readings = || record.readings.iter().filter(|reading| reading.metric == name);
        let none = |reading: &&crate::record::Reading| reading.mean == Some(0.0);
        let (silent, all) = (readings().filter(none).count(), readings().count());
        if silent == 0 {
            continue;
        }
        let who = MetricName::parse(name)
            .part
            .map_or("No call arrived".to_owned(), |part| {
                format!("No call of {} arrived", quoted(&one_line(&part.to_string(), 60)))
            });
        let place = if silent == all {
            String::new()
        } else {
            format!(" in {silent} of {all} cases")
        };
        out.push(format!(
            "{who} in the measured time{place}: the figures say nothing about it."
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Reading, fake};

    fn with(record: &mut Record, strategy: &str, metric: &str, unit: &str, mean: f64) {
        record.readings.push(Reading {
            strategy: strategy.into(),
            point: String::new(),
            metric: metric.into(),
            unit: unit.into(),
            mean: Some(mean),
            ci95: None,
            replications: 40,
            doubtful: false,
            controls_gain: None,
        });
    }

    #[test]
    fn why_calls_fail_is_told_of_those_that_fail_most() {
        let mut record = fake::dozen();
        with(&mut record, "give up at once", "failed_gave_up_rate", "share", 0.871);
        with(&mut record, "naive cache", "failed_gave_up_rate", "share", 0.062);
        with(&mut record, "naive cache", "failed_impatient_rate", "share", 0.062);
        with(&mut record, "give up at once", "rejections_per_call", "per call", 0.871);
        with(
            &mut record,
            "give up at once",
            "rejections_superseded_per_call",
            "per call",
            0.871,
        );
        with(&mut record, "naive cache", "quota_exhausted_seconds", "s", 592.0);
        let told = told(&record);
        assert_eq!(
            told,
            [
                "Why calls of “give up at once” (87.1 %) fail: their retry policy allows no further try.",
                "Why calls of “naive cache” (12.4 %) fail: of 50 % their retry policy allows no further try, of 50 % their caller's patience ends first.",
                "Tokens of “give up at once” are refused 0.871 times a call: 100 % because a newer token had taken the place of theirs.",
                "The quota of token requests is used up for 592 of 600 s under “naive cache” (98.7 % of the time).",
            ]
        );
        let figures = Figures::of(&record);
        assert_eq!(
            main(&figures, "naive cache", "").unwrap(),
            "out of tries, patience over"
        );
        assert_eq!(main(&figures, "leader", ""), None);
    }

    #[test]
    fn a_fleet_without_calls_is_named() {
        let mut record = fake::single();
        assert!(silent(&record).is_empty());
        with(&mut record, "lease (10 s)", "calls@batch", "count", 0.0);
        with(&mut record, "lease (10 s)", "calls@web", "count", 300.0);
        assert_eq!(
            silent(&record),
            ["No call of “batch” arrived in the measured time: the figures say nothing about it."]
        );
    }
}
