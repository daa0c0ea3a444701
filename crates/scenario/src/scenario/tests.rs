//! Every kind of mistake once, with its message, the text that is underlined, and the fix; and what must hold for any scenario.

mod failures;
mod files;
mod load;
mod mistakes;
mod mutations;
mod providers;
mod references;
mod second;
mod sweeps;
mod tenants;
mod times;
mod versions;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use miette::{GraphicalReportHandler, GraphicalTheme};

use super::*;

const VALID: &str = r#"name = "test/valid"
summary = "Two nodes share one app"
source = "made up"

[run]
duration = "10min"
warmup = "1min"

[provider]
profile = "zoom-s2s-2022"

[[app]]
name = "main"

[[fleet]]
name = "web"
nodes = 2
app = "main"
workload = [{ kind = "user", arrivals = { poisson = "2/s" }, patience = "5s" }]

[[strategy]]
name = "naive cache"
coordination = "naive"

[[strategy]]
name = "shared lease"
coordination = { lease = { ttl = "10s" } }
retry = { fixed = { delay = "1s" } }

[[event]]
at = "5min"
what = { crash = { fleet = "web", node = 1 } }

[[assert]]
strategy = "*"
metric = "success_rate"
op = ">="
value = 0.5

[expect."shared lease"]
success_rate = ">= 99%"
"success_rate@web/user" = "> naive cache"
"#;

fn parse(text: &str) -> Result<Scenario, ScenarioError> {
    Scenario::parse("test.toml", text, Path::new("/nonexistent"))
}

/// As a terminal would show it; everything that is wrong must be showable.
fn shown(error: &ScenarioError) -> String {
    let mut text = String::new();
    GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .render_report(&mut text, error)
        .unwrap();
    text
}

/// `VALID` with one text replaced must give a mistake with this message, underline and help.
#[track_caller]
fn mistaken(from: &str, to: &str, message: &str, under: &str, help: &str) {
    assert!(VALID.contains(from), "{from}");
    let error = parse(&VALID.replacen(from, to, 1)).unwrap_err();
    let found = error.mistakes().iter().any(|mistake| {
        mistake.message().contains(message)
            && error.text_under(mistake) == Some(under)
            && mistake.advice().unwrap_or_default().contains(help)
    });
    let mut all = String::new();
    for mistake in error.mistakes() {
        writeln!(
            all,
            "{} | {:?} | {:?}",
            mistake.message(),
            error.text_under(mistake),
            mistake.advice()
        )
        .unwrap();
    }
    assert!(found, "wanted {message} | {under:?} | {help}\nfound {all}");
    shown(&error);
}

#[test]
fn a_valid_scenario_is_filled_in() {
    let scenario = parse(VALID).unwrap();
    assert!(scenario.warnings().is_empty());
    assert_eq!(scenario.provider().token_ttl, Some("1h".parse().unwrap()));
    assert_eq!(scenario.file.store, Some(StoreSettings::default()));
    assert_eq!(scenario.file.gateway, None);
    assert_eq!(scenario.file.run.replications, 30);
    assert_eq!(
        scenario.file.strategy[0].retry.attempts(),
        crate::retry::Attempts::default()
    );
    assert_eq!(
        scenario.points(),
        vec![(crate::plan::SweepPoint::default(), scenario.clone())]
    );
}

#[test]
fn an_overlap_beyond_a_tokens_life_is_odd_but_legal() {
    let text = VALID.replacen(
        "zoom-s2s-2022\"",
        "zoom-s2s-2022\"\nrule = { latest_only = { overlap = \"2h\" } }",
        1,
    );
    let scenario = parse(&text).unwrap();
    assert!(scenario.warnings()[0].message().contains("longer than a token lives"));
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text = VALID
        .replacen("nodes = 2", "nodes = 0", 1)
        .replacen("fleet = \"web\"", "fleet = \"wep\"", 1)
        .replacen("> naive cache", "> other", 1);
    let error = parse(&text).unwrap_err();
    assert_eq!(error.mistakes().len(), 3, "{}", shown(&error));
    let text = shown(&error);
    assert!(text.contains("3 mistakes"), "{text}");
    assert!(text.contains("test.toml:"), "{text}");
}

