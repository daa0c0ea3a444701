//! What people look at: the printed comparison and the charts.
//!
//! Everything here is drawn from a [`Record`] alone, so an old result can be drawn again. This module runs nothing,
//! measures nothing and prints nothing: it returns text and bytes, and `cli` decides where they go.

pub mod advice;
pub mod agreement;
mod answer;
mod baseline;
pub mod chart;
mod comparison;
mod conditions;
mod controls;
pub mod extremes;
mod fates;
pub mod findings;
mod interval;
mod mixtures;
pub mod names;
mod noise;
pub mod number;
pub mod page;
pub mod precision;
mod providers;
mod quotas;
pub mod rare;
mod reasons;
mod setting;
mod sheet;
mod swept;
pub mod table;
mod tenants;
pub mod verdicts;
mod warmup;
mod words;

use crate::record::{MixedFigure, Mixture, Reading, Record};
use std::collections::BTreeMap;

pub(crate) use swept::Sweep;

/// Beyond these a list of strategies in sentences says no more.
const MOST_TOLD: usize = 3;

/// The readings of a record by strategy, point and metric.
pub(crate) struct Figures<'a> {
    by_key: BTreeMap<(&'a str, &'a str, &'a str), &'a Reading>,
    mixtures: &'a [Mixture],
}

impl<'a> Figures<'a> {
    pub(crate) fn of(record: &'a Record) -> Figures<'a> {
        let key = |r: &'a Reading| (r.strategy.as_str(), r.point.as_str(), r.metric.as_str());
        Figures {
            by_key: record.readings.iter().map(|r| (key(r), r)).collect(),
            mixtures: &record.mixtures,
        }
    }

    /// The figure, if it was measured and is a finite number.
    pub(crate) fn get(&self, strategy: &str, point: &str, metric: &str) -> Option<Figure> {
        let reading = self.by_key.get(&(strategy, point, metric))?;
        let mean = reading.mean.filter(|m| m.is_finite())?;
        Some(Figure {
            mean,
            ci95: reading.ci95.filter(|(low, high)| low.is_finite() && high.is_finite()),
            doubtful: reading.doubtful,
        })
    }

    /// The figure of each kind of runs, where some storm, some do not, and the two are apart in it.
    pub(crate) fn kinds(&self, strategy: &str, point: &str, metric: &str) -> Option<&'a MixedFigure> {
        let mut own = self
            .mixtures
            .iter()
            .filter(|of| of.strategy == strategy && of.point == point);
        own.find_map(|of| of.of(metric)).filter(|figure| figure.apart)
    }

    /// The mean alone.
    pub(crate) fn mean(&self, strategy: &str, point: &str, metric: &str) -> Option<f64> {
        self.get(strategy, point, metric).map(|f| f.mean)
    }
}

/// A finite mean with its 95 % interval, in the metric's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Figure {
    pub(crate) mean: f64,
    pub(crate) ci95: Option<(f64, f64)>,
    /// The interval is not to be trusted.
    pub(crate) doubtful: bool,
}

impl Figure {
    /// Whether the two cannot be told apart by their intervals. Without intervals only equal means are the same: one
    /// replication gives no idea of the noise. Overlap is a cautious test; the record's paired comparisons are sharper
    /// but exist against the reference only.
    pub(crate) fn overlaps(self, other: Figure) -> bool {
        match (self.ci95, other.ci95) {
            (Some(a), Some(b)) => a.0 <= b.1 && b.0 <= a.1,
            _ => self.mean == other.mean,
        }
    }
}

/// A name as it can stand in a line of text: one line, never empty, at most `most` characters.
pub(crate) fn one_line(name: &str, most: usize) -> String {
    let mut out = String::new();
    for c in name.trim().chars() {
        let c = if c.is_control() || c.is_whitespace() { ' ' } else { c };
        if !(c == ' ' && out.ends_with(' ')) {
            out.push(c);
        }
    }
    if out.is_empty() {
        return "(unnamed)".to_owned();
    }
    if out.chars().count() > most {
        out = out
            .chars()
            .take(most.saturating_sub(1))
            .collect::<String>()
            .trim_end()
            .to_owned()
            + "…";
    }
    out
}

/// A name between quotes, cut to what a sentence bears.
pub(crate) fn quoted(name: &str) -> String {
    format!("“{}”", one_line(name, 44))
}

/// `“a”`, `“a” and “b”`, `“a”, “b” and 3 more`.
pub(crate) fn listed(names: &[&str]) -> String {
    match names {
        [] => "none".to_owned(),
        [one] => quoted(one),
        [one, two] => format!("{} and {}", quoted(one), quoted(two)),
        [one, two, three] => format!("{}, {} and {}", quoted(one), quoted(two), quoted(three)),
        [one, two, rest @ ..] => {
            format!("{}, {} and {} more", quoted(one), quoted(two), rest.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_a_line() {
        assert_eq!(one_line("two\n lines\t", 40), "two lines");
        assert_eq!(one_line("", 40), "(unnamed)");
        assert_eq!(one_line("a longer name", 8), "a longe…");
    }
}
