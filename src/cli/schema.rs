//! `tokenstorm schema`: what an editor needs to complete and check a scenario, and what a program needs to read results.

use clap::{Args, ValueEnum};

use super::Exit;
use super::say::print;
use crate::record::{advice, agreement, findings, names, rare, summary, verdicts};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Of what
    #[arg(value_enum, default_value_t)]
    of: Described,
}

/// What has a schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Described {
    /// Scenario files.
    #[default]
    Scenario,
    /// The file `summary.json` of a run.
    Summary,
    /// What `check --format json` prints.
    Verdicts,
    /// What `fuzz --format json` prints.
    Findings,
    /// What `advise --format json` prints.
    Advice,
    /// What `live --format json` prints.
    Agreement,
    /// What `list --format json` prints.
    Names,
    /// What `rare --format json` prints.
    Rare,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let schema = match arguments.of {
        Described::Scenario => return print(&crate::scenario::schema()),
        Described::Summary => summary::schema(),
        Described::Verdicts => verdicts::schema(),
        Described::Findings => findings::schema(),
        Described::Advice => advice::schema(),
        Described::Agreement => agreement::schema(),
        Described::Names => names::schema(),
        Described::Rare => rare::schema(),
    };
    let text = serde_json::to_string_pretty(&schema).expect("a schema is plain data");
    print(&format!("{text}\n"))
}
