//! What is printed and left of the figures.

use std::path::Path;

use super::{Arguments, Format};
use crate::record::agreement::AgreementRecord;
use crate::record::write::{self, ResultFile};
use crate::report::{agreement as shown, chart, page};

/// Leaves everything in a folder.
pub(super) fn leave(folder: &Path, record: &AgreementRecord) -> Result<(), String> {
    let drawing = chart::agreement(record);
    let png = drawing.png().map_err(|error| error.to_string())?;
    let files = [
        ResultFile::new("agreement.json", record.to_json()),
        ResultFile::new("agreement.csv", record.to_csv()),
        ResultFile::new("agreement.svg", drawing.svg()),
        ResultFile::new("agreement.png", png),
        ResultFile::new(page::NAME, shown::page(record)),
    ];
    write::place(folder, &files, &[]).map_err(|error| error.to_string())
}

pub(super) fn text(format: Format, record: &AgreementRecord) -> String {
    match format {
        Format::Table => shown::human(record, crate::cli::format::width()),
        Format::Md => shown::markdown(record),
        Format::Json => record.to_json(),
        Format::Csv => record.to_csv(),
    }
}

/// The command that measures the same; an address may hold a password, and stands there as `URL`.
pub(super) fn command_line(arguments: &Arguments) -> Vec<String> {
    let mut line = vec!["tokenstorm".to_owned(), "live".to_owned()];
    line.extend(arguments.scenarios.iter().map(|path| path.display().to_string()));
    let mut option = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            line.extend([name.to_owned(), value]);
        }
    };
    let address = |given: &Option<String>| given.as_ref().map(|_| "URL".to_owned());
    option("--redis", address(&arguments.redis));
    option("--redis-replica", address(&arguments.redis_replica));
    option("--against", address(&arguments.against));
    for _ in &arguments.client {
        option("--client", Some("ID:SECRET".to_owned()));
    }
    option("--time-scale", Some(arguments.time_scale.to_string()));
    option("--only", arguments.only.clone());
    for (key, value) in &arguments.set {
        option("--set", Some(format!("{key}={value}")));
    }
    option("--seed", arguments.seed.map(|seed| seed.to_string()));
    option("--replications", Some(arguments.replications.to_string()));
    let flags = [
        (arguments.own_redis, "--own-redis"),
        (arguments.processes, "--processes"),
    ];
    let flags = flags.into_iter().filter(|(given, _)| *given);
    line.extend(flags.map(|(_, name)| name.to_owned()));
    line
}
