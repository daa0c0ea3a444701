//! `tokenstorm run`: runs scenarios, prints the comparison, and leaves the record on disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;

use super::bar::Bar;
use super::format::{Format, Printer};
use super::interrupt::interrupt;
use super::junit::{self, Suite};
use super::limits::{self, Limits};
use super::precise::PrecisionArguments;
use super::say::{note, print, say};
use super::{Exit, validate};
use crate::base::Duration;
use crate::campaign::{self, CampaignOptions};
use crate::record::baseline::Baseline;
use crate::record::write::{self, RunFolder};
use crate::record::{CheckKind, Record};
use crate::report::{chart, page, precision};
use crate::scenario::{Extent, MOST_REPLICATIONS, Overrides, Scenario};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Scenario files; `-` is standard input
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<PathBuf>,
    /// Where the files go [default: reports/<scenario name>]; a folder for each when there are several scenarios
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Seed, in place of the scenario's
    #[arg(long, value_name = "N", value_parser = limits::seed, allow_hyphen_values = true)]
    seed: Option<u64>,
    /// Replications, in place of the scenario's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_REPLICATIONS)))]
    replications: Option<u32>,
    #[command(flatten)]
    precise: PrecisionArguments,
    /// No further replications for the sake of --precision after this long, such as 10min; another machine may end elsewhere
    #[arg(long, value_name = "TIME", requires = "precision")]
    max_time: Option<Duration>,
    /// Only the strategy of this name
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// A value in place of the scenario's, such as `fleet.web.nodes=4`; as often as one likes
    #[arg(long, value_name = "KEY=VALUE", value_parser = setting)]
    set: Vec<(String, String)>,
    /// Threads; the results do not depend on them [default: all cores]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, value_parser = limits::threads, allow_hyphen_values = true)]
    threads: usize,
    #[command(flatten)]
    limits: Limits,
    /// What is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The folder of an earlier run of the same scenario: tell what has changed since by more than chance
    #[arg(long, value_name = "DIR")]
    baseline: Option<PathBuf>,
    /// End with exit code 99 where a figure is worse than the baseline's by more than chance
    #[arg(long, requires = "baseline")]
    fail_on_worse: bool,
    /// Write the assertions as a JUnit report
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

impl Arguments {
    /// Values in place of the scenario's.
    pub(super) fn overrides(&self) -> Overrides {
        Overrides {
            set: self.set.clone(),
            ..Overrides::default()
        }
    }

    /// The first scenario.
    pub(super) fn scenario(&self) -> Option<&Path> {
        self.scenarios.first().map(PathBuf::as_path)
    }

    /// How a scenario is run.
    pub(super) fn options(&self, scenario: &Scenario) -> CampaignOptions {
        CampaignOptions {
            only: self.only.clone(),
            seed: self.seed.unwrap_or(scenario.file.run.seed),
            replications: self.replications.unwrap_or(scenario.file.run.replications),
            precision: self.precise.wanted(self.limits.most_events()),
            variance: self.precise.variance(),
            threads: self.threads,
        }
    }
}

pub(super) fn run(arguments: Arguments) -> Exit {
    let overrides = arguments.overrides();
    // All files are read before any is run: a slip in the last one should not cost an hour.
    let scenarios: Vec<_> = arguments
        .scenarios
        .iter()
        .map(|path| (path, validate::load_with(path, &overrides)))
        .collect();
    if scenarios.iter().any(|(_, scenario)| scenario.is_none()) {
        return Exit::Usage;
    }
    let scenarios: Vec<_> = scenarios
        .into_iter()
        .filter_map(|(path, scenario)| Some((path, scenario?)))
        .collect();
    if let Err((path, message)) = allowed(&scenarios, &arguments) {
        say!("error: {}: {message}", path.display());
        return Exit::Usage;
    }
    // So are their folders, which nobody else writes to until they are done.
    let folders = match folders(&scenarios, arguments.out.as_deref()) {
        Ok(folders) => folders,
        Err((exit, message)) => {
            say!("error: {message}");
            return exit;
        }
    };
    // And the earlier run, which may lie where the new one will.
    let before = match earlier(&arguments, scenarios.len()) {
        Ok(before) => before,
        Err(message) => {
            say!("error: {message}");
            return Exit::Usage;
        }
    };
    let stop = interrupt();
    let mut printer = Printer::new(arguments.format, scenarios.len() > 1);
    let (mut worst, mut suites) = (Exit::Ok, Vec::new());
    for (place, ((path, scenario), (folder, taken))) in scenarios.iter().zip(folders).enumerate() {
        match taken.map_or_else(|| RunFolder::take(&folder), Ok) {
            Ok(folder) => {
                let said = (&mut printer, &mut suites);
                let asked = (&arguments, before.as_ref());
                worst = worst.max(one(path, scenario, &folder, asked, said, &stop));
            }
            Err(error) => {
                say!("error: {error}");
                worst = worst.max(Exit::Internal);
            }
        }
        if stop.load(Ordering::Relaxed) {
            let rest = scenarios[place + 1..].iter();
            rest.for_each(|(path, _)| say!("interrupted: {} was not run", path.display()));
            worst = Exit::Interrupted;
            break;
        }
    }
    if let Some(file) = &arguments.junit
        && let Err(message) = junit::write(file, &suites)
    {
        say!("error: {message}");
        worst = worst.max(Exit::Internal);
    }
    worst.max(print(&printer.end()))
}

