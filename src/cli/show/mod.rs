//! `tokenstorm show`: all about one thing that a scenario can name.

mod client;
mod parameters;
mod provider;

use clap::Args;

pub(super) use parameters::alternatives;

use super::Exit;
use super::say::{print, say};
use crate::base::shown::capital;
use crate::engine::check::FAULTS;
use crate::metric::METRICS;
use crate::property::{self, PROPERTIES};
use crate::provider::profiles::PROFILES;
use crate::retry::{RETRIES, Retry};
use crate::scenario::clients::CLIENTS;
use crate::scenario::suggestion;
use crate::strategy::{Coordination, STRATEGIES};
use crate::workload::{Arrivals, WORKLOADS};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name, as `tokenstorm list` prints it
    name: String,
}

/// Columns that a text fills.
const WIDTH: usize = 100;

pub(super) fn run(arguments: &Arguments) -> Exit {
    let pages = pages(&arguments.name);
    if pages.is_empty() {
        let known = known();
        let help = suggestion(&arguments.name, &known, "things that can be named");
        say!("error: nothing is named `{}`", arguments.name);
        say!("help: {help}");
        say!("      `tokenstorm list KIND` names what there is");
        return Exit::Usage;
    }
    print(&pages.join("\n"))
}

fn known() -> Vec<&'static str> {
    let mut names: Vec<_> = PROFILES.iter().map(|(name, _)| *name).collect();
    for list in [STRATEGIES, &RETRIES, &WORKLOADS] {
        names.extend(list.iter().map(|(name, _)| *name));
    }
    names.extend(CLIENTS.iter().map(|(name, _)| *name));
    names.extend(METRICS.iter().map(|metric| metric.name));
    names.extend(PROPERTIES.iter().map(|property| property.name));
    names.extend(FAULTS.iter().map(|(_, name, _)| *name));
    names
}

/// A page for each thing of this name.
fn pages(name: &str) -> Vec<String> {
    let mut pages = Vec::new();
    let about = |list: &[(&str, &str)]| {
        let found = list.iter().find(|(known, _)| *known == name);
        found.map(|(_, about)| (*about).to_owned())
    };
    if let Some(about) = about(STRATEGIES) {
        let parameters = parameters::of::<Coordination>(name);
        let lines = format!("[[strategy]]\nname = \"{name}\"\ncoordination = ");
        pages.push(choice(name, "a coordination strategy", &about, &parameters, &lines));
    }
    if let Some(about) = about(&RETRIES) {
        let parameters = parameters::of::<Retry>(name);
        let lines = "[[strategy]]\nname = \"my strategy\"\ncoordination = \"naive\"\nretry = ";
        pages.push(choice(name, "a retry policy", &about, &parameters, lines));
    }
    if let Some(about) = about(&WORKLOADS) {
        let parameters = parameters::of::<Arrivals>(name);
        let lines = "[[fleet.workload]]\nkind = \"user\"\narrivals = ";
        pages.push(choice(name, "a workload", &about, &parameters, lines));
    }
    if let Some(metric) = METRICS.iter().find(|metric| metric.name == name) {
        let parts = match metric.by_group {
            Some(_) => "Measured for each fleet and kind of call too: write `name@fleet` or `name@fleet/kind`.\n\n",
            None if metric.counts_usable_tokens() => {
                "Counted where a scenario says `usable_tokens = true` above its first table.\nMeasured for each fleet then: write `name@fleet`.\n\n"
            }
            None if metric.by_fleet.is_some() => {
                "Where a strategy's fleets differ, measured for each fleet too: write `name@fleet`.\n\n"
            }
            None if metric.is_of_tenants() => {
                "Told where an app serves several: `tenants = 300` at the app. What is asked for each of\nthem, and refused, stands in `tenants.csv` in the folder of a run.\n\n"
            }
            None if metric.is_of_second_provider() => {
                "Told where there is a second provider: `[second_provider]`, with the keys of `[provider]`.\n\n"
            }
            None => "",
        };
        pages.push(format!(
            "{name}: a metric, unit {}\n\n{}\n{parts}In a scenario:\n\n    [[assert]]\n    strategy = \"*\"\n    metric = \"{name}\"\n    op = \"<\"\n    value = 0.5\n",
            metric.unit,
            paragraph(metric.about),
        ));
    }
    pages.extend(property::find(name).map(|property| {
        let line = format!("{}: a property, {}", property.name, property.title);
        let check = format!("tokenstorm check --strategy naive --trace {}", property.name);
        format!(
            "{line}\n\n{}\nA shortest run that breaks it, if there is one: `{check}`.\n",
            paragraph(property.about)
        )
    }));
    pages.extend(FAULTS.iter().find(|(_, known, _)| *known == name).map(|(_, _, about)| {
        format!(
            "{name}: a fault of a small system\n\n{}\nAllowed once in a run by `tokenstorm check --faults {name}=1`.\n",
            paragraph(about)
        )
    }));
    pages.extend(provider::page(name));
    pages.extend(client::page(name));
    pages
}

