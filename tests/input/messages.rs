//! Each kind of mistake with what is said of it. No word of a library reaches a user.

use std::path::Path;

use tokenstorm::scenario::{Scenario, ScenarioError};

use crate::changed;

/// Words that only the authors of a deserializer know.
const FOREIGN: [&str; 12] = [
    "variant",
    "u8",
    "u16",
    "u32",
    "u64",
    "i64",
    "f64",
    "struct ",
    "invalid type",
    "invalid value",
    "a sequence",
    "a map",
];

fn refused(file: &str) -> ScenarioError {
    Scenario::parse("bad.toml", file, Path::new(".")).expect_err(file)
}

/// All that is said of a file.
fn told(error: &ScenarioError) -> Vec<String> {
    let mistakes = error.mistakes().iter();
    mistakes
        .map(|mistake| format!("{}; {}", mistake.message(), mistake.advice().unwrap_or_default()))
        .collect()
}

/// What is written in the place of what, and what is to be written instead.
const KINDS: [(&str, &str, &str); 33] = [
    ("[[fleet]]", "[fleet]", "write `[[fleet]]`"),
    ("[[strategy]]", "[[strategies]]", "did you mean `strategy`?"),
    (
        "{ poisson = \"6/min\" }",
        "\"poisson\"",
        "write `arrivals = { poisson = \"2/s\" }`",
    ),
    (
        "{ poisson = \"6/min\" }",
        "\"6/min\"",
        "write `arrivals = { poisson = \"6/min\" }`",
    ),
    ("\"6/min\"", "\"1,5/s\"", "did you mean `1.5/s`?"),
    ("\"6/min\"", "\"6 per minute\"", "did you mean `6/s` or `6/min`?"),
    ("nodes = 2", "nodes = \"4\"", "write `nodes = 4`, without quotes"),
    ("nodes = 2", "nodes = -4", "cannot be below 0"),
    ("nodes = 2", "nodes = 4.5", "write `nodes = 4` or `nodes = 5`"),
    ("nodes = 2", "nodes = 5000000000", "4294967295 at most"),
    (
        "nodes = 2",
        "nodes = 2\nsends_slot = \"no\"",
        "`sends_slot = true` or `sends_slot = false`",
    ),
    ("name = \"main\"", "name = 5", "write it between quotes: `name = \"5\"`"),
    (
        "profile = \"zoom-s2s-2022\"",
        "token_request = \"40ms\"",
        "write `token_request = { constant = \"40ms\" }`",
    ),
    (
        "profile = \"zoom-s2s-2022\"",
        "profile = \"zoom-s2s\"",
        "did you mean `zoom-s2s-2022`?",
    ),
    (
        "profile = \"zoom-s2s-2022\"",
        "token_request = { uniform = [\"30ms\", \"10ms\"] }",
        "write `{ uniform = [\"10ms\", \"30ms\"] }`",
    ),
    (
        "profile = \"zoom-s2s-2022\"",
        "faults = { token = { error_rate = \"150%\" } }",
        "write a share from 0% to 100%",
    ),
    ("\"10min\"", "\"10 minutes\"", "did you mean `10min`?"),
    ("\"10min\"", "\"1h30min\"", "did you mean `90min`?"),
    ("\"10min\"", "\"10\"", "did you mean `10s` or `10ms`?"),
    ("\"10min\"", "10", "did you mean \"10s\""),
    (
        "{ fixed = { delay = \"1s\" } }",
        "\"exponential\"",
        "write `retry = { exponential = { base = \"100ms\", cap =",
    ),
    ("{ fixed = { delay = \"1s\" } }", "3", "for instance `retry = { fixed"),
    (
        "{ crash = { fleet = \"web\", node = 1 } }",
        "\"crash\"",
        "write `what = { crash = { fleet =",
    ),
    ("op = \">=\"", "op = \"=>\"", "did you mean `>=`?"),
    (
        "[run]",
        "run = 5\n[ron]",
        "write a table: `run = { duration = \"10min\" }`",
    ),
    ("[run]", "[run", "a table is `[run]`"),
    (
        "ttl = \"10s\"",
        "ttl = \"10s\", extend_every = \"20s\"",
        "a third of `ttl` is usual",
    ),
    ("value = 0.5", "value = 99.9", "did you mean \"99.9%\"?"),
    ("value = 0.5", "value = \"200ms\"", "write 0.99 or \"99%\""),
    (">= 99%", ">= 99.9", "did you mean \"99.9%\"?"),
    (
        "success_rate = \">= 99%\"",
        "failure_rate = \"< -1\"",
        "lies between 0 and 1",
    ),
    ("success_rate = \">= 99%\"", "latency_p99 = \"< -1s\"", "write"),
    (
        "success_rate = \">= 99%\"",
        "latency_p99 = \"< 5%\"",
        "write it like \"200ms\"",
    ),
];

