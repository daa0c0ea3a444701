//! Failures and first-attempt rejections against the one parameter that a sweep varies.
//!
//! Does not know what the parameter does.

use super::Chart;
use super::axis::{self, Scale};
use super::drawing::{Align, BLACK, Drawing, GREY, Ink, PALETTE, RULE};
use super::frame::{self, BODY, MARGIN, SMALL, WIDTH, plain};
use super::text::{cut, width_of};
use crate::base::{Duration, Rate};
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
    /// Shares, from zero.
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

/// The values of the only swept parameter, if they are numbers with one unit; one per point.
struct Axis {
    /// `(value, index of the point)`, ascending.
    values: Vec<(f64, usize)>,
    /// As the scenario writes the value.
    words: Vec<String>,
    key: String,
    log: bool,
}

fn axis(record: &Record) -> Option<Axis> {
    let sweep = Sweep::of(record);
    let [key] = sweep.keys.as_slice() else {
        return None;
    };
    let words: Vec<String> = sweep.values.iter().filter_map(|v| v.first().cloned()).collect();
    let parsed: Vec<(f64, &str)> = words.iter().map(|w| quantity(w)).collect::<Option<_>>()?;
    let values: Vec<f64> = if parsed.windows(2).all(|p| p[0].1 == p[1].1) {
        parsed.iter().map(|p| p.0).collect()
    } else {
        // Different units of one quantity.
        let bare = |word: &String| word.trim().trim_matches('"').to_owned();
        let spans = words
            .iter()
            .map(|w| Some(bare(w).parse::<Duration>().ok()?.as_secs_f64()));
        let rates = words.iter().map(|w| Some(bare(w).parse::<Rate>().ok()?.per_second()));
        spans.collect::<Option<_>>().or_else(|| rates.collect::<Option<_>>())?
    };
    let mut values: Vec<(f64, usize)> = values.into_iter().zip(0..).collect();
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut log = even_ratios(&values);
    // Zero has no place among ratios: it stands one step before the least of the others.
    if let [(zero, _), rest @ ..] = values.as_mut_slice()
        && *zero == 0.0
        && even_ratios(rest)
    {
        *zero = rest[0].0 * rest[0].0 / rest[1].0;
        log = true;
    }
    Some(Axis {
        values,
        words,
        key: Sweep::words(key),
        log,
    })
}

/// Whether one parameter is swept, and its values are numbers with one unit.
pub(super) fn has_axis(record: &Record) -> bool {
    axis(record).is_some()
}

/// `250ms` is 250 and `ms`.
fn quantity(text: &str) -> Option<(f64, &str)> {
    let text = text.trim().trim_matches('"');
    let split = text
        .char_indices()
        .find(|(i, c)| {
            let exponent =
                matches!(c, 'e' | 'E') && text[i + 1..].starts_with(|d: char| d.is_ascii_digit() || d == '-');
            !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | '_') || exponent)
        })
        .map_or(text.len(), |(i, _)| i);
    let (digits, unit) = text.split_at(split);
    let value: f64 = digits.replace('_', "").parse().ok()?;
    value.is_finite().then_some((value, unit.trim()))
}

/// Whether values lie more evenly by ratio (1, 2, 4, 8) than by difference (1, 2, 3, 4).
fn even_ratios(values: &[(f64, usize)]) -> bool {
    if values.len() < 3 || values.iter().any(|v| v.0 <= 0.0) {
        return false;
    }
    let unevenness = |place: fn(f64) -> f64| {
        let steps: Vec<f64> = values.windows(2).map(|p| place(p[1].0) - place(p[0].0)).collect();
        let mean = steps.iter().sum::<f64>() / steps.len() as f64;
        let spread = steps.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / steps.len() as f64;
        spread.sqrt() / mean.max(f64::MIN_POSITIVE)
    };
    unevenness(f64::ln) < unevenness(|v| v)
}

