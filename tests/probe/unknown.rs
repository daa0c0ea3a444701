//! Rules that no profile has are found too, with their numbers.

use std::path::Path;

use tokenstorm::emulator::EmulatorOptions;
use tokenstorm::probe::{Interview, parts};
use tokenstorm::provider::settings::Settings;
use tokenstorm::scenario::Scenario;

use crate::target::probed;

/// Probes a provider that is written as in a scenario.
fn found(provider: &str) -> (Interview, Settings) {
    let text = format!(
        r#"name = "unknown"
        summary = "A provider that no profile knows"
        source = "a test"
        run = {{ duration = "1h" }}
        app = [{{ name = "app" }}]
        [[fleet]]
        name = "callers"
        nodes = 1
        app = "app"
        workload = [{{ kind = "call", arrivals = {{ poisson = "1/min" }} }}]
        [[strategy]]
        name = "naive"
        coordination = "naive"
        [provider]
        token_request = {{ constant = "0s" }}
        token_response = {{ constant = "0s" }}
        api_request = {{ constant = "0s" }}
        api_response = {{ constant = "0s" }}
        {provider}"#
    );
    let scenario = Scenario::parse("unknown.toml", &text, Path::new(".")).unwrap_or_else(|error| panic!("{error:?}"));
    let (found, _) = probed(EmulatorOptions::scenario(&scenario).unwrap());
    (found, scenario.provider().clone())
}

/// What was found is what is written, or is said not to be told from it.
fn recovers(provider: &str, keys: &[&str]) {
    let (found, settings) = found(provider);
    assert!(found.explained, "{provider}: {found:#?}");
    let theirs = parts(&settings);
    for (key, value) in parts(&found.settings) {
        if !keys.contains(&key) {
            continue;
        }
        let (_, written) = theirs.iter().find(|(other, _)| *other == key).unwrap();
        let named = found
            .alternatives
            .get(key)
            .is_some_and(|others| others.contains(written));
        assert!(value == *written || named, "{provider}: {key} = {value}: {found:#?}");
    }
    assert!(
        found.profiles.is_empty(),
        "{provider}: no profile has it: {:?}",
        found.profiles
    );
}

#[test]
fn access_tokens() {
    for provider in [
        "rule = { capacity = { live = 7 } }",
        "rule = { latest_only = { overlap = \"90s\" } }\ntoken_ttl = \"45min\"",
        "rule = { latest_only = {} }\nlags = { visible_after = { constant = \"3s\" } }",
        "rule = { capacity = { live = 3, overlap = \"90s\" } }",
        "rule = { capacity = { live = 5, on_full = \"refuse\" } }",
        "rule = { reuse = { threshold = \"7min\", live = 1, overlap = \"40s\" } }\ntoken_ttl = \"50min\"",
        "rule = { latest_only = { overlap = \"4min\", overlap_depth = 2 } }",
    ] {
        recovers(provider, &["rule", "lags.visible_after"]);
    }
}

#[test]
fn refresh_tokens() {
    for refresh in [
        r#"{ retire = { leeway = "12s" } }"#,
        r#"{ retire = { leeway = "45s" }, depth = "any_ancestor", on_violation = { revoke_family = { access = true } } }"#,
        r#"{ retire = { reuses = 3 }, replay_answer = "last_wins", on_violation = "revoke_family" }"#,
        r#"{ retire = { successor_used = { which = "access", delay = "25s" } }, replay_answer = "same_pair" }"#,
        r#"{ kills_access = "paired", capacity = 4, evicts_access = true, ttl = "21d" }"#,
        r#"{ rotate = { after_age = "3h" } }"#,
    ] {
        let keys = [
            "rule",
            "refresh.rotate",
            "refresh.retire",
            "refresh.depth",
            "refresh.replay_answer",
            "refresh.kills_access",
            "refresh.on_violation",
            "refresh.capacity",
            "refresh.evicts_access",
            "refresh.ttl",
        ];
        recovers(&format!("refresh = {refresh}\ntoken_ttl = \"50min\""), &keys);
    }
}

#[test]
fn slots_that_are_granted_are_counted() {
    let text = r#"slot_parameter = "token_index"
        rule = { latest_only = {} }"#;
    let (one, _) = found(text);
    assert_eq!(tokenstorm::probe::ProbeFinding::Count(1), one.found["slots"]);
}