/// Whether all scenarios have what is asked for, and none is too large; the error names the first that is not so.
fn allowed<'a>(scenarios: &[(&'a PathBuf, Scenario)], arguments: &Arguments) -> Result<(), (&'a PathBuf, String)> {
    for (path, scenario) in scenarios {
        if let Some(only) = &arguments.only {
            known_strategy(only, scenario).map_err(|message| (*path, message))?;
        }
    }
    for (path, scenario) in scenarios {
        let most = arguments
            .options(scenario)
            .precision
            .map(|precision| precision.most_replications);
        let effort = arguments
            .limits
            .allow_up_to(scenario, extent(scenario, arguments), most);
        effort.map_err(|message| (*path, message))?;
    }
    Ok(())
}

/// How much of a scenario is run, or with a precision at the least.
fn extent<'a>(scenario: &Scenario, arguments: &'a Arguments) -> Extent<'a> {
    let CampaignOptions {
        replications,
        precision,
        ..
    } = arguments.options(scenario);
    Extent {
        only: arguments.only.as_deref(),
        replications: precision.map_or(replications, |precision| precision.first_look(replications)),
        threads: match arguments.threads {
            0 => limits::all_threads(),
            threads => threads,
        },
    }
}

/// Folders that are taken before anything runs; of more, each is when its turn comes, as it costs an open file.
const TAKEN: usize = 100;

/// Where each run goes, and the folder where it is taken for it.
type Folders = Vec<(PathBuf, Option<RunFolder>)>;

/// The folder of each scenario. The error is how to end, and what to say.
fn folders(scenarios: &[(&PathBuf, Scenario)], out: Option<&Path>) -> Result<Folders, (Exit, String)> {
    let several = scenarios.len() > 1;
    let mut whose: BTreeMap<PathBuf, &Path> = BTreeMap::new();
    let mut folders = Vec::new();
    for (path, scenario) in scenarios {
        let name = &scenario.file.name;
        let folder = match out {
            Some(folder) if several => folder.join(name),
            Some(folder) => folder.to_owned(),
            None => Path::new("reports").join(name),
        };
        if let Some(other) = whose.insert(folder.clone(), path) {
            let (other, path, folder) = (other.display(), path.display(), folder.display());
            let message = format!(
                "`{other}` and `{path}` both have the name `{name}`, and so the folder `{folder}`; give one of them \
                 another name, or run them one by one with an --out of their own"
            );
            return Err((Exit::Usage, message));
        }
        let taken = (folders.len() < TAKEN).then(|| RunFolder::take(&folder)).transpose();
        folders.push((folder, taken.map_err(|error| (Exit::Internal, error.to_string()))?));
    }
    Ok(folders)
}

pub(super) fn setting(text: &str) -> Result<(String, String), String> {
    let mut settings = Overrides::parse_set([text]).map_err(|_| "write KEY=VALUE, such as fleet.web.nodes=4")?;
    settings.pop().ok_or_else(|| "write KEY=VALUE".to_owned())
}

