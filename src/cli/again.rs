//! `tokenstorm replay`: runs once more what a manifest tells, and holds the files to those of then, byte for byte.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use clap::{Args, Parser as _};

use super::bar::Bar;
use super::interrupt::interrupt;
use super::run;
use super::say::{aside, note, print, say};
use super::{Command, Exit};
use crate::campaign;
use crate::record::write::{self, RunFolder};
use crate::record::{Manifest, PrecisionEnd, Record, sha256};
use crate::scenario::Scenario;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// `manifest.json` of a run, or the folder that holds it
    #[arg(value_name = "MANIFEST")]
    manifest: PathBuf,
    /// Where the files go [default: nowhere; they are only compared]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Threads; the results do not depend on them [default: all cores]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, value_parser = super::limits::threads, allow_hyphen_values = true)]
    threads: usize,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    again(arguments).unwrap_or_else(|(exit, message)| {
        if !message.is_empty() {
            say!("error: {message}");
        }
        exit
    })
}

fn again(arguments: &Arguments) -> Result<Exit, (Exit, String)> {
    let refused = |message: String| (Exit::Usage, message);
    let folder = match arguments.manifest.is_dir() {
        true => arguments.manifest.as_path(),
        false => arguments.manifest.parent().unwrap_or(Path::new(".")),
    };
    let (manifest, digests) = Manifest::load(folder).map_err(|error| refused(error.to_string()))?;
    may_be_replayed(&manifest).map_err(refused)?;
    let then = asked_then(&manifest).map_err(refused)?;
    let scenario = scenario(&manifest, &then)?;
    let mut options = campaign::CampaignOptions {
        threads: arguments.threads,
        ..then.options(&scenario)
    };
    // What the clock decided then is not decided by it again.
    if let (Some(wanted), Some(reached)) = (&mut options.precision, &manifest.precision)
        && reached.ended_by == PrecisionEnd::Time
    {
        wanted.cut = Some(manifest.replications);
    }
    let out = arguments.out.as_deref().map(RunFolder::take).transpose();
    let out = out.map_err(|error| (Exit::Internal, error.to_string()))?;
    let stop = interrupt();
    let bar = Bar::new(&scenario.file.name);
    let outcome = campaign::run(&scenario, options, &bar, &stop);
    bar.end();
    let mut record = outcome.map_err(|error| refused(error.to_string()))?.record;
    if stop.load(Ordering::Relaxed) {
        return Err((Exit::Interrupted, "interrupted: nothing was compared".to_owned()));
    }
    record.manifest.command_line = manifest.command_line.clone();
    record.manifest.commit = manifest.commit.clone();
    // What was compared then is no part of the run, and need not lie there any more.
    record.baseline = Record::load(folder).ok().and_then(|before| before.baseline);
    record.manifest.run = record.run_id();
    let mut text = String::new();
    let mut differ = 0;
    let files = write::files(&record);
    for (name, digest) in &digests {
        let found = files.iter().find(|file| file.path == Path::new(name));
        let told = match found {
            Some(file) if sha256(&file.bytes) == *digest => "the same",
            Some(_) => "differs",
            None => "is not there any more",
        };
        differ += usize::from(told != "the same");
        text.push_str(&format!("{name:16} {told}\n"));
    }
    let (count, run) = (digests.len(), &manifest.run);
    text.push_str(&match differ {
        0 => format!("run {run}: all {count} files are the same, byte for byte\n"),
        _ => format!(
            "run {run}: {differ} of {count} files differ; this run is {}\n",
            record.manifest.run
        ),
    });
    let mut exit = print(&text);
    if let Some(folder) = out {
        run::save(&record, &folder).map_err(|message| (Exit::Internal, message))?;
        note!("wrote {}", folder.path().display());
    }
    if differ > 0 {
        exit = exit.max(Exit::Internal);
    }
    Ok(exit)
}

/// Refuses what another version or an interrupted run has written, and what was edited.
fn may_be_replayed(manifest: &Manifest) -> Result<(), String> {
    if manifest.interrupted {
        return Err(
            "the run was interrupted, and where it stopped cannot be repeated; run the scenario anew".to_owned(),
        );
    }
    is_of_this_version(manifest)
}

/// Refuses what another version has written, and what was edited.
pub(super) fn is_of_this_version(manifest: &Manifest) -> Result<(), String> {
    let (theirs, own) = (&manifest.tokenstorm, env!("CARGO_PKG_VERSION"));
    if theirs != own {
        return Err(format!(
            "the manifest is of tokenstorm {theirs}, and this is {own}: only the same version makes the same bytes; install {theirs}, \
             or run the scenario anew"
        ));
    }
    if sha256(manifest.as_written.as_bytes()) != manifest.sha256 {
        return Err("the scenario in the manifest is not the one that was run: its SHA-256 is another".to_owned());
    }
    Ok(())
}

/// The command line of then.
pub(super) fn asked_then(manifest: &Manifest) -> Result<run::Arguments, String> {
    let parsed = super::Arguments::try_parse_from(&manifest.command_line);
    match parsed.map(|arguments| arguments.command) {
        Ok(Command::Run(arguments)) => Ok(arguments),
        Ok(_) => Err("the manifest is of another command than `run`".to_owned()),
        Err(error) => {
            let line = manifest.command_line.join(" ");
            Err(format!(
                "the command line of then, `{line}`, is not understood: {}",
                error.kind()
            ))
        }
    }
}

/// The scenario of then, read as it was read then.
pub(super) fn scenario(manifest: &Manifest, then: &run::Arguments) -> Result<Scenario, (Exit, String)> {
    // Files that it names lie beside where it lay.
    let place = then.scenario();
    let folder = place
        .and_then(Path::parent)
        .filter(|folder| folder.is_dir())
        .unwrap_or(Path::new("."));
    let name = place.map_or("the manifest's scenario".to_owned(), |path| path.display().to_string());
    let read = Scenario::parse_with(&name, &manifest.as_written, folder, &then.overrides());
    let scenario = read.map_err(|error| {
        aside(format!("{:?}", miette::Report::new(error)));
        (Exit::Usage, String::new())
    })?;
    if scenario.to_resolved_toml() != manifest.as_resolved {
        let message = "the scenario reads otherwise than it did: a profile or a default has changed since, or a file that it names";
        return Err((Exit::Usage, message.to_owned()));
    }
    if let Some(path) = place.filter(|path| path.is_file())
        && std::fs::read(path).is_ok_and(|text| text != manifest.as_written.as_bytes())
    {
        say!(
            "note: {} has changed since; the manifest's own text is run",
            path.display()
        );
    }
    Ok(scenario)
}
