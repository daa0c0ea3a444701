//! The charts of a record, one file each.
//!
//! A chart turns a [`Record`] into a [`Drawing`], a list of marks; SVG and PNG are made from that in memory, the same
//! bytes every time. This module writes no file: [`files`] hands the bytes to whoever does
//! ([`crate::record::write::place`]).

mod agreement;
mod axis;
mod columns;
mod cost;
mod drawing;
mod failures;
mod frame;
mod goodput;
mod grid;
mod holders;
mod hysteresis;
mod latency;
mod map;
mod over_time;
mod png;
mod stamp;
mod svg;
pub mod sweep;
mod swept;
#[cfg(test)]
mod tests;
mod text;
mod token_requests;
mod vulnerable;

pub use agreement::agreement;
pub use drawing::Drawing;
pub(super) use drawing::INKS;

use super::Figures;
use crate::record::Record;
use crate::record::write::ResultFile;
use std::path::PathBuf;

/// Every chart; to add one, write its file and its line here.
pub const CHARTS: &[Chart] = &[
    failures::CHART,
    token_requests::CHART,
    goodput::CHART,
    holders::CHART,
    cost::CHART,
    latency::CHART,
    sweep::CHART,
    map::CHART,
    hysteresis::CHART,
    vulnerable::CHART,
];

/// One way to look at a record.
#[derive(Clone, Copy)]
pub struct Chart {
    /// Also the name of its files, without their endings.
    pub name: &'static str,
    /// What it shows, in a line.
    pub about: &'static str,
    /// Whether the record has anything to show in it.
    pub applies: fn(&Record) -> bool,
    /// Draws any record, even one to which the chart does not apply.
    pub draw: fn(&Record) -> Drawing,
}

/// Why a chart could not be turned into pixels. It is not the user's doing.
#[derive(Debug, thiserror::Error)]
#[error("cannot rasterise a chart: {0}")]
pub struct ChartError(String);

/// The charts that apply to a record as `charts/NAME.svg` and `charts/NAME.png`, and the paths of those that do not,
/// for removal: an earlier run into the same directory may have left them.
///
/// # Errors
///
/// [`ChartError`] when a chart cannot be drawn.
pub fn files(record: &Record) -> Result<(Vec<ResultFile>, Vec<PathBuf>), ChartError> {
    let (mut drawn, mut obsolete) = (Vec::new(), Vec::new());
    for chart in CHARTS {
        let path = |ending: &str| PathBuf::from(format!("charts/{}.{ending}", chart.name));
        if (chart.applies)(record) {
            let drawing = (chart.draw)(record);
            let run = &record.manifest.run;
            drawn.push(ResultFile::new(path("svg"), stamp::svg(drawing.svg(), run)));
            drawn.push(ResultFile::new(path("png"), stamp::png(&drawing, run)?));
        } else {
            obsolete.extend([path("svg"), path("png")]);
        }
    }
    Ok((drawn, obsolete))
}

/// Whether the record has a single point.
fn unswept(record: &Record) -> bool {
    record.points.len() <= 1
}

/// Whether any of the metrics has a value anywhere.
fn measured(record: &Record, metrics: &[&str]) -> bool {
    let has = |r: &crate::record::Reading| r.mean.is_some_and(f64::is_finite);
    record
        .readings
        .iter()
        .any(|r| metrics.contains(&r.metric.as_str()) && has(r))
}

/// The only point of a record without a sweep; of one with a sweep, the last.
fn last_point(record: &Record) -> &str {
    record.points.last().map_or("", String::as_str)
}

/// The strategies by the mean of each of these metrics in turn, least first; those without a figure last, equals in the order of
/// the scenario.
fn ranked<'a>(record: &'a Record, figures: &Figures<'_>, point: &str, metrics: &[&str]) -> Vec<&'a String> {
    let mut order: Vec<&String> = record.strategies.iter().collect();
    let mean = |strategy: &str, metric: &str| figures.mean(strategy, point, metric).unwrap_or(f64::INFINITY);
    order.sort_by(|one, other| {
        let by = |metric: &&str| mean(one, metric).total_cmp(&mean(other, metric));
        metrics
            .iter()
            .map(by)
            .find(|order| order.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    order
}

/// A strategy and one mean of it.
type Named<'a> = (&'a str, f64);

/// The strategies with the least and the greatest mean of a metric; the first of equals.
fn extremes<'a>(
    record: &'a Record,
    figures: &Figures<'_>,
    point: &str,
    metric: &str,
) -> Option<(Named<'a>, Named<'a>)> {
    let mean = |s: &'a String| figures.mean(s, point, metric).map(|m| (s.as_str(), m));
    let all: Vec<(&str, f64)> = record.strategies.iter().filter_map(mean).collect();
    let least = all.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let most = all.iter().rev().copied().max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some((least, most))
}