#[test]
fn every_kind_says_what_to_write_instead() {
    let mut wrong = Vec::new();
    for (from, to, help) in KINDS {
        let error = refused(&changed(from, to));
        let all = told(&error);
        if !all.iter().any(|told| told.contains(help)) {
            wrong.push(format!("{to}: wanted {help}, and got {all:#?}"));
        }
        for word in FOREIGN {
            if let Some(told) = all.iter().find(|told| told.contains(word)) {
                wrong.push(format!("{to}: `{word}` in {told}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// One mistake has one message: nothing that comes of it is told beside it.
#[test]
fn a_mistake_is_told_once() {
    for (from, to, _) in KINDS
        .iter()
        .filter(|(_, to, _)| !to.contains("[ron]") && !to.contains("strategies"))
    {
        let error = refused(&changed(from, to));
        assert_eq!(error.mistakes().len(), 1, "{to}: {:#?}", told(&error));
    }
}

#[test]
fn all_independent_mistakes_of_a_file_are_told() {
    let file = changed("nodes = 2", "nodes = \"2\"\nnodez = 3")
        .replacen("\"1min\"", "\"1 minute\"", 1)
        .replacen("ttl = \"10s\"", "ttl = \"0s\"", 1)
        .replacen("delay = \"1s\"", "dilay = \"1s\"", 1);
    let all = told(&refused(&file)).join("\n");
    for part in [
        "`nodes` is a whole number",
        "unknown key `nodez`",
        "1 minute",
        "unknown key `dilay`",
    ] {
        assert!(all.contains(part), "{part} in\n{all}");
    }
    // What is wrong at many points of a sweep is told once.
    let swept = format!(
        "{}[sweep]\n\"fleet.web.nodes\" = [0, 1, 2]\n\"run.seed\" = [1, 2, 3]\n",
        changed("ttl = \"10s\"", "ttl = \"0s\"")
    );
    let all = told(&refused(&swept));
    assert_eq!(
        all.iter().filter(|told| told.contains("`ttl` of 0s")).count(),
        1,
        "{all:#?}"
    );
}

#[test]
fn mistakes_by_the_thousand_are_counted() {
    let many: String = (0..9000).map(|i| format!("\"calls@w{i}\" = \">= 1\"\n")).collect();
    let start = std::time::Instant::now();
    let error = refused(&format!("{}{many}", changed("nodes = 2", "nodes = 2")));
    assert_eq!(error.mistakes().len() + error.more(), 9000);
    assert!(
        error.mistakes().len() <= 20 && error.to_string().contains("9000 mistakes"),
        "{error}"
    );
    assert!(start.elapsed().as_secs() < 10, "it took {:?}", start.elapsed());
}

#[test]
fn what_is_odd_but_can_be_run_is_a_warning() {
    for (from, to, warning) in [
        (">= 99%", ">= 0", "this can never fail"),
        (
            "success_rate = \">= 99%\"",
            "latency_p99 = \"< 200\"",
            "seconds are taken",
        ),
        ("6/min", "0/s", "hardly ever makes a call"),
        (
            "workload = [{ kind = \"user\", arrivals = { poisson = \"6/min\" } }]",
            "",
            "makes no calls",
        ),
    ] {
        let file = changed(from, to);
        let scenario = Scenario::parse("odd.toml", &file, Path::new("."))
            .unwrap_or_else(|error| panic!("{to}: {:?}", told(&error)));
        let warnings: Vec<_> = scenario
            .warnings()
            .iter()
            .map(|warning| warning.message().to_owned())
            .collect();
        assert!(warnings.iter().any(|told| told.contains(warning)), "{to}: {warnings:?}");
    }
    assert!(
        Scenario::parse("fine.toml", crate::VALID, Path::new("."))
            .unwrap()
            .warnings()
            .is_empty()
    );
    let with_units =
        changed("value = 0.5", "value = \"50%\"").replacen("success_rate = \">= 99%\"", "latency_p99 = \"< 200ms\"", 1);
    assert!(
        Scenario::parse("fine.toml", &with_units, Path::new("."))
            .unwrap()
            .warnings()
            .is_empty()
    );
}
