//! What all charts have in common: the sentence on top, the line below it that explains the colours, the foot with
//! the seed, rows with a name on their left, and scales with round ticks.
//!
//! This module does not know any metric.

use super::drawing::{Align, BLACK, Drawing, GREY, Ink, RULE};
use super::text::{cut, width_of, wrap};
use crate::record::{Incident, Record};
use crate::report::{Figures, number, one_line};

/// Logical pixels; twice that in the PNG.
pub(super) const WIDTH: f64 = 840.0;
pub(super) const MARGIN: f64 = 20.0;
/// Sizes of text in logical pixels.
pub(super) const TITLE: f64 = 17.0;
pub(super) const BODY: f64 = 12.0;
pub(super) const SMALL: f64 = 10.5;
/// Room for the foot.
const FOOT: f64 = 30.0;

/// Words of one colour in the line below the title.
pub(super) type Span = (String, Option<Ink>);

pub(super) fn plain(text: impl Into<String>) -> Span {
    (text.into(), None)
}

pub(super) fn coloured(text: impl Into<String>, ink: Ink) -> Span {
    (text.into(), Some(ink))
}

/// A name for a title: short, between quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("“{}”", one_line(name, 34))
}

/// Who has exactly this mean: the name, or how many there are; and whether that is several.
pub(super) fn who(record: &Record, figures: &Figures<'_>, point: &str, metric: &str, mean: f64) -> (String, bool) {
    let has = |s: &&String| figures.mean(s, point, metric) == Some(mean);
    let found: Vec<&String> = record.strategies.iter().filter(has).collect();
    match found.as_slice() {
        [one] => (quoted(one), false),
        several => (format!("{} strategies", several.len()), true),
    }
}

/// Starts a drawing with its title and the line below it; returns the height at which the chart itself may begin.
pub(super) fn head(title: &str, below: &[Span]) -> (Drawing, f64) {
    let mut drawing = Drawing::new(WIDTH, 0.0);
    drawing.title = title.to_owned();
    let mut y = MARGIN + TITLE / 2.0;
    for line in balanced(title) {
        drawing.bold((MARGIN, y), line, TITLE, Align::Left, BLACK);
        y += TITLE * 1.35;
    }
    y += 1.0;
    let blank = width_of("n n", BODY, false) - 2.0 * width_of("n", BODY, false);
    let mut x = MARGIN;
    for (text, ink) in below {
        // Runs of one colour are one text each, broken where the line ends.
        let mut run = String::new();
        let mut start = x;
        for word in text.split(' ').filter(|w| !w.is_empty()) {
            let longer = if run.is_empty() {
                word.to_owned()
            } else {
                format!("{run} {word}")
            };
            let bold = ink.is_some();
            if start + width_of(&longer, BODY, bold) > WIDTH - MARGIN && start + width_of(&run, BODY, bold) > MARGIN {
                place(&mut drawing, &run, (start, y), *ink);
                y += BODY * 1.45;
                start = MARGIN;
                run = word.to_owned();
            } else {
                run = longer;
            }
        }
        place(&mut drawing, &run, (start, y), *ink);
        x = start + width_of(&run, BODY, ink.is_some()) + blank;
    }
    (drawing, y + BODY * 1.2 + 6.0)
}

/// The title in one line or in two of about equal length: a single word on the second looks like an accident.
fn balanced(title: &str) -> Vec<String> {
    let room = WIDTH - 2.0 * MARGIN;
    let lines = wrap(title, TITLE, true, room, 2);
    let whole = lines.iter().map(String::len).sum::<usize>() + lines.len().saturating_sub(1);
    if lines.len() < 2 || whole != title.len() {
        return lines;
    }
    let fits = |share: &f64| {
        let tried = wrap(title, TITLE, true, room * share, 2);
        let whole = tried.len() == 2 && !tried[1].ends_with('…');
        whole.then_some(tried)
    };
    [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9]
        .iter()
        .find_map(fits)
        .unwrap_or(lines)
}