pub(super) fn known_strategy(name: &str, scenario: &Scenario) -> Result<(), String> {
    let names: Vec<&str> = scenario
        .file
        .strategy
        .iter()
        .map(|strategy| strategy.name.as_str())
        .collect();
    if names.contains(&name) {
        return Ok(());
    }
    Err(format!(
        "there is no strategy `{name}`; there are: {}",
        names.join(", ")
    ))
}

fn one(
    path: &Path,
    scenario: &Scenario,
    folder: &RunFolder,
    (arguments, before): (&Arguments, Option<&Record>),
    (printer, suites): (&mut Printer, &mut Vec<Suite>),
    stop: &AtomicBool,
) -> Exit {
    let options = arguments.options(scenario);
    let bar = Bar::until(&scenario.file.name, arguments.max_time);
    let outcome = match campaign::run(scenario, options.clone(), &bar, stop) {
        Ok(outcome) => outcome,
        Err(error) => {
            bar.end();
            say!("error: {}: {error}", path.display());
            return Exit::Usage;
        }
    };
    bar.end();
    let mut record = outcome.record;
    record.manifest.command_line = command_line(path, &options, arguments);
    record.baseline = before.map(|before| campaign::baseline::compare(before, &record));
    if let Some(told) = precision::told(&record) {
        say!("{}: {told}", scenario.file.name);
    }
    if outcome.interrupted {
        if record.manifest.events == 0 {
            say!("interrupted: no replication was finished, and nothing was written");
            return Exit::Interrupted;
        }
        say!("{INTERRUPTED}");
    }
    suites.push(Suite {
        scenario: record.manifest.scenario.clone(),
        checks: record.checks.clone(),
    });
    let mut exit = print(&printer.text(&record));
    match save(&record, folder) {
        Ok(()) => note!("seed {}; wrote {}", options.seed, folder.path().display()),
        Err(error) => {
            say!("error: {error}");
            exit = exit.max(Exit::Internal);
        }
    }
    if record
        .checks
        .iter()
        .any(|check| check.kind == CheckKind::Assert && !check.holds)
    {
        exit = exit.max(Exit::AssertionFailed);
    }
    if arguments.fail_on_worse && record.baseline.as_ref().is_some_and(Baseline::is_worse) {
        exit = exit.max(Exit::AssertionFailed);
    }
    exit
}

/// The record that is named as the baseline.
fn earlier(arguments: &Arguments, scenarios: usize) -> Result<Option<Record>, String> {
    let Some(folder) = &arguments.baseline else {
        return Ok(None);
    };
    if scenarios > 1 {
        return Err(
            "--baseline is the folder of one run, and there are several scenarios; run them one by one".to_owned(),
        );
    }
    Record::load(folder)
        .map(Some)
        .map_err(|error| format!("--baseline: {error}"))
}

/// What is said of a run that was ended early.
pub(super) const INTERRUPTED: &str = "interrupted: the figures rest on the replications that were finished";

/// Puts the record, its charts and its page in the place of whatever run was there.
pub(super) fn save(record: &Record, folder: &RunFolder) -> Result<(), String> {
    let (charts, mut stale) = chart::files(record).map_err(|error| error.to_string())?;
    stale.extend(write::obsolete(record));
    let files: Vec<_> = charts
        .into_iter()
        .chain([page::file(record)])
        .chain(write::files(record))
        .collect();
    folder.place(&files, &stale).map_err(|error| error.to_string())
}

/// What was asked for, as far as the results depend on it: neither threads nor the place of the files belong to it.
fn command_line(path: &Path, options: &CampaignOptions, arguments: &Arguments) -> Vec<String> {
    let mut line = vec!["tokenstorm".to_owned(), "run".to_owned(), path.display().to_string()];
    let mut option = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            line.extend([name.to_owned(), value]);
        }
    };
    option("--seed", arguments.seed.map(|seed| seed.to_string()));
    option(
        "--replications",
        arguments.replications.map(|replications| replications.to_string()),
    );
    option("--only", options.only.clone());
    for (key, value) in &arguments.set {
        option("--set", Some(format!("{key}={value}")));
    }
    line.extend(arguments.precise.line(arguments.limits.raised_events()));
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fake;

    #[test]
    fn json_and_csv_are_the_files() {
        let record = fake::dozen();
        assert_eq!(Format::Json.of(&record), write::summary_json(&record));
        assert_eq!(Format::Csv.of(&record), write::results_csv(&record));
    }
}
