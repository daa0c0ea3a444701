//! Saved cases: what they keep, that they replay, and which mistakes in them are told.

use std::path::Path;

use tokenstorm::engine::check::{Action, FaultBudget, Setup, systems};
use tokenstorm::engine::fuzz::{Case, CaseRule, Saved, SystemParams};
use tokenstorm::provider::settings::Settings;
use tokenstorm::provider::{OnBadSlot, profiles};
use tokenstorm::retry::Attempts;

use super::setup;

/// A case of the whole system in which nothing happens.
fn without_steps(setup: &Setup) -> Case {
    Case {
        draw: SystemParams {
            nodes: 2,
            calls: 1,
            rule: 0,
            faults: setup.system.faults,
        },
        steps: Vec::new(),
    }
}

/// Every case of the folder still breaks its property at its last step, and does the same in both engines.
#[test]
fn saved_cases_replay() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("a text");
        let saved: Saved = text
            .parse()
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(saved.to_string(), text, "{} is as it would be written", path.display());
        let example = saved
            .run()
            .unwrap_or_else(|| panic!("{} breaks nothing", path.display()));
        let one_more = |action: &Action| matches!(action, Action::Arrive(_));
        let steps = example.way.iter().position(one_more).unwrap_or(example.way.len());
        assert_eq!(steps, saved.steps.len(), "{}", path.display());
        let effects = saved.effects();
        assert_eq!(effects.checker, effects.simulator, "{}", path.display());
        count += 1;
    }
    assert!(count >= 15, "{count} cases");
}

/// What a provider does is kept with the case, and a provider that a case cannot name is told.
#[test]
fn a_case_keeps_what_the_provider_does() {
    let naive = setup("naive", 2, 1, FaultBudget::NONE);
    let mut okta = naive.clone();
    okta.system = okta.system.under(&profiles::find("okta").expect("a provider").provider);
    let strict = setup("naive_strict", 2, 1, FaultBudget::NONE);
    let mut order = setup("put_if_newer_order", 2, 1, FaultBudget::NONE);
    order.system.on_bad_slot = OnBadSlot::Ignore;
    let mut few = naive.clone();
    few.system.attempts = Attempts::at_most(3);
    for (setup, name) in [
        (&few, None),
        (&naive, None),
        (&strict, Some("strict")),
        (&okta, Some("okta")),
        (&order, None),
    ] {
        let case = without_steps(setup);
        let saved = Saved::new(0, None, (setup, None), &setup.system.rule, &case).expect("what it does has a name");
        let CaseRule::Named { refresh_tokens, .. } = &saved.rule else {
            panic!("{saved} has names");
        };
        assert_eq!(refresh_tokens.as_deref(), name);
        let read: Saved = saved.to_string().parse().expect("it was just written");
        assert_eq!(read, saved);
        let mut again = read.setup();
        // How far a search goes is no part of a case.
        again.system.most = setup.system.most;
        assert_eq!(format!("{again:?}"), format!("{setup:?}"));
        let mut own = setup.clone();
        let Some(rotation) = &mut own.system.rotation else {
            continue;
        };
        rotation.capacity = Some(77);
        assert!(Saved::new(0, None, (&own, None), &own.system.rule, &case).is_err());
    }
}

/// A rule of a scenario that no list has is kept as the scenario writes it, and is the same when it is read.
#[test]
fn a_rule_without_a_name_is_kept_as_it_is_written() {
    let provider: Settings = toml::from_str(
        r#"
        token_ttl = "7min"
        rule = { capacity = { live = 3 } }
        refresh = { rotate = "always", retire = { leeway = "3s" }, on_violation = "revoke_family", capacity = 77 }
        "#,
    )
    .unwrap();
    let mut setup = systems::setup("compare_first", 2, 1, FaultBudget::NONE).unwrap();
    setup.system = setup.system.under(&provider);
    let case = without_steps(&setup);
    let rule = &setup.system.rule;
    let told = Saved::new(0, None, (&setup, None), rule, &case).expect_err("nothing says how it is written");
    assert!(told.contains("has no name"), "{told}");
    let other = Settings {
        token_ttl: Some("8min".parse().unwrap()),
        ..provider.clone()
    };
    assert!(
        Saved::new(0, None, (&setup, Some(&other)), rule, &case).is_err(),
        "another provider"
    );
    let saved = Saved::new(0, None, (&setup, Some(&provider)), rule, &case).expect("as it is written");
    let text = saved.to_string();
    let read: Saved = text.parse().unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(read, saved);
    let again = read.setup().system;
    assert_eq!((&again.rule, &again.rotation), (rule, &setup.system.rotation), "{text}");
    for (from, to, says) in [
        ("slots = 1", "rule = \"latest_only\"\nslots = 1", "keep one of the two"),
        (
            "slots = 1",
            "refresh_tokens = \"strict\"\nslots = 1",
            "keep one of the two",
        ),
        ("token_ttl", "token_life", "unknown field"),
    ] {
        let error = text.replacen(from, to, 1).parse::<Saved>().expect_err(to);
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn mistakes_in_a_case_are_told() {
    let good = include_str!("../../../../tests/cases/lease-s1.toml");
    assert!(good.parse::<Saved>().is_ok());
    for (from, to, told) in [
        ("property = \"S1\"", "property = \"S99\"", "there is no property `S99`"),
        (
            "rule = \"latest_only\"",
            "rule = \"newest\"",
            "there is no rule `newest`",
        ),
        (
            "slots = 1",
            "slots = 1\nrefresh_tokens = \"stricter\"",
            "there is no rule `stricter` for refresh tokens; there are: refused, strict, grace",
        ),
        ("rule = \"latest_only\"\n", "", "neither a `rule` nor a `[provider]`"),
        ("deliver A's call", "deliver A's cell", "`deliver A's cell` is no step"),
        ("nodes = 2", "nodes = 9", "not from 1 to 4"),
        ("nodes = 2", "nodes = 2\nnode = 3", "unknown field `node`"),
        ("nodes = 2", "nodes = 2\ntries = 9", "`tries = 9` is not from 1 to 5"),
        ("faults = \"", "faults = \"crush=1,", "there is no fault `crush`"),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        let error = text.parse::<Saved>().expect_err(to);
        assert!(error.contains(told), "{error}");
    }
}
