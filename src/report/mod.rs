//! What people look at: the printed comparison and the charts.
//!
//! Everything here is drawn from a [`Record`] alone, so an old result can be drawn again. This module runs nothing,
//! measures nothing and prints nothing: it returns text and bytes, and `cli` decides where they go.

pub mod chart;
mod comparison;
mod fates;
pub mod number;
mod sheet;
pub mod table;
mod words;

use crate::plan::SweepPoint;
use crate::record::{Reading, Record};
use std::collections::BTreeMap;

/// The readings of a record by strategy, point and metric.
pub(crate) struct Figures<'a> {
    by_key: BTreeMap<(&'a str, &'a str, &'a str), &'a Reading>,
}

impl<'a> Figures<'a> {
    pub(crate) fn of(record: &'a Record) -> Figures<'a> {
        let key = |r: &'a Reading| (r.strategy.as_str(), r.point.as_str(), r.metric.as_str());
        Figures {
            by_key: record.readings.iter().map(|r| (key(r), r)).collect(),
        }
    }

    /// The figure, if it was measured and is a finite number.
    pub(crate) fn get(&self, strategy: &str, point: &str, metric: &str) -> Option<Figure> {
        let reading = self.by_key.get(&(strategy, point, metric))?;
        let mean = reading.mean.filter(|m| m.is_finite())?;
        Some(Figure {
            mean,
            ci95: reading.ci95.filter(|(low, high)| low.is_finite() && high.is_finite()),
        })
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

/// The sweep of a record: the swept keys, and their values at each point.
pub(crate) struct Sweep {
    /// As the scenario writes them, e.g. `fleet.web.nodes`.
    pub(crate) keys: Vec<String>,
    /// The shortest endings of the keys that still tell them apart, e.g. `nodes`.
    pub(crate) short: Vec<String>,
    /// For every point of the record, one value per key; empty where the point does not set it.
    pub(crate) values: Vec<Vec<String>>,
}

impl Sweep {
    /// Without a sweep there are no keys.
    pub(crate) fn of(record: &Record) -> Sweep {
        let mut keys: Vec<String> = Vec::new();
        let mut parsed = Vec::new();
        for point in &record.points {
            let pairs: Vec<(String, String)> = SweepPoint::parse(point)
                .pairs()
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect();
            for (key, _) in &pairs {
                if !keys.contains(key) {
                    keys.push(key.clone());
                }
            }
            parsed.push(pairs);
        }
        let values = parsed
            .iter()
            .map(|pairs| {
                let value = |key| pairs.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone());
                keys.iter().map(|key| value(key).unwrap_or_default()).collect()
            })
            .collect();
        let ending = |key: &str, parts: usize| {
            let all: Vec<&str> = key.split('.').collect();
            all[all.len().saturating_sub(parts)..].join(".")
        };
        let depth = keys.iter().map(|k| k.split('.').count()).max().unwrap_or(1);
        let short = (1..=depth)
            .map(|parts| keys.iter().map(|k| ending(k, parts)).collect::<Vec<_>>())
            .find(|short| short.iter().enumerate().all(|(i, s)| !short[..i].contains(s)))
            .unwrap_or_else(|| keys.clone());
        Sweep { keys, short, values }
    }

    /// What a swept key is, in words where it is one of those that are swept often.
    pub(crate) fn words(key: &str) -> String {
        let parts: Vec<&str> = key.split('.').collect();
        match parts.as_slice() {
            ["fleet", fleet, "nodes"] => format!("processes in {fleet}"),
            ["fleet", fleet, "workload", _, "arrivals", "poisson" | "periodic"] => {
                format!("calls at each process of {fleet}")
            }
            ["event", _, "what", "fail", "for"] => "length of the outage".to_owned(),
            ["event", _, "what", "slow", "for"] => "length of the slowdown".to_owned(),
            ["event", _, "what", "spike", "calls"] => "calls in the spike, at each process".to_owned(),
            ["provider", "rule", _, "overlap"] => "how long a superseded token lives on".to_owned(),
            ["provider", "token_ttl"] => "life of a token".to_owned(),
            _ => key.to_owned(),
        }
    }

    /// A point in words, e.g. `nodes = 8`; empty without a sweep.
    pub(crate) fn point(&self, index: usize) -> String {
        let values = self.values.get(index).map(Vec::as_slice).unwrap_or_default();
        let pairs = self.short.iter().zip(values).filter(|(_, v)| !v.is_empty());
        pairs
            .map(|(key, value)| format!("{key} = {value}"))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fake;

    #[test]
    fn sweeps_are_told_by_the_shortest_ending_of_their_keys() {
        let mut record = fake::sweep(&[1.0, 2.0]);
        assert_eq!(Sweep::of(&record).point(1), "nodes = 2");
        record.points = vec!["fleet.a.nodes=1;fleet.b.nodes=2".into(), "fleet.a.nodes=3".into()];
        let sweep = Sweep::of(&record);
        assert_eq!(sweep.short, ["a.nodes", "b.nodes"]);
        assert_eq!(
            (sweep.point(0).as_str(), sweep.point(1).as_str()),
            ("a.nodes = 1, b.nodes = 2", "a.nodes = 3")
        );
        assert!(Sweep::of(&fake::dozen()).keys.is_empty());
    }

    #[test]
    fn a_swept_key_is_told_in_words_where_there_are_any() {
        assert_eq!(
            Sweep::words("fleet.web.workload.user.arrivals.poisson"),
            "calls at each process of web"
        );
        assert_eq!(Sweep::words("event.0.what.fail.for"), "length of the outage");
        assert_eq!(
            Sweep::words("strategy.lease.coordination.lease.ttl"),
            "strategy.lease.coordination.lease.ttl"
        );
    }

    #[test]
    fn names_fit_a_line() {
        assert_eq!(one_line("two\n lines\t", 40), "two lines");
        assert_eq!(one_line("", 40), "(unnamed)");
        assert_eq!(one_line("a longer name", 8), "a longe…");
    }
}
