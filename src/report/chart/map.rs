//! Failures over two swept parameters: a map for each strategy, darker where more calls fail.
//!
//! Does not know what the parameters do.

use super::Chart;
use super::drawing::{ATTEMPT, Drawing, FAILED, Ink};
use super::frame::{self, plain, quoted};
use super::grid::{self, Cell};
use crate::record::Record;
use crate::report::{Figures, number};

pub(super) const CHART: Chart = Chart {
    name: "map",
    about: "Failures over two swept parameters, a map for each strategy",
    applies: |record| {
        record.aftermaths.is_empty()
            && grid::applies(record)
            && super::measured(record, &[MEASURES[0].0, MEASURES[1].0])
    },
    draw,
};

/// What is shown: the first of these that is above zero anywhere.
const MEASURES: [(&str, &str, Ink); 2] = [
    ("failure_rate", "calls fail", FAILED),
    (
        "first_attempt_rejection_rate",
        "first attempts that meet a refused token",
        ATTEMPT,
    ),
];

fn draw(record: &Record) -> Drawing {
    let figures = Figures::of(record);
    let most = |metric: &str| {
        let readings = record.readings.iter().filter(|reading| reading.metric == metric);
        readings
            .filter_map(|reading| reading.mean)
            .filter(|mean| mean.is_finite())
            .fold(0.0, f64::max)
    };
    if !grid::applies(record) {
        return frame::nothing(record, "No sweep over two parameters");
    }
    let (metric, words, ink) = MEASURES
        .into_iter()
        .find(|(metric, ..)| most(metric) > 0.0)
        .unwrap_or(MEASURES[0]);
    let most = most(metric);
    let below = [plain(format!(
        "How many percent of {words} at each point; the darkest colour is {}.",
        number::percent(most)
    ))];
    let (mut drawing, top) = frame::head(&title(record, &figures, metric, words), &below);
    let bottom = grid::panels(&mut drawing, record, top, |strategy, point| {
        let mean = figures.mean(strategy, point, metric)?;
        let depth = if most > 0.0 { mean / most } else { 0.0 };
        Some(Cell {
            ink: ink.faint(0.06 + 0.74 * depth),
            text: Some(number::percent_value(mean)),
        })
    });
    frame::foot(drawing, record, bottom)
}

/// The case in which most calls fail, and that in which fewest do.
fn title(record: &Record, figures: &Figures<'_>, metric: &str, words: &str) -> String {
    let sweep = crate::report::Sweep::of(record);
    let mut cases: Vec<(f64, &String, usize)> = Vec::new();
    for strategy in &record.strategies {
        let points = record.points.iter().enumerate();
        cases.extend(points.filter_map(|(at, point)| Some((figures.mean(strategy, point, metric)?, strategy, at))));
    }
    cases.sort_by(|one, other| one.0.total_cmp(&other.0));
    let place =
        |(_, strategy, at): &(f64, &String, usize)| format!("with {} at {}", quoted(strategy), sweep.point(*at));
    match (cases.first(), cases.last()) {
        (Some(least), Some(most)) if most.0 > least.0 => {
            let few = cases.iter().filter(|case| case.0 == least.0).count();
            let rest = if few > 1 {
                format!("in {few} of {} cases", cases.len())
            } else {
                place(least)
            };
            let (much, little) = (number::percent(most.0), number::percent(least.0));
            format!("{much} of {words} {}, {little} {rest}", place(most))
        }
        (Some(least), _) => format!("{} of {words} in every case", number::percent(least.0)),
        _ => "No calls ended, so none failed".to_owned(),
    }
}
