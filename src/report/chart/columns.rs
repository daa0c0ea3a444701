//! Figures of each strategy side by side, a column with a scale of its own for each metric: a small figure can be seen beside a large
//! other one.
//!
//! Does not know what the figures mean.

use super::axis::{self, Scale};
use super::drawing::{Align, BLACK, Drawing, GREY, Ink};
use super::frame::{BODY, MARGIN, Rows, SMALL, WIDTH, tip};
use super::text::{cut, width_of};
use crate::record::MixedFigure;
use crate::report::{Figure, Figures, number};

/// One metric.
pub(super) struct Column<'a> {
    pub(super) metric: &'a str,
    pub(super) head: &'a str,
    pub(super) ink: Ink,
    pub(super) word: fn(f64) -> String,
    /// Its scale ends at one.
    pub(super) share: bool,
}

/// From this ratio of the greatest figure to the least on, equal steps stand for equal ratios.
const SPREAD: f64 = 100.0;

/// Room for a figure beside the end of its bar.
const VALUE: f64 = 66.0;

/// The strategies are those of the rows, in their order; the heads stand above the rows.
pub(super) fn columns(
    drawing: &mut Drawing,
    figures: &Figures<'_>,
    (strategies, point): (&[&String], &str),
    rows: &Rows,
    columns: &[Column<'_>],
) {
    let top = rows.tops.first().copied().unwrap_or(rows.bottom);
    let pitch = (WIDTH - MARGIN - rows.left) / columns.len() as f64;
    for (at, column) in columns.iter().enumerate() {
        let start = rows.left + at as f64 * pitch;
        let all: Vec<Figure> = strategies
            .iter()
            .filter_map(|s| figures.get(s, point, column.metric))
            .collect();
        let span = (start, start + pitch - VALUE);
        let kinds = |strategy: &str| figures.kinds(strategy, point, column.metric);
        let mut reach = all.clone();
        reach.extend(strategies.iter().filter_map(|s| kinds(s)).flat_map(both));
        let (scale, ticks) = scale(&reach, column.share, span);
        // A tick is exact, however small.
        let tick = |value: f64| match column.share {
            true => format!("{} %", number::significant(value * 100.0, 3)),
            false => (column.word)(value),
        };
        let from = ticks.first().copied().unwrap_or_default();
        let note = if scale.is_log() {
            format!("logarithmic from {} on", tick(from))
        } else {
            String::new()
        };
        let room = pitch - width_of(&note, SMALL, false) - 18.0;
        let head = cut(column.head, BODY, true, room);
        let end = start + width_of(&head, BODY, true);
        drawing.bold((start, top - BODY), head, BODY, Align::Left, column.ink.for_text());
        if scale.is_log() {
            drawing.text((end + 8.0, top - BODY), note, SMALL, Align::Left, GREY);
        }
        axis::value_axis(drawing, &scale, &ticks, (top, rows.bottom), start + pitch, tick);
        for (strategy, y) in strategies.iter().zip(&rows.tops) {
            let figure = figures.get(strategy, point, column.metric);
            let place = (y + (rows.height - 14.0) / 2.0, 14.0);
            drawing.of(strategy, |drawing| {
                match kinds(strategy) {
                    Some(kinds) => two_marks(drawing, &scale, kinds, place, (column.ink, start), column.word),
                    None => bar(drawing, &scale, figure, place, (column.ink, start), column.word),
                }
                if let Some(figure) = figure {
                    let told = tip(strategy, column.head, figure, column.word)
                        + &kinds(strategy).map_or(String::new(), of_kinds(column.word));
                    drawing.tip((start, *y), (start + pitch - 8.0, y + rows.height), told);
                }
            });
        }
    }
}

/// A scale on which the least of the figures can be told from none.
fn scale(all: &[Figure], share: bool, (start, end): (f64, f64)) -> (Scale, Vec<f64>) {
    // What may be beside none at the most is not drawn: it would stretch a scale on which all are none.
    let high = |f: &Figure| {
        f.ci95
            .filter(|_| f.mean > 0.0)
            .map_or(f.mean, |(_, high)| high.max(f.mean))
    };
    let most = all.iter().map(high).fold(0.0, f64::max);
    let positive = || all.iter().filter(|f| f.mean > 0.0);
    let least = positive().map(|f| f.mean).fold(f64::INFINITY, f64::min);
    if least.is_finite() && most > SPREAD * least {
        // Room for the lower ends of intervals, within reason.
        let low = |f: &Figure| f.ci95.map_or(f.mean, |(low, _)| low.max(f.mean / 10.0));
        let ticks = axis::log_ticks(positive().map(low).fold(least, f64::min), most);
        let last = ticks.last().copied().unwrap_or(most);
        let scale = Scale::log(ticks[0], last, start + 14.0, end).with_none(start);
        let mut shown = axis::decades(&ticks);
        if shown[0] > ticks[0] {
            shown.insert(0, ticks[0]);
        }
        return (scale, shown);
    }
    let (ticks, most) = if share {
        axis::share_ticks(most, 4)
    } else {
        axis::ticks(most, 4)
    };
    (Scale::linear(0.0, most, start, end), ticks)
}

/// The figures of both kinds of runs.
fn both(kinds: &MixedFigure) -> [Figure; 2] {
    [&kinds.calm, &kinds.storm].map(|kind| Figure {
        mean: kind.mean,
        ci95: None,
        doubtful: false,
    })
}

/// What the kinds come to, for whoever points at them.
fn of_kinds(word: fn(f64) -> String) -> impl Fn(&MixedFigure) -> String {
    move |kinds| {
        let (storm, calm) = (word(kinds.storm.mean), word(kinds.calm.mean));
        format!("; {storm} in runs with a storm, {calm} in the others")
    }
}

/// In place of a bar, whose end would be the figure of no run: a ring for runs without a storm, a dot for those with one, and both figures.
fn two_marks(
    drawing: &mut Drawing,
    scale: &Scale,
    kinds: &MixedFigure,
    (y, height): (f64, f64),
    (ink, start): (Ink, f64),
    word: fn(f64) -> String,
) {
    let middle = y + height / 2.0;
    let [calm, storm] = [kinds.calm.mean, kinds.storm.mean].map(|mean| scale.at(mean).max(start + 4.0));
    drawing.line([(calm, middle), (storm, middle)], 2.0, ink.faint(0.35));
    drawing.ring((calm, middle), 4.0, ink);
    drawing.dot((storm, middle), 4.0, ink);
    let told = format!("{} / {}", word(kinds.calm.mean), word(kinds.storm.mean));
    let end = calm.max(storm) + 8.0;
    drawing.text((end, middle), told, SMALL, Align::Left, ink.for_text());
}

/// A bar of the given height below `y`, its interval as a whisker, its figure at its end; on a logarithmic scale, where a length means
/// nothing, a dot.
fn bar(
    drawing: &mut Drawing,
    scale: &Scale,
    figure: Option<Figure>,
    (y, height): (f64, f64),
    (ink, start): (Ink, f64),
    word: fn(f64) -> String,
) {
    let middle = y + height / 2.0;
    let Some(figure) = figure else {
        let text = number::MISSING;
        drawing.text((start + 5.0, middle), text, SMALL, Align::Left, ink.for_text());
        return;
    };
    let log = scale.is_log();
    let mut end = scale.at(figure.mean);
    if log {
        drawing.line([(start, middle), (end, middle)], 2.0, ink.faint(0.35));
    } else {
        // Nothing is a figure too: a sliver says that it was measured.
        drawing.rect((start, y), (end.max(start + 1.0), y + height), ink);
    }
    // The bound of a figure that is none or all stands in the table: here it would be a line along the edge.
    if let Some((low, high)) = figure.ci95.filter(|(low, high)| high > low && figure.mean > 0.0) {
        let (low, high) = (scale.at(low), scale.at(high));
        drawing.line([(low, middle), (high, middle)], 1.2, BLACK);
        for x in [low, high] {
            drawing.line([(x, middle - 3.0), (x, middle + 3.0)], 1.2, BLACK);
        }
        end = end.max(high);
    }
    if log {
        let at = (scale.at(figure.mean), middle);
        if figure.mean > 0.0 {
            drawing.dot(at, 4.0, ink)
        } else {
            drawing.ring((at.0 + 4.0, at.1), 4.0, ink)
        }
        end += if figure.mean > 0.0 { 3.0 } else { 8.0 };
    }
    drawing.text(
        (end + 5.0, middle),
        word(figure.mean),
        SMALL,
        Align::Left,
        ink.for_text(),
    );
}
