//! Every scenario of the repository runs, and what it expects of itself comes out.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use tokenstorm::campaign::{self, CampaignOptions};
use tokenstorm::provider::profiles::PROFILES;
use tokenstorm::scenario::Scenario;

fn scenarios(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            scenarios(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            found.push(path);
        }
    }
    found.sort();
}

fn all() -> Vec<PathBuf> {
    let mut found = Vec::new();
    scenarios(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"), &mut found);
    assert!(found.len() >= 14, "only {} scenarios found", found.len());
    found
}

#[test]
fn every_expectation_holds() {
    let mut broken = Vec::new();
    for path in all() {
        let scenario = Scenario::load(&path).unwrap_or_else(|error| panic!("{:?}", miette::Report::new(error)));
        let outcome = campaign::run(&scenario, CampaignOptions::of(&scenario), &(), &AtomicBool::new(false)).unwrap();
        let name = &scenario.file.name;
        assert!(!outcome.record.checks.is_empty(), "{name} expects nothing");
        for check in outcome.record.checks.iter().filter(|check| !check.holds) {
            broken.push(format!(
                "{name}: {} {}: {} {}, measured {:?} {:?}",
                check.strategy, check.point, check.metric, check.condition, check.measured, check.ci95
            ));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Its name is its path, it names the schema in its first line, tells its story, and names its source.
#[test]
fn every_scenario_says_what_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    for path in all() {
        let text = std::fs::read_to_string(&path).unwrap();
        let scenario = Scenario::load(&path).unwrap();
        let place = path.strip_prefix(&root).unwrap().with_extension("");
        assert_eq!(Path::new(&scenario.file.name), place);
        let mut lines = text.lines();
        assert!(
            lines.next().unwrap().starts_with("#:schema ../scenario.schema.json"),
            "{}",
            path.display()
        );
        assert!(
            lines.next().unwrap().starts_with("# "),
            "{} tells no story",
            path.display()
        );
        assert!(
            !scenario.file.source.is_empty() && !scenario.file.expect.is_empty(),
            "{}",
            path.display()
        );
    }
}

/// An incident says what its thread states, what was observed, what is assumed and what the simulation shows, and the manual
/// lists it.
#[test]
fn every_incident_is_told_and_listed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let museum = std::fs::read_to_string(root.join("src/manual/incidents.md")).unwrap();
    let mut found = Vec::new();
    scenarios(&root.join("scenarios/incidents"), &mut found);
    assert!(found.len() >= 15, "only {} incidents found", found.len());
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        for part in ["# The ", "# Observed: ", "# Assumed: ", "# Shows: "] {
            assert!(text.contains(part), "{} lacks {part:?}", path.display());
        }
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(museum.contains(&format!("`{name}`")), "the manual does not list {name}");
    }
}

/// Every profile serves a small fleet, to clients that read the whole answer and to such that read its status alone.
#[test]
fn every_profile_runs() {
    for (name, _) in PROFILES {
        let text = format!(
            r#"name = "test/{name}"
            summary = "Two nodes share one app"
            source = "made up"
            run = {{ duration = "2h", replications = 2 }}
            provider = {{ profile = "{name}" }}
            app = [{{ name = "main" }}]
            [[fleet]]
            name = "web"
            nodes = 2
            app = "main"
            workload = [{{ kind = "user", arrivals = {{ poisson = "2/min" }} }}]
            [[strategy]]
            name = "naive"
            coordination = "naive"
            [[strategy]]
            name = "lease"
            coordination = "lease"
            reads = "status""#
        );
        let scenario = Scenario::parse(name, &text, Path::new("."))
            .unwrap_or_else(|error| panic!("{:?}", miette::Report::new(error)));
        assert!(
            scenario.warnings().is_empty(),
            "{name} is odd: {:?}",
            scenario.warnings()
        );
        let outcome = campaign::run(&scenario, CampaignOptions::of(&scenario), &(), &AtomicBool::new(false)).unwrap();
        for strategy in ["naive", "lease"] {
            assert!(outcome.record.mean(strategy, "calls").unwrap() > 300.0, "{name}");
        }
    }
}
