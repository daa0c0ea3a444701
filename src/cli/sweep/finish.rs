//! The end of a sweep: its files, and what is printed of it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{Ended, Telling, refused};
use crate::cli::Exit;
use crate::cli::format::{Format, width};
use crate::cli::say::{note, print, say};
use crate::record::Record;
use crate::record::sweep::{FinishedPoint, SweepFolderError, SweepManifest, SweepPlan, figures, seal, write_points};
use crate::record::write::{ResultFile, RunFolder};
use crate::report::extremes::SweepExtremes;
use crate::report::{chart, page};

/// Points up to which a sweep has a page and charts; of more, nobody would read them.
const DRAWN: u64 = 300;

/// What the page of a sweep does not tell, and why.
const NOTE: &str = "A sweep keeps the figures of each point alone: strategies are not compared in pairs, and there are neither series \
                    over time nor verdicts on a trigger. What was assumed is told as it is before the swept values are put in.";

/// Failed assertions that are told one by one.
const MOST_FAILED: u64 = 10;

/// Writes the files of a sweep from its points in their order, and prints what they come to.
pub(in crate::cli) fn finish(
    folder: &RunFolder,
    plan: &SweepPlan,
    points: impl Iterator<Item = Result<FinishedPoint, SweepFolderError>>,
    telling: Telling,
) -> Result<Exit, Ended> {
    let mut extremes = SweepExtremes::default();
    let mut record = Record {
        manifest: plan.manifest.clone(),
        ..Record::default()
    };
    let mut failed = 0;
    let mut odd = None;
    let written = write_points(folder, plan.precision.is_some(), points, |point| {
        match point.figures() {
            Ok(figures) => {
                figures.iter().for_each(|figure| extremes.see(figure));
                if plan.points <= DRAWN {
                    record.readings.extend(figures.into_iter().map(|figure| figure.reading));
                    record.mixtures.extend(point.mixtures.iter().cloned());
                }
            }
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
    record.manifest.events = written.events;
    let (drawn, obsolete) = drawn(record, plan).map_err(|message| (Exit::Internal, message))?;
    let manifest = seal(folder, plan, &written, drawn, &obsolete);
    let manifest = manifest.map_err(|error| (Exit::Internal, error.to_string()))?;
    let manifest = in_columns(folder, manifest, telling)?;
    let exit = ended(&manifest).max(print(&text(&extremes, &manifest, telling.format)));
    if let Some(told) = precise(&manifest) {
        say!("{told}");
    }
    note!("seed {}; wrote {}", plan.manifest.seed, folder.path().display());
    Ok(exit)
}

/// The page and the charts of a sweep that is small enough, from its readings; and files that are not among them.
fn drawn(mut record: Record, plan: &SweepPlan) -> Result<(Vec<ResultFile>, Vec<PathBuf>), String> {
    if plan.points > DRAWN {
        say!(
            "no page and no charts: {} points are more than the {DRAWN} that they show; results.csv has all",
            plan.points
        );
        return Ok((Vec::new(), Vec::new()));
    }
    let mut seen = BTreeSet::new();
    for reading in &record.readings {
        if seen.insert((0, reading.strategy.clone())) {
            record.strategies.push(reading.strategy.clone());
        }
        if seen.insert((1, reading.point.clone())) {
            record.points.push(reading.point.clone());
        }
    }
    let (mut files, obsolete) = chart::files(&record).map_err(|error| error.to_string())?;
    files.push(page::noted(&record, NOTE));
    Ok((files, obsolete))
}

/// Whether this program can tell it so.
pub(in crate::cli) fn can_tell(telling: Telling) -> Result<(), Ended> {
    if telling.parquet && cfg!(not(feature = "parquet")) {
        let message = "this program was built without `--parquet`; build it with `--features parquet`";
        return Err((Exit::Usage, message.to_owned()));
    }
    Ok(())
}

/// Writes `results.parquet` too, where it is asked for.
#[cfg(feature = "parquet")]
fn in_columns(folder: &RunFolder, manifest: SweepManifest, telling: Telling) -> Result<SweepManifest, Ended> {
    match telling.parquet {
        true => crate::record::sweep::write_columns(folder, manifest).map_err(refused),
        false => Ok(manifest),
    }
}

/// Nobody can have asked for it.
#[cfg(not(feature = "parquet"))]
fn in_columns(_: &RunFolder, manifest: SweepManifest, _: Telling) -> Result<SweepManifest, Ended> {
    Ok(manifest)
}

/// Prints once more what a finished sweep came to.
pub(in crate::cli) fn told_again(folder: &RunFolder, manifest: SweepManifest, telling: Telling) -> Result<Exit, Ended> {
    let mut extremes = SweepExtremes::default();
    for figure in figures(folder.path()).map_err(refused)? {
        extremes.see(&figure.map_err(refused)?);
    }
    let manifest = in_columns(folder, manifest, telling)?;
    let exit = ended(&manifest).max(print(&text(&extremes, &manifest, telling.format)));
    if let Some(told) = precise(&manifest) {
        say!("{told}");
    }
    Ok(exit)
}

/// At how many points the precision was reached; none where nobody asked for one.
fn precise(manifest: &SweepManifest) -> Option<String> {
    let (asked, open) = (manifest.plan.precision.as_ref()?, manifest.points_without_precision?);
    let (asked, points) = (asked.asked.join(", "), manifest.plan.points);
    Some(match open {
        0 => format!("the precision of {asked} was reached at all {points} points"),
        open => format!(
            "the precision of {asked} was reached at {} of {points} points; the column ended_by of results.csv says which limit ended the \
             others: --max-replications and --max-events raise them",
            points - open
        ),
    })
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
