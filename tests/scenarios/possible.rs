//! What happens in runs of a scenario, `check` on the same file finds possible; or it says that it does not know, and why.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

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

#[test]
fn what_happens_in_a_run_is_possible() {
    let (mut wrong, mut told) = (Vec::new(), BTreeMap::<_, u32>::new());
    for path in super::all() {
        let scenario = Scenario::load(&path).unwrap();
        let name = &scenario.file.name;
        if !name.starts_with("incidents/") && !name.starts_with("questions/") {
            continue;
        }
        for (strategy, broken) in happening(&scenario) {
            let rows = check(&path, &strategy);
            let possible = |row: &PropertyRow| matches!(row.verdict, VerdictKind::Breaks | VerdictKind::Open);
            for (property, place) in broken {
                *told.entry(property).or_default() += 1;
                // A grant is lost by a use too many, by a write that loses it, or because nobody holds it any more.
                let mut about = rows.iter().filter(|row| match property {
                    GRANT_LOST => row.property.starts_with('F'),
                    name => row.property == name,
                });
                if !about.any(possible) {
                    wrong.push(format!(
                        "{name}, {strategy}: {property} is broken {place}, and check has it hold"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What these stories are about does happen in them.
    for (property, least) in [("S1", 2), ("S4", 20), ("S7", 1), ("S9", 1), ("F1", 5), (GRANT_LOST, 15)] {
        let strategies = told.get(property).copied().unwrap_or_default();
        assert!(
            strategies >= least,
            "{property} is broken by {strategies} strategies: {told:?}"
        );
    }
}
