//! The comparison as a table: one row per strategy and sweep point, as detailed as there is room for; and one for parts of the calls.

use super::number::{self, MISSING};
use super::sheet::{Column, GLUE, Sheet};
use super::{Figure, Figures, Sweep, one_line};
use crate::record::{Comparison, ComparisonVerdict, Record};

/// Narrower than this the name of a strategy is no longer recognisable.
const NARROWEST_NAME: usize = 14;

/// How much of the comparison there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Detail {
    Full,
    /// No half-widths.
    NoIntervals,
    /// Nor issuances per hour and the storms' peaks, which follow from the rest.
    NoEffort,
    /// Nor attempts per call and the median latency, which hardly differ between good strategies.
    Narrow,
    /// Nor storms.
    Least,
}

pub(super) fn columns(sweep: &Sweep, detail: Detail, grants: bool, storms: bool, compares: bool) -> Vec<Column> {
    let mut columns: Vec<Column> = sweep.short.iter().map(|key| Column::left(key)).collect();
    columns.push(Column::flexible("strategy", NARROWEST_NAME));
    columns.push(Column::right("calls\nfailed"));
    if grants {
        columns.push(Column::right("grants\nlost"));
        columns.push(Column::right("refresh\ntokens\nrefused"));
    }
    columns.push(Column::right("first\nattempt\nrejected"));
    if detail < Detail::Narrow {
        columns.push(Column::right("API\nattempts\nper call"));
    }
    columns.push(Column::right("token\nrequests\nper call"));
    if detail < Detail::NoEffort {
        columns.push(Column::right("tokens\nissued\nper hour"));
    }
    if detail < Detail::Narrow {
        columns.push(Column::right("latency\nmedian"));
    }
    columns.push(Column::right("latency\np99"));
    if storms {
        columns.push(Column::right("runs\nwith a\nstorm"));
        if detail < Detail::NoEffort {
            columns.push(Column::right("storm\npeak\nper s"));
        }
    }
    if compares {
        columns.push(Column::flexible("failed calls\nagainst the\nreference", 15));
    }
    columns
}

pub(super) fn comparison(record: &Record, detail: Detail) -> Sheet {
    let figures = Figures::of(record);
    let sweep = Sweep::of(record);
    let storms = record
        .readings
        .iter()
        .any(|r| r.metric == "storm_probability" && r.mean.is_some_and(|m| m > 0.0))
        && detail < Detail::Least;
    // Where there are refresh tokens and some were lost or refused, that is the story.
    let grants = record
        .readings
        .iter()
        .any(|r| ["grants_lost", "invalid_grants"].contains(&r.metric.as_str()) && r.mean.is_some_and(|m| m > 0.0));
    let against = record
        .comparisons
        .iter()
        .find(|c| c.metric == "failure_rate")
        .map(|c| c.reference.as_str());

    let columns = columns(&sweep, detail, grants, storms, against.is_some());
    let mut rows = Vec::new();
    let mut intervals = false;
    for (i, point) in record.points.iter().enumerate() {
        for strategy in &record.strategies {
            let get = |metric| figures.get(strategy, point, metric);
            let plain = |metric, word: fn(f64) -> String| get(metric).map_or(MISSING.to_owned(), |f| word(f.mean));
            let mut share = |metric| {
                let figure = get(metric);
                intervals |= figure.is_some_and(|f| f.ci95.is_some());
                figure.map_or(MISSING.to_owned(), |f| share_with_interval(f, detail == Detail::Full))
            };
            let mut row = sweep.values[i].clone();
            row.push(one_line(strategy, 200));
            row.push(share("failure_rate"));
            if grants {
                row.push(plain("grants_lost", number::short));
                row.push(plain("invalid_grants", number::short));
            }
            row.push(share("first_attempt_rejection_rate"));
            if detail < Detail::Narrow {
                row.push(plain("attempts_per_call", number::short));
            }
            row.push(plain("token_requests_per_call", number::short));
            if detail < Detail::NoEffort {
                row.push(plain("issuances_per_hour", number::short));
            }
            if detail < Detail::Narrow {
                row.push(plain("latency_p50", number::seconds));
            }
            row.push(plain("latency_p99", number::seconds));
            if storms {
                row.push(plain("storm_probability", number::percent));
                if detail < Detail::NoEffort {
                    row.push(plain("storm_peak", number::short));
                }
            }
            if let Some(reference) = against {
                row.push(if strategy == reference {
                    "reference".to_owned()
                } else {
                    let same =
                        |c: &&Comparison| c.metric == "failure_rate" && c.strategy == *strategy && c.point == *point;
                    record.comparisons.iter().find(same).map_or(MISSING.to_owned(), verdict)
                });
            }
            rows.push(row);
        }
    }
    Sheet {
        columns,
        rows,
        blocks: if sweep.keys.is_empty() {
            0
        } else {
            record.strategies.len()
        },
        intervals,
    }
}

/// `12.4 ±1 %`; the half-width has two digits, for it is itself an estimate.
fn share_with_interval(figure: Figure, interval: bool) -> String {
    // An interval without width says nothing; one of 1e-17 is the dust of subtracting equal numbers.
    match figure.ci95.filter(|(low, high)| interval && high - low > 1e-9) {
        Some((low, high)) => {
            let half = number::significant((high - low) * 50.0, 2);
            // A half-width of 1e-17 is the dust of subtracting equal numbers.
            let half = if (high - low) < 1e-9 { "0" } else { half.as_str() };
            format!("{} ±{half} %", number::percent_value(figure.mean))
        }
        None => number::percent(figure.mean),
    }
}

fn verdict(comparison: &Comparison) -> String {
    let word = match comparison.verdict {
        ComparisonVerdict::Better => "better",
        ComparisonVerdict::Worse => "worse",
        ComparisonVerdict::NotDistinguishable => "same within noise",
    };
    format!("{word} {}", number::points(comparison.difference).replace(' ', GLUE))
}

/// Failures per fleet or kind of call, where metrics are told apart by it (`name@group`).
pub(super) fn groups(record: &Record) -> Sheet {
    let figures = Figures::of(record);
    let sweep = Sweep::of(record);
    let mut groups: Vec<&str> = Vec::new();
    for reading in &record.readings {
        if let Some(("failure_rate" | "first_attempt_rejection_rate", group)) = reading.metric.split_once('@')
            && !groups.contains(&group)
        {
            groups.push(group);
        }
    }
    let mut columns: Vec<Column> = sweep.short.iter().map(|key| Column::left(key)).collect();
    columns.push(Column::flexible("strategy", NARROWEST_NAME));
    columns.push(Column::left("group"));
    columns.push(Column::right("calls\nfailed"));
    columns.push(Column::right("first\nattempt\nrejected"));
    let mut rows = Vec::new();
    for (i, point) in record.points.iter().enumerate() {
        for strategy in &record.strategies {
            for group in &groups {
                let get = |name: &str| figures.get(strategy, point, &format!("{name}@{group}"));
                let (failed, first) = (get("failure_rate"), get("first_attempt_rejection_rate"));
                if failed.is_none() && first.is_none() {
                    continue;
                }
                let share = |f: Option<Figure>| f.map_or(MISSING.to_owned(), |f| share_with_interval(f, true));
                let mut row = sweep.values[i].clone();
                row.extend([
                    one_line(strategy, 200),
                    one_line(group, 60),
                    share(failed),
                    share(first),
                ]);
                rows.push(row);
            }
        }
    }
    Sheet {
        columns,
        rows,
        blocks: 0,
        intervals: false,
    }
}
