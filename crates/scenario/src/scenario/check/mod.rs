//! What a scenario must be beyond its form: names that exist, numbers that can be. All of it is checked, so that one reading
//! tells everything.

mod event;
mod expectation;
mod guard;
mod party;
mod provider;
mod quota;
mod refresher;
mod second;
mod sizes;
mod stated;
mod strategy;
mod tenants;
mod version;
mod workload;

use std::collections::BTreeMap;
use std::fmt::Display;

use toml::de::DeTable;

use super::MOST_REPLICATIONS;
use super::bounds::{LONGEST_NAME, MOST_SHOWN};
use super::document::{Place, Span, find};
use super::error::{Mistake, steps};
use super::figure::is_number;
use super::file::ScenarioFile;
use super::files::Files;
use super::nearest::suggestion;
use crate::base::{Duration, shown};
use crate::net::Distribution;
use crate::plan::SweepPoint;
use crate::provider::profiles::PROFILES;
use crate::provider::settings::Settings;

pub(super) use expectation::split_point;

/// What was found.
#[derive(Default)]
pub(super) struct Findings {
    pub mistakes: Vec<Mistake>,
    /// What is odd but can be run.
    pub warnings: Vec<Mistake>,
}

/// Points of the sweep that a file is checked for, or the first of them.
#[derive(Clone, Copy)]
pub(super) struct Swept<'a> {
    pub points: &'a [SweepPoint],
    /// They are all there, and conditions may select among them.
    pub selectable: bool,
}

struct Checker<'a> {
    /// The text that places refer to.
    text: &'a str,
    root: &'a DeTable<'a>,
    file: &'a ScenarioFile,
    files: &'a Files,
    /// Nodes that each fleet can ever have.
    most_nodes: BTreeMap<&'a str, u32>,
    swept: Swept<'a>,
    found: Findings,
}

/// Whether the profile that a file names exists; without it nothing else can be resolved.
pub(super) fn profile(root: &DeTable<'_>, place: &str, settings: &Settings) -> Result<(), Mistake> {
    let Some(name) = &settings.profile else { return Ok(()) };
    let known = PROFILES.map(|(known, _)| known);
    if known.contains(&name.as_str()) {
        return Ok(());
    }
    let place = find(root, &steps(&[&place, &"profile"]));
    Err(Mistake::new(format!("unknown profile `{name}`"))
        .at(place.value, "no such profile")
        .help(format!(
            "{} `tokenstorm list providers` names all",
            suggestion(name, &known, "profiles")
        )))
}

/// Checks a file whose provider has been resolved.
pub(super) fn check(text: &str, root: &DeTable<'_>, file: &ScenarioFile, files: &Files, swept: Swept<'_>) -> Findings {
    let mut checker = Checker {
        text,
        root,
        file,
        files,
        most_nodes: file.most_nodes(),
        swept,
        found: Findings::default(),
    };
    checker.name();
    checker.run();
    checker.providers();
    checker.second_provider();
    checker.apps();
    checker.fleets();
    checker.logins();
    checker.paths_between();
    checker.strategies();
    checker.holders();
    checker.events();
    checker.trigger();
    checker.expectations();
    checker.sizes();
    checker.stated();
    checker.found
}

fn twice<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(usize, usize, &'a str)> {
    let names: Vec<&str> = names.collect();
    let mut first = std::collections::HashMap::new();
    let mut twice = Vec::new();
    for (i, name) in names.iter().enumerate() {
        match first.entry(*name) {
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(i);
            }
            std::collections::hash_map::Entry::Occupied(entry) => twice.push((*entry.get(), i, *name)),
        }
    }
    twice
}

impl<'a> Checker<'a> {
    fn place(&self, path: &[&dyn Display]) -> Place {
        find(self.root, &steps(path))
    }

    fn wrong(&mut self, path: &[&dyn Display], message: impl Into<String>, label: &str, help: impl Into<String>) {
        let at = self.place(path).value;
        self.found.mistakes.push(Mistake::new(message).at(at, label).help(help));
    }

    fn odd(&mut self, path: &[&dyn Display], message: impl Into<String>, label: &str, help: impl Into<String>) {
        let at = self.place(path).value;
        self.found.warnings.push(Mistake::new(message).at(at, label).help(help));
    }

