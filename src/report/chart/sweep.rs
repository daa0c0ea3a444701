//! Failures and first-attempt rejections against the one parameter that a sweep varies.
//!
//! Does not know what the parameter does.

use super::Chart;
use super::axis::{self, Scale};
use super::drawing::{Align, BLACK, Drawing, GREY, Ink, PALETTE, RULE};
use super::frame::{self, BODY, MARGIN, SMALL, WIDTH, plain, tip};
use super::swept::{Axis, Steps, axis};
use super::text::{cut, width_of};
use crate::record::Record;
use crate::report::{Figure, Figures, Sweep, number, one_line};

pub(super) const CHART: Chart = Chart {
    name: "sweep",
    about: "Failures and first-attempt rejections against the swept parameter, per strategy",
    applies: |record| {
        axis(record).is_some() && super::measured(record, &["failure_rate", "first_attempt_rejection_rate"])
    },
    draw,
};

/// One metric against the swept parameter.
#[derive(Clone, Copy, Debug)]
pub struct Panel {
    /// Name of the metric.
    pub metric: &'static str,
    /// Title of its panel.
    pub head: &'static str,
    /// How its axis is scaled.
    pub scale: Height,
}

/// How the values of a panel are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Height {
    /// Shares, from zero; on a scale of ratios where the least of them could not be told from none.
    Share,
    /// Positive figures, equal steps for equal ratios.
    Ratio,
}

const PANELS: [Panel; 2] = [
    Panel {
        metric: "failure_rate",
        head: "Calls that failed",
        scale: Height::Share,
    },
    Panel {
        metric: "first_attempt_rejection_rate",
        head: "First attempts that met a refused token",
        scale: Height::Share,
    },
];

fn draw(record: &Record) -> Drawing {
    let Some(axis) = axis(record).filter(|a| !a.values.is_empty()) else {
        return frame::nothing(record, "No sweep over one parameter");
    };
    let figures = Figures::of(record);
    let sweep = Sweep::of(record);
    let telling = telling_point(record, &figures, &axis);
    let point = record.points.get(telling).map_or("", String::as_str);
    let place = sweep.point(telling);
    let title = match super::extremes(record, &figures, point, "failure_rate") {
        None => format!("Calls against {}", one_line(&axis.key, 60)),
        Some((best, worst)) if best.1 == worst.1 => {
            format!("At {place}, {} of calls fail", number::percent(best.1))
        }
        Some((best, worst)) => {
            let told = |mean: f64, what: &str| {
                let (who, several) = frame::who(record, &figures, point, "failure_rate", mean);
                let share = if mean == 0.0 {
                    "no calls".to_owned()
                } else {
                    number::percent(mean) + what
                };
                format!("{who} {} {share}", if several { "fail" } else { "fails" })
            };
            format!("At {place}, {}, {}", told(best.1, " of calls"), told(worst.1, ""))
        }
    };
    let below = format!(
        "Share of calls against {}, with 95 % intervals",
        one_line(&axis.key, 80)
    );
    panels(record, &title, below, &axis, &PANELS)
}

/// The point at which the strategies differ most, or else fail most; of equal ones the last.
fn telling_point(record: &Record, figures: &Figures<'_>, axis: &Axis) -> usize {
    let rank = |&(_, index): &(f64, usize)| {
        let point = record.points.get(index).map_or("", String::as_str);
        super::extremes(record, figures, point, "failure_rate")
            .map_or((0.0, 0.0), |(best, worst)| (worst.1 - best.1, worst.1))
    };
    let order = |one: &(f64, f64), other: &(f64, f64)| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1));
    let most = axis.values.iter().max_by(|one, other| order(&rank(one), &rank(other)));
    most.map_or(0, |&(_, index)| index)
}

/// Metrics against the only swept parameter of a record, a panel for each and a line for each strategy.
pub fn against(record: &Record, title: &str, below: &str, shown: &[Panel]) -> Drawing {
    match axis(record).filter(|axis| !axis.values.is_empty()) {
        Some(axis) => panels(record, title, below.to_owned(), &axis, shown),
        None => frame::nothing(record, "No sweep over one parameter"),
    }
}

fn panels(record: &Record, title: &str, below: String, axis: &Axis, shown: &[Panel]) -> Drawing {
    let figures = Figures::of(record);
    let (mut drawing, top) = frame::head(title, &[plain(below)]);

    let label_room = 190.0;
    let names: Vec<String> = record
        .strategies
        .iter()
        .map(|s| cut(&one_line(s, 200), SMALL, false, label_room - 28.0))
        .collect();
    let label_gap = SMALL * 1.35;
    let height = (names.len() as f64 * label_gap).max(190.0);
    let mut y = top;
    for shown in shown {
        drawing.bold((MARGIN, y + BODY / 2.0), shown.head, BODY, Align::Left, BLACK);
        let upper = y + BODY + 14.0;
        let lower = upper + height;
        panel(
            &mut drawing,
            record,
            &figures,
            axis,
            shown,
            (upper, lower),
            (&names, label_room, label_gap),
        );
        y = lower + 38.0;
    }
    let key = format!("{} ({})", one_line(&axis.key, 80), axis.scale.words());
    let key = cut(&key, SMALL, false, 600.0);
    drawing.text((WIDTH - MARGIN - label_room, y - 12.0), key, SMALL, Align::Right, GREY);
    frame::foot(drawing, record, y)
}

