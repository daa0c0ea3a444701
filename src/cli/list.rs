//! `tokenstorm list`: names that a scenario or a command can use, with a sentence each.

use clap::{Args, ValueEnum};

use super::Exit;
use super::format::Format;
use super::say::print;
use super::show::alternatives;
use crate::engine::check::FAULTS;
use crate::metric::METRICS;
use crate::property::PROPERTIES;
use crate::provider::profiles::{PROFILES, find};
use crate::record::names::{FORMAT, NameList, Named};
use crate::report::names;
use crate::retry::RETRIES;
use crate::scenario::{EventKind, clients};
use crate::strategy::STRATEGIES;
use crate::workload::WORKLOADS;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// What to list
    kind: Kind,
    /// What is printed; `tokenstorm schema names` describes the JSON
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// Coordination strategies
    Strategies,
    /// Retry policies
    Retries,
    /// Arrival patterns
    Workloads,
    /// Provider profiles
    Providers,
    /// Client libraries
    Clients,
    /// Metrics, with their units
    Metrics,
    /// Properties that `check` and `fuzz` look at
    Properties,
    /// Faults of a small system, for --faults of `check` and `fuzz`
    Faults,
    /// Events that a scenario can have
    Events,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let names = NameList {
        format: FORMAT,
        tokenstorm: env!("CARGO_PKG_VERSION").to_owned(),
        kind: arguments
            .kind
            .to_possible_value()
            .map_or(String::new(), |kind| kind.get_name().to_owned()),
        names: rows(arguments.kind)
            .into_iter()
            .map(|(name, about)| Named { name, about })
            .collect(),
    };
    print(&match arguments.format {
        Format::Table => names::human(&names),
        Format::Md => names::markdown(&names),
        Format::Json => names.to_json(),
        Format::Csv => names.to_csv(),
    })
}

/// The names of a kind, each with what it is.
fn rows(kind: Kind) -> Vec<(String, String)> {
    let pairs = |list: &[(&str, &str)]| -> Vec<(String, String)> {
        list.iter()
            .map(|(name, about)| ((*name).to_owned(), (*about).to_owned()))
            .collect()
    };
    match kind {
        Kind::Strategies => pairs(STRATEGIES),
        Kind::Retries => pairs(&RETRIES),
        Kind::Workloads => pairs(&WORKLOADS),
        Kind::Providers => PROFILES
            .iter()
            .filter_map(|(name, _)| Some(((*name).to_owned(), find(name)?)))
            .map(|(name, profile)| match profile.period.as_str() {
                "current" => (name, profile.summary),
                period => (name, format!("{} ({period})", profile.summary)),
            })
            .collect(),
        Kind::Clients => clients::CLIENTS
            .iter()
            .filter_map(|(name, _)| Some(((*name).to_owned(), clients::find(name)?)))
            .map(|(name, client)| {
                (
                    name,
                    format!("{} ({}: {})", client.summary, client.registry, client.package),
                )
            })
            .collect(),
        Kind::Metrics => METRICS
            .iter()
            .map(|metric| (metric.name.to_owned(), format!("[{}] {}", metric.unit, metric.about)))
            .collect(),
        Kind::Properties => PROPERTIES
            .iter()
            .map(|property| {
                (
                    property.name.to_owned(),
                    format!("{}: {}", property.title, property.about),
                )
            })
            .collect(),
        Kind::Faults => FAULTS
            .iter()
            .map(|(_, name, about)| ((*name).to_owned(), (*about).to_owned()))
            .collect(),
        Kind::Events => alternatives::<EventKind>(),
    }
}
