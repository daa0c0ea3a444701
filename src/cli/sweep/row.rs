//! `tokenstorm sweep --row N`: the point of one row of `results.csv` once more and alone, with all that a run keeps.

use std::path::{Path, PathBuf};

use super::{Ended, mistaken, refused};
use crate::campaign::sweep::SweptScenario;
use crate::campaign::{self, CampaignOptions};
use crate::cli::bar::Bar;
use crate::cli::format::Format;
use crate::cli::interrupt::interrupt;
use crate::cli::say::{note, print, say};
use crate::cli::{Exit, run};
use crate::record::FigureDoubts;
use crate::record::sweep::{SweepPlan, finished, point_of_row, rows};
use crate::record::write::RunFolder;

/// Runs the point of a row of the finished sweep in this folder, and holds its figures to those that stand there.
pub(super) fn alone(
    row: u64,
    (swept, options, plan): (&SweptScenario, &CampaignOptions, &SweepPlan),
    out: &Path,
    format: Format,
) -> Result<Exit, Ended> {
    let (usage, internal) = (
        |message: String| (Exit::Usage, message),
        |message: String| (Exit::Internal, message),
    );
    let dir = out.display();
    if finished(out, plan).map_err(refused)?.is_none() {
        return Err(usage(format!(
            "`{dir}` holds no finished sweep; --row takes a row of its results.csv, so run the same command without --row first"
        )));
    }
    let Some((number, readings)) = point_of_row(out, row).map_err(refused)? else {
        return Err(usage(format!(
            "results.csv in `{dir}` has no row {row}; the header is row 1, and the first figure is row 2"
        )));
    };
    let scenario = swept.point(number).map_err(|error| mistaken(*error))?;
    let folder = RunFolder::take(&beside(out, row)).map_err(|error| internal(error.to_string()))?;
    let stop = interrupt();
    let bar = Bar::new(&plan.manifest.scenario);
    let outcome = campaign::run(&scenario, options.clone(), &bar, &stop);
    bar.end();
    let outcome = outcome.map_err(|error| usage(error.to_string()))?;
    if outcome.interrupted {
        say!("interrupted: nothing was written");
        return Ok(Exit::Interrupted);
    }
    let mut record = outcome.record;
    record.manifest.command_line = plan.manifest.command_line.clone();
    record
        .manifest
        .command_line
        .extend(["--row".to_owned(), row.to_string()]);
    let exit = print(&format.of(&record));
    run::save(&record, &folder).map_err(internal)?;
    let (scenario, run) = (&plan.manifest.scenario, &plan.manifest.run);
    // Kinds of runs follow from the same replications as the figures.
    let rows = |readings| rows((scenario, run), readings, &FigureDoubts::default(), None);
    let same = rows(&readings) == rows(&record.readings);
    let (seed, folder) = (plan.manifest.seed, folder.path().display());
    match same {
        true => {
            note!(
                "seed {seed}; the figures are those of point {} of {dir}; wrote {folder}",
                number + 1
            );
            Ok(exit)
        }
        false => Err(internal(format!(
            "the figures are not those of point {} of {dir}: a file that the scenario names has changed since; wrote {folder}",
            number + 1
        ))),
    }
}

/// The folder of a row, beside that of the sweep.
fn beside(out: &Path, row: u64) -> PathBuf {
    let name = out
        .file_name()
        .map_or_else(|| "sweep".into(), |name| name.to_string_lossy());
    out.with_file_name(format!("{name}-row-{row}"))
}
