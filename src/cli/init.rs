//! `tokenstorm init`: writes a scenario to begin with, from flags or from answers.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::Exit;
use super::say::{aside, note, print, say};
use crate::base::Rate;
use crate::record::write;
use crate::scenario::{Scenario, Starter};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The file to write, which must not be there; `-` is standard output
    #[arg(default_value = "scenario.toml")]
    file: PathBuf,
    /// The provider; `list providers` names them [default: zoom-s2s-2022]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Processes that share the app [default: 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    nodes: Option<u32>,
    /// Calls that arrive at each process, such as 6/min [default: 6/min]
    #[arg(long, value_name = "RATE")]
    calls: Option<Rate>,
    /// A client library to compare; as often as one likes
    #[arg(long, value_name = "NAME")]
    client: Vec<String>,
    /// A strategy to compare; as often as one likes [default: compare_first, lease, gateway]
    #[arg(long, value_name = "NAME")]
    strategy: Vec<String>,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    write_one(arguments).unwrap_or_else(|(exit, message)| {
        say!("error: {message}");
        exit
    })
}

fn write_one(arguments: &Arguments) -> Result<Exit, (Exit, String)> {
    let file = &arguments.file;
    let prints = file.as_os_str() == "-";
    if !prints && file.exists() {
        let message = format!(
            "{} is there already, and is left as it is; name another file",
            file.display()
        );
        return Err((Exit::Usage, message));
    }
    let starter = starter(arguments).map_err(|message| (Exit::Usage, message))?;
    let text = starter.text().map_err(|message| (Exit::Usage, message))?;
    // What is written can be run, whatever was answered.
    Scenario::parse("the new scenario", &text, Path::new(".")).map_err(|error| {
        aside(format!("{:?}", miette::Report::new(error)));
        (Exit::Usage, "these answers make no scenario".to_owned())
    })?;
    if prints {
        return Ok(print(&text));
    }
    write::place_alone(file, text.as_bytes()).map_err(|error| (Exit::Internal, error.to_string()))?;
    let shown = file.display();
    note!("wrote {shown}; next: tokenstorm run {shown}, or tokenstorm advise {shown}");
    Ok(Exit::Ok)
}

/// From the flags; without any, and with somebody at the terminal, from answers.
fn starter(arguments: &Arguments) -> Result<Starter, String> {
    let plain = Starter::default();
    let stem = arguments
        .file
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    let plain_letter = |c: char| {
        if c.is_ascii_alphanumeric() || "._-".contains(c) {
            c
        } else {
            '-'
        }
    };
    let name: String = stem
        .filter(|stem| stem != "-")
        .unwrap_or(plain.name.clone())
        .chars()
        .map(plain_letter)
        .collect();
    let asked = arguments.profile.is_none()
        && arguments.nodes.is_none()
        && arguments.calls.is_none()
        && arguments.client.is_empty()
        && arguments.strategy.is_empty();
    if asked && std::io::stdin().is_terminal() {
        return Ok(Starter { name, ..answers() });
    }
    Ok(Starter {
        name,
        profile: arguments.profile.clone().unwrap_or(plain.profile),
        nodes: arguments.nodes.unwrap_or(plain.nodes),
        calls: arguments.calls.unwrap_or(plain.calls),
        clients: arguments.client.clone(),
        strategies: arguments.strategy.clone(),
    })
}

/// Asks until an answer can be used; an empty one, and the end of the input, is what stands in brackets.
fn ask<T>(question: &str, default: &str, read: impl Fn(&str) -> Result<T, String>) -> T {
    loop {
        aside(format!("{question} [{default}]: "));
        let _ = std::io::stderr().flush();
        let mut line = String::new();
        let got = std::io::stdin().lock().read_line(&mut line).unwrap_or(0);
        let answer = line.trim();
        let answer = if answer.is_empty() { default } else { answer };
        match read(answer) {
            Ok(value) => return value,
            Err(message) if got > 0 => say!("{message}"),
            // Nobody answers any more; the default can always be used.
            Err(_) => {
                if let Ok(value) = read(default) {
                    return value;
                }
            }
        }
    }
}

fn answers() -> Starter {
    let plain = Starter::default();
    let names = |check: fn(&str) -> Result<(), String>| {
        move |text: &str| -> Result<Vec<String>, String> {
            let names = text
                .split([',', ' '])
                .filter(|name| !name.is_empty() && *name != "none");
            names.map(|name| check(name).map(|()| name.to_owned())).collect()
        }
    };
    let profile = ask("Which provider (`list providers` names them)", &plain.profile, |text| {
        Starter::knows_profile(text).map(|()| text.to_owned())
    });
    let nodes = ask(
        "How many processes share the app",
        &plain.nodes.to_string(),
        |text| match text.parse() {
            Ok(nodes) if (1..=10_000_000).contains(&nodes) => Ok(nodes),
            _ => Err("write a number from 1 to 10000000".to_owned()),
        },
    );
    let calls = ask("Calls at each of them", &plain.calls.to_string(), |text| {
        text.parse::<Rate>().map_err(|error| error.to_string())
    });
    let clients = ask(
        "Which client libraries (`list clients`)",
        "none",
        names(Starter::knows_client),
    );
    let strategies = ask(
        "Which strategies (`list strategies`)",
        "compare_first, lease, gateway",
        names(Starter::knows_strategy),
    );
    Starter {
        profile,
        nodes,
        calls,
        clients,
        strategies,
        ..plain
    }
}
