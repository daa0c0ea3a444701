//! What all charts have in common: the sentence on top, the line below it that explains the colours, the foot with
//! the seed, rows with a name on their left, and scales with round ticks.
//!
//! This module does not know any metric.

use super::drawing::{Align, BLACK, Drawing, GREY, Ink};
use super::text::{cut, width_of, wrap};
use crate::record::Record;
use crate::report::{Figure, Figures, one_line};

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

pub(super) fn place(drawing: &mut Drawing, run: &str, at: (f64, f64), ink: Option<Ink>) {
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

/// A figure in full, for whoever points at it.
pub(super) fn tip(strategy: &str, what: &str, figure: Figure, word: impl Fn(f64) -> String) -> String {
    let interval = match figure.ci95 {
        Some((low, high)) => format!(" (95 %: {} to {})", word(low), word(high)),
        None => String::new(),
    };
    format!("{}, {what}: {}{interval}", one_line(strategy, 200), word(figure.mean))
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
    // A unit stays with its number.
    let shown = names.clone().map(|n| one_line(n, 200).replace(" %", "\u{a0}%"));
    let broken: Vec<Vec<String>> = shown.map(|n| wrap(&n, BODY, false, MOST, 2)).collect();
    let widest = broken
        .iter()
        .flatten()
        .map(|l| width_of(l, BODY, false))
        .fold(0.0, f64::max);
    let left = MARGIN + widest + 12.0;
    let mut tops = Vec::new();
    let mut y = top;
    for (name, lines) in names.zip(broken) {
        tops.push(y);
        let gap = BODY * 1.2;
        let first = y + height / 2.0 - gap * (lines.len() as f64 - 1.0) / 2.0;
        drawing.of(name, |drawing| {
            for (i, line) in lines.into_iter().enumerate() {
                drawing.text((left - 12.0, first + gap * i as f64), line, BODY, Align::Right, BLACK);
            }
        });
        y += height;
    }
    Rows {
        left,
        tops,
        height,
        bottom: y,
    }
}
