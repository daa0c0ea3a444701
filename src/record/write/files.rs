//! The files of a record, rendered in memory.

use std::path::PathBuf;

use super::super::cells::{csv_text, number};
use super::super::layout::{
    HOLDERS, MANIFEST, PRECISE_HEADER, REPLICATIONS, RESULTS, RESULTS_HEADER, SUMMARY, TENANTS, TIMELINE,
    TIMELINE_HEADER,
};
use super::super::summary::Summary;
use super::super::{
    FigureDoubts, PrecisionEnd, Reading, Record, SealedManifest, holders, replications, sha256, tenants,
};
use crate::base::shown;

/// One rendered file, waiting to be put in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultFile {
    /// Relative to the record's directory, e.g. `charts/failures.svg`.
    pub path: PathBuf,
    /// The whole content.
    pub bytes: Vec<u8>,
}

impl ResultFile {
    /// A file at `path` (relative to the record's directory) with this content.
    pub fn new(path: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) -> ResultFile {
        ResultFile {
            path: path.into(),
            bytes: bytes.into(),
        }
    }
}

/// Renders the files of a record in memory, in the order in which [`place`](super::place) should put them: the manifest last,
/// so that a directory with a manifest is a complete one.
///
/// Equal records give equal bytes. Figures that are not numbers become empty cells; infinite ones stay `inf` in CSV
/// and become `null` in JSON, which has no word for them.
pub fn files(record: &Record) -> Vec<ResultFile> {
    let mut files = vec![
        ResultFile::new(RESULTS, results_csv(record)),
        ResultFile::new(TIMELINE, timeline_csv(record)),
    ];
    if !record.holdings.is_empty() {
        files.push(ResultFile::new(HOLDERS, holders::csv(record)));
    }
    if !record.replicated.is_empty() {
        files.push(ResultFile::new(REPLICATIONS, replications::csv(record)));
    }
    if !record.tenants.is_empty() {
        files.push(ResultFile::new(TENANTS, tenants::csv(record)));
    }
    files.push(ResultFile::new(SUMMARY, summary_json(record)));
    let digest = |file: &ResultFile| (file.path.display().to_string(), sha256(&file.bytes));
    let sealed = SealedManifest {
        manifest: record.manifest.clone(),
        files: files.iter().map(digest).collect(),
    };
    files.push(ResultFile::new(MANIFEST, json_text(&sealed)));
    files
}

/// What an earlier run may have left that this record has no successor for, relative to its directory.
pub fn obsolete(record: &Record) -> Vec<PathBuf> {
    let absent = [
        (HOLDERS, record.holdings.is_empty()),
        (REPLICATIONS, record.replicated.is_empty()),
        (TENANTS, record.tenants.is_empty()),
    ];
    let absent = absent.into_iter().filter(|(_, is_absent)| *is_absent);
    absent.map(|(name, _)| PathBuf::from(name)).collect()
}

/// `results.csv`: one row per reading, in the record's order.
pub fn results_csv(record: &Record) -> String {
    let manifest = &record.manifest;
    let open = manifest.precision.as_ref().map_or(&[][..], |reached| &reached.open);
    let doubts = FigureDoubts::of(&record.mixtures, open);
    readings_csv((&manifest.scenario, &manifest.run), &record.readings, &doubts)
}

/// Readings of a scenario and a run as `results.csv` has them.
pub(in crate::record) fn readings_csv(of: (&str, &str), readings: &[Reading], doubts: &FigureDoubts<'_>) -> String {
    let row = |reading| row(of, reading, doubts);
    csv_text(&RESULTS_HEADER, readings.iter().map(row))
}

/// The same for a point of a sweep whose replications this has ended.
pub(in crate::record) fn ended_csv(
    of: (&str, &str),
    readings: &[Reading],
    doubts: &FigureDoubts<'_>,
    ended_by: PrecisionEnd,
) -> String {
    let row = |reading| {
        let mut cells = row(of, reading, doubts).into_iter();
        std::array::from_fn(|_| cells.next().unwrap_or_else(|| ended_by.name().to_owned()))
    };
    csv_text(&PRECISE_HEADER, readings.iter().map(row))
}

fn row((scenario, run): (&str, &str), r: &Reading, doubts: &FigureDoubts<'_>) -> [String; RESULTS_HEADER.len()] {
    let [doubt, storm, calm] = doubts.cells(r);
    let (low, high) = r.ci95.map_or((None, None), |(low, high)| (Some(low), Some(high)));
    [
        scenario.to_owned(),
        r.strategy.clone(),
        r.point.clone(),
        r.metric.clone(),
        r.unit.clone(),
        number(r.mean),
        number(low),
        number(high),
        r.replications.to_string(),
        doubt,
        storm,
        calm,
        run.to_owned(),
    ]
}

/// `timeline.csv`: one row per value of a series, series after series in the record's order.
pub fn timeline_csv(record: &Record) -> String {
    let scenario = record.manifest.scenario.as_str();
    csv_text(
        &TIMELINE_HEADER,
        record.series.iter().flat_map(|s| {
            s.t_s.iter().zip(&s.value).map(move |(&t, &value)| {
                [
                    scenario.to_owned(),
                    s.strategy.clone(),
                    s.point.clone(),
                    number(Some(t)),
                    s.series.clone(),
                    number(Some(value)),
                    record.manifest.run.clone(),
                ]
            })
        }),
    )
}

/// `summary.json`: a [`Summary`], indented, with a newline at the end.
pub fn summary_json(record: &Record) -> String {
    json_text(&Summary::from(record))
}

/// A value as an indented JSON text, with a newline at its end.
pub(in crate::record) fn json_text(value: &impl serde::Serialize) -> String {
    // Only maps with keys that are not strings can fail, and our types have none.
    let mut text = serde_json::to_string_pretty(value).expect("plain data as JSON");
    text.push('\n');
    shown::json(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fake;

    #[test]
    fn equal_records_give_equal_bytes() {
        assert_eq!(files(&fake::dozen()), files(&fake::dozen()));
    }

    #[test]
    fn columns_are_the_published_ones() {
        let record = fake::odd();
        let results = results_csv(&record);
        let timeline = timeline_csv(&record);
        assert_eq!(
            results.lines().next().unwrap(),
            "scenario,strategy,point,metric,unit,mean,ci95_low,ci95_high,replications,doubt,storm_mean,calm_mean,run"
        );
        assert_eq!(
            timeline.lines().next().unwrap(),
            "scenario,strategy,point,t_s,series,value,run"
        );
        assert!(
            results.contains(&format!(",s,,,,0,,,,{}\n", record.manifest.run)),
            "a metric without a value has empty cells:\n{results}"
        );
    }
}
