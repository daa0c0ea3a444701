//! Users who log in by a page, codes, and assertions.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokenstorm::base::Duration;
use tokenstorm::emulator::{Emulator, EmulatorOptions};

use crate::client::Client;

const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters-0123";
const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded")];
const BACK: &str = "http%3A%2F%2Flocalhost%3A9%2Fback%3Fx%3D1";

fn github() -> (Emulator, Client) {
    let options = EmulatorOptions::profile("github-app-user").unwrap();
    let emulator = Emulator::start_with(options.frozen_at(Duration::from_secs(1_700_049_600))).unwrap();
    let client = Client::of(&emulator);
    (emulator, client)
}

fn asked() -> String {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    format!(
        "/oauth/authorize?response_type=code&client_id=app&redirect_uri={BACK}&state=s%26t&scope=mail&code_challenge={challenge}&code_challenge_method=S256"
    )
}

/// The code that a login leads to.
fn log_in(client: &mut Client) -> String {
    let got = client.send("POST", &asked(), &[], "");
    let location = got.header("location").unwrap();
    let (before, code) = location.split_once("code=").unwrap();
    assert_eq!(
        (got.status, before),
        (302, "http://localhost:9/back?x=1&"),
        "{location}"
    );
    let (code, state) = code.split_once('&').unwrap();
    assert_eq!(state, "state=s%26t");
    code.to_owned()
}

#[test]
fn a_user_logs_in_by_a_page_and_the_code_is_exchanged_once() {
    let (_emulator, mut client) = github();
    let page = client.send("GET", &asked(), &[], "");
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, Some("text/html; charset=utf-8"))
    );
    assert!(page.body.contains("<form method=\"post\">") && page.body.contains("name=\"code_challenge\""));
    let code = log_in(&mut client);
    let exchange = format!("grant_type=authorization_code&code={code}&redirect_uri={BACK}&code_verifier={VERIFIER}");
    let got = client.token(&exchange);
    assert_eq!((got.status, got.text("scope").as_str()), (200, "mail"), "{}", got.body);
    let access = got.text("access_token");
    assert_eq!(client.call(&access).status, 200);
    let again = client.token(&exchange);
    assert_eq!((again.status, again.text("error").as_str()), (400, "invalid_grant"));
    assert_eq!(
        client.call(&access).status,
        401,
        "a code that is used twice takes its tokens with it"
    );
    let stale = client.token(&format!(
        "grant_type=refresh_token&refresh_token={}",
        got.text("refresh_token")
    ));
    assert_eq!(stale.body, r#"{"error":"bad_refresh_token"}"#);
}

#[test]
fn a_code_is_for_its_client_its_verifier_and_its_minute() {
    let (emulator, mut client) = github();
    for (change, wait) in [
        ("&code_verifier=another", 0),
        ("", 0),
        (
            &*format!("&code_verifier={VERIFIER}&redirect_uri=http%3A%2F%2Felsewhere"),
            0,
        ),
        (&*format!("&code_verifier={VERIFIER}"), 60),
    ] {
        let code = log_in(&mut client);
        emulator.advance(Duration::from_secs(wait));
        let got = client.token(&format!("grant_type=authorization_code&code={code}{change}"));
        assert_eq!(
            (got.status, got.text("error").as_str()),
            (400, "invalid_grant"),
            "{change}"
        );
    }
    let code = log_in(&mut client);
    let other =
        format!("grant_type=authorization_code&code={code}&code_verifier={VERIFIER}&client_id=other&client_secret=x");
    let got = client.send(
        "POST",
        "/oauth/token",
        &[("content-type", "application/x-www-form-urlencoded")],
        &other,
    );
    assert_eq!(got.text("error"), "invalid_grant");
    assert_eq!(
        client.token("grant_type=authorization_code&code=made-up").text("error"),
        "invalid_grant"
    );
}

