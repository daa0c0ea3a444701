//! `tokenstorm validate`: reads scenario files and says what is wrong with them.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::say::{aside, print, say};
use crate::scenario::{Overrides, Scenario};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Scenario files
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let mut exit = Exit::Ok;
    for path in &arguments.scenarios {
        match load(path) {
            Some(scenario) => {
                let points = scenario.points().len();
                let line = format!(
                    "{}: ok, {} x {} x {}\n",
                    path.display(),
                    count(scenario.file.strategy.len(), "strategy", "strategies"),
                    count(points, "point", "points"),
                    count(scenario.file.run.replications as usize, "replication", "replications"),
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
pub(super) fn load(path: &std::path::Path) -> Option<Scenario> {
    load_with(path, &Overrides::default())
}

/// [`load`], with values from the command line in place of the scenario's.
pub(super) fn load_with(path: &std::path::Path, overrides: &Overrides) -> Option<Scenario> {
    match Scenario::load_with(path, overrides) {
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
