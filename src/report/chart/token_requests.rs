//! Token requests per second over simulated time, a small panel per strategy, all on one scale.
//!
//! Does not know what the incidents are: it shades them and repeats their labels.

use super::Chart;
use super::drawing::{ATTEMPT, Align, BLACK, Drawing, GREY, RULE, SHADE, cut, width_of};
use super::frame::{self, BODY, MARGIN, SMALL, Scale, WIDTH, plain, quoted};
use crate::record::{Record, Series};
use crate::report::{Sweep, number, one_line};

pub(super) const CHART: Chart = Chart {
    name: "token_requests",
    about: "Token requests per second over simulated time, per strategy, with incidents shaded",
    applies: |record| record.series.iter().any(|s| s.series == SERIES && !s.t_s.is_empty()),
    draw,
};

const SERIES: &str = "token_requests";

fn draw(record: &Record) -> Drawing {
    // Of a sweep the last point that has a series is shown, as the most extreme one.
    let has = |p: &String| {
        record
            .series
            .iter()
            .any(|s| s.series == SERIES && s.point == *p && !s.t_s.is_empty())
    };
    let Some(shown) = record.points.iter().rposition(has) else {
        return frame::nothing(record, "No token requests over time");
    };
    let point = &record.points[shown];
    let panels: Vec<(&String, Option<&Series>)> = record
        .strategies
        .iter()
        .map(|s| {
            (
                s,
                record
                    .series
                    .iter()
                    .find(|x| x.series == SERIES && x.point == *point && x.strategy == *s),
            )
        })
        .collect();
    let finite = |s: &Series| s.value.iter().copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
    let peak = panels
        .iter()
        .filter_map(|(name, s)| s.map(|s| (*name, finite(s))))
        .max_by(|a, b| a.1.total_cmp(&b.1));
    let most = peak.map_or(0.0, |(_, v)| v);
    let until = panels.iter().filter_map(|(_, s)| s.map(span)).fold(0.0, f64::max);

    let place = Sweep::of(record).point(shown);
    let place = if place.is_empty() {
        place
    } else {
        format!(" at {place}")
    };
    let title = match peak {
        Some((name, most)) => {
            format!(
                "{} peaks at {} token requests per second{place}",
                quoted(name),
                number::short(most)
            )
        }
        None => "No token requests over time".to_owned(),
    };
    let incidents: Vec<_> = record
        .incidents
        .iter()
        .filter(|i| i.from_s.is_finite() && i.from_s < until && i.until_s >= 0.0)
        .zip('A'..='Z')
        .collect();
    let (second, unit) = time_unit(until);
    let time = |t: f64| number::significant(t / second, 4);
    let told = incidents.iter().map(|(i, letter)| {
        let when = if i.until_s <= i.from_s {
            format!("at {} {unit}", time(i.from_s))
        } else if i.until_s < until {
            format!("{} to {} {unit}", time(i.from_s), time(i.until_s))
        } else {
            format!("from {} {unit} on", time(i.from_s))
        };
        format!("{letter} {} ({when})", one_line(&i.label, 60))
    });
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
    let mut below = vec![plain(format!(
        "Token requests per second over simulated time{mean}{scale_note}; the highest value is written out."
    ))];
    if !incidents.is_empty() {
        below.push(plain(format!("Shaded: {}.", told.collect::<Vec<_>>().join(", "))));
    }
    let (mut drawing, top) = frame::head(&title, &below);

    let columns = match panels.len() {
        0 | 1 => 1,
        2..=4 => 2,
        5..=9 => 3,
        _ => 4,
    };
    // Headroom for the peak's figure and the letters of the incidents.
    let (ticks, end) = frame::ticks(most, if columns == 1 { 5 } else { 3 });
    let end = if incidents.is_empty() { end * 1.2 } else { end * 1.3 };
    let labels: Vec<String> = ticks.iter().map(|t| number::short(*t)).collect();
    let axis = labels.iter().map(|l| width_of(l, SMALL, false)).fold(0.0, f64::max) + 6.0;
    let gap = 16.0;
    let all = WIDTH - 2.0 * MARGIN - axis;
    let width = (all - gap * (columns as f64 - 1.0)) / columns as f64;
    let height = match columns {
        1 => 240.0,
        2 => 150.0,
        3 => 110.0,
        _ => 92.0,
    };
    // Name above, times below.
    let pitch = height + 46.0;
    for (i, (name, series)) in panels.iter().enumerate() {
        let left = MARGIN + axis + (i % columns) as f64 * (width + gap);
        let upper = top + 20.0 + (i / columns) as f64 * pitch;
        let lower = upper + height;
        let x = Scale::linear(0.0, until, left, left + width);
        let y = Scale::linear(0.0, end, lower, upper);
        for (tick, label) in ticks.iter().zip(&labels) {
            drawing.line([(left, y.at(*tick)), (left + width, y.at(*tick))], 1.0, RULE);
            if i % columns == 0 {
                drawing.text((left - 6.0, y.at(*tick)), label.clone(), SMALL, Align::Right, GREY);
            }
        }
        for (incident, _) in &incidents {
            let (from, to) = (x.at(incident.from_s.max(0.0)), x.at(incident.until_s.min(until)));
            drawing.rect((from, upper), (to.max(from + 1.5), lower), SHADE);
        }
        time_axis(&mut drawing, &x, until, lower, columns);
        // A single panel is named by the title.
        if panels.len() > 1 {
            drawing.bold(
                (left, upper - 12.0),
                cut(&one_line(name, 200), BODY, true, width),
                BODY,
                Align::Left,
                BLACK,
            );
        }
        match series.filter(|s| !s.t_s.is_empty()) {
            Some(series) => curve(&mut drawing, series, &x, &y, (left, left + width)),
            None => drawing.text(
                (left + width / 2.0, (upper + lower) / 2.0),
                "no series",
                SMALL,
                Align::Center,
                GREY,
            ),
        }
        // Letters last, over the curve; side by side where incidents are close.
        let wishes: Vec<f64> = incidents
            .iter()
            .map(|(i, _)| (x.at(i.from_s.max(0.0)) + x.at(i.until_s.min(until))) / 2.0)
            .collect();
        let places = frame::apart(&wishes, 10.0, (left + 5.0, left + width - 5.0));
        for ((_, letter), x) in incidents.iter().zip(places) {
            drawing.bold((x, upper + 7.0), letter.to_string(), SMALL, Align::Center, GREY);
        }
    }
    let lines = panels.len().div_ceil(columns).max(1);
    frame::foot(drawing, record, top + lines as f64 * pitch + 2.0)
}

/// Where a series ends: its last interval is taken to be as long as the one before.
fn span(series: &Series) -> f64 {
    let width = match series.t_s.as_slice() {
        [.., a, b] => b - a,
        _ => 1.0,
    };
    series.t_s.last().map_or(0.0, |last| last + width)
}

/// The unit in which a stretch of simulated time has a few digits, and its length in seconds.
fn time_unit(until: f64) -> (f64, &'static str) {
    match until {
        u if u <= 1200.0 => (1.0, "s"),
        u if u <= 4.0 * 3600.0 => (60.0, "min"),
        u if u <= 4.0 * 86_400.0 => (3600.0, "h"),
        _ => (86_400.0, "d"),
    }
}

fn time_axis(drawing: &mut Drawing, x: &Scale, until: f64, lower: f64, columns: usize) {
    drawing.line([(x.at(0.0), lower), (x.at(until), lower)], 1.0, GREY);
    let (second, unit) = time_unit(until);
    let (ticks, _) = frame::ticks(until / second, if columns == 1 { 8 } else { 4 });
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