#[test]
fn a_page_never_leads_where_it_must_not() {
    let (_emulator, mut client) = github();
    for redirect in [
        "javascript:alert(1)",
        "JavaScript%3Aalert(1)",
        "data:text/html,x",
        "nothing",
        "http%3A%2F%2Fx%2F%0d%0ax:y",
        "http://x/%23y",
    ] {
        let got = client.send(
            "POST",
            &format!("/oauth/authorize?response_type=code&client_id=app&redirect_uri={redirect}"),
            &[],
            "",
        );
        assert_eq!(got.status, 400, "{redirect}");
    }
    let got = client.send(
        "GET",
        "/oauth/authorize?response_type=code&client_id=%3Cscript%3E&redirect_uri=http://x&state=%22%3E%3Cb%3E",
        &[],
        "",
    );
    assert!(
        got.status == 200 && !got.body.contains("<script>") && !got.body.contains("\"><b>"),
        "{}",
        got.body
    );
    let denied = client.send("POST", &format!("{}&deny=1", asked()), &[], "");
    assert!(denied.header("location").unwrap().contains("error=access_denied"));
    let token = client.send("POST", &asked().replace("=code", "=token"), &[], "");
    assert!(
        token
            .header("location")
            .unwrap()
            .contains("error=unsupported_response_type")
    );
}

