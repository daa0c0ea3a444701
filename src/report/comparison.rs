//! The comparison as a table: one row per strategy and sweep point, as detailed as there is room for; and one for parts of the calls.

use super::interval::{self, Marks};
use super::number::{self, MISSING};
use super::reasons;
use super::sheet::{Column, GLUE, Sheet};
use super::{Figure, Figures, Sweep, one_line};
use crate::metric::{CallPart, MetricName};
use crate::record::{Comparison, ComparisonVerdict, Reading, Record};

/// Narrower than this the name of a strategy is no longer recognisable.
const NARROWEST_NAME: usize = 14;

/// How much of the comparison there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Detail {
    Full,
    /// Intervals below their figures.
    Stacked,
    /// No issuances per hour and the storms' peaks, which follow from the rest.
    NoEffort,
    /// Nor attempts per call and the median latency, which hardly differ between good strategies.
    Narrow,
    /// Nor storms.
    Calm,
    /// Nor token requests and latency: what fails, why, and how sure that is.
    Least,
    /// Nor why, which the words tell too.
    Bare,
}

/// How much of the quotas of an endpoint is used, and the head of its column.
const USED: [(&str, &str); 2] = [
    ("token_quota_used_max", "most of\ntoken\nquota\nused"),
    ("api_quota_used_max", "most of\nAPI\nquota\nused"),
];

/// For how much of the time nodes have a usable token.
const USABLE: &str = "usable_token_share";

