//! Every kind of mistake once, with its message, the text that is underlined, and the fix; and what must hold for any scenario.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use miette::{GraphicalReportHandler, GraphicalTheme};

use super::*;
use crate::strategy::{Coordination, Ttl};

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
    assert_eq!(scenario.file.store, Some(Store::default()));
    assert_eq!(scenario.file.gateway, None);
    assert_eq!(scenario.file.run.replications, 30);
    assert_eq!(
        scenario.file.strategy[0].retry.attempts(),
        crate::retry::Attempts::default()
    );
    assert_eq!(scenario.points(), vec![(String::new(), scenario.clone())]);
}

#[test]
fn mistakes_of_form() {
    mistaken("[run]", "[run", "not valid TOML", "", "");
    mistaken(
        "nodes = 2",
        "nodez = 2",
        "unknown key `nodez`",
        "nodez",
        "did you mean `nodes`?",
    );
    mistaken(
        "warmup =",
        "warm_up =",
        "unknown key `warm_up` in `run`",
        "warm_up",
        "`replications`",
    );
}

#[test]
fn mistakes_of_quantity() {
    mistaken(
        "warmup",
        "seed = 18446744073709551615\nwarmup",
        "cannot be written in TOML again",
        "18446744073709551615",
        "9223372036854775807",
    );
    mistaken(
        "\"1min\"",
        "\"5m\"",
        "`5m` has the unit `m`",
        "\"5m\"",
        "did you mean `5min` or `5ms`?",
    );
    mistaken("\"1min\"", "40", "40 has no unit", "40", "did you mean \"40s\"");
    mistaken("\"2/s\"", "\"-2/s\"", "`-2/s` is negative", "\"-2/s\"", "");
    mistaken("\"10min\"", "\"inf\"", "`inf` never ends", "\"inf\"", "");
    mistaken("\"10min\"", "\"99999999h\"", "longer than 3650d", "\"99999999h\"", "");
    mistaken("\"10min\"", "\"0s\"", "measures nothing", "\"0s\"", "10min");
    mistaken("\"10min\"", "\"3650d\"", "the longest run", "\"3650d\"", "shorten");
    mistaken("\"1min\"", "\"3650d\"", "the longest run", "\"3650d\"", "shorten");
    mistaken("nodes = 2", "nodes = 0", "has no nodes", "0", "leave the fleet out");
    mistaken("nodes = 2", "nodes = 10000001", "there can be 10000000", "10000001", "");
    mistaken("nodes = 2", "nodes = -1", "invalid value", "-1", "");
    mistaken("warmup", "replications = 0\nwarmup", "0 replications", "0", "30");
    mistaken("\"5s\"", "\"0s\"", "never served", "\"0s\"", "leave it out");
    mistaken(
        "poisson = \"2/s\"",
        "periodic = { every = \"0s\" }",
        "never end",
        "\"0s\"",
        "1min",
    );
    mistaken(
        "ttl = \"10s\"",
        "poll = \"0s\"",
        "ends before it begins",
        "\"0s\"",
        "100ms",
    );
    mistaken(
        "ttl = \"10s\"",
        "renew_ahead = \"1h\"",
        "so long before its end",
        "\"1h\"",
        "shorter",
    );
    mistaken(
        "delay = \"1s\"",
        "dela = \"1s\"",
        "unknown key `dela`",
        "dela",
        "did you mean `delay`?",
    );
    mistaken(
        "delay = \"1s\"",
        "delay = \"1s\", attempts = 0",
        "0 tries make no call",
        "0",
        "",
    );
}

#[test]
fn mistakes_of_choice() {
    mistaken(
        "\"naive\"",
        "\"naiv\"",
        "unknown strategy `naiv`",
        "\"naiv\"",
        "did you mean `naive`?",
    );
    mistaken(
        "lease = {",
        "leese = {",
        "unknown strategy `leese`",
        "leese",
        "did you mean `lease`?",
    );
    mistaken(
        "fixed = {",
        "fixd = {",
        "unknown retry policy `fixd`",
        "fixd",
        "did you mean `fixed`?",
    );
    mistaken(
        "{ fixed = { delay = \"1s\" } }",
        "\"fixed\"",
        "missing key `delay`",
        "\"fixed\"",
        "delay",
    );
    mistaken(
        "fixed = { delay = \"1s\" }",
        "fixed = { delay = \"1s\" }, none = {}",
        "one alternative at a time",
        "none",
        "",
    );
    mistaken(
        "profile = \"zoom-s2s-2022\"",
        "rule = \"latest_onli\"",
        "unknown rule `latest_onli`",
        "\"latest_onli\"",
        "did you mean `latest_only`?",
    );
    mistaken(
        "zoom-s2s-2022",
        "zoom-s2s-2202",
        "unknown profile",
        "\"zoom-s2s-2202\"",
        "`zoom-s2s-2022`",
    );
    mistaken(
        "poisson = \"2/s\"",
        "poison = \"2/s\"",
        "unknown arrival pattern `poison`",
        "poison",
        "`poisson`",
    );
    mistaken(
        "crash = {",
        "crush = {",
        "unknown event `crush`",
        "crush",
        "did you mean `crash`?",
    );
    mistaken(
        "op = \">=\"",
        "op = \"=>\"",
        "unknown comparison `=>`",
        "\"=>\"",
        "`>=`",
    );
    mistaken(
        ">= 99%",
        "0.99",
        "does not say how to compare",
        "\"0.99\"",
        "did you mean \"== 0.99\"",
    );
}

