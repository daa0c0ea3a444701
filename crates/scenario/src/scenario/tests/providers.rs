//! Providers: their profiles, their rules for refresh tokens, their wording.

use super::*;
use crate::base::Duration;
use crate::provider::profiles::find;
use crate::provider::settings::{OnViolationSettings, RetireSettings, Reveals};
use crate::provider::{Addresses, Quota};

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

#[test]
fn a_mistake_in_a_quota() {
    let minute = "count = 1, window = \"1min\"";
    let token = |keys: &str| format!("{PROFILE}\nlimits.token.quotas = [{{ {keys} }}]");
    let api = |keys: &str| format!("{PROFILE}\nlimits.api.quotas = [{{ {minute}, {keys} }}]");
    for (text, message, under, help) in [
        (token("count = 1"), "needs a window", "{ count = 1 }", "1s"),
        (
            token(&format!("{minute}, kind = \"concurrency\"")),
            "have no window",
            "\"1min\"",
            "another `kind`",
        ),
        (
            token("count = 1, kind = \"concurrency\""),
            "never under way",
            "\"concurrency\"",
            "servers = 1000",
        ),
        (
            token(&format!("{minute}, kind = {{ token_bucket = {{ burst = 0 }} }}")),
            "lets nothing in",
            "{ token_bucket = { burst = 0 } }",
            "as many",
        ),
        (
            token(&format!("{minute}, kind = \"sliding\"")),
            "unknown choice `sliding`",
            "\"sliding\"",
            "sliding_log",
        ),
        (
            token(&format!("{minute}, penalty = \"0s\"")),
            "a penalty of no time",
            "\"0s\"",
            "leave it out",
        ),
        (
            token(&format!("{minute}, prolongs = true")),
            "nothing that an ignored refusal could prolong",
            "true",
            "penalty",
        ),
        (
            token(&format!("{minute}, on_exceed = \"invalid_grant\"")),
            "there is no refresh token",
            "\"invalid_grant\"",
            "provider.refresh",
        ),
        (
            api("grant_type = \"refresh_token\""),
            "has a grant type",
            "\"refresh_token\"",
            "limits.token",
        ),
        (
            api("counts = \"issuances\""),
            "issues something",
            "\"issuances\"",
            "limits.token",
        ),
        (
            api("on_exceed = \"conflict\""),
            "only the token endpoint says",
            "\"conflict\"",
            "throttle",
        ),
    ] {
        mistaken(PROFILE, &text, message, under, help);
    }
}

/// Every key of a quota comes back from what is written.
#[test]
fn a_quota_is_read_and_written() {
    let text = r#"count = 10
window = "10min"
counts = "issuances"
grant_type = "refresh_token"
scope = "grant"
penalty = "5min"
prolongs = true
on_exceed = "conflict"

[kind.token_bucket]
burst = 20
"#;
    let quota: Quota = toml::from_str(text).unwrap();
    assert_eq!(toml::to_string(&quota).unwrap(), text);
    let plain = "count = 1\nwindow = \"1s\"\nscope = \"client\"\non_exceed = \"retry_after\"\n";
    let quota: Quota = toml::from_str(plain).unwrap();
    assert_eq!(quota, Quota::fixed(1, Duration::SECOND));
    assert_eq!(toml::to_string(&quota).unwrap(), plain, "what is left out stays out");
}

#[test]
fn fleets_that_name_an_address_share_it() {
    let fleet = |name: &str, nodes: u32, address: &str| {
        let address = if address.is_empty() {
            String::new()
        } else {
            format!("\naddress = \"{address}\"")
        };
        format!("[[fleet]]\nname = \"{name}\"\nnodes = {nodes}\napp = \"main\"{address}\n\n")
    };
    let more = fleet("alone", 3, "") + &fleet("one", 2, "office") + &fleet("other", 4, "office") + "[[strategy]]";
    let scenario = parse(&VALID.replacen("[[strategy]]", &more, 1)).unwrap();
    let plan = scenario.plan(&scenario.file.strategy[0]).unwrap();
    let together = |nodes| Addresses {
        nodes,
        first: 5,
        each: u32::MAX,
    };
    assert_eq!(plan.provider.addresses, [together(5..7), together(7..11)]);
    let provider = plan.provider.build(plan.provider.rule.clone(), &plan.links.lags);
    let of = |node| provider.address(crate::base::NodeId(node));
    assert_eq!([0, 4, 5, 6, 10].map(of), [0, 4, 5, 5, 5]);
}
