//! What clients of all kinds send, and how they are answered.

use tokenstorm::base::Duration;
use tokenstorm::emulator::{Emulator, EmulatorOptions};

use crate::client::Client;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");
const BASIC: (&str, &str) = ("authorization", "Basic YXBwOnNlY3JldA==");

fn zoom() -> (Emulator, Client) {
    let emulator = Emulator::start("zoom-s2s-2022").unwrap();
    let client = Client::of(&emulator);
    (emulator, client)
}

/// The same client in the header and in the body; parameters in the query, in a form and in JSON; whatever the path is called.
#[test]
fn a_token_is_asked_for_in_every_way() {
    let (_emulator, mut client) = zoom();
    let own = "client_id=app&client_secret=secret&grant_type=client_credentials";
    for (method, path, headers, body) in [
        (
            "POST",
            "/oauth/token?grant_type=account_credentials&account_id=1",
            vec![BASIC],
            "",
        ),
        (
            "POST",
            "/oauth/token",
            vec![BASIC, FORM],
            "grant_type=account_credentials&account_id=1",
        ),
        ("POST", "/token", vec![FORM], own),
        (
            "POST",
            "/oauth2/v1/token",
            vec![JSON],
            r#"{"grant_type":"client_credentials","client_id":"app","client_secret":"secret"}"#,
        ),
        ("POST", "/login/oauth/access_token", vec![FORM], own),
        (
            "GET",
            "/cgi-bin/token?grant_type=client_credential&appid=app&secret=secret",
            vec![],
            "",
        ),
        (
            "POST",
            "/cgi-bin/stable_token",
            vec![],
            r#"{"grant_type":"client_credential","appid":"app","secret":"secret"}"#,
        ),
        (
            "POST",
            "/open-apis/auth/v3/tenant_access_token/internal",
            vec![JSON],
            r#"{"app_id":"app","app_secret":"secret"}"#,
        ),
    ] {
        let got = client.send(method, path, &headers, body);
        assert_eq!(got.status, 200, "{path}: {}", got.body);
        let json = got.json();
        assert!(json["expires_in"].is_u64() && json["scope"].is_string(), "{json}");
        assert_eq!(json["token_type"], "bearer");
        assert_eq!(json["api_url"], "http://provider.test");
        assert_eq!(
            (got.header("cache-control"), got.header("pragma")),
            (Some("no-store"), Some("no-cache"))
        );
        assert_eq!(client.call(&got.text("access_token")).status, 200);
    }
}

/// A mistake: method, headers and body; the status and the error that the standard gives it.
type Mistake<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, u16, &'a str);

const WRONG: (&str, &str) = ("authorization", "Basic YXBwOm5vdC1pdA==");
const OWN: &str = "grant_type=client_credentials";

