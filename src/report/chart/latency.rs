//! How long successful calls take: the median and the slowest hundredth, per strategy.
//!
//! Does not know how many calls did not succeed: a strategy that gives up at once is fast here.

use super::Chart;
use super::axis::{self, Scale};
use super::drawing::{ATTEMPT, Align, Drawing, FAILED, GREY, Ink, PALE, SHADE};
use super::frame::{self, MARGIN, SMALL, WIDTH, coloured, plain, tip};
use super::text::width_of;
use crate::record::Record;
use crate::report::{Figure, Figures, number};

pub(super) const CHART: Chart = Chart {
    name: "latency",
    about: "Median and 99th percentile of the latency of successful calls, per strategy",
    applies: |record| super::unswept(record) && super::measured(record, &METRICS),
    draw,
};

/// Who fails so much more of all calls than the best is not ranked.
const FAILING: f64 = 0.01;

const METRICS: [&str; 2] = ["latency_p50", "latency_p99"];

fn draw(record: &Record) -> Drawing {
    let figures = Figures::of(record);
    let point = super::last_point(record);
    let order = super::ranked(record, &figures, point, &[METRICS[1], METRICS[0]]);
    let share = |strategy: &str| figures.mean(strategy, point, "failure_rate").unwrap_or(0.0);
    let fewest = record.strategies.iter().map(|s| share(s)).fold(f64::INFINITY, f64::min);
    // Whoever answers the easy calls alone is fast: those are listed, but not ranked.
    let (kept, failing): (Vec<&String>, Vec<&String>) = order.into_iter().partition(|s| share(s) <= fewest + FAILING);
    let ranked = Record {
        strategies: kept.iter().map(|s| (*s).clone()).collect(),
        ..Record::default()
    };
    let title = title(&ranked, &figures, point);
    let mut below = vec![
        plain("Successful calls, from arrival to answer, logarithmic scale, with 95 % intervals, fastest first:"),
        coloured("median", ATTEMPT),
        plain("and"),
        coloured("99th percentile.", FAILED),
    ];
    if !failing.is_empty() {
        below.push(plain(
            "Grey: fails more than one call in a hundred more than the best does, so that its successful calls are no fair sample.",
        ));
    }
    let (mut drawing, top) = frame::head(&title, &below);
    let order: Vec<&String> = kept.iter().chain(&failing).copied().collect();
    let rows = frame::rows(&mut drawing, order.iter().copied(), top, 26.0);

    let ticks = ticks(record, &figures, point);
    let value = 58.0;
    let note = if failing.is_empty() {
        0.0
    } else {
        width_of("fails 99.9 %", SMALL, false) + 8.0
    };
    let scale = Scale::log(
        ticks[0],
        ticks[ticks.len() - 1],
        rows.left + value,
        WIDTH - MARGIN - value - note,
    );
    axis::value_axis(&mut drawing, &scale, &ticks, (top, rows.bottom), WIDTH, number::seconds);
    for (&strategy, y) in order.iter().zip(&rows.tops) {
        let fails = failing.contains(&strategy).then(|| share(strategy));
        let found = METRICS.map(|m| figures.get(strategy, point, m));
        drawing.of(strategy, |drawing| {
            let middle = y + rows.height / 2.0;
            row(drawing, found, fails, (&scale, middle, rows.left, value));
            for (figure, what) in found.into_iter().zip(["median", "99th percentile"]) {
                let Some(figure) = figure else { continue };
                let x = scale.at(figure.mean);
                let told = tip(strategy, what, figure, number::seconds);
                drawing.tip((x - 8.0, middle - 10.0), (x + 8.0, middle + 10.0), told);
            }
        });
    }
    frame::foot(drawing, record, rows.bottom + 18.0)
}

/// Who of those that are ranked is fastest, and who slowest.
fn title(ranked: &Record, figures: &Figures<'_>, point: &str) -> String {
    match super::extremes(ranked, figures, point, METRICS[1]) {
        None => "No call succeeded, so none has a latency".to_owned(),
        Some((least, most)) if least.1 == most.1 => {
            let (who, _) = frame::who(ranked, figures, point, METRICS[1], least.1);
            format!(
                "One call in a hundred takes more than {} with {who}",
                number::seconds(least.1)
            )
        }
        Some((least, most)) => {
            let (best, _) = frame::who(ranked, figures, point, METRICS[1], least.1);
            let (worst, _) = frame::who(ranked, figures, point, METRICS[1], most.1);
            format!(
                "One call in a hundred takes more than {} with {best}, {} with {worst}",
                number::seconds(least.1),
                number::seconds(most.1),
            )
        }
    }
}

/// Times that enclose all figures and their intervals, two at least.
fn ticks(record: &Record, figures: &Figures<'_>, point: &str) -> Vec<f64> {
    let positive = record
        .strategies
        .iter()
        .flat_map(|s| METRICS.iter().filter_map(|m| figures.get(s, point, m)))
        .flat_map(|f| [f.mean, f.ci95.map_or(f.mean, |c| c.0), f.ci95.map_or(f.mean, |c| c.1)])
        .filter(|v| *v > 0.0);
    let (least, most) = positive.fold((f64::INFINITY, 0.0f64), |(a, b), v| (a.min(v), b.max(v)));
    let (least, most) = if least.is_finite() { (least, most) } else { (0.01, 1.0) };
    axis::log_ticks(least, most)
}

/// One strategy: its median and its slowest hundredth, in grey with what it `fails` where they are not to be compared.
fn row(
    drawing: &mut Drawing,
    found: [Option<Figure>; 2],
    fails: Option<f64>,
    (scale, middle, left, value): (&Scale, f64, f64, f64),
) {
    if found.iter().all(Option::is_none) {
        drawing.text((left + value, middle), "no successful call", SMALL, Align::Left, GREY);
    }
    if let [Some(a), Some(b)] = found {
        drawing.line([(scale.at(a.mean), middle), (scale.at(b.mean), middle)], 3.0, SHADE);
    }
    if let Some(share) = fails {
        let told = format!("fails {}", number::percent(share));
        drawing.text((WIDTH - MARGIN, middle), told, SMALL, Align::Right, GREY);
    }
    for (figure, ink, side) in [(found[0], ATTEMPT, -1.0), (found[1], FAILED, 1.0)] {
        let ink = if fails.is_some() { PALE } else { ink };
        if let Some(figure) = figure {
            mark(drawing, figure, (scale, middle, left), ink, side);
        }
    }
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
