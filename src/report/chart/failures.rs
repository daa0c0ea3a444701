//! How many calls fail, and how many meet a refused token first, per strategy.
//!
//! Does not know why they fail.

use super::Chart;
use super::columns::{Column, columns};
use super::drawing::{ATTEMPT, Drawing, FAILED};
use super::frame::{self, BODY, coloured, plain, quoted};
use crate::record::Record;
use crate::report::{Figures, number};

pub(super) const CHART: Chart = Chart {
    name: "failures",
    about: "Share of calls that fail and of first attempts that are rejected, per strategy",
    applies: |record| super::unswept(record) && super::measured(record, &METRICS),
    draw,
};

const METRICS: [&str; 2] = ["failure_rate", "first_attempt_rejection_rate"];

fn draw(record: &Record) -> Drawing {
    let figures = Figures::of(record);
    let point = super::last_point(record);
    let below = [
        plain("Share of calls, with 95 % intervals, fewest failures first; each column has a scale of its own:"),
        coloured("failed for good", FAILED),
        plain("and"),
        coloured("first attempt met a refused token", ATTEMPT),
    ];
    let (mut drawing, top) = frame::head(&title(record, &figures, point), &below);
    let order = super::ranked(record, &figures, point, &METRICS);
    let rows = frame::rows(&mut drawing, order.iter().copied(), top + BODY * 1.8, 26.0);
    let column = |metric, head, ink| Column {
        metric,
        head,
        ink,
        word: number::percent,
        share: true,
    };
    let shown = [
        column(METRICS[0], "Calls failed", FAILED),
        column(METRICS[1], "First attempt refused", ATTEMPT),
    ];
    columns(&mut drawing, &figures, (&order, point), &rows, &shown);
    frame::foot(drawing, record, rows.bottom + 18.0)
}

fn title(record: &Record, figures: &Figures<'_>, point: &str) -> String {
    let found = super::extremes(record, figures, point, "failure_rate");
    match found {
        None => "No calls ended, so none failed".to_owned(),
        Some((best, _)) if record.strategies.len() == 1 => {
            format!("{} fails {} of its calls", quoted(best.0), number::percent(best.1))
        }
        Some((best, worst)) if best.1 == worst.1 => {
            format!("All strategies fail {} of their calls", number::percent(best.1))
        }
        Some((best, worst)) => {
            let told = |mean: f64| {
                let (who, several) = frame::who(record, figures, point, "failure_rate", mean);
                let share = if mean == 0.0 {
                    "no calls".to_owned()
                } else {
                    number::percent(mean)
                };
                format!("{who} {} {share}", if several { "fail" } else { "fails" })
            };
            let of = if best.1 == 0.0 { "" } else { " of calls" };
            format!("{}{of}, {}", told(best.1), told(worst.1))
        }
    }
}