#[test]
fn mistakes_of_a_trigger() {
    let what = "what = { crash = { fleet = \"web\", node = 1 } }";
    let with = |event: &str, trigger: &str| format!("what = {{ {event} }}\n\n[trigger]\n{trigger}");
    let crash = "crash = { fleet = \"web\", node = 1 }";
    let late = with(crash, "recover_within = \"7min\"");
    mistaken(
        what,
        &late,
        "the run leaves 6min after the trigger",
        "\"7min\"",
        "`run.duration`",
    );
    let cold = with(crash, "hot_calls = 0");
    mistaken(what, &cold, "a hot start with 0 calls", "0", "there can be");
    let early = with(crash, "");
    assert!(parse(&VALID.replace(what, &early)).is_ok());
    let calm = with("grant_slots = { app = \"main\", slots = 2 }", "hot_calls = 1");
    let error = parse(&VALID.replace(what, &calm)).unwrap_err();
    assert!(shown(&error).contains("no event here disturbs anything"));
    let spike = "what = { spike = { fleet = \"web\", calls = 0 } }";
    mistaken(what, spike, "0 calls at each of 2 nodes", "0", "there can be");
    let stranger = "what = { spike = { fleet = \"wed\", calls = 1 } }";
    mistaken(what, stranger, "unknown fleet `wed`", "\"wed\"", "did you mean `web`");
}

#[test]
fn mistakes_of_reference() {
    mistaken(
        "app = \"main\"\n",
        "",
        "missing key `app` in `fleet`",
        "[[fleet]]",
        "apps: `main`",
    );
    mistaken(
        "app = \"main\"",
        "app = \"mian\"",
        "unknown app `mian`",
        "\"mian\"",
        "did you mean `main`?",
    );
    mistaken(
        "fleet = \"web\"",
        "fleet = \"wep\"",
        "unknown fleet `wep`",
        "\"wep\"",
        "did you mean `web`?",
    );
    mistaken("node = 1", "node = 2", "there is no node 2", "2", "the last one is 1");
    mistaken(
        "\"*\"",
        "\"naive cash\"",
        "unknown strategy `naive cash`",
        "\"naive cash\"",
        "`naive cache`",
    );
    mistaken(
        "\"success_rate\"",
        "\"sucess_rate\"",
        "unknown metric",
        "\"sucess_rate\"",
        "did you mean `success_rate`?",
    );
    mistaken(
        "@web/user",
        "@web/users",
        "unknown group `web/users`",
        "\"success_rate@web/users\"",
        "`web/user`",
    );
    mistaken(
        "expect.\"shared lease\"",
        "expect.\"shared leas\"",
        "unknown strategy",
        "\"shared leas\"",
        "`shared lease`",
    );
    mistaken(
        "expect.\"shared lease\"",
        "expect.\"shared lease @ a=1\"",
        "no point of the sweep",
        "\"shared lease @ a=1\"",
        "sweeps over nothing",
    );
}

#[test]
fn more_mistakes_of_reference() {
    mistaken(
        "> naive cache",
        "> naiv cache",
        "unknown strategy `naiv cache`",
        "\"> naiv cache\"",
        "`naive cache`",
    );
    mistaken(
        "> naive cache",
        "> shared lease",
        "compared with itself",
        "\"> shared lease\"",
        "",
    );
    mistaken(
        "at = \"5min\"",
        "at = \"12min\"",
        "after the last call",
        "\"12min\"",
        "11min",
    );
    mistaken(
        "\"shared lease\"",
        "\"naive cache\"",
        "two strategy entries are named",
        "\"naive cache\"",
        "another name",
    );
    mistaken(
        "test/valid",
        "../../etc",
        "cannot name a folder",
        "\"../../etc\"",
        "zoom/default",
    );
    mistaken(
        "\"naive cache\"",
        "\"5\"",
        "`5` cannot be a name here",
        "\"5\"",
        "not a number",
    );
    mistaken(
        "crash = { fleet = \"web\", node = 1 }",
        "crash_gateway = { app = \"main\", down = \"1s\" }",
        "no strategy here has a gateway",
        "{ app = \"main\", down = \"1s\" }",
        "gateway",
    );
    mistaken(
        "crash = { fleet = \"web\", node = 1 }",
        "revoke = { app = \"main\", slot = 1 }",
        "never has a slot 1",
        "1",
        "the last one is 0",
    );
    mistaken(
        "crash = { fleet = \"web\", node = 1 }",
        "slow = { endpoint = \"api\", factor = 1, for = \"1s\" }",
        "not slower",
        "1",
        "twice",
    );
}

