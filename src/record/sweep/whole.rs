//! The files of a sweep that is finished: `results.csv` written point by point, and a manifest that comes last.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::error::SweepFolderError;
use super::journal::{FinishedPoint, JOURNAL};
use super::plan::SweepPlan;
use crate::base::shown;
use crate::record::layout::{MANIFEST, PRECISE_HEADER, RESULTS, RESULTS_HEADER};
use crate::record::run_id::hex;
use crate::record::write::{Arrival, ResultFile, RunFolder, WriteError, json_text, refusal};
use crate::record::{FigureDoubts, PrecisionEnd, Reading, cells, load, write};

/// The manifest of a finished sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepManifest {
    /// What it is about, with all events of all points.
    #[serde(flatten)]
    pub plan: SweepPlan,
    /// Points at which an assertion of the scenario failed.
    pub points_with_failed_assertions: u64,
    /// Points that a limit has ended before their figures were known as well as was asked; none where nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points_without_precision: Option<u64>,
    /// SHA-256 in hex of the files that it vouches for.
    pub files: BTreeMap<String, String>,
}

impl SweepManifest {
    /// The manifest in a folder; none where there is none.
    ///
    /// # Errors
    /// [`SweepFolderError::NoSweep`] when it is of something else.
    pub fn of(dir: &Path) -> Result<Option<Self>, SweepFolderError> {
        let path = dir.join(MANIFEST);
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read(&path).map_err(|source| SweepFolderError::Unreadable { path, source })?;
        let read = serde_json::from_slice(&text).map(Some);
        read.map_err(|_| SweepFolderError::NoSweep { dir: dir.to_owned() })
    }
}

/// The rows of one point of a scenario's sweep with this id for `results.csv`, without a header; each says what ended the replications where a
/// precision was asked for.
pub fn rows(
    of: (&str, &str),
    readings: &[Reading],
    doubts: &FigureDoubts<'_>,
    ended_by: Option<PrecisionEnd>,
) -> String {
    let text = match ended_by {
        None => write::readings_csv(of, readings, doubts),
        Some(ended_by) => write::ended_csv(of, readings, doubts, ended_by),
    };
    text.split_once('\n')
        .map_or_else(String::new, |(_, rows)| rows.to_owned())
}

/// A figure of a point, as its row of `results.csv` has it.
#[derive(Clone, Debug, PartialEq)]
pub struct SweptFigure {
    /// What was measured.
    pub reading: Reading,
    /// Its mean is one of two kinds of runs, which are apart in this figure.
    pub of_two_kinds: bool,
}

impl FinishedPoint {
    /// The figures in its rows.
    ///
    /// # Errors
    /// With the row that is none, in words.
    pub fn figures(&self) -> Result<Vec<SweptFigure>, String> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(self.rows.as_bytes());
        let rows = reader
            .records()
            .map(|row| figure(&row.map_err(|error| error.to_string())?));
        rows.collect()
    }
}

/// What the points of a sweep came to, once their rows are in their place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WrittenPoints {
    /// How many there are.
    pub points: u64,
    /// Simulator events of all.
    pub events: u64,
    /// Points at which an assertion of the scenario failed.
    pub failed: u64,
    /// Points that a limit has ended before their figures were known as well as was asked.
    pub not_reached: u64,
    sha256: String,
}

/// Writes `results.csv` from points in their order, whole or not at all; each is shown to `see` as it passes. The rows of a `precise` sweep say
/// what ended the replications of their point.
///
/// # Errors
/// [`SweepFolderError`] when a point cannot be read or the file cannot be written.
pub fn write_points(
    folder: &RunFolder,
    precise: bool,
    points: impl Iterator<Item = Result<FinishedPoint, SweepFolderError>>,
    mut see: impl FnMut(&FinishedPoint),
) -> Result<WrittenPoints, SweepFolderError> {
    let path = folder.path().join(RESULTS);
    let arrival = Arrival::at(&path)?;
    let write = |error| SweepFolderError::Write(refusal(&path, error));
    let mut out = Hashed::new(BufWriter::new(arrival.file()));
    let mut told = WrittenPoints::default();
    let header = match precise {
        false => cells::csv_text(&RESULTS_HEADER, std::iter::empty()),
        true => cells::csv_text(&PRECISE_HEADER, std::iter::empty()),
    };
    out.write_all(header.as_bytes()).map_err(write)?;
    for point in points {
        let point = point?;
        out.write_all(point.rows.as_bytes()).map_err(write)?;
        told.points += 1;
        told.events += point.events;
        told.failed += u64::from(!point.failed.is_empty());
        told.not_reached += u64::from(point.ended_by.is_some_and(|by| by != PrecisionEnd::Reached));
        see(&point);
    }
    (_, told.sha256) = out.finish().map_err(write)?;
    arrival.arrive()?;
    Ok(told)
}