/// What of the comparison is shown.
struct Shown<'a> {
    detail: Detail,
    grants: bool,
    storms: bool,
    /// Some call fails.
    failures: bool,
    /// A quota of the token endpoint was used up for a time.
    quota: bool,
    /// The same of the API.
    api_quota: bool,
    /// The endpoints have quotas: how much of them is used.
    used: [bool; 2],
    /// It was counted for how much of the time nodes had a usable token.
    usable: bool,
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
            grants: above_zero(&["grants_lost", "invalid_grants"]) && detail < Detail::Bare,
            failures: above_zero(&["failure_rate"]) && reasons::told_apart(record) && detail < Detail::Bare,
            quota: above_zero(&["quota_exhausted_seconds"]) && detail < Detail::Bare,
            api_quota: above_zero(&["api_quota_exhausted_seconds"]) && detail < Detail::Bare,
            used: USED.map(|(metric, _)| above_zero(&[metric]) && detail < Detail::NoEffort),
            usable: record.readings.iter().any(|r| r.metric == USABLE) && detail < Detail::Bare,
            storms: above_zero(&["storm_probability"]) && detail < Detail::Calm,
            reference: comparisons
                .find(|c| c.metric == "failure_rate")
                .map(|c| c.reference.as_str()),
        }
    }

    fn columns(&self, sweep: &Sweep) -> Vec<Column> {
        let mut columns: Vec<Column> = sweep.short.iter().map(|key| Column::left(key)).collect();
        columns.push(Column::flexible("strategy", NARROWEST_NAME));
        columns.push(Column::right("calls\nfailed"));
        if self.failures {
            columns.push(Column::flexible("most fail\nbecause", 12));
        }
        if self.quota {
            columns.push(Column::right("time\nwithout\ntoken\nquota"));
        }
        if self.api_quota {
            columns.push(Column::right("time\nwithout\nAPI\nquota"));
        }
        for (_, (_, head)) in self.used.iter().zip(USED).filter(|(used, _)| **used) {
            columns.push(Column::right(head));
        }
        if self.grants {
            columns.push(Column::right("grants\nlost"));
            columns.push(Column::right("refresh\ntokens\nrefused"));
        }
        columns.push(Column::right("first\nattempt\nrejected"));
        if self.usable {
            columns.push(Column::right("time with\na usable\ntoken"));
        }
        if self.detail < Detail::Narrow {
            columns.push(Column::right("API\nattempts\nper call"));
        }
        if self.detail < Detail::Least {
            columns.push(Column::right("token\nrequests\nper call"));
        }
        if self.detail < Detail::NoEffort {
            columns.push(Column::right("tokens\nissued\nper hour"));
        }
        if self.detail < Detail::Narrow {
            columns.push(Column::right("latency\nmedian"));
        }
        if self.detail < Detail::Least {
            columns.push(Column::right("latency\np99"));
        }
        if self.storms {
            columns.push(Column::right("runs\nwith a\nstorm"));
            if self.detail < Detail::NoEffort {
                columns.push(Column::right("storm\npeak\nper s"));
            }
        }
        if self.reference.is_some() {
            columns.push(Column::flexible("failed calls\nagainst the\nreference, pp", 15));
        }
        columns
    }

    /// What was used of the quotas.
    fn of_quotas(&self, record: &Record, get: &impl Fn(&str) -> Option<Figure>) -> Vec<String> {
        let span = record.manifest.duration_s;
        let share = |metric, of: f64| get(metric).map_or(MISSING.to_owned(), |f| number::percent(f.mean / of));
        let mut cells = Vec::new();
        if self.quota {
            cells.push(share("quota_exhausted_seconds", span));
        }
        if self.api_quota {
            cells.push(share("api_quota_exhausted_seconds", span));
        }
        for (_, (metric, _)) in self.used.iter().zip(USED).filter(|(used, _)| **used) {
            cells.push(share(metric, 1.0));
        }
        cells
    }

    /// The figures of one strategy at one point, one for each column after its name; and how their intervals are marked.
    fn row(&self, record: &Record, figures: &Figures<'_>, strategy: &str, point: &str) -> (Vec<String>, Marks) {
        let mut marks = Marks::default();
        let get = |metric: &str| figures.get(strategy, point, metric);
        let plain = |metric, word: fn(f64) -> String| get(metric).map_or(MISSING.to_owned(), |f| word(f.mean));
        let mut share = |metric| {
            get(metric).map_or(MISSING.to_owned(), |f| {
                let (mut text, seen) = share_with_interval(f, self.detail != Detail::Full);
                marks.add(seen);
                if figures.kinds(strategy, point, metric).is_some() {
                    marks.kinds = true;
                    text = with_mark(&text, interval::KINDS);
                }
                text
            })
        };
        let mut row = vec![share("failure_rate")];
        if self.failures {
            row.push(reasons::main(figures, strategy, point).unwrap_or_default());
        }
        row.extend(self.of_quotas(record, &get));
        if self.grants {
            row.push(plain("grants_lost", number::short));
            row.push(plain("invalid_grants", number::short));
        }
        row.push(share("first_attempt_rejection_rate"));
        if self.usable {
            row.push(share(USABLE));
        }
        if self.detail < Detail::Narrow {
            row.push(plain("attempts_per_call", number::short));
        }
        if self.detail < Detail::Least {
            row.push(plain("token_requests_per_call", number::short));
        }
        if self.detail < Detail::NoEffort {
            row.push(plain("issuances_per_hour", number::short));
        }
        if self.detail < Detail::Narrow {
            row.push(plain("latency_p50", number::seconds));
        }
        if self.detail < Detail::Least {
            row.push(plain("latency_p99", number::seconds));
        }
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
                record
                    .comparisons
                    .iter()
                    .find(same)
                    .map_or(MISSING.to_owned(), |comparison| {
                        let (text, seen) = verdict(comparison);
                        marks.add(seen);
                        text
                    })
            });
        }
        (row, marks)
    }
}