#[test]
fn one_mistake_is_shown_with_its_line_and_its_fix() {
    let error = parse(&VALID.replacen("nodes = 2", "nodez = 2", 1)).unwrap_err();
    insta::assert_snapshot!(shown(&error), @r#"
  × test.toml: unknown key `nodez` in `fleet`
    ╭─[test.toml:17:1]
 16 │ name = "web"
 17 │ nodez = 2
    · ──┬──
    ·   ╰── no such key
 18 │ app = "main"
    ╰────
  help: did you mean `nodes`? keys: `name`, `nodes`, `app`, `domain`, `address`, `sends_slot`, `force_renewal`, `login`, `clock_skew`, `clock_drift_ppm`, `start`, `pauses`, `workload`
"#);
}

#[test]
fn texts_that_are_no_scenario() {
    for (text, message) in [
        ("name = \"a\0b\"".to_owned(), "not valid TOML"),
        ("[".repeat(100_000), "not valid TOML"),
        (
            format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000)),
            "nested too deeply",
        ),
        (format!("a{} = 1", ".a".repeat(100_000)), "nested too deeply"),
        ("x".repeat(5 << 20), "too many"),
        ("a = 1\na = 2".to_owned(), "duplicate key"),
        ("sweep = 1".to_owned(), "is a table, not 1"),
    ] {
        let error = parse(&text).unwrap_err();
        let mistake = &error.mistakes()[0];
        assert!(mistake.message().contains(message), "{message}: {}", mistake.message());
        let _ = error.text_under(mistake);
    }
}

#[test]
fn what_no_memory_would_hold_is_refused() {
    mistaken(
        "arrivals = { poisson = \"2/s\" }",
        "arrivals = { burst = { every = \"1min\", calls = 4000000000 } }",
        "a burst of 4000000000 calls",
        "4000000000",
        "more bursts",
    );
    let text = VALID
        .replace(
            "coordination = \"naive\"",
            "coordination = { app_per_node = { apps = 65535 } }",
        )
        .replace("name = \"main\"", "name = \"main\"\nslots = 65535");
    let error = parse(&text).unwrap_err();
    assert!(shown(&error).contains("slots in all"), "{}", shown(&error));
}

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios")
}

/// Every scenario of the crate, by path.
fn stories() -> Vec<PathBuf> {
    let mut stories: Vec<PathBuf> = std::fs::read_dir(scenarios())
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .flat_map(|folder| std::fs::read_dir(folder.path()).unwrap().flatten())
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    stories.sort();
    assert!(!stories.is_empty());
    stories
}

#[test]
fn every_story_is_read_and_its_resolved_form_says_the_same() {
    for path in stories() {
        let scenario = Scenario::load(&path).unwrap_or_else(|error| panic!("{}", shown(&error)));
        let name = path.strip_prefix(scenarios()).unwrap().with_extension("");
        assert_eq!(Path::new(&scenario.file.name), name);
        assert!(
            scenario.text.starts_with("#:schema ../scenario.schema.json\n# "),
            "{} does not begin with its schema and its story",
            path.display()
        );
        assert!(!scenario.file.expect.is_empty(), "{} expects nothing", path.display());
        let resolved = scenario.to_resolved_toml();
        let again = Scenario::parse("resolved", &resolved, &scenario.folder)
            .unwrap_or_else(|error| panic!("{}\n{resolved}", shown(&error)));
        assert_eq!(again, scenario, "{}", path.display());
        assert_eq!(again.to_resolved_toml(), resolved);
        for (_, point) in scenario.points() {
            assert_eq!(
                Scenario::parse("point", &point.to_resolved_toml(), &point.folder).unwrap(),
                point
            );
        }
    }
}

/// `UPDATE_SCHEMA=1 cargo test` writes it anew.
#[test]
fn the_schema_on_disk_is_the_codes() {
    let path = scenarios().join("scenario.schema.json");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, schema()).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == schema(),
        "scenarios/scenario.schema.json is not what the code says; UPDATE_SCHEMA=1 cargo test writes it anew"
    );
    assert!(schema().contains("https://json-schema.org/draft/2020-12/schema"));
}
