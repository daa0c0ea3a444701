//! Strategies of which some runs storm and some do not: what each kind of run comes to, as a table and in words.
//!
//! Does not know what a storm is, nor how the kinds were told apart.

use super::number;
use super::sheet::{Column, Sheet};
use super::{Sweep, one_line, quoted};
use crate::record::{MixedFigure, Mixture, Record};

/// Strategies that are told of in words.
const TOLD: usize = 3;

/// The figures that the table shows, with their heads.
const SHOWN: [(&str, &str); 3] = [
    ("failure_rate", "calls\nfailed"),
    ("first_attempt_rejection_rate", "first\nattempt\nrejected"),
    ("token_requests_per_call", "token\nrequests\nper call"),
];

/// The share of runs with a storm, and the ends of its interval: `40 %`, `25–58`.
fn share(mixture: &Mixture) -> (String, String) {
    let share = f64::from(mixture.storms) / f64::from(mixture.replications);
    let (low, high) = mixture.share_ci95;
    let ends = [low, high].map(|end| number::significant(end * 100.0, 2));
    (number::percent(share), ends.join("–"))
}

fn word(figure: &MixedFigure, mean: f64) -> String {
    match figure.unit.as_str() {
        "share" => number::percent(mean),
        "s" => number::seconds(mean),
        _ => number::short(mean),
    }
}

/// Two rows for each of them: its runs with a storm, and the others. Empty where there is none.
pub(super) fn sheet(record: &Record) -> Sheet {
    let sweep = Sweep::of(record);
    let mut columns: Vec<Column> = sweep.short.iter().map(|key| Column::left(key)).collect();
    columns.push(Column::flexible("strategy", 14));
    columns.push(Column::left("runs"));
    columns.push(Column::right("share\nof runs"));
    columns.extend(SHOWN.map(|(_, head)| Column::right(head)));
    let mut rows = Vec::new();
    for mixture in &record.mixtures {
        let at = record.points.iter().position(|point| *point == mixture.point);
        let keys = at.map_or(vec![String::new(); sweep.short.len()], |at| sweep.values[at].clone());
        let (share, ends) = share(mixture);
        let calm = f64::from(mixture.replications - mixture.storms) / f64::from(mixture.replications);
        for (kind, share) in [
            ("with a storm", format!("{share} ({ends})")),
            ("without", number::percent(calm)),
        ] {
            let mut row = keys.clone();
            row.extend([one_line(&mixture.strategy, 200), kind.to_owned(), share]);
            row.extend(SHOWN.map(|(metric, _)| {
                mixture.of(metric).map_or(number::MISSING.to_owned(), |figure| {
                    let own = if kind == "without" { &figure.calm } else { &figure.storm };
                    word(figure, own.mean)
                })
            }));
            rows.push(row);
        }
    }
    Sheet {
        columns,
        rows,
        blocks: 0,
        marks: Default::default(),
    }
}

/// Which strategies are two things in one mean.
pub(super) fn told(record: &Record) -> Vec<String> {
    let sweep = Sweep::of(record);
    let mut out: Vec<String> = record
        .mixtures
        .iter()
        .take(TOLD)
        .filter_map(|mixture| one(record, &sweep, mixture))
        .collect();
    if record.mixtures.len() > TOLD {
        out.push(format!(
            "{} more have runs of two kinds, told apart in their table.",
            record.mixtures.len() - TOLD
        ));
    }
    out
}

fn one(record: &Record, sweep: &Sweep, mixture: &Mixture) -> Option<String> {
    let at = record.points.iter().position(|point| *point == mixture.point);
    let place = at.map(|at| sweep.point(at)).filter(|place| !place.is_empty());
    let place = place.map_or(String::new(), |place| format!(" at {place}"));
    let figure = mixture.figures.iter().find(|figure| figure.apart)?;
    let (storm, calm) = (word(figure, figure.storm.mean), word(figure, figure.calm.mean));
    let told = match figure.metric.as_str() {
        "failure_rate" => format!("{storm} of their calls fail, and {calm} in the others"),
        "first_attempt_rejection_rate" => format!("{storm} of first attempts are rejected, and {calm} in the others"),
        name => format!("`{name}` is {storm}, and {calm} in the others"),
    };
    let (share, ends) = share(mixture);
    Some(format!(
        "{}{place} is two kinds of runs, and no run is like the mean of all: {} of {} storm ({share}, {ends}); in those {told}.",
        quoted(&mixture.strategy),
        mixture.storms,
        mixture.replications,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{KindFigure, fake};
    use crate::report::chart::CHARTS;
    use crate::report::{page, table};

    fn mixed() -> Record {
        let mut record = fake::dozen();
        let kind = |mean| KindFigure { mean, ci95: None };
        record.mixtures = vec![Mixture {
            strategy: "naive cache".into(),
            point: String::new(),
            storms: 12,
            replications: 40,
            share_ci95: (0.18, 0.454),
            figures: vec![MixedFigure {
                metric: "failure_rate".into(),
                unit: "share".into(),
                storm: kind(0.391),
                calm: kind(0.0096),
                apart: true,
            }],
        }];
        record
    }

    #[test]
    fn two_kinds_of_runs_are_told_apart_wherever_figures_are_shown() {
        let record = mixed();
        let told = "“naive cache” is two kinds of runs, and no run is like the mean of all: 12 of 40 storm (30 %, 18–45); in those 39.1 % of \
                    their calls fail, and 0.96 % in the others.";
        assert_eq!(super::told(&record), [told]);
        let text = table::markdown(&record);
        for shown in [
            "‡",
            "| naive cache | with a storm | 30 % (18–45) | 39.1 %",
            "| without | 70 % | 0.96 %",
            "12 of 40 storm",
        ] {
            assert!(text.contains(shown), "{shown}: {text}");
        }
        assert!(table::human(&record, 120).contains("with a storm"));
        let page = page::html(&record);
        assert!(page.contains("Runs with a storm, and the others") && page.contains("39.1 %"));
        let chart = CHARTS.iter().find(|chart| chart.name == "failures").unwrap();
        let drawn = (chart.draw)(&record).svg();
        assert!(
            drawn.contains("0.96 % / 39.1 %") && drawn.contains("39.1 % in runs with a storm"),
            "{drawn}"
        );
        // Where all runs are of one kind, nothing of it is shown.
        let plain = fake::dozen();
        assert!(super::told(&plain).is_empty() && sheet(&plain).rows.is_empty());
        assert!(!table::markdown(&plain).contains('‡'));
    }

    #[test]
    fn they_come_back_with_the_record() {
        let dir = tempfile::tempdir().unwrap();
        let record = mixed();
        record.save(dir.path()).unwrap();
        assert_eq!(Record::load(dir.path()).unwrap(), record);
    }
}
