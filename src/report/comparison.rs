//! The comparison as a table: one row per strategy and sweep point, as detailed as there is room for; and one for parts of the calls.

use super::number::{self, MISSING};
use super::sheet::{Column, GLUE, Sheet};
use super::{Figure, Figures, Sweep, one_line};
use crate::metric::{CallPart, MetricName};
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

/// What of the comparison is shown.
struct Shown<'a> {
    detail: Detail,
    grants: bool,
    storms: bool,
    /// The strategy against which the others are compared.
    reference: Option<&'a str>,
}

impl<'a> Shown<'a> {
    fn of(record: &'a Record, detail: Detail) -> Self {
        let above_zero = |metrics: &[&str]| {
            let mut readings = record.readings.iter();
            readings.any(|r| metrics.contains(&r.metric.as_str()) && r.mean.is_some_and(|m| m > 0.0))
        };
        let mut comparisons = record.comparisons.iter();
        Self {
            detail,
            // Where there are refresh tokens and some were lost or refused, that is the story.
            grants: above_zero(&["grants_lost", "invalid_grants"]),
            storms: above_zero(&["storm_probability"]) && detail < Detail::Least,
            reference: comparisons
                .find(|c| c.metric == "failure_rate")
                .map(|c| c.reference.as_str()),
        }
    }

    fn columns(&self, sweep: &Sweep) -> Vec<Column> {
        let mut columns: Vec<Column> = sweep.short.iter().map(|key| Column::left(key)).collect();
        columns.push(Column::flexible("strategy", NARROWEST_NAME));
        columns.push(Column::right("calls\nfailed"));
        if self.grants {
            columns.push(Column::right("grants\nlost"));
            columns.push(Column::right("refresh\ntokens\nrefused"));
        }
        columns.push(Column::right("first\nattempt\nrejected"));
        if self.detail < Detail::Narrow {
            columns.push(Column::right("API\nattempts\nper call"));
        }
        columns.push(Column::right("token\nrequests\nper call"));
        if self.detail < Detail::NoEffort {
            columns.push(Column::right("tokens\nissued\nper hour"));
        }
        if self.detail < Detail::Narrow {
            columns.push(Column::right("latency\nmedian"));
        }
        columns.push(Column::right("latency\np99"));
        if self.storms {
            columns.push(Column::right("runs\nwith a\nstorm"));
            if self.detail < Detail::NoEffort {
                columns.push(Column::right("storm\npeak\nper s"));
            }
        }
        if self.reference.is_some() {
            columns.push(Column::flexible("failed calls\nagainst the\nreference", 15));
        }
        columns
    }

    /// The figures of one strategy at one point, one for each column after its name; and whether any has an interval.
    fn row(&self, record: &Record, figures: &Figures<'_>, strategy: &str, point: &str) -> (Vec<String>, bool) {
        let mut intervals = false;
        let get = |metric| figures.get(strategy, point, metric);
        let plain = |metric, word: fn(f64) -> String| get(metric).map_or(MISSING.to_owned(), |f| word(f.mean));
        let mut share = |metric| {
            let figure = get(metric);
            intervals |= figure.is_some_and(|f| f.ci95.is_some());
            figure.map_or(MISSING.to_owned(), |f| {
                share_with_interval(f, self.detail == Detail::Full)
            })
        };
        let mut row = vec![share("failure_rate")];
        if self.grants {
            row.push(plain("grants_lost", number::short));
            row.push(plain("invalid_grants", number::short));
        }
        row.push(share("first_attempt_rejection_rate"));
        if self.detail < Detail::Narrow {
            row.push(plain("attempts_per_call", number::short));
        }
        row.push(plain("token_requests_per_call", number::short));
        if self.detail < Detail::NoEffort {
            row.push(plain("issuances_per_hour", number::short));
        }
        if self.detail < Detail::Narrow {
            row.push(plain("latency_p50", number::seconds));
        }
        row.push(plain("latency_p99", number::seconds));
        if self.storms {
            row.push(plain("storm_probability", number::percent));
            if self.detail < Detail::NoEffort {
                row.push(plain("storm_peak", number::short));
            }
        }
        if let Some(reference) = self.reference {
            row.push(if strategy == reference {
                "reference".to_owned()
            } else {
                let same = |c: &&Comparison| c.metric == "failure_rate" && c.strategy == strategy && c.point == point;
                record.comparisons.iter().find(same).map_or(MISSING.to_owned(), verdict)
            });
        }
        (row, intervals)
    }
}

pub(super) fn comparison(record: &Record, detail: Detail) -> Sheet {
    let figures = Figures::of(record);
    let sweep = Sweep::of(record);
    let shown = Shown::of(record, detail);
    let mut rows = Vec::new();
    let mut intervals = false;
    for (i, point) in record.points.iter().enumerate() {
        for strategy in &record.strategies {
            let (cells, some) = shown.row(record, &figures, strategy, point);
            intervals |= some;
            let mut row = sweep.values[i].clone();
            row.push(one_line(strategy, 200));
            row.extend(cells);
            rows.push(row);
        }
    }
    Sheet {
        columns: shown.columns(&sweep),
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
    let mut groups: Vec<CallPart<'_>> = Vec::new();
    for reading in &record.readings {
        let name = MetricName::parse(&reading.metric);
        if let ("failure_rate" | "first_attempt_rejection_rate", Some(group)) = (name.metric, name.part)
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
            for &group in &groups {
                let get = |metric| {
                    let part = Some(group);
                    figures.get(strategy, point, &MetricName { metric, part }.to_string())
                };
                let (failed, first) = (get("failure_rate"), get("first_attempt_rejection_rate"));
                if failed.is_none() && first.is_none() {
                    continue;
                }
                let share = |f: Option<Figure>| f.map_or(MISSING.to_owned(), |f| share_with_interval(f, true));
                let mut row = sweep.values[i].clone();
                row.extend([
                    one_line(strategy, 200),
                    one_line(&group.to_string(), 60),
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