fn choice(name: &str, kind: &str, about: &str, parameters: &parameters::Parameters, lines: &str) -> String {
    let mut page = format!("{name}: {kind}\n\n{}\n", paragraph(about));
    page.push_str(&parameters.table());
    page.push_str("In a scenario:\n\n");
    for line in format!("{lines}{}", parameters.example(name)).lines() {
        page.push_str(&format!("    {line}\n"));
    }
    if let Some(whole) = parameters.whole(name) {
        page.push_str("\nThe same, written out:\n\n");
        for line in format!("{lines}{whole}").lines() {
            page.push_str(&format!("    {line}\n"));
        }
    }
    page
}

/// A text as a sentence, wrapped.
fn paragraph(text: &str) -> String {
    let end = if text.ends_with(['.', '`', '?']) { "" } else { "." };
    wrap(&format!("{}{end}", capital(text)), "")
}

/// Lines of at most [`WIDTH`] columns, unless one word is longer; each begins with the indent.
fn wrap(text: &str, indent: &str) -> String {
    let mut wrapped = String::new();
    let mut line = indent.to_owned();
    for word in text.split_whitespace() {
        let begun = line.len() > indent.len();
        if begun && line.chars().count() + 1 + word.chars().count() > WIDTH {
            wrapped.push_str(&line);
            wrapped.push('\n');
            line = indent.to_owned();
        } else if begun {
            line.push(' ');
        }
        line.push_str(word);
    }
    wrapped.push_str(&line);
    wrapped.push('\n');
    wrapped
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario::Scenario;

    /// The indented lines of a page are a part of a scenario, and say there what the page is about.
    #[test]
    fn what_a_page_says_to_write_can_be_written() {
        for name in known() {
            for page in pages(name) {
                // The file of a recorded trace is the reader's to name.
                let written = |part: &&str| part.starts_with("    ") && !part.contains("trace = \"...\"");
                for snippet in page.split("\n\n").filter(written) {
                    let mut text = "name = \"a\"\nsummary = \"b\"\nsource = \"c\"\nrun = { duration = \"1min\" }\n\
                        app = [{ name = \"main\", slots = 9 }]\n"
                        .to_owned();
                    if page.contains("`usable_tokens = true`") {
                        text.insert_str(0, "usable_tokens = true\n");
                    }
                    if page.contains("`tenants = 300`") {
                        text = text.replace("slots = 9", "slots = 9, tenants = 300");
                    }
                    if page.contains("`[second_provider]`") {
                        text.push_str("second_provider = { token_ttl = \"1h\" }\n");
                    }
                    if !snippet.contains("[provider]") {
                        text.push_str("provider = { profile = \"zoom-s2s-2022\" }\n");
                    }
                    text.push_str("[[fleet]]\nname = \"web\"\nnodes = 2\napp = \"main\"\n");
                    text.push_str(snippet);
                    if !snippet.contains("[[strategy]]") {
                        text.push_str("\n[[strategy]]\nname = \"s\"\ncoordination = \"naive\"\n");
                    }
                    let read = Scenario::parse("page", &text, Path::new("."));
                    assert!(read.is_ok(), "{name}: {:?}\n{text}", read.map_err(miette::Report::new));
                }
            }
        }
    }

    #[test]
    fn every_name_has_a_page_of_readable_width() {
        for name in known() {
            let pages = pages(name);
            assert!(!pages.is_empty(), "{name}");
            let wide = |line: &&str| line.chars().count() > WIDTH && !line.starts_with("  ");
            assert_eq!(pages.iter().flat_map(|page| page.lines()).find(wide), None, "{name}");
        }
    }
}