fn colour(i: usize) -> Ink {
    PALETTE[i % PALETTE.len()]
}

/// A line of the i-th strategy: each round through the colours has dashes of its own.
fn stroke(drawing: &mut Drawing, i: usize, path: Vec<(f64, f64)>, width: f64, ink: Ink) {
    match i / PALETTE.len() {
        0 => drawing.line(path, width, ink),
        1 => drawing.dashed(&path, width, ink, (6.0, 4.0)),
        _ => drawing.dashed(&path, width, ink, (2.0, 3.0)),
    }
}

fn panel(
    drawing: &mut Drawing,
    record: &Record,
    figures: &Figures<'_>,
    axis: &Axis,
    shown: &Panel,
    (upper, lower): (f64, f64),
    (names, label_room, label_gap): (&[String], f64, f64),
) {
    // One line per strategy, with a hole wherever a figure is missing.
    let lines: Vec<Vec<(f64, Option<Figure>)>> = record
        .strategies
        .iter()
        .map(|s| {
            let figure = |i: usize| record.points.get(i).and_then(|p| figures.get(s, p, shown.metric));
            axis.values.iter().map(|(v, i)| (*v, figure(*i))).collect()
        })
        .collect();
    let known: Vec<Figure> = lines.iter().flatten().filter_map(|(_, f)| *f).collect();
    let (y, marks) = heights(&known, shown.scale, (upper, lower));
    if y.is_log() && shown.scale == Height::Share {
        let from = marks.iter().find(|(tick, _)| *tick > 0.0).map_or("", |(_, word)| word);
        let after = MARGIN + width_of(shown.head, BODY, true) + 8.0;
        drawing.text(
            (after, upper - BODY / 2.0 - 14.0),
            format!("logarithmic from {from} on"),
            SMALL,
            Align::Left,
            GREY,
        );
    }
    // The same room in both panels, so that equal values stand above each other.
    let widest = width_of("99.9 %", SMALL, false);
    let (left, right) = (MARGIN + widest + 14.0, WIDTH - MARGIN - label_room);
    let (first, last) = (axis.values[0].0, axis.values[axis.values.len() - 1].0);
    let x = match axis.values.len() {
        // A single value stands in the middle.
        1 => Scale::linear(first - 1.0, first + 1.0, left, right),
        _ if matches!(axis.scale, Steps::Ratios | Steps::RatiosAndZero) => Scale::log(first, last, left, right),
        _ => Scale::linear(first, last, left, right),
    };
    for (tick, word) in marks {
        drawing.line([(left - 6.0, y.at(tick)), (right, y.at(tick))], 1.0, RULE);
        drawing.text((left - 10.0, y.at(tick)), word, SMALL, Align::Right, GREY);
    }
    let mut free = f64::NEG_INFINITY;
    for (value, i) in &axis.values {
        let word = cut(axis.words.get(*i).map_or("", String::as_str), SMALL, false, 80.0);
        let half = width_of(&word, SMALL, false) / 2.0;
        drawing.line([(x.at(*value), lower), (x.at(*value), lower + 4.0)], 1.0, GREY);
        if x.at(*value) - half > free {
            drawing.text((x.at(*value), lower + 13.0), word, SMALL, Align::Center, GREY);
            free = x.at(*value) + half + 6.0;
        }
    }
    for ((i, line), strategy) in lines.iter().enumerate().zip(&record.strategies) {
        drawing.of(strategy, |drawing| {
            curve(drawing, (i, lines.len()), line, (&x, &y), axis.scale);
            tips(drawing, (axis, shown), strategy, line, (&x, &y));
        });
    }
    let known = (names, record.strategies.as_slice(), label_gap);
    name_lines(drawing, &lines, (&x, &y), (upper, lower, right), known);
}

/// Points of a line that tell their figures: more would lie on each other.
const MOST_TIPS: usize = 80;

/// The figures of one line, for whoever points at them.
fn tips(
    drawing: &mut Drawing,
    (axis, shown): (&Axis, &Panel),
    strategy: &str,
    line: &[(f64, Option<Figure>)],
    (x, y): (&Scale, &Scale),
) {
    let word = |value: f64| match shown.scale {
        Height::Share => number::percent(value),
        Height::Ratio => number::short(value),
    };
    for ((value, figure), (_, point)) in line.iter().zip(&axis.values).filter(|_| line.len() <= MOST_TIPS) {
        let Some(figure) = figure else { continue };
        let at = (x.at(*value), y.at(figure.mean));
        let place = axis.words.get(*point).map_or("", String::as_str);
        let what = format!("{} at {place}", shown.head.to_lowercase());
        let told = tip(strategy, &what, *figure, word);
        drawing.tip((at.0 - 6.0, at.1 - 6.0), (at.0 + 6.0, at.1 + 6.0), told);
    }
}

