//! Scales with round ticks, and axes.

use super::super::{number, one_line};
use super::drawing::{Align, Drawing, GREY, RULE};
use super::frame::{SMALL, WIDTH};
use super::text::width_of;
use crate::record::{Incident, Record};

/// From values to places.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
    log: bool,
    /// Where none is, on a scale of ratios: values below `from` lie evenly between there and `start`.
    none: f64,
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
            none: start,
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
            none: start,
        }
    }

    /// The same scale of ratios, with a place for none: what is less than its first value lies evenly between.
    pub(super) fn with_none(self, none: f64) -> Scale {
        Scale { none, ..self }
    }

    /// Whether equal steps stand for equal ratios.
    pub(super) fn is_log(&self) -> bool {
        self.log
    }

    /// The place of a value; values beyond the ends stay at the ends.
    pub(super) fn at(&self, value: f64) -> f64 {
        if self.log && value < self.from.exp() {
            return self.none + (self.start - self.none) * (value.max(0.0) / self.from.exp());
        }
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

/// The same for shares: never beyond 100 %, nor so close to nothing that no figure would tell one tick from another; where all are
/// zero, one percent.
pub(super) fn share_ticks(most: f64, count: usize) -> (Vec<f64>, f64) {
    let most = if most > 0.0 { most.clamp(1e-4, 1.0) } else { 0.01 };
    let (ticks, end) = ticks(most * 100.0, count);
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

/// The powers of ten among ticks, where there are three of them at least; otherwise all.
pub(super) fn decades(ticks: &[f64]) -> Vec<f64> {
    let is_power = |tick: &&f64| (tick.log10() - tick.log10().round()).abs() < 1e-6;
    let powers: Vec<f64> = ticks.iter().filter(is_power).copied().collect();
    if powers.len() < 3 {
        return ticks.to_vec();
    }
    let stride = powers.len().div_ceil(5);
    powers.into_iter().step_by(stride).collect()
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
    right: f64,
    word: impl Fn(f64) -> String,
) {
    let mut free = f64::NEG_INFINITY;
    for tick in ticks {
        let x = scale.at(*tick);
        drawing.line([(x, top), (x, bottom)], 1.0, RULE);
        let text = word(*tick);
        let half = width_of(&text, SMALL, false) / 2.0;
        if x - half > free && x + half < right.min(WIDTH - 4.0) {
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
    use crate::report::number;
    use std::collections::BTreeSet;

    #[test]
    fn ticks_are_round_and_enclose() {
        assert_eq!(ticks(4.87, 5).0, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(ticks(0.0, 5).0.len(), 6);
        assert_eq!(ticks(f64::NAN, 5).0.len(), 6);
        assert_eq!(ticks(20.3, 4).0, [0.0, 5.0, 10.0, 15.0, 20.0]);
        for most in [0.0, 1e-9, 6e-6, 0.2, 0.97, 1.0, 3.0, f64::NAN] {
            let (ticks, end) = share_ticks(most, 4);
            assert!(ticks.len() >= 3 && ticks.iter().all(|t| *t <= end) && end <= 1.04);
            let told: BTreeSet<String> = ticks.iter().map(|t| number::percent(*t)).collect();
            assert_eq!(told.len(), ticks.len(), "{told:?} up to {most}");
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
        let with_none = scale.with_none(-10.0);
        assert_eq!(
            (with_none.at(0.0), with_none.at(0.5), with_none.at(100.0)),
            (-10.0, -5.0, 200.0)
        );
        assert_eq!(decades(&[1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 1e-1]), [1e-3, 1e-2, 1e-1]);
        assert_eq!(decades(&[0.5, 1.0, 2.0]), [0.5, 1.0, 2.0]);
    }
}
