//! Providers: their profiles, their rules for refresh tokens, their wording.

use super::*;
use crate::base::Duration;
use crate::provider::profiles::find;
use crate::provider::settings::{OnViolationSettings, RetireSettings, Reveals};

const PROFILE: &str = "profile = \"zoom-s2s-2022\"";

#[test]
fn a_mistake_in_a_rule_for_refresh_tokens() {
    let refresh = |rule: &str| format!("{PROFILE}\n[provider.refresh]\n{rule}");
    for (rule, message, under, help) in [
        (
            "rotat = \"always\"",
            "unknown key `rotat`",
            "rotat",
            "did you mean `rotate`?",
        ),
        (
            "rotate = \"alway\"",
            "unknown choice `alway`",
            "\"alway\"",
            "did you mean `always`?",
        ),
        ("retire = { leeway = 10 }", "", "10", ""),
        ("capacity = 0", "no grant may live", "0", "refresh.issued = false"),
        ("ttl = \"0s\"", "never valid", "\"0s\"", "does not expire"),
        (
            "retire = { successor_used = { which = \"access\", delay = \"10s\", cap = \"5s\" } }",
            "longer than the cap",
            "{ successor_used = { which = \"access\", delay = \"10s\", cap = \"5s\" } }",
            "leave it out",
        ),
        (
            "retire = { successor_used = {} }",
            "missing key `which`",
            "{}",
            "add the key `which`",
        ),
    ] {
        mistaken(PROFILE, &refresh(rule), message, under, help);
    }
}

#[test]
fn a_mistake_in_the_wording_of_answers() {
    let dialect = |answer: &str| format!("{PROFILE}\ndialect = {{ rejected = {answer} }}");
    mistaken(
        PROFILE,
        &dialect("{ status = 99 }"),
        "99 is no status",
        "99",
        "for instance 401",
    );
    mistaken(
        PROFILE,
        &dialect("{ status = 200 }"),
        "cannot be told from a success",
        "{ status = 200 }",
        "add a `body`",
    );
    mistaken(
        PROFILE,
        &format!("{PROFILE}\nreveals = {{ issue_time = \"0s\" }}"),
        "units of nothing",
        "{ issue_time = \"0s\" }",
        "whole seconds",
    );
}

/// What a scenario writes lies over its profile, key by key.
#[test]
fn a_profile_is_extended_inline() {
    let provider = |text: &str| {
        let scenario = parse(&VALID.replacen(PROFILE, text, 1)).unwrap();
        assert_eq!(parse(&scenario.to_resolved_toml()).unwrap(), scenario, "{text}");
        scenario.file.provider
    };
    let okta = provider("profile = \"okta\"");
    let own = provider("profile = \"okta\"\nrefresh.retire = { leeway = \"1min\" }\nrefresh.on_violation = \"refuse\"");
    let (okta, own) = (okta.refresh_tokens().unwrap(), own.refresh_tokens().unwrap());
    assert_eq!(own.rotate, okta.rotate);
    assert_eq!(own.retire, Some(RetireSettings::Leeway(Duration::from_secs(60))));
    assert_eq!(own.on_violation, Some(OnViolationSettings::Refuse));
    let none = provider("profile = \"okta\"\nrefresh.issued = false");
    assert_eq!(none.refresh_tokens(), None);

    let dated = provider("profile = \"zoom-s2s-2022\"\nreveals = { issue_time = \"1min\" }");
    assert_eq!(dated.revealed(), Reveals::IssueTime(Duration::from_secs(60)));
    let opaque = provider("profile = \"zoom-s2s-2022\"\nreveals = \"nothing\"");
    assert_eq!(opaque.revealed(), Reveals::Nothing);

    let zoho = provider("profile = \"zoho\"\ndialect.retry_after = \"seconds\"").dialect;
    assert_eq!(zoho.throttled, find("zoho").unwrap().provider.dialect.throttled);
    assert_ne!(zoho.retry_after, find("zoho").unwrap().provider.dialect.retry_after);
}
