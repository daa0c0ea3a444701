//! How many calls fail, and how many meet a refused token first, per strategy.
//!
//! Does not know why they fail.

use super::Chart;
use super::axis::{self, Scale};
use super::drawing::{ATTEMPT, Align, BLACK, Drawing, FAILED, Ink};
use super::frame::{self, MARGIN, SMALL, WIDTH, coloured, plain, quoted};
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
        plain("Share of calls, with 95 % intervals:"),
        coloured("failed for good", FAILED),
        plain("and"),
        coloured("first attempt met a refused token", ATTEMPT),
    ];
    let (mut drawing, top) = frame::head(&title(record, &figures, point), &below);
    let rows = frame::rows(&mut drawing, record.strategies.iter(), top, 32.0);

    let all: Vec<_> = record
        .strategies
        .iter()
        .flat_map(|s| METRICS.iter().filter_map(|m| figures.get(s, point, m)))
        .collect();
    let most = all
        .iter()
        .map(|f| f.ci95.map_or(f.mean, |(_, high)| high.max(f.mean)))
        .fold(0.0, f64::max);
    let (ticks, end) = axis::share_ticks(most, 5);
    let scale = Scale::linear(0.0, end, rows.left, WIDTH - MARGIN - 56.0);
    axis::value_axis(&mut drawing, &scale, &ticks, (top, rows.bottom), number::percent);
    for (strategy, y) in record.strategies.iter().zip(&rows.tops) {
        for (metric, ink, y) in [(METRICS[0], FAILED, y + 3.0), (METRICS[1], ATTEMPT, y + 3.0 + 13.0)] {
            bar(
                &mut drawing,
                &scale,
                figures.get(strategy, point, metric),
                (y, 11.0),
                ink,
                number::percent,
            );
        }
    }
    frame::foot(drawing, record, rows.bottom + 18.0)
}

/// A bar of the given height below `y`, its interval as a whisker, its figure at its end.
pub(super) fn bar(
    drawing: &mut Drawing,
    scale: &Scale,
    figure: Option<crate::report::Figure>,
    (y, height): (f64, f64),
    ink: Ink,
    word: fn(f64) -> String,
) {
    let middle = y + height / 2.0;
    let zero = scale.at(0.0);
    let Some(figure) = figure else {
        drawing.text(
            (zero + 5.0, middle),
            number::MISSING,
            SMALL,
            Align::Left,
            ink.for_text(),
        );
        return;
    };
    let mut end = scale.at(figure.mean);
    // Nothing is a figure too: a sliver says that it was measured.
    drawing.rect((zero, y), (end.max(zero + 1.0), y + height), ink);
    if let Some((low, high)) = figure.ci95
        && high > low
    {
        let (low, high) = (scale.at(low), scale.at(high));
        drawing.line([(low, middle), (high, middle)], 1.2, BLACK);
        for x in [low, high] {
            drawing.line([(x, middle - 3.0), (x, middle + 3.0)], 1.2, BLACK);
        }
        end = end.max(high);
    }
    let text = word(figure.mean);
    drawing.text((end + 5.0, middle), text, SMALL, Align::Left, ink.for_text());
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