/// Each mistake is answered so, gets no token, and does not reach the provider's rule.
fn mistakes(all: &[Mistake<'_>]) {
    let options = EmulatorOptions::profile("zoom-s2s-2022").unwrap();
    let emulator = Emulator::start_with(options.client("app", "secret")).unwrap();
    let mut client = Client::of(&emulator);
    for (method, headers, body, status, error) in all {
        let got = client.send(method, "/oauth/token", headers, body);
        assert_eq!(
            (got.status, &*got.text("error")),
            (*status, *error),
            "{body}: {}",
            got.body
        );
        assert!(!got.body.contains("not-it"), "no secret is repeated: {}", got.body);
        let basic = headers.contains(&WRONG);
        assert!(
            !basic
                || got
                    .header("www-authenticate")
                    .is_some_and(|value| value.starts_with("Basic "))
        );
    }
    assert_eq!(emulator.count("token_requests"), Some(0));
}

#[test]
fn a_client_that_is_not_known_is_told_so() {
    let nobody = format!("{OWN}&client_id=nobody&client_secret=x");
    mistakes(&[
        ("POST", &[FORM], OWN, 401, "invalid_client"),
        ("POST", &[FORM, WRONG], OWN, 401, "invalid_client"),
        ("POST", &[FORM], &nobody, 401, "invalid_client"),
    ]);
}

#[test]
fn mistakes_are_answered_in_the_words_of_the_standard() {
    let both = format!("{OWN}&client_secret=secret");
    mistakes(&[
        ("POST", &[FORM, BASIC], "", 400, "invalid_request"),
        (
            "POST",
            &[FORM, BASIC],
            "grant_type=a&grant_type=a",
            400,
            "invalid_request",
        ),
        ("POST", &[FORM, BASIC], &both, 400, "invalid_request"),
        (
            "POST",
            &[FORM, BASIC],
            "grant_type=account_credentials",
            400,
            "invalid_request",
        ),
        ("POST", &[JSON, BASIC], "{", 400, "invalid_request"),
        (
            "POST",
            &[FORM, BASIC],
            "grant_type=magic",
            400,
            "unsupported_grant_type",
        ),
        (
            "POST",
            &[FORM, BASIC],
            "grant_type=refresh_token&refresh_token=x",
            400,
            "unsupported_grant_type",
        ),
        ("GET", &[BASIC], "", 405, "invalid_request"),
    ]);
}

/// A call without a token, with garbage, and with a refresh token in place of an access token.
#[test]
fn a_call_needs_a_token() {
    let emulator = Emulator::start("github-app-user").unwrap();
    let mut client = Client::of(&emulator);
    let login = client.control("POST", "/login", r#"{"client":"app"}"#);
    for token in ["", "garbage", &login.text("refresh_token")] {
        assert_eq!(client.call(token).status, 401, "{token}");
    }
    let none = client.send("GET", "/user", &[], "");
    assert_eq!((none.status, none.header("www-authenticate")), (401, Some("Bearer")));
    assert_eq!(client.call(&login.text("access_token")).status, 200);
    let got = client.send(
        "POST",
        &format!("/user?access_token={}", login.text("access_token")),
        &[],
        "what was sent",
    );
    assert_eq!((got.status, got.text("body").as_str()), (200, "what was sent"));
    assert!(
        !got.body.contains(&login.text("access_token")),
        "a token is not repeated: {}",
        got.body
    );
}

/// Where there are refresh tokens, a client's own credentials begin nothing, and a login does.
#[test]
fn a_grant_begins_with_a_login() {
    let emulator = Emulator::start("auth0").unwrap();
    let mut client = Client::of(&emulator);
    let refused = client.token("grant_type=client_credentials");
    assert_eq!(
        (refused.status, refused.text("error").as_str()),
        (400, "unauthorized_client")
    );
    let login = client.token("grant_type=password&username=u&password=p");
    let refreshed = client.token(&format!(
        "grant_type=refresh_token&refresh_token={}",
        login.text("refresh_token")
    ));
    assert_eq!(refreshed.status, 200);
    let replayed = client.token(&format!(
        "grant_type=refresh_token&refresh_token={}",
        login.text("refresh_token")
    ));
    assert_eq!(
        (replayed.status, replayed.text("error").as_str()),
        (400, "invalid_grant")
    );
    let fallen = client.token(&format!(
        "grant_type=refresh_token&refresh_token={}",
        refreshed.text("refresh_token")
    ));
    assert_eq!(
        (fallen.status, fallen.text("error").as_str()),
        (400, "invalid_grant"),
        "the family has fallen"
    );
}

#[test]
fn slots_are_granted_and_named_by_the_profiles_parameter() {
    let (_emulator, mut client) = zoom();
    let own = "grant_type=account_credentials&account_id=1";
    let first = client.token(own).text("access_token");
    let refused = client.token(&format!("{own}&token_index=1"));
    assert_eq!(
        (refused.status, refused.text("reason").as_str()),
        (400, "Invalid request : Maximum group number limit exceeded")
    );
    let granted = client.control("POST", "/slots", r#"{"client":"app","slots":2}"#);
    assert_eq!(granted.json()["slots"], 2);
    let second = client.token(&format!("{own}&token_index=1")).text("access_token");
    assert_eq!(
        (client.call(&first).status, client.call(&second).status),
        (200, 200),
        "two slots, two live tokens"
    );
    client.token(&format!("{own}&index=1"));
    assert_eq!(
        (client.call(&first).status, client.call(&second).status),
        (401, 200),
        "another name is ignored: slot 0"
    );
}

#[test]
fn tokens_are_introspected_and_given_back() {
    let emulator = Emulator::start("github-app-user").unwrap();
    let mut client = Client::of(&emulator);
    let login = client.token("grant_type=password&username=u&password=p");
    let (access, refresh) = (login.text("access_token"), login.text("refresh_token"));
    let mut ask = |path: &str, token: &str| client.send("POST", path, &[FORM, BASIC], &format!("token={token}"));
    let active = ask("/oauth/introspect", &access).json();
    assert_eq!((&active["active"], &active["client_id"]), (&true.into(), &"app".into()));
    assert!(active["exp"].as_u64() > active["iat"].as_u64());
    assert_eq!(
        (&active["scope"], &active["token_type"]),
        (&"api".into(), &"Bearer".into())
    );
    assert_eq!(active["aud"], "http://provider.test");
    assert_eq!(ask("/oauth/introspect", &refresh).json()["active"], true);
    assert_eq!(ask("/oauth/introspect", "garbage").json()["active"], false);
    assert_eq!(ask("/oauth/revoke", "garbage").status, 200, "RFC 7009, section 2.2");
    assert_eq!(ask("/oauth/revoke", &refresh).status, 200);
    assert_eq!(
        ask("/oauth/introspect", &access).json()["active"],
        false,
        "the grant takes its tokens with it"
    );
    assert_eq!(client.call(&access).status, 401);
    let stale = client.token(&format!("grant_type=refresh_token&refresh_token={refresh}"));
    assert_eq!(stale.body, r#"{"error":"bad_refresh_token"}"#);
}

#[test]
fn metadata_says_where_everything_is() {
    let emulator = Emulator::start("okta").unwrap();
    let mut client = Client::named(&emulator, "pod-1");
    let told = client
        .send("GET", "/.well-known/oauth-authorization-server", &[], "")
        .json();
    assert_eq!(told["issuer"], "http://provider.test/as/pod-1");
    assert_eq!(told["token_endpoint"], "http://provider.test/as/pod-1/oauth/token");
    let inserted = client
        .send_at_root("/.well-known/oauth-authorization-server/as/pod-1")
        .json();
    assert_eq!(inserted["issuer"], told["issuer"], "RFC 8414, section 3.1");
    let grants: Vec<_> = told["grant_types_supported"]
        .as_array()
        .unwrap()
        .iter()
        .map(|grant| grant.as_str().unwrap())
        .collect();
    assert!(
        grants.contains(&"refresh_token") && grants.contains(&"authorization_code"),
        "{grants:?}"
    );
    assert!(!grants.contains(&"client_credentials"), "{grants:?}");
}

/// The clock of the provider moves for all that follows from it: here a quota by the day.
#[test]
fn a_quota_is_over_when_the_clock_has_moved() {
    let options = EmulatorOptions::profile("guesty")
        .unwrap()
        .frozen_at(Duration::from_secs(1_700_049_600));
    let emulator = Emulator::start_with(options).unwrap();
    let mut client = Client::of(&emulator);
    let statuses: Vec<_> = (0..6)
        .map(|_| client.token("grant_type=client_credentials").status)
        .collect();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429]);
    emulator.advance(Duration::from_secs(12 * 3600 - 1));
    assert_eq!(
        client.token("grant_type=client_credentials").status,
        429,
        "a second before midnight"
    );
    emulator.advance(Duration::from_secs(1));
    assert_eq!(client.token("grant_type=client_credentials").status, 200);
}

/// A client of such a provider finds the token where it looks for it, and asks at the path that it knows.
#[test]
fn a_token_is_handed_out_in_the_providers_own_words() {
    let json = [("content-type", "application/json")];
    let (emulator, at) = (
        Emulator::start("feishu").unwrap(),
        "/open-apis/auth/v3/tenant_access_token/internal",
    );
    let mut client = Client::of(&emulator);
    let got = client.send("POST", at, &json, r#"{"app_id":"a","app_secret":"s"}"#);
    let told = got.json();
    assert_eq!(
        (told["code"].as_i64(), told["expire"].as_i64()),
        (Some(0), Some(7200)),
        "{told}"
    );
    assert_eq!(client.call(&got.text("tenant_access_token")).status, 200);
    let dead = client.call("dead");
    assert_eq!((dead.status, dead.json()["code"].as_i64()), (401, Some(99_991_663)));
    let options = EmulatorOptions::profile("feishu").unwrap().standard_grants();
    let emulator = Emulator::start_with(options).unwrap();
    let got = Client::of(&emulator).send("POST", at, &json, r#"{"app_id":"a","app_secret":"s"}"#);
    assert!(
        !got.text("access_token").is_empty(),
        "for a client that reads nothing else"
    );
    let emulator = Emulator::start("wecom").unwrap();
    let mut client = Client::of(&emulator);
    let told = client
        .send("GET", "/cgi-bin/gettoken?corpid=c&corpsecret=s", &[], "")
        .json();
    assert_eq!(
        (told["errcode"].as_i64(), told["expires_in"].as_i64()),
        (Some(0), Some(7200)),
        "{told}"
    );
    let emulator = Emulator::start("withings").unwrap();
    let mut client = Client::of(&emulator);
    let told = client.control("POST", "/login", r#"{"client":"app"}"#).json();
    let refresh = told["body"]["refresh_token"].as_str().unwrap();
    let form =
        format!("action=requesttoken&grant_type=refresh_token&client_id=app&client_secret=s&refresh_token={refresh}");
    let form_type = [("content-type", "application/x-www-form-urlencoded")];
    let told = client.send("POST", "/v2/oauth2", &form_type, &form).json();
    assert_eq!(told["status"], 0, "{told}");
    let token = told["body"]["access_token"].as_str().unwrap();
    assert_eq!(client.call(token).status, 200);
}