/// A service account without credentials: its assertion says who it is.
#[test]
fn an_assertion_stands_for_credentials() {
    let emulator = Emulator::start_with(
        EmulatorOptions::profile("google")
            .unwrap()
            .frozen_at(Duration::from_secs(1000)),
    )
    .unwrap();
    let mut client = Client::of(&emulator);
    let mut ask = |claims: &str| {
        let assertion = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        let form = format!("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}");
        client.send(
            "POST",
            "/token",
            &[("content-type", "application/x-www-form-urlencoded")],
            &form,
        )
    };
    let got = ask(r#"{"iss":"robot@project","scope":"read","exp":1001}"#);
    assert_eq!((got.status, got.text("scope").as_str()), (200, "read"), "{}", got.body);
    assert!(got.json().get("refresh_token").is_none());
    for claims in [r#"{"iss":"robot@project","exp":1000}"#, r#"{"exp":2000}"#, "no JSON"] {
        assert_eq!(ask(claims).text("error"), "invalid_grant", "{claims}");
    }
    assert_eq!(client.call(&got.text("access_token")).status, 200);
}

/// What was recorded comes once more, without sockets and clients; a changed recording is found out.
#[test]
fn a_recording_is_had_once_more() {
    let folder = tempfile::tempdir().unwrap();
    for (number, profile) in ["zoom-s2s-2022", "auth0", "wechat-stable", "zoho", "guesty"]
        .into_iter()
        .enumerate()
    {
        let path = folder.path().join(format!("{number}.jsonl"));
        let emulator = Emulator::start_with(EmulatorOptions::profile(profile).unwrap().record(&path)).unwrap();
        let (mut one, mut other) = (Client::named(&emulator, "pod-1"), Client::named(&emulator, "pod-2"));
        let login = one.control("POST", "/login", "{}");
        for client in [&mut one, &mut other] {
            for _ in 0..7 {
                let got = match login.json().get("refresh_token") {
                    Some(_) => client.token(&format!(
                        "grant_type=refresh_token&refresh_token={}",
                        login.text("refresh_token")
                    )),
                    None => client.token("grant_type=client_credentials&force_refresh=true"),
                };
                if got.body.contains("access_token") {
                    client.call(&got.text("access_token"));
                }
                client.call(&login.text("access_token"));
                emulator.advance(Duration::from_secs(40));
            }
        }
        one.control("POST", "/faults", r#"{"at":"api","error_rate":0.5}"#);
        (0..20).for_each(|_| drop(other.call("garbage")));
        one.control("POST", "/reset", "{}");
        one.token("grant_type=client_credentials");
        let secret = login.text("access_token");
        emulator.stop();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            !text.contains(&secret) && !text.contains("secret") && !text.contains("pod-"),
            "a recording has no names"
        );
        let steps = tokenstorm::emulator::replay(&path).unwrap_or_else(|error| panic!("{profile}: {error}"));
        assert_eq!(steps, text.lines().count() - 1);
        let changed = text.replacen("Accepted", "Rejected(Expired)", 1);
        std::fs::write(&path, changed).unwrap();
        let error = tokenstorm::emulator::replay(&path).unwrap_err().to_string();
        assert!(
            error.contains("Rejected(Expired) was recorded, and now it is Accepted"),
            "{error}"
        );
        let again = EmulatorOptions::profile(profile).unwrap().record(&path);
        let error = Emulator::start_with(again).unwrap_err().to_string();
        assert!(error.contains("cannot record into"), "{error}");
    }
}

/// A device's questions, by the standard's names of what it is told (RFC 8628, section 3.5).
#[test]
fn a_device_waits_until_its_user_has_decided() {
    let (emulator, mut client) = github();
    let begin = |client: &mut Client| {
        let got = client.send("POST", "/oauth/device_authorization", &FORM, "client_id=tv&scope=mail");
        assert_eq!(got.status, 200, "{}", got.body);
        got.json()
    };
    let ask = |client: &mut Client, told: &Value, id: &str| {
        let code = told["device_code"].as_str().unwrap();
        let form = format!("grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id={id}&device_code={code}");
        client.send("POST", "/oauth/token", &FORM, &form)
    };
    let wait = |seconds| emulator.advance(Duration::from_secs(seconds));
    let decide = |client: &mut Client, told: &Value, more: &str| {
        let code = told["user_code"].as_str().unwrap().to_lowercase();
        client
            .send("POST", "/oauth/device", &FORM, &format!("user_code={code}{more}"))
            .status
    };
    let told = begin(&mut client);
    assert_eq!(
        (told["interval"].as_u64(), told["expires_in"].as_u64()),
        (Some(5), Some(600))
    );
    let page = client.send("GET", told["verification_uri_complete"].as_str().unwrap(), &[], "");
    assert!(page.body.contains(told["user_code"].as_str().unwrap()) && page.body.contains("<form"));
    assert_eq!(ask(&mut client, &told, "tv").text("error"), "authorization_pending");
    wait(4);
    assert_eq!(ask(&mut client, &told, "tv").text("error"), "slow_down");
    wait(6);
    assert_eq!(
        ask(&mut client, &told, "tv").text("error"),
        "slow_down",
        "ten seconds by now"
    );
    wait(15);
    assert_eq!(ask(&mut client, &told, "tv").text("error"), "authorization_pending");
    assert_eq!(ask(&mut client, &told, "other").text("error"), "invalid_grant");
    assert_eq!(
        client
            .send("POST", "/oauth/device", &FORM, "user_code=BCDF-BCDF")
            .status,
        400
    );
    assert_eq!(decide(&mut client, &told, ""), 200);
    assert_eq!(decide(&mut client, &told, ""), 400, "it has been decided");
    wait(15);
    let got = ask(&mut client, &told, "tv");
    assert_eq!((got.status, got.text("scope").as_str()), (200, "mail"), "{}", got.body);
    assert_eq!(client.call(&got.text("access_token")).status, 200);
    assert!(!got.text("refresh_token").is_empty());
    assert_eq!(ask(&mut client, &told, "tv").text("error"), "invalid_grant", "once");
    let refused = begin(&mut client);
    assert_eq!(decide(&mut client, &refused, "&deny=1"), 200);
    assert_eq!(ask(&mut client, &refused, "tv").text("error"), "access_denied");
    let late = begin(&mut client);
    wait(600);
    assert_eq!(ask(&mut client, &late, "tv").text("error"), "expired_token");
    assert_eq!(decide(&mut client, &late, ""), 400);
}
