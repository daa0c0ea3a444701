//! `tokenstorm report`: prints an old result again, and makes its charts and its page anew. Nothing is run.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Exit;
use super::format::Format;
use super::run::INTERRUPTED;
use super::say::{note, print, say};
use crate::campaign::baseline;
use crate::record::Record;
use crate::record::write::{self, RunFolder, WriteError};
use crate::report::{chart, page};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folders that `tokenstorm run` has written
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// With two folders, an earlier and a later run of one scenario: write a page that lays them side by side
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// What is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    if let Some(file) = &arguments.page {
        return match arguments.folders.as_slice() {
            [before, now] => side_by_side(before, now, file, arguments.format),
            _ => {
                say!("error: --page lays two results side by side; name two folders, the earlier one first");
                Exit::Usage
            }
        };
    }
    let drawn = arguments.folders.iter().map(|folder| one(folder, arguments.format));
    drawn.max().unwrap_or(Exit::Ok)
}

/// The later result against the earlier one, and a page of both. Neither folder is touched.
fn side_by_side(before: &Path, now: &Path, file: &Path, format: Format) -> Exit {
    let (before, mut now) = match (Record::load(before), Record::load(now)) {
        (Ok(before), Ok(now)) => (before, now),
        (Err(error), _) | (_, Err(error)) => {
            say!("error: {error}");
            return Exit::Usage;
        }
    };
    now.baseline = Some(baseline::compare(&before, &now));
    let exit = print(&format.of(&now));
    match write::place_alone(file, page::pair(&before, &now).as_bytes()) {
        Ok(()) => {
            note!("wrote {}", file.display());
            exit
        }
        Err(error) => {
            say!("error: {error}");
            exit.max(Exit::Internal)
        }
    }
}

fn one(folder: &Path, format: Format) -> Exit {
    // Taken before it is read, so that the charts are those of the record. Where nothing can be written, it can still be told.
    let taken = match folder.is_dir().then(|| RunFolder::take(folder)) {
        Some(Err(error @ WriteError::Busy { .. })) => {
            say!("error: {error}");
            return Exit::Internal;
        }
        taken => taken,
    };
    let record = match Record::load(folder) {
        Ok(record) => record,
        Err(error) => {
            say!("error: {error}");
            return Exit::Usage;
        }
    };
    if record.manifest.interrupted {
        say!("{INTERRUPTED}");
    }
    let exit = print(&format.of(&record));
    let drawn = chart::files(&record)
        .map_err(|error| error.to_string())
        .and_then(|(mut charts, stale)| {
            charts.push(page::file(&record));
            let taken = taken.unwrap_or_else(|| RunFolder::take(folder));
            taken
                .and_then(|taken| taken.place(&charts, &stale))
                .map_err(|error| error.to_string())
        });
    match drawn {
        Ok(()) => exit,
        Err(error) => {
            say!("error: {error}");
            exit.max(Exit::Internal)
        }
    }
}