fn draw(record: &Record) -> Drawing {
    let Some(axis) = axis(record).filter(|a| !a.values.is_empty()) else {
        return frame::nothing(record, "No sweep over one number");
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
        None => frame::nothing(record, "No sweep over one number"),
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
    let key = cut(&one_line(&axis.key, 80), SMALL, false, 400.0);
    drawing.text((WIDTH - MARGIN - label_room, y - 12.0), key, SMALL, Align::Right, GREY);
    frame::foot(drawing, record, y)
}

fn colour(i: usize) -> Ink {
    PALETTE[i % PALETTE.len()]
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
    // The same room in both panels, so that equal values stand above each other.
    let widest = width_of("99.9 %", SMALL, false);
    let (left, right) = (MARGIN + widest + 14.0, WIDTH - MARGIN - label_room);
    let (first, last) = (axis.values[0].0, axis.values[axis.values.len() - 1].0);
    let x = match axis.values.len() {
        // A single value stands in the middle.
        1 => Scale::linear(first - 1.0, first + 1.0, left, right),
        _ if axis.log => Scale::log(first, last, left, right),
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
    for (i, line) in lines.iter().enumerate() {
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
                drawing.line(path, 1.8, ink);
            }
            for (x, f) in &known {
                // A second round through the colours has hollow dots.
                if i < PALETTE.len() {
                    drawing.dot((*x, y.at(f.mean)), 3.0, ink);
                } else {
                    drawing.ring((*x, y.at(f.mean)), 3.5, ink);
                }
            }
        }
    }
    name_lines(drawing, &lines, (&x, &y), (upper, lower, right), (names, label_gap));
}

/// The scale of a panel, and its ticks with their words.
fn heights(known: &[Figure], scale: Height, (upper, lower): (f64, f64)) -> (Scale, Vec<(f64, String)>) {
    let most = known
        .iter()
        .map(|f| f.ci95.map_or(f.mean, |(_, high)| high.max(f.mean)))
        .fold(0.0, f64::max);
    match scale {
        Height::Share => {
            let (ticks, end) = axis::share_ticks(most, 4);
            let marks = ticks.into_iter().map(|tick| (tick, number::percent(tick)));
            (Scale::linear(0.0, end, lower, upper), marks.collect())
        }
        Height::Ratio => {
            let positive = known.iter().map(|f| f.mean).filter(|mean| *mean > 0.0);
            let least = positive.fold(f64::INFINITY, f64::min).min(most.max(1e-9));
            let ticks = axis::log_ticks(least, most);
            let scale = Scale::log(ticks[0], ticks[ticks.len() - 1], lower, upper);
            (
                scale,
                ticks.into_iter().map(|tick| (tick, number::short(tick))).collect(),
            )
        }
    }
}

/// A name at the end of each line, moved apart, a thin line leading to it.
fn name_lines(
    drawing: &mut Drawing,
    lines: &[Vec<(f64, Option<Figure>)>],
    (x, y): (&Scale, &Scale),
    (upper, lower, right): (f64, f64, f64),
    (names, label_gap): (&[String], f64),
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
        drawing.line(
            [(end.0 + 4.0, end.1), (right + 18.0, place), (right + 24.0, place)],
            0.7,
            ink.faint(0.7),
        );
        drawing.text(
            (right + 28.0, place),
            names[i].clone(),
            SMALL,
            Align::Left,
            ink.for_text(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fake;

    #[test]
    fn quantities_have_a_number_and_a_unit() {
        assert_eq!(quantity("8"), Some((8.0, "")));
        assert_eq!(quantity("\"250ms\""), Some((250.0, "ms")));
        assert_eq!(quantity("5/s"), Some((5.0, "/s")));
        assert_eq!(quantity("1e-3"), Some((1e-3, "")));
        assert_eq!(quantity("fast"), None);
        assert_eq!(quantity(""), None);
    }

    #[test]
    fn only_a_sweep_over_one_number_has_an_axis() {
        let mut record = fake::sweep(&[1.0, 2.0, 4.0, 8.0]);
        assert!(axis(&record).is_some_and(|a| a.log));
        assert!(axis(&fake::dozen()).is_none());
        record.points = vec!["k=500ms".into(), "k=1s".into(), "k=2min".into()];
        let values: Vec<f64> = axis(&record).unwrap().values.iter().map(|v| v.0).collect();
        assert_eq!(values, [0.5, 1.0, 120.0]);
        record.points = ["k=0s", "k=100ms", "k=1s", "k=10s"].map(String::from).to_vec();
        let with_zero = axis(&record).unwrap();
        assert!(with_zero.log && (with_zero.values[0].0 - 0.01).abs() < 1e-12);
        assert_eq!(with_zero.words[0], "0s");
        record.points = vec!["k=3".into(), "k=1".into(), "k=2".into()];
        let found = axis(&record).unwrap();
        assert!(!found.log);
        assert_eq!(found.values, [(1.0, 1), (2.0, 2), (3.0, 0)]);
        for other in [vec!["k=a", "k=b"], vec!["a=1;b=2", "a=2;b=2"], vec!["k=1s", "k=1 call"]] {
            record.points = other.into_iter().map(String::from).collect();
            assert!(axis(&record).is_none());
        }
    }
}