/// Passes on what is written, and takes its hash.
pub(super) struct Hashed<W> {
    to: W,
    sha256: Sha256,
}

impl<W: Write> Hashed<W> {
    pub fn new(to: W) -> Self {
        let sha256 = Sha256::new();
        Self { to, sha256 }
    }

    /// Where all of it has gone, and its hash as a manifest has it.
    pub fn finish(mut self) -> io::Result<(W, String)> {
        self.to.flush()?;
        Ok((self.to, hex(&self.sha256.finalize())))
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.sha256.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Puts the other files of a finished sweep beside its points, the manifest last, and removes the journal that is needed no more.
///
/// # Errors
/// [`WriteError`]; the journal is then still there, and the same command goes on from it.
pub fn seal(
    folder: &RunFolder,
    plan: &SweepPlan,
    written: &WrittenPoints,
    more: Vec<ResultFile>,
    obsolete: &[PathBuf],
) -> Result<SweepManifest, WriteError> {
    let mut plan = plan.clone();
    let precise = plan.precision.is_some();
    plan.manifest.events = written.events;
    let manifest = SweepManifest {
        plan,
        points_with_failed_assertions: written.failed,
        points_without_precision: precise.then_some(written.not_reached),
        files: BTreeMap::from([(RESULTS.to_owned(), written.sha256.clone())]),
    };
    let mut files = more;
    files.push(ResultFile::new(MANIFEST, json_text(&manifest)));
    folder.place(&files, obsolete)?;
    let journal = folder.path().join(JOURNAL);
    if journal.exists() {
        fs::remove_file(&journal).map_err(|error| refusal(&journal, error))?;
    }
    Ok(manifest)
}

/// The figures of a finished sweep, one by one.
///
/// # Errors
/// [`SweepFolderError`] when the file cannot be read, or a row is none.
pub fn figures(
    dir: &Path,
) -> Result<impl Iterator<Item = Result<SweptFigure, SweepFolderError>> + use<>, SweepFolderError> {
    let path = dir.join(RESULTS);
    let damaged = move |path: &Path, reason: String| SweepFolderError::Damaged {
        path: path.to_owned(),
        reason,
    };
    let reader = csv::Reader::from_path(&path).map_err(|error| damaged(&path, error.to_string()))?;
    let rows = reader.into_records();
    Ok(rows.map(move |row| {
        let row = row.map_err(|error| damaged(&path, error.to_string()))?;
        figure(&row).map_err(|reason| damaged(&path, reason))
    }))
}

/// The number of the point that a row of a finished sweep's `results.csv` belongs to, and all its figures; none where there are not so many
/// rows. They are counted as a spreadsheet does, from 1, which is the header.
///
/// # Errors
/// [`SweepFolderError`] when the file cannot be read, or a row is none.
pub fn point_of_row(dir: &Path, row: u64) -> Result<Option<(u64, Vec<Reading>)>, SweepFolderError> {
    let (mut number, mut found) = (0, false);
    let mut point: Vec<Reading> = Vec::new();
    for (at, figure) in (2..).zip(figures(dir)?) {
        let reading = figure?.reading;
        // Points of a sample may have the same values: the next one begins where the first figure comes again.
        let begins = |first: &Reading| {
            let key = |reading: &Reading| (reading.strategy.clone(), reading.metric.clone());
            first.point != reading.point || key(first) == key(&reading)
        };
        if point.first().is_some_and(begins) {
            if found {
                break;
            }
            number += 1;
            point.clear();
        }
        point.push(reading);
        found |= at == row;
    }
    Ok(found.then_some((number, point)))
}

fn figure(row: &csv::StringRecord) -> Result<SweptFigure, String> {
    let mut cells = [""; RESULTS_HEADER.len()];
    cells
        .iter_mut()
        .zip(row)
        .for_each(|(cell, value)| *cell = shown::of_cell(value));
    Ok(SweptFigure {
        reading: load::reading(&cells)?,
        of_two_kinds: load::is_of_two_kinds(&cells),
    })
}

/// The manifest of a folder in which this sweep is finished; none where it is not.
///
/// # Errors
/// [`SweepFolderError`] when the folder holds something else.
pub fn finished(dir: &Path, plan: &SweepPlan) -> Result<Option<SweepManifest>, SweepFolderError> {
    // A journal goes before a manifest: the process was killed in between, or the folder is a shard's.
    if dir.join(JOURNAL).exists() {
        return Ok(None);
    }
    let found = SweepManifest::of(dir)?;
    let differs = found
        .as_ref()
        .and_then(|found| SweepFolderError::of_plans(dir, plan, &found.plan));
    differs.map_or(Ok(found), Err)
}
