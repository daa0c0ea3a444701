//! `tokenstorm validate`: reads scenario files and says what is wrong with them.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Exit;
use super::limits::{self, Limits};
use super::say::{aside, print, say};
use crate::scenario::{Extent, Overrides, Scenario};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Scenario files; `-` is standard input
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<PathBuf>,
    #[command(flatten)]
    limits: Limits,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let mut exit = Exit::Ok;
    for path in &arguments.scenarios {
        match load(path) {
            Some(scenario) => {
                let extent = Extent {
                    only: None,
                    replications: scenario.file.run.replications,
                    threads: limits::all_threads(),
                };
                let effort = match arguments.limits.allow(&scenario, extent) {
                    Ok(effort) => effort,
                    Err(message) => {
                        say!("error: {}: {message}", path.display());
                        exit = exit.max(Exit::Usage);
                        continue;
                    }
                };
                let points = scenario.points().len();
                let line = format!(
                    "{}: ok, {} x {} x {}; {}\n",
                    path.display(),
                    count(scenario.file.strategy.len(), "strategy", "strategies"),
                    count(points, "point", "points"),
                    count(scenario.file.run.replications as usize, "replication", "replications"),
                    limits::told(&effort),
                );
                exit = exit.max(print(&line));
            }
            None => exit = exit.max(Exit::Usage),
        }
    }
    exit
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Reads a scenario; mistakes and warnings go to standard error.
pub(super) fn load(path: &Path) -> Option<Scenario> {
    load_with(path, &Overrides::default())
}

/// [`load`], with values from the command line in place of the scenario's.
pub(super) fn load_with(path: &Path, overrides: &Overrides) -> Option<Scenario> {
    let read = match path.as_os_str() == "-" {
        true => Scenario::read_with("standard input", std::io::stdin().lock(), Path::new("."), overrides),
        false => Scenario::load_with(path, overrides),
    };
    match read {
        Ok(scenario) => {
            for warning in scenario.warnings() {
                say!("warning: {}: {}", path.display(), warning.message());
            }
            Some(scenario)
        }
        Err(error) => {
            aside(format!("{:?}", miette::Report::new(error)));
            None
        }
    }
}