/// The line of the i-th of so many strategies, with its intervals as a band.
fn curve(
    drawing: &mut Drawing,
    (i, count): (usize, usize),
    line: &[(f64, Option<Figure>)],
    (x, y): (&Scale, &Scale),
    steps: Steps,
) {
    let ink = colour(i);
    for stretch in line.split(|(_, f)| f.is_none()) {
        let known: Vec<(f64, Figure)> = stretch.iter().filter_map(|(v, f)| f.map(|f| (x.at(*v), f))).collect();
        let upper_edge = known.iter().filter_map(|(x, f)| f.ci95.map(|c| (*x, y.at(c.1))));
        let lower_edge = known.iter().rev().filter_map(|(x, f)| f.ci95.map(|c| (*x, y.at(c.0))));
        let band: Vec<(f64, f64)> = upper_edge.chain(lower_edge).collect();
        if known.len() > 1 && band.len() > 2 {
            drawing.area(band, ink.faint(0.15));
        }
        if known.len() > 1 {
            let path: Vec<(f64, f64)> = known.iter().map(|(x, f)| (*x, y.at(f.mean))).collect();
            // Between values that are no numbers there is nothing.
            let ink = if steps == Steps::Listed { ink.faint(0.3) } else { ink };
            stroke(drawing, i, path, 1.8, ink);
        }
        for (x, f) in &known {
            // Later dots are smaller, so that equal figures lie within each other; a second round through the colours is hollow.
            let radius = 3.0 + (4.0 / count as f64).min(1.5) * (count - 1 - i) as f64;
            if i < PALETTE.len() {
                drawing.dot((*x, y.at(f.mean)), radius, ink);
            } else {
                drawing.ring((*x, y.at(f.mean)), radius + 0.5, ink);
            }
        }
    }
}

/// From this ratio of the greatest share to the least on, equal steps stand for equal ratios.
const SPREAD: f64 = 100.0;

/// The scale of a panel, and its ticks with their words.
fn heights(known: &[Figure], scale: Height, (upper, lower): (f64, f64)) -> (Scale, Vec<(f64, String)>) {
    let most = known
        .iter()
        .map(|f| f.ci95.map_or(f.mean, |(_, high)| high.max(f.mean)))
        .fold(0.0, f64::max);
    let positive = known.iter().map(|f| f.mean).filter(|mean| *mean > 0.0);
    let least = positive.fold(f64::INFINITY, f64::min);
    match scale {
        Height::Share if least.is_finite() && most > SPREAD * least => {
            let ticks = axis::log_ticks(least, most);
            let none = known.iter().any(|f| f.mean <= 0.0);
            let base = if none { lower - 18.0 } else { lower };
            let scale = Scale::log(ticks[0], ticks[ticks.len() - 1], base, upper).with_none(lower);
            let zero = none.then(|| (0.0, number::percent(0.0)));
            let marks = ticks.into_iter().filter(|tick| *tick <= 1.0);
            let marks = zero.into_iter().chain(marks.map(|tick| (tick, number::percent(tick))));
            (scale, marks.collect())
        }
        Height::Share => {
            let (ticks, end) = axis::share_ticks(most, 4);
            let marks = ticks.into_iter().map(|tick| (tick, number::percent(tick)));
            (Scale::linear(0.0, end, lower, upper), marks.collect())
        }
        Height::Ratio => {
            let ticks = axis::log_ticks(least.min(most.max(1e-9)), most);
            let scale = Scale::log(ticks[0], ticks[ticks.len() - 1], lower, upper);
            let marks = ticks.into_iter().map(|tick| (tick, number::short(tick))).collect();
            (scale, marks)
        }
    }
}

/// A name at the end of each line, moved apart, a thin line leading to it.
fn name_lines(
    drawing: &mut Drawing,
    lines: &[Vec<(f64, Option<Figure>)>],
    (x, y): (&Scale, &Scale),
    (upper, lower, right): (f64, f64, f64),
    (names, strategies, label_gap): (&[String], &[String], f64),
) {
    let ends: Vec<(usize, (f64, f64))> = lines
        .iter()
        .enumerate()
        .filter_map(|(i, line)| {
            line.iter()
                .rev()
                .find_map(|(v, f)| f.map(|f| (i, (x.at(*v), y.at(f.mean)))))
        })
        .collect();
    let wishes: Vec<f64> = ends.iter().map(|(_, (_, y))| *y).collect();
    let places = axis::apart(&wishes, label_gap, (upper, lower));
    for ((i, end), place) in ends.into_iter().zip(places) {
        let ink = colour(i);
        let lead = vec![(end.0 + 4.0, end.1), (right + 18.0, place), (right + 24.0, place)];
        drawing.of(&strategies[i], |drawing| {
            stroke(drawing, i, lead, 0.7, ink.faint(0.7));
            let (at, name) = ((right + 28.0, place), names[i].clone());
            drawing.text(at, name, SMALL, Align::Left, ink.for_text());
        });
    }
}
