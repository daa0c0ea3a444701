//! The end of a sweep: its files, and what is printed of it.

use std::path::Path;

use super::{Ended, refused};
use crate::cli::Exit;
use crate::cli::format::{Format, width};
use crate::cli::say::{print, say};
use crate::record::sweep::{FinishedPoint, SweepFolderError, SweepManifest, SweepPlan, readings, seal, write_points};
use crate::record::write::RunFolder;
use crate::report::extremes::SweepExtremes;

/// Failed assertions that are told one by one.
const MOST_FAILED: u64 = 10;

/// Writes the files of a sweep from its points in their order, and prints what they come to.
pub(in crate::cli) fn finish(
    folder: &RunFolder,
    plan: &SweepPlan,
    points: impl Iterator<Item = Result<FinishedPoint, SweepFolderError>>,
    format: Format,
) -> Result<Exit, Ended> {
    let mut extremes = SweepExtremes::default();
    let mut failed = 0;
    let mut odd = None;
    let written = write_points(folder, points, |point| {
        match point.readings() {
            Ok(readings) => readings.iter().for_each(|reading| extremes.see(reading)),
            Err(error) => odd = odd.take().or(Some(error)),
        }
        for told in &point.failed {
            if failed < MOST_FAILED {
                say!("assertion failed: {told}");
            }
            failed += 1;
        }
    })
    .map_err(refused)?;
    if let Some(error) = odd {
        return Err((Exit::Internal, format!("a row of the results is none: {error}")));
    }
    if failed > MOST_FAILED {
        say!("and {} more assertions failed", failed - MOST_FAILED);
    }
    let manifest =
        seal(folder, plan, &written, Vec::new(), &[]).map_err(|error| (Exit::Internal, error.to_string()))?;
    let exit = ended(&manifest).max(print(&text(&extremes, &manifest, format)));
    say!("seed {}; wrote {}", plan.manifest.seed, folder.path().display());
    Ok(exit)
}

/// Prints once more what a finished sweep came to.
pub(in crate::cli) fn told_again(dir: &Path, manifest: &SweepManifest, format: Format) -> Result<Exit, Ended> {
    let mut extremes = SweepExtremes::default();
    for reading in readings(dir).map_err(refused)? {
        extremes.see(&reading.map_err(refused)?);
    }
    Ok(ended(manifest).max(print(&text(&extremes, manifest, format))))
}

fn ended(manifest: &SweepManifest) -> Exit {
    match manifest.points_with_failed_assertions {
        0 => Exit::Ok,
        _ => Exit::AssertionFailed,
    }
}

fn text(extremes: &SweepExtremes, manifest: &SweepManifest, format: Format) -> String {
    match format {
        Format::Table => extremes.human(&manifest.plan, width()),
        Format::Md => extremes.markdown(&manifest.plan),
        Format::Csv => extremes.csv(),
        Format::Json => extremes.json(manifest),
    }
}
