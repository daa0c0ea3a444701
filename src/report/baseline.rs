//! What has changed since an earlier run, in words and as a table.

use super::number;
use super::sheet::{Column, Sheet};
use super::{one_line, quoted};
use crate::record::baseline::{Baseline, BaselineChange, BaselineVerdict};

/// How many, then each that is worse, each that is better, and what could not be compared.
pub(super) fn words(baseline: &Baseline) -> Vec<String> {
    let count = |verdict| baseline.of(verdict).count();
    let how = match (&baseline.not_paired, baseline.paired(), baseline.changes.len()) {
        (_, _, 0) => String::new(),
        (Some(why), ..) => format!("; by the intervals of both runs, as {why}"),
        (None, paired, all) if paired == all => "; replication by replication, under the same luck".to_owned(),
        (None, paired, all) => format!(
            "; {paired} of them replication by replication, under the same luck, the other {} by the intervals of both runs",
            all - paired
        ),
    };
    let mut lines = vec![format!(
        "Since run {} ({} replications, seed {}): {} figures worse, {} better, {} without a change beyond chance, {} not comparable \
         (95 %, all comparisons together{how}).",
        one_line(&baseline.run, 16),
        baseline.replications,
        baseline.seed,
        count(BaselineVerdict::Worse),
        count(BaselineVerdict::Better),
        count(BaselineVerdict::NoChange),
        baseline.not_comparable.len(),
    )];
    for (verdict, word) in [(BaselineVerdict::Worse, "Worse"), (BaselineVerdict::Better, "Better")] {
        lines.extend(baseline.of(verdict).map(|change| format!("{word}: {}.", told(change))));
    }
    lines.extend(
        baseline
            .not_comparable
            .iter()
            .map(|item| format!("Not comparable: {}, {}.", item.what, item.why)),
    );
    lines
}

fn told(change: &BaselineChange) -> String {
    let at = match change.point.is_empty() {
        true => String::new(),
        false => format!(" at {}", one_line(&change.point, 60)),
    };
    let shown = |value| shown(&change.unit, value);
    let interval = change.interval.map_or(String::new(), |(low, high)| {
        format!(", a difference of {} to {}", shown(low), shown(high))
    });
    format!(
        "{}{at}: {} from {} to {}{interval}",
        quoted(&change.strategy),
        change.metric,
        shown(change.before),
        shown(change.now)
    )
}

pub(super) fn shown(unit: &str, value: f64) -> String {
    match unit {
        "share" if value < 0.0 => format!("−{}", number::percent(-value)),
        "share" => number::percent(value),
        "s" => number::seconds(value),
        _ => number::short(value),
    }
}

/// Every figure of both, the changes first.
pub(super) fn sheet(baseline: &Baseline) -> Sheet {
    let columns = vec![
        Column::flexible("strategy", 12),
        Column::flexible("point", 8),
        Column::left("figure"),
        Column::right("then"),
        Column::right("now"),
        Column::right("difference\n(interval)"),
        Column::left("compared by"),
        Column::left("verdict"),
    ];
    let verdicts = [
        (BaselineVerdict::Worse, "worse"),
        (BaselineVerdict::Better, "better"),
        (BaselineVerdict::NoChange, "no change"),
    ];
    let rows = verdicts.into_iter().flat_map(|(verdict, word)| {
        baseline.of(verdict).map(move |change| {
            let of = |value| shown(&change.unit, value);
            vec![
                change.strategy.clone(),
                change.point.clone(),
                change.metric.clone(),
                of(change.before),
                of(change.now),
                change
                    .interval
                    .map_or(String::new(), |(low, high)| format!("{} to {}", of(low), of(high))),
                if change.paired { "replications" } else { "intervals" }.to_owned(),
                word.to_owned(),
            ]
        })
    });
    Sheet {
        columns,
        rows: rows.collect(),
        blocks: 0,
        marks: Default::default(),
    }
}