pub(super) fn comparison(record: &Record, detail: Detail) -> Sheet {
    let figures = Figures::of(record);
    let sweep = Sweep::of(record);
    let shown = Shown::of(record, detail);
    let mut rows = Vec::new();
    let mut marks = Marks::default();
    for (i, point) in record.points.iter().enumerate() {
        for strategy in &record.strategies {
            let (cells, some) = shown.row(record, &figures, strategy, point);
            marks.add(some);
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
        marks,
    }
}

/// `12.4 ±1 %`, or the interval below the figure; it has two digits, for it is itself an estimate.
fn share_with_interval(figure: Figure, below: bool) -> (String, Marks) {
    let (interval, mut marks) = interval::share_interval(figure.mean, figure.ci95);
    marks.doubt = figure.doubtful && !interval.is_empty();
    let doubt = interval::doubt(marks.doubt);
    let text = match (interval.is_empty(), below) {
        (true, _) => number::percent(figure.mean),
        (_, true) => format!("{}\n{interval}{doubt}", number::percent(figure.mean)),
        (_, false) if marks.half => format!("{} {interval} %{doubt}", number::percent_value(figure.mean)),
        (_, false) => format!("{} ({interval}{doubt})", number::percent(figure.mean)),
    };
    (text, marks)
}

/// The mark at the end of the first line.
fn with_mark(text: &str, mark: &str) -> String {
    match text.split_once('\n') {
        Some((first, rest)) => format!("{first}{GLUE}{mark}\n{rest}"),
        None => format!("{text}{GLUE}{mark}"),
    }
}

/// `better −12.4 ±1`, in percentage points; what cannot be told says how many runs would tell.
fn verdict(comparison: &Comparison) -> (String, Marks) {
    let mut marks = Marks::default();
    let difference = number::points(comparison.difference).replace(" pp", "");
    let interval = match comparison.interval {
        Some((low, high)) if high - low > 1e-12 => {
            marks.doubt = comparison.doubtful;
            let doubt = interval::doubt(marks.doubt);
            let (down, up) = (comparison.difference - low, high - comparison.difference);
            if (up - down).abs() <= 0.15 * (up + down) {
                marks.half = true;
                format!("{GLUE}±{}{doubt}", number::significant((high - low) * 50.0, 2))
            } else {
                marks.ends = true;
                let end = |share: f64| number::signed(share * 100.0, 2);
                format!(" ({}–{}{doubt})", end(low), end(high))
            }
        }
        _ => String::new(),
    };
    let word = match comparison.verdict {
        ComparisonVerdict::Better => "better",
        ComparisonVerdict::Worse => "worse",
        ComparisonVerdict::Same => "same",
        ComparisonVerdict::NotDistinguishable => "not distinguishable",
    };
    let wanted = comparison.replications_to_tell.map_or(String::new(), |runs| {
        format!("; ~{} runs would tell", number::significant(f64::from(runs), 2))
    });
    (format!("{word} {difference}{interval}{wanted}"), marks)
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
    // Told where fleets do not all follow the same, or where that is counted.
    let asks = "token_requests_per_call";
    let asked = told_apart(record, asks);
    if asked {
        columns.push(Column::right("token\nrequests\nper call"));
    }
    let usable = told_apart(record, USABLE);
    if usable {
        columns.push(Column::right("time with\na usable\ntoken"));
    }
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
                let share = |f: Option<Figure>| f.map_or(MISSING.to_owned(), |f| share_with_interval(f, false).0);
                let mut row = sweep.values[i].clone();
                row.extend([
                    one_line(strategy, 200),
                    one_line(&group.to_string(), 60),
                    share(failed),
                    share(first),
                ]);
                if asked {
                    let requests = get(asks).map(|figure| number::short(figure.mean));
                    row.push(requests.unwrap_or_else(|| MISSING.to_owned()));
                }
                if usable {
                    row.push(share(get(USABLE)));
                }
                rows.push(row);
            }
        }
    }
    Sheet {
        columns,
        rows,
        blocks: 0,
        marks: Marks::default(),
    }
}

/// Whether each fleet has a figure of its own for this metric.
fn told_apart(record: &Record, metric: &str) -> bool {
    let of_part = |reading: &Reading| {
        let part = reading.metric.strip_prefix(metric);
        part.is_some_and(|part| part.starts_with('@'))
    };
    record.readings.iter().any(of_part)
}