    fn name(&mut self) {
        let fits = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.trim() == part
                && part
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | ' '))
        };
        // Reports are written into a folder of this name: it must not lead out of theirs.
        if self.file.name.len() > 200 || !self.file.name.split('/').all(fits) {
            self.wrong(
                &[&"name"],
                format!("`{}` cannot name a folder of reports", self.file.name),
                "not a name",
                "letters, digits, `.`, `_`, `-` and spaces, with `/` between parts: `zoom/default`",
            );
        }
    }

    fn end_of_arrivals(&self) -> Duration {
        self.file.run.warmup.saturating_add(self.file.run.duration)
    }

    fn run(&mut self) {
        let run = self.file.run;
        if run.duration.is_zero() {
            self.wrong(
                &[&"run", &"duration"],
                "a run without a measured span measures nothing",
                "must be above zero",
                "for instance `duration = \"10min\"`",
            );
        }
        let whole = self.end_of_arrivals().saturating_add(run.drain);
        if whole > Duration::LONGEST {
            let (_, part) = [(run.duration, "duration"), (run.warmup, "warmup"), (run.drain, "drain")]
                .into_iter()
                .max_by_key(|(span, _)| *span)
                .expect("there are three");
            self.wrong(
                &[&"run", &part],
                format!(
                    "warm-up, measured span and drain are {whole} in all; the longest run is {}",
                    Duration::LONGEST
                ),
                "the longest part",
                "shorten it; a token's life or a few thousand calls are usually enough",
            );
        }
        if i64::try_from(run.seed).is_err() {
            self.wrong(
                &[&"run", &"seed"],
                format!("the seed {} cannot be written in TOML again", run.seed),
                "too large",
                format!("a TOML integer ends at {}", i64::MAX),
            );
        }
        if run.replications == 0 || run.replications > MOST_REPLICATIONS {
            self.wrong(
                &[&"run", &"replications"],
                format!(
                    "{} replications; there can be 1 to {MOST_REPLICATIONS}",
                    run.replications
                ),
                "out of range",
                "30 see most storms, 1000 measure rare ones",
            );
        }
    }

    /// A latency can be sampled.
    fn distribution(&mut self, path: &[&dyn Display], distribution: Option<&Distribution>) {
        let Some(distribution) = distribution else { return };
        if let Err(error) = self.files.check(distribution) {
            let text = error.to_string();
            let (message, help) = text.split_once("; ").unwrap_or((&text, ""));
            let at = self.place(path).value;
            let mut mistake = Mistake::new(message).at(at, "this distribution");
            if let Distribution::Empirical(_) = distribution
                && help.is_empty()
            {
                mistake = mistake
                    .help("a path is looked up from the scenario's folder; the file is a CSV with a column `ms`");
            } else if !help.is_empty() {
                mistake = mistake.help(help);
            }
            self.found.mistakes.push(mistake);
        }
    }

    fn unique(&mut self, list: &'static str, names: Vec<String>) {
        for (first, second, name) in twice(names.iter().map(String::as_str)) {
            let before = self.place(&[&list, &first, &"name"]).value;
            let at = self.place(&[&list, &second, &"name"]).value;
            self.found.mistakes.push(
                Mistake::new(format!("two {list} entries are named `{name}`"))
                    .at(at, "the second one")
                    .at(before, "the first one")
                    .help("give one of them another name"),
            );
        }
        for (i, name) in names.iter().enumerate() {
            let odd = match list {
                // Conditions and sweep points are written around strategy names, groups around fleet names.
                "strategy" => name.contains('@') || name == "*" || is_number(name),
                _ => name.contains(['@', '/']),
            };
            let long = name.chars().count() > LONGEST_NAME;
            // A terminal or a spreadsheet would act on it.
            let acts = name.chars().any(shown::is_odd) || shown::is_formula(name);
            if odd || long || acts || name.trim() != name || name.is_empty() || name.contains(['"', '\n']) {
                self.wrong(
                    &[&list, &i, &"name"],
                    format!("`{name}` cannot be a name here"),
                    "not a name",
                    "use words of at most 200 characters: no quotes, no `@`, no `/` in a fleet or an app, no `=`, `+` or `-` at the beginning, no invisible character, and not a number",
                );
            }
        }
    }

    fn at_least_one(&mut self, list: &'static str, count: usize, help: &str) {
        if count == 0 {
            let at = self.place(&[&list]).value;
            self.found.mistakes.push(
                Mistake::new(format!("a scenario needs at least one `[[{list}]]`"))
                    .at(at, "")
                    .help(help),
            );
        }
    }

    /// What a mistyped name may have meant; nothing where there are more mistakes than are shown.
    fn suggest(&self, name: &str, known: &[&str], all: &str) -> String {
        match self.found.mistakes.len() < MOST_SHOWN {
            true => suggestion(name, known, all),
            false => String::new(),
        }
    }

    /// What stands at a place of the file, if it is a text or a bare number.
    fn written(&self, place: &Span) -> &'a str {
        let text = self.text.get(place.clone()).unwrap_or_default();
        text.trim_matches(['"', '\''])
    }

    fn unknown(&mut self, path: &[&dyn Display], what: &str, name: &str, known: &[&str]) {
        let all = match what {
            "strategy" => "strategies".to_owned(),
            _ => format!("{what}s"),
        };
        let help = self.suggest(name, known, &all);
        self.wrong(
            path,
            format!("unknown {what} `{name}`"),
            &format!("no such {what}"),
            help,
        );
    }

    fn known_app(&mut self, path: &[&dyn Display], name: &str) {
        let known: Vec<&str> = self.file.app.iter().map(|app| app.name.as_str()).collect();
        if !known.contains(&name) {
            self.unknown(path, "app", name, &known);
        }
    }
}