fn place(drawing: &mut Drawing, run: &str, at: (f64, f64), ink: Option<Ink>) {
    match ink {
        _ if run.is_empty() => {}
        Some(ink) => drawing.bold(at, run, BODY, Align::Left, ink.for_text()),
        None => drawing.text(at, run, BODY, Align::Left, GREY),
    }
}

/// Ends a drawing whose chart reaches down to `bottom`: scenario, seed and effort, small.
pub(super) fn foot(mut drawing: Drawing, record: &Record, bottom: f64) -> Drawing {
    let m = &record.manifest;
    let plural = if m.replications == 1 { "" } else { "s" };
    let text = format!(
        "{} · seed {} · {} replication{plural} · tokenstorm {}",
        one_line(&m.scenario, 60),
        m.seed,
        m.replications,
        one_line(&m.tokenstorm, 20)
    );
    let text = cut(&text, SMALL, false, WIDTH - 2.0 * MARGIN);
    drawing.text((MARGIN, bottom + FOOT / 2.0), text, SMALL, Align::Left, GREY);
    drawing.height = (bottom + FOOT).ceil();
    drawing
}

/// A drawing that says that there is nothing to draw.
pub(super) fn nothing(record: &Record, what: &str) -> Drawing {
    let (drawing, y) = head(what, &[plain("This record holds no such figures.")]);
    foot(drawing, record, y)
}

/// Rows with the name of a strategy on the left.
pub(super) struct Rows {
    /// Where the names end and the figures may begin.
    pub(super) left: f64,
    /// Upper edge of every row.
    pub(super) tops: Vec<f64>,
    pub(super) height: f64,
    /// Below the last row.
    pub(super) bottom: f64,
}

/// Names down the left side, from `top`, each row `height` high; long names take two lines.
pub(super) fn rows<'a>(
    drawing: &mut Drawing,
    names: impl Iterator<Item = &'a String> + Clone,
    top: f64,
    height: f64,
) -> Rows {
    const MOST: f64 = 210.0;
    let names = names.map(|n| one_line(n, 200));
    let broken: Vec<Vec<String>> = names.map(|n| wrap(&n, BODY, false, MOST, 2)).collect();
    let widest = broken
        .iter()
        .flatten()
        .map(|l| width_of(l, BODY, false))
        .fold(0.0, f64::max);
    let left = MARGIN + widest + 12.0;
    let mut tops = Vec::new();
    let mut y = top;
    for lines in broken {
        tops.push(y);
        let gap = BODY * 1.2;
        let first = y + height / 2.0 - gap * (lines.len() as f64 - 1.0) / 2.0;
        for (i, line) in lines.into_iter().enumerate() {
            drawing.text((left - 12.0, first + gap * i as f64), line, BODY, Align::Right, BLACK);
        }
        y += height;
    }
    Rows {
        left,
        tops,
        height,
        bottom: y,
    }
}

/// From values to places.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
    log: bool,
}

impl Scale {
    /// Equal steps for equal differences, `start` and `end` being the places of `from` and `to`.
    pub(super) fn linear(from: f64, to: f64, start: f64, end: f64) -> Scale {
        let to = if to > from { to } else { from + 1.0 };
        Scale {
            from,
            to,
            start,
            end,
            log: false,
        }
    }

    /// Equal steps for equal ratios; both ends must be positive.
    pub(super) fn log(from: f64, to: f64, start: f64, end: f64) -> Scale {
        let from = from.max(f64::MIN_POSITIVE);
        let to = if to > from { to } else { from * 10.0 };
        Scale {
            from: from.ln(),
            to: to.ln(),
            start,
            end,
            log: true,
        }
    }

    /// The place of a value; values beyond the ends stay at the ends.
    pub(super) fn at(&self, value: f64) -> f64 {
        let value = if self.log {
            value.max(f64::MIN_POSITIVE).ln()
        } else {
            value
        };
        let share = ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0);
        self.start + share * (self.end - self.start)
    }
}

