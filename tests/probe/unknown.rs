//! Rules that no profile has are found too, with their numbers.

use std::path::Path;

use tokenstorm::emulator::EmulatorOptions;
use tokenstorm::probe::{Interview, ProbeFinding, parts};
use tokenstorm::provider::settings::Settings;
use tokenstorm::scenario::Scenario;

use crate::target::probed;

/// A scenario with this provider.
fn scenario(provider: &str) -> Scenario {
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
    Scenario::parse("unknown.toml", &text, Path::new(".")).unwrap_or_else(|error| panic!("{error:?}"))
}

/// Probes a provider that is written as in a scenario.
fn found(provider: &str) -> (Interview, Settings) {
    let scenario = scenario(provider);
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

const SLOTS: &str = r#"slot_parameter = "token_index"
    rule = { latest_only = {} }"#;

#[test]
fn slots_that_are_granted_are_counted() {
    for slots in [1, 2, 3, 11] {
        let (found, _) = probed(EmulatorOptions::scenario(&scenario(SLOTS)).unwrap().slots(slots));
        assert_eq!(found.found["slots"], ProbeFinding::Count(slots.into()));
        assert!(found.explained, "{found:#?}");
    }
    let ignores = format!("{SLOTS}\non_bad_slot = \"ignore\"");
    let (found, _) = found(&ignores);
    assert_eq!(found.found["bad_slot"], ProbeFinding::Is("ignore"));
}

/// Nobody outside can tell an overlap from a resource server that hears of the end so much later.
#[test]
fn what_cannot_be_told_apart_is_named() {
    let (found, _) = found(r#"rule = { latest_only = { overlap = "90s" } }"#);
    let others = &found.alternatives["rule"];
    assert!(
        others
            .iter()
            .any(|other| other.contains(r#"lags.invalidation = "90s""#)),
        "{others:?}"
    );
    let (found, _) = self::found(
        r#"lags = { invalidation = { constant = "90s" } }
        rule = { latest_only = {} }"#,
    );
    assert!(found.explained);
    assert!(parts(&found.settings)[0].1.contains("90s"), "{:?}", found.settings.rule);
}
