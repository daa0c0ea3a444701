//! A series over simulated time, a small panel per strategy, all on one scale.
//!
//! Does not know what the series counts, nor what the incidents are: it shades them and repeats their labels.

use super::axis::{self, Scale};
use super::drawing::{ATTEMPT, Align, BLACK, Drawing, GREY, RULE, SHADE};
use super::frame::{self, BODY, MARGIN, SMALL, WIDTH, plain};
use super::text::{cut, width_of};
use crate::record::{Incident, Record, Series};
use crate::report::{Sweep, number, one_line};

/// What is shown.
pub(super) struct Shown {
    pub(super) series: &'static str,
    /// As a sentence begins with it.
    pub(super) name: &'static str,
    /// The finding, from the record, the point that is shown in words, and the strategy with the highest value.
    pub(super) title: fn(&Record, usize, Option<(&str, f64)>) -> String,
}

/// One strategy and its series, if it has one.
type Panel<'a> = (&'a String, Option<&'a Series>);

/// The point that is shown, by its number: of a sweep the last that has the series, as the most extreme one.
pub(super) fn shown_point(record: &Record, series: &str) -> Option<usize> {
    let has = |s: &&Series| s.series == series && !s.t_s.is_empty();
    let at = |p: &String| record.series.iter().filter(has).any(|s| s.point == *p);
    record.points.iter().rposition(at)
}

/// Which point of a sweep is shown, for the end of a title.
pub(super) fn at_point(record: &Record, shown: usize) -> String {
    Sweep::of(record).at(shown)
}

pub(super) fn draw(record: &Record, what: &Shown) -> Drawing {
    let Some(shown) = shown_point(record, what.series) else {
        return frame::nothing(record, &format!("No {} over time", what.name.to_lowercase()));
    };
    let point = &record.points[shown];
    let own = |s: &String| {
        let mut all = record.series.iter().filter(|x| x.series == what.series);
        all.find(|x| x.point == *point && x.strategy == *s)
    };
    let panels: Vec<Panel<'_>> = record.strategies.iter().map(|s| (s, own(s))).collect();
    let finite = |s: &Series| s.value.iter().copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
    let highest = panels
        .iter()
        .filter_map(|(name, s)| s.map(|s| (name.as_str(), finite(s))));
    let peak = highest.max_by(|a, b| a.1.total_cmp(&b.1));
    let until = panels.iter().filter_map(|(_, s)| s.map(span)).fold(0.0, f64::max);
    let incidents = axis::lettered(record, until);
    let scale_note = if panels.len() > 1 {
        ", the same scale in every panel"
    } else {
        ""
    };
    let n = record.manifest.replications;
    let mean = if n > 1 {
        format!(", mean over {n} replications")
    } else {
        String::new()
    };
    let bin = panels.iter().find_map(|(_, s)| s.map(bin_s)).unwrap_or(1.0);
    let bins = if bin > 1.0 {
        format!(" in bins of {}", number::seconds(bin))
    } else {
        String::new()
    };
    let mut below = vec![plain(format!(
        "{} per second over simulated time{bins}{mean}{scale_note}; the highest value is written out.",
        what.name
    ))];
    if !incidents.is_empty() {
        below.push(plain(format!("Shaded: {}.", axis::told(&incidents, until))));
    }
    let (mut drawing, top) = frame::head(&(what.title)(record, shown, peak), &below);
    let grid = Grid::of(
        panels.len(),
        peak.map_or(0.0, |(_, most)| most),
        until,
        !incidents.is_empty(),
    );
    for (i, panel) in panels.iter().enumerate() {
        grid.panel(&mut drawing, i, top, *panel, &incidents);
    }
    frame::foot(drawing, record, top + grid.lines() as f64 * grid.pitch() + 2.0)
}