/// Round values from 0 up to `most`, about `count` steps, and where the scale ends: a little beyond `most`, so that
/// no space is lost to the next round value.
pub(super) fn ticks(most: f64, count: usize) -> (Vec<f64>, f64) {
    let most = if most.is_finite() && most > 0.0 { most } else { 1.0 };
    let rough = most / count.max(1) as f64;
    let decade = 10f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|f| f * decade);
    // The nearest round step, by ratio.
    let step = steps
        .into_iter()
        .min_by(|a, b| (a / rough).ln().abs().total_cmp(&(b / rough).ln().abs()))
        .unwrap_or(rough);
    let end = most * 1.04;
    let last = (end / step).floor() as usize;
    ((0..=last).map(|i| i as f64 * step).collect(), end)
}

/// The same for shares: never beyond 100 %.
pub(super) fn share_ticks(most: f64, count: usize) -> (Vec<f64>, f64) {
    let (ticks, end) = ticks(most.min(1.0) * 100.0, count);
    (
        ticks.into_iter().map(|t| t / 100.0).filter(|t| *t <= 1.0).collect(),
        (end / 100.0).min(1.0),
    )
}

/// Powers of ten, and 2 and 5 times them where there are few, that enclose the range; never fewer than two.
pub(super) fn log_ticks(least: f64, most: f64) -> Vec<f64> {
    let low = least.max(1e-9).log10().floor() as i32;
    let high = most.max(least.max(1e-9)).log10().ceil().max(f64::from(low) + 1.0) as i32;
    let factors: &[f64] = if high - low <= 3 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let all: Vec<f64> = (low..=high)
        .flat_map(|e| factors.iter().map(move |f| f * 10f64.powi(e)))
        .collect();
    // Keep the tightest stretch that still encloses the range.
    let first = all.iter().rposition(|t| *t <= least * 1.0001).unwrap_or(0);
    let last = all
        .iter()
        .position(|t| *t >= most * 0.9999)
        .unwrap_or(all.len() - 1)
        .max(first + 1);
    all[first..=last.min(all.len() - 1)].to_vec()
}

/// What the timeline did before `until`, in seconds, each with its letter.
pub(super) fn lettered(record: &Record, until: f64) -> Vec<(&Incident, char)> {
    let shown = |i: &&Incident| i.from_s.is_finite() && i.from_s < until && i.until_s >= 0.0;
    record.incidents.iter().filter(shown).zip('A'..='Z').collect()
}

/// The letters in words: what happened, and when.
pub(super) fn told(incidents: &[(&Incident, char)], until: f64) -> String {
    let (second, unit) = time_unit(until);
    let time = |t: f64| number::significant(t / second, 4);
    let words = incidents.iter().map(|(i, letter)| {
        let when = if i.until_s <= i.from_s {
            format!("at {} {unit}", time(i.from_s))
        } else if i.until_s < until {
            format!("{} to {} {unit}", time(i.from_s), time(i.until_s))
        } else {
            format!("from {} {unit} on", time(i.from_s))
        };
        format!("{letter} {} ({when})", one_line(&i.label, 60))
    });
    words.collect::<Vec<_>>().join(", ")
}

/// The unit in which a stretch of simulated time has a few digits, and its length in seconds.
pub(super) fn time_unit(until: f64) -> (f64, &'static str) {
    match until {
        u if u <= 1200.0 => (1.0, "s"),
        u if u <= 4.0 * 3600.0 => (60.0, "min"),
        u if u <= 4.0 * 86_400.0 => (3600.0, "h"),
        _ => (86_400.0, "d"),
    }
}

pub(super) fn time_axis(drawing: &mut Drawing, x: &Scale, until: f64, lower: f64, columns: usize) {
    drawing.line([(x.at(0.0), lower), (x.at(until), lower)], 1.0, GREY);
    let (second, unit) = time_unit(until);
    let (ticks, _) = ticks(until / second, if columns == 1 { 8 } else { 4 });
    let labels: Vec<(f64, String)> = ticks
        .into_iter()
        .map(|tick| (tick * second, format!("{} {unit}", number::significant(tick, 6))))
        .filter(|(tick, _)| *tick <= until)
        .collect();
    // Every tick has its label where there is room, every second or third one elsewhere.
    let widest = labels
        .iter()
        .map(|(_, text)| width_of(text, SMALL, false))
        .fold(0.0, f64::max);
    let pitch = labels.get(1).map_or(f64::INFINITY, |(tick, _)| x.at(*tick) - x.at(0.0));
    let stride = (((widest + 8.0) / pitch).ceil() as usize).max(1);
    for (at, (tick, text)) in labels.into_iter().enumerate() {
        drawing.line([(x.at(tick), lower), (x.at(tick), lower + 3.0)], 1.0, GREY);
        if at % stride != 0 {
            continue;
        }
        // The outermost ones lean inwards, so that neighbouring panels do not touch.
        let half = width_of(&text, SMALL, false) / 2.0;
        let place = x.at(tick).clamp(
            x.at(0.0) + half - 2.0,
            (x.at(until) - half + 2.0).max(x.at(0.0) + half - 2.0),
        );
        drawing.text((place, lower + 12.0), text, SMALL, Align::Center, GREY);
    }
}

