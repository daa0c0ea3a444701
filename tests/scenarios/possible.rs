//! What happens in runs of a scenario, `check` on the same file finds possible; or it says that it does not know, and why.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use rayon::prelude::*;
use tokenstorm::base::{Dice, Time};
use tokenstorm::record::verdicts::{PropertyRow, VerdictKind, Verdicts};
use tokenstorm::scenario::Scenario;

use super::judged::{self, GRANT_LOST};

/// Steps of a run that are judged at most.
const STEPS: u64 = 60_000;

/// States that a search visits at most.
const STATES: &str = "30000";

/// By strategy: the names of the properties that its first replication breaks at some point, each with where it does.
fn happening(scenario: &Scenario) -> BTreeMap<String, BTreeMap<&'static str, String>> {
    let mut found = BTreeMap::<_, BTreeMap<_, _>>::new();
    for (point, at) in scenario.points() {
        for strategy in &at.file.strategy {
            let plan = at.plan(strategy).unwrap();
            for (property, first) in judged::broken(&plan, Dice::replication(scenario.file.run.seed, 0), STEPS) {
                let told = found.entry(strategy.name.clone()).or_default();
                told.entry(property)
                    .or_insert_with(|| format!("after {} {point}", first.since(Time::ZERO)));
            }
        }
    }
    found
}

fn check(path: &Path, strategy: &str) -> Vec<PropertyRow> {
    let output = Command::new(env!("CARGO_BIN_EXE_tokenstorm"))
        .args(["check", "--format", "json", "--states", STATES, "--strategy", strategy])
        .arg(path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let verdicts: Verdicts = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{said}"));
    let [system] = &verdicts.systems[..] else {
        panic!("{}: {} systems for {strategy}", path.display(), verdicts.systems.len());
    };
    system.verdicts.clone()
}

/// What one scenario's strategies break, and what is wrong with what `check` says of it.
fn compared(path: &Path) -> (Vec<&'static str>, Vec<String>) {
    let scenario = Scenario::load(path).unwrap();
    let (mut told, mut wrong) = (Vec::new(), Vec::new());
    for (strategy, broken) in happening(&scenario) {
        let rows = check(path, &strategy);
        let possible = |row: &PropertyRow| matches!(row.verdict, VerdictKind::Breaks | VerdictKind::Open);
        for (property, place) in broken {
            told.push(property);
            // A grant is lost by a use too many, by a write that loses it, or because nobody holds it any more.
            let mut about = rows.iter().filter(|row| match property {
                GRANT_LOST => row.property.starts_with('F'),
                name => row.property == name,
            });
            if !about.any(possible) {
                let name = &scenario.file.name;
                wrong.push(format!(
                    "{name}, {strategy}: {property} is broken {place}, and check has it hold"
                ));
            }
        }
    }
    (told, wrong)
}

#[test]
fn what_happens_in_a_run_is_possible() {
    let folders = ["incidents", "questions"];
    let paths = super::all().into_par_iter().filter(|path| {
        let folder = path.parent().and_then(|folder| folder.file_name());
        folders.iter().any(|name| folder == Some(name.as_ref()))
    });
    let (told, wrong): (Vec<_>, Vec<_>) = paths.map(|path| compared(&path)).unzip();
    let (told, wrong) = (told.concat(), wrong.concat());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What these stories are about does happen in them.
    let count = |property| told.iter().filter(|broken| **broken == property).count();
    for (property, least) in [
        ("S1", 2),
        ("S3", 1),
        ("S4", 20),
        ("S8", 8),
        ("S9", 8),
        ("F1", 5),
        (GRANT_LOST, 15),
    ] {
        let strategies = count(property);
        assert!(
            strategies >= least,
            "{property} is broken by {strategies} strategies: {told:?}"
        );
    }
}