/// Where the panels lie, and the scales that they share.
struct Grid {
    panels: usize,
    columns: usize,
    /// Room for the figures at the left, and the size of a panel.
    axis: f64,
    size: (f64, f64),
    ticks: Vec<(f64, String)>,
    /// The greatest value, with headroom, and the end of the time.
    end: f64,
    until: f64,
}

const GAP: f64 = 16.0;

impl Grid {
    fn of(panels: usize, most: f64, until: f64, incidents: bool) -> Grid {
        let columns = match panels {
            0 | 1 => 1,
            2..=4 => 2,
            5..=9 => 3,
            _ => 4,
        };
        let height = match columns {
            1 => 240.0,
            2 => 150.0,
            3 => 110.0,
            _ => 92.0,
        };
        // Headroom for the peak's figure and the letters of the incidents.
        let (ticks, end) = axis::ticks(most, if columns == 1 { 5 } else { 3 });
        let ticks: Vec<_> = ticks.into_iter().map(|t| (t, number::short(t))).collect();
        let labels = ticks.iter().map(|(_, l)| width_of(l, SMALL, false));
        let axis = labels.fold(0.0, f64::max) + 6.0;
        let all = WIDTH - 2.0 * MARGIN - axis;
        Grid {
            panels,
            columns,
            axis,
            size: ((all - GAP * (columns as f64 - 1.0)) / columns as f64, height),
            ticks,
            end: if incidents { end * 1.3 } else { end * 1.2 },
            until,
        }
    }

    fn lines(&self) -> usize {
        self.panels.div_ceil(self.columns).max(1)
    }

    /// From one line to the next: the name lies above a panel, the times below.
    fn pitch(&self) -> f64 {
        self.size.1 + 46.0
    }

    fn panel(
        &self,
        drawing: &mut Drawing,
        i: usize,
        top: f64,
        (name, series): Panel<'_>,
        incidents: &[(&Incident, char)],
    ) {
        let (width, height) = self.size;
        let left = MARGIN + self.axis + (i % self.columns) as f64 * (width + GAP);
        let upper = top + 20.0 + (i / self.columns) as f64 * self.pitch();
        let lower = upper + height;
        let x = Scale::linear(0.0, self.until, left, left + width);
        let y = Scale::linear(0.0, self.end, lower, upper);
        for (tick, label) in &self.ticks {
            drawing.line([(left, y.at(*tick)), (left + width, y.at(*tick))], 1.0, RULE);
            if i.is_multiple_of(self.columns) {
                drawing.text((left - 6.0, y.at(*tick)), label.clone(), SMALL, Align::Right, GREY);
            }
        }
        for (incident, _) in incidents {
            let (from, to) = (x.at(incident.from_s.max(0.0)), x.at(incident.until_s.min(self.until)));
            drawing.rect((from, upper), (to.max(from + 1.5), lower), SHADE);
        }
        axis::time_axis(drawing, &x, self.until, lower, self.columns);
        // A single panel is named by the title.
        if self.panels > 1 {
            let name = cut(&one_line(name, 200), BODY, true, width);
            drawing.bold((left, upper - 12.0), name, BODY, Align::Left, BLACK);
        }
        match series.filter(|s| !s.t_s.is_empty()) {
            Some(series) => drawing.of(name, |drawing| {
                curve(drawing, series, &x, &y, (left, left + width));
                tips(drawing, name, series, &x, (upper, lower));
            }),
            None => {
                let middle = (left + width / 2.0, (upper + lower) / 2.0);
                drawing.text(middle, "no series", SMALL, Align::Center, GREY);
            }
        }
        // Letters last, over the curve; side by side where incidents are close.
        let wishes: Vec<f64> = incidents
            .iter()
            .map(|(i, _)| (x.at(i.from_s.max(0.0)) + x.at(i.until_s.min(self.until))) / 2.0)
            .collect();
        let places = axis::apart(&wishes, 10.0, (left + 5.0, left + width - 5.0));
        for ((_, letter), x) in incidents.iter().zip(places) {
            drawing.bold((x, upper + 7.0), letter.to_string(), SMALL, Align::Center, GREY);
        }
    }
}