/// Figures along the lower edge of rows, with light lines up to `top`.
pub(super) fn value_axis(
    drawing: &mut Drawing,
    scale: &Scale,
    ticks: &[f64],
    (top, bottom): (f64, f64),
    word: impl Fn(f64) -> String,
) {
    let mut free = f64::NEG_INFINITY;
    for tick in ticks {
        let x = scale.at(*tick);
        drawing.line([(x, top), (x, bottom)], 1.0, RULE);
        let text = word(*tick);
        let half = width_of(&text, SMALL, false) / 2.0;
        if x - half > free && x + half < WIDTH - 4.0 {
            drawing.text((x, bottom + 10.0), text, SMALL, Align::Center, GREY);
            free = x + half + 4.0;
        }
    }
}

/// Moves places apart until neighbours are `gap` away from each other, within `from` and `to` as far as there is
/// room, in the order of the wishes. Returns one place per wish.
pub(super) fn apart(wishes: &[f64], gap: f64, (from, to): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wishes.len()).collect();
    order.sort_by(|a, b| wishes[*a].total_cmp(&wishes[*b]).then(a.cmp(b)));
    let mut placed = vec![0.0; wishes.len()];
    let mut floor = from;
    for i in &order {
        placed[*i] = wishes[*i].max(floor);
        floor = placed[*i] + gap;
    }
    let mut ceiling = to;
    for i in order.iter().rev() {
        placed[*i] = placed[*i].min(ceiling);
        ceiling = placed[*i] - gap;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_enclose() {
        assert_eq!(ticks(4.87, 5).0, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(ticks(0.0, 5).0.len(), 6);
        assert_eq!(ticks(f64::NAN, 5).0.len(), 6);
        assert_eq!(ticks(20.3, 4).0, [0.0, 5.0, 10.0, 15.0, 20.0]);
        for most in [0.0, 0.2, 0.97, 1.0, 3.0] {
            let (ticks, end) = share_ticks(most, 4);
            assert!(ticks.len() >= 3 && ticks.iter().all(|t| *t <= end) && end <= 1.04);
        }
        assert_eq!(log_ticks(0.08, 3.9), [0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0]);
        assert_eq!(log_ticks(0.08, 0.08).len(), 2);
        assert!(log_ticks(1e-6, 4000.0).len() >= 9);
        assert_eq!(log_ticks(0.0, 0.0).len(), 2);
    }

    #[test]
    fn labels_are_moved_apart_and_stay_inside() {
        let placed = apart(&[5.0, 5.0, 5.0, 90.0], 10.0, (0.0, 100.0));
        assert_eq!(placed, [5.0, 15.0, 25.0, 90.0]);
        let placed = apart(&[98.0, 99.0, 0.0], 10.0, (0.0, 100.0));
        assert_eq!(placed, [90.0, 100.0, 0.0]);
        assert!(apart(&[], 10.0, (0.0, 1.0)).is_empty());
    }

    #[test]
    fn scales_hold_their_ends() {
        let scale = Scale::log(1.0, 100.0, 0.0, 200.0);
        assert_eq!((scale.at(1.0), scale.at(1e9), scale.at(0.0)), (0.0, 200.0, 0.0));
        assert!((scale.at(10.0) - 100.0).abs() < 1e-9);
        assert_eq!(Scale::linear(0.0, 0.0, 10.0, 20.0).at(0.0), 10.0);
    }
}