#[test]
fn what_a_scenario_cannot_do_without() {
    let cut = |from: &str, to: &str| {
        let (start, end) = (VALID.find(from).unwrap(), VALID.find(to).unwrap());
        format!("{}{}", &VALID[..start], &VALID[end..])
    };
    for (text, message) in [
        (cut("[[app]]", "[[fleet]]"), "at least one `[[app]]`"),
        (cut("[[fleet]]", "[[strategy]]"), "at least one `[[fleet]]`"),
        (cut("[[strategy]]", "[[event]]"), "at least one `[[strategy]]`"),
        (cut("[run]", "[provider]"), "missing key `run`"),
        (cut("name =", "summary"), "missing key `name`"),
        (String::new(), "missing key `name`"),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(
            error
                .mistakes()
                .iter()
                .any(|mistake| mistake.message().contains(message)),
            "{message}: {}",
            shown(&error)
        );
    }
}

#[test]
fn slots_need_a_provider_that_has_them() {
    let slots = "{ slot_per_node = { slots = 2 } }";
    let text = VALID.replacen("\"naive\"", slots, 1);
    assert!(parse(&text).unwrap().warnings().is_empty());
    let error = parse(&text.replacen("zoom-s2s-2022", "zoom-jwt-2022", 1)).unwrap_err();
    let mistake = &error.mistakes()[0];
    assert_eq!(mistake.message(), "this provider has no slots");
    assert_eq!(error.text_under(mistake), Some(slots));
    let help = mistake.advice().unwrap();
    assert!(
        help.contains("zoom-s2s-2022") && help.contains("app_per_node"),
        "{help}"
    );

    // A wrong name of the parameter is a story, not a mistake.
    let misnamed = VALID.replacen(
        "\"naive\"",
        "{ slot_per_node = { slots = 2, parameter = \"index\" } }",
        1,
    );
    let scenario = parse(&misnamed).unwrap();
    assert!(scenario.warnings()[0].message().contains("calls it `token_index`"));
    assert!(matches!(&scenario.file.strategy[0].coordination, Coordination::SlotPerNode(slots) if !slots.known));
    let again = parse(&scenario.to_resolved_toml()).unwrap();
    assert_eq!(again, scenario);
    mistaken("\"naive\"", "{ slot_per_node = { slots = 0 } }", "over none", "0", "");
    mistaken(
        "\"naive\"",
        "{ slot_per_node = { slots = 65535, first = 65535 } }",
        "end at 65534",
        "65535",
        "",
    );
}

#[test]
fn latencies_that_cannot_be() {
    let law = |latency: &str| format!("profile = \"zoom-s2s-2022\"\ntoken_request = {latency}");
    mistaken(
        "profile = \"zoom-s2s-2022\"",
        &law("{ lognormal = { median = \"400ms\", p99 = \"80ms\" } }"),
        "the 99th percentile 80ms lies below the median 400ms",
        "{ lognormal = { median = \"400ms\", p99 = \"80ms\" } }",
        "swap them?",
    );
    mistaken(
        "profile = \"zoom-s2s-2022\"",
        &law("{ empirical = \"none.csv\" }"),
        "none.csv",
        "{ empirical = \"none.csv\" }",
        "looked up from the scenario's folder",
    );
    mistaken(
        "profile = \"zoom-s2s-2022\"",
        &law("{ empirical = \"/dev/zero\" }"),
        "not a regular file",
        "{ empirical = \"/dev/zero\" }",
        "",
    );
    mistaken(
        "profile = \"zoom-s2s-2022\"",
        &law("{ lognorml = { median = \"400ms\", p99 = \"80ms\" } }"),
        "unknown distribution `lognorml`",
        "lognorml",
        "did you mean `lognormal`?",
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
  help: did you mean `nodes`? keys: `name`, `nodes`, `app`, `domain`, `sends_slot`, `force_renewal`, `login`, `clock_skew`, `clock_drift_ppm`, `start`, `pauses`, `workload`
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
        ("sweep = 1".to_owned(), "expected a table"),
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

mod sweeps;

mod files;
mod load;

mod mutations;

mod providers;

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
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