/// Length of an interval of a series; all are as long as the last.
fn bin_s(series: &Series) -> f64 {
    match series.t_s.as_slice() {
        [.., a, b] => b - a,
        _ => 1.0,
    }
}

/// Where a series ends.
fn span(series: &Series) -> f64 {
    series.t_s.last().map_or(0.0, |last| last + bin_s(series))
}

/// Stretches of a panel that tell their highest value each.
const TIPS: usize = 24;

/// What was highest in each stretch of a panel, for whoever points at it.
fn tips(drawing: &mut Drawing, name: &str, series: &Series, x: &Scale, (upper, lower): (f64, f64)) {
    let n = series.t_s.len().min(series.value.len());
    for start in (0..n).step_by(n.div_ceil(TIPS).max(1)) {
        let stop = (start + n.div_ceil(TIPS)).min(n);
        let known = series.value[start..stop].iter().copied().filter(|v| v.is_finite());
        let Some(high) = known.reduce(f64::max) else { continue };
        let (from, until) = (series.t_s[start], series.t_s.get(stop).copied().unwrap_or(span(series)));
        let told = format!(
            "{}, {} to {}: up to {} per second",
            one_line(name, 200),
            number::seconds(from),
            number::seconds(until),
            number::short(high)
        );
        drawing.tip((x.at(from), upper), (x.at(until), lower), told);
    }
}

/// Steps, filled below, with the peak written out. Thousands of values are drawn as the least and the greatest of
/// every stretch: a peak of one second must not be lost in a panel two hundred pixels wide.
fn curve(drawing: &mut Drawing, series: &Series, x: &Scale, y: &Scale, (left, right): (f64, f64)) {
    let end = span(series);
    let bins = ((right - left) * 1.5) as usize;
    let n = series.t_s.len().min(series.value.len());
    let per = n.div_ceil(bins.max(1)).max(1);
    let mut pieces: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    let mut best: Option<(f64, f64)> = None;
    for start in (0..n).step_by(per) {
        let stop = (start + per).min(n);
        let known = series.value[start..stop].iter().copied().filter(|v| v.is_finite());
        let (low, high) = known.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        let from = x.at(series.t_s[start]);
        let to = x.at(series.t_s.get(stop).copied().unwrap_or(end));
        let Some(piece) = pieces.last_mut() else {
            continue;
        };
        if low.is_infinite() {
            // A hole in the data is a hole in the curve.
            if !piece.is_empty() {
                pieces.push(Vec::new());
            }
            continue;
        }
        if best.is_none_or(|(_, v)| high > v) {
            best = Some(((from + to) / 2.0, high));
        }
        if per == 1 {
            piece.extend([(from, y.at(high)), (to, y.at(high))]);
        } else {
            let middle = (from + to) / 2.0;
            piece.extend([(from, y.at(low)), (middle, y.at(high)), (to, y.at(low))]);
        }
    }
    let zero = y.at(0.0);
    for piece in pieces.into_iter().filter(|p| !p.is_empty()) {
        let mut area = piece.clone();
        area.push((piece[piece.len() - 1].0, zero));
        area.push((piece[0].0, zero));
        drawing.area(area, ATTEMPT.faint(0.25));
        drawing.line(piece, 1.2, ATTEMPT);
    }
    if let Some((at, value)) = best {
        let text = number::short(value);
        let half = width_of(&text, SMALL, true) / 2.0;
        let place = at.clamp(left + half, (right - half).max(left + half));
        // Below the row of letters, and above the curve where it is low.
        let height = (y.at(value) - 8.0).max(y.at(f64::INFINITY) + 20.0);
        let beside = if y.at(value) - 8.0 < height { half + 6.0 } else { 0.0 };
        let place = if place + beside + half > right {
            place - beside
        } else {
            place + beside
        };
        drawing.bold((place, height), text, SMALL, Align::Center, ATTEMPT.for_text());
    }
}
