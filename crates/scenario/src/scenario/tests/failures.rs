//! Mistakes about endpoints that fail, and about what nodes do then.

use super::{VALID, mistaken, parse};

const EVENT: &str = "what = { crash = { fleet = \"web\", node = 1 } }";

#[test]
fn ways_to_fail() {
    let fail = |rest: &str| format!("what = {{ fail = {{ {rest} }} }}");
    mistaken(
        EVENT,
        &fail("endpoint = \"store\", for = \"1min\", how = \"forbidden\""),
        "a store has no HTTP to answer with",
        "\"forbidden\"",
        "`errors`, or is `silent`",
    );
    mistaken(
        EVENT,
        &fail("endpoint = \"token\", for = \"1min\", retry_after = \"30s\""),
        "only who is throttled is told how long to wait",
        "\"30s\"",
        "how = \"throttled\"",
    );
    mistaken(
        EVENT,
        &fail("endpoint = \"token\", for = \"0s\", how = \"throttled\""),
        "it is over as soon as it begins",
        "\"0s\"",
        "30s",
    );
    for how in [
        "throttled\", retry_after = \"30s",
        "throttled",
        "forbidden",
        "login_page",
        "redirect",
        "silent",
    ] {
        for endpoint in ["token", "api"] {
            let event = fail(&format!("endpoint = \"{endpoint}\", for = \"1min\", how = \"{how}\""));
            assert!(parse(&VALID.replace(EVENT, &event)).is_ok(), "{event}");
        }
    }
}

#[test]
fn guards_of_the_token_endpoint() {
    let lease = "retry = { fixed = { delay = \"1s\" } }";
    let guarded = |guard: &str| format!("{lease}\ntoken_guard = {{ {guard} }}");
    for (guard, message, under, help) in [
        (
            "cooldown = \"0s\"",
            "a cool-down that is over at once",
            "\"0s\"",
            "whenever a call wants a token",
        ),
        (
            "breaker = { failures = 0, open = \"1s\" }",
            "a breaker that opens before a failure",
            "0",
            "for instance 3",
        ),
        (
            "breaker = { failures = 3, open = \"1min\", longest = \"1s\" }",
            "open for 1min at first and for 1s at most",
            "\"1s\"",
            "at least as long as `open`",
        ),
        (
            "login_after = \"0s\"",
            "a login that is asked for after any failure",
            "\"0s\"",
            "logged_out_by",
        ),
        ("cool = \"1s\"", "unknown key `cool`", "cool", "did you mean `cooldown`"),
    ] {
        mistaken(lease, &guarded(guard), message, under, help);
    }
    let unbounded = "retry = { immediate = { attempts = \"unbounded\" } }";
    for guard in [
        "cooldown = \"1s\"",
        "until_login = true",
        "breaker = { failures = 1, open = \"1s\" }",
    ] {
        let text = format!("{unbounded}\ntoken_guard = {{ {guard} }}");
        let error = parse(&VALID.replace(lease, &text)).unwrap_err();
        let told = error.mistakes().iter().map(|mistake| mistake.message());
        assert!(
            told.into_iter().any(|told| told.contains("never lets time pass")),
            "{guard}"
        );
    }
    let harmless = format!("{unbounded}\ntoken_guard = {{ use_stale = true }}");
    assert!(parse(&VALID.replace(lease, &harmless)).is_ok());
}

#[test]
fn ends_of_logins_where_nobody_has_one() {
    let lease = "retry = { fixed = { delay = \"1s\" } }";
    for key in [
        "logged_out_by = \"errors\"",
        "token_guard = { until_login = true }",
        "token_guard = { login_after = \"1h\" }",
    ] {
        let scenario = parse(&VALID.replace(lease, &format!("{lease}\n{key}"))).unwrap();
        assert_eq!(
            scenario.warnings()[0].message(),
            "no user logs in at this provider",
            "{key}"
        );
        let users = VALID.replace("profile = \"zoom-s2s-2022\"", "profile = \"google\"");
        let scenario = parse(&users.replace(lease, &format!("{lease}\n{key}"))).unwrap();
        assert!(scenario.warnings().is_empty(), "{key}");
    }
}

#[test]
fn hours_in_which_nobody_logs_in() {
    let app = "[[app]]";
    let login = |keys: &str| format!("[login]\n{keys}\n\n{app}");
    for (hours, message) in [
        (
            "{ from = \"9h\", until = \"9h\" }",
            "no hour of a day lies between 9h and 9h",
        ),
        (
            "{ from = \"9h\", until = \"25h\" }",
            "no hour of a day lies between 9h and 25h",
        ),
        ("{ from = \"9h\", until = \"17h\", days = 8 }", "a week has no 8 days"),
    ] {
        let keys = format!("again_after = \"1h\"\nhours = {hours}");
        mistaken(app, &login(&keys), message, hours, "until = \"17h\"");
    }
    let text = VALID.replace(app, &login("spread = \"1h\""));
    let error = parse(&text).unwrap_err();
    assert!(error.mistakes()[0].message().contains("nobody logs in again"));
    assert!(parse(&VALID.replace(app, &login("again_after = \"1h\"\nspread = \"1h\""))).is_ok());
}
