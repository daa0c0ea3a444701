//! How long successful calls take: the median and the slowest hundredth, per strategy.
//!
//! Does not know how many calls did not succeed: a strategy that gives up at once is fast here.

use super::Chart;
use super::axis::{self, Scale};
use super::drawing::{ATTEMPT, Align, Drawing, FAILED, GREY, Ink, SHADE};
use super::frame::{self, MARGIN, SMALL, WIDTH, coloured, plain, quoted};
use super::text::width_of;
use crate::record::Record;
use crate::report::{Figure, Figures, number};

pub(super) const CHART: Chart = Chart {
    name: "latency",
    about: "Median and 99th percentile of the latency of successful calls, per strategy",
    applies: |record| super::unswept(record) && super::measured(record, &METRICS),
    draw,
};

const METRICS: [&str; 2] = ["latency_p50", "latency_p99"];

fn draw(record: &Record) -> Drawing {
    let figures = Figures::of(record);
    let point = super::last_point(record);
    let title = match super::extremes(record, &figures, point, METRICS[1]) {
        None => "No call succeeded, so none has a latency".to_owned(),
        Some((least, _)) if record.strategies.len() == 1 => {
            format!(
                "One call in a hundred takes more than {} with {}",
                number::seconds(least.1),
                quoted(least.0)
            )
        }
        Some((least, most)) => format!(
            "One call in a hundred takes more than {} with {}, {} with {}",
            number::seconds(least.1),
            quoted(least.0),
            number::seconds(most.1),
            quoted(most.0)
        ),
    };
    let below = [
        plain("Successful calls, from arrival to answer, logarithmic scale, with 95 % intervals:"),
        coloured("median", ATTEMPT),
        plain("and"),
        coloured("99th percentile", FAILED),
    ];
    let (mut drawing, top) = frame::head(&title, &below);
    let rows = frame::rows(&mut drawing, record.strategies.iter(), top, 26.0);

    let positive = record
        .strategies
        .iter()
        .flat_map(|s| METRICS.iter().filter_map(|m| figures.get(s, point, m)))
        .flat_map(|f| [f.mean, f.ci95.map_or(f.mean, |c| c.0), f.ci95.map_or(f.mean, |c| c.1)])
        .filter(|v| *v > 0.0);
    let (least, most) = positive.fold((f64::INFINITY, 0.0f64), |(a, b), v| (a.min(v), b.max(v)));
    let (least, most) = if least.is_finite() { (least, most) } else { (0.01, 1.0) };
    let ticks = axis::log_ticks(least, most);
    let value = 58.0;
    let scale = Scale::log(
        ticks.first().copied().unwrap_or(least),
        ticks.last().copied().unwrap_or(most),
        rows.left + value,
        WIDTH - MARGIN - value,
    );
    axis::value_axis(&mut drawing, &scale, &ticks, (top, rows.bottom), number::seconds);
    for (strategy, y) in record.strategies.iter().zip(&rows.tops) {
        let middle = y + rows.height / 2.0;
        let found = METRICS.map(|m| figures.get(strategy, point, m));
        if found.iter().all(Option::is_none) {
            drawing.text(
                (rows.left + value, middle),
                "no successful call",
                SMALL,
                Align::Left,
                GREY,
            );
        }
        if let [Some(a), Some(b)] = found {
            drawing.line([(scale.at(a.mean), middle), (scale.at(b.mean), middle)], 3.0, SHADE);
        }
        for (figure, ink, side) in [(found[0], ATTEMPT, -1.0), (found[1], FAILED, 1.0)] {
            if let Some(figure) = figure {
                mark(&mut drawing, figure, (&scale, middle, rows.left), ink, side);
            }
        }
    }
    frame::foot(drawing, record, rows.bottom + 18.0)
}

/// A dot with its interval. The figure stands outside the pair; with a zero or equal pair the two still do not meet.
fn mark(drawing: &mut Drawing, figure: Figure, (scale, middle, left): (&Scale, f64, f64), ink: Ink, side: f64) {
    let x = scale.at(figure.mean);
    let mut edge = x + side * 4.5;
    if let Some((low, high)) = figure.ci95 {
        drawing.line([(scale.at(low), middle), (scale.at(high), middle)], 1.4, ink);
        let outer = scale.at(if side < 0.0 { low } else { high });
        edge = if side < 0.0 { edge.min(outer) } else { edge.max(outer) };
    }
    drawing.dot((x, middle), 4.5, ink);
    let align = if side < 0.0 { Align::Right } else { Align::Left };
    let text = number::seconds(figure.mean);
    let room = width_of(&text, SMALL, false);
    let at = (edge + side * 4.0).clamp(left + if side < 0.0 { room } else { 0.0 }, WIDTH - 4.0);
    drawing.text((at, middle), text, SMALL, align, ink.for_text());
}
