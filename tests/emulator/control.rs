//! What whoever looks on learns, and can do.

use std::thread;
use std::time::Duration as Patience;

use serde_json::{Value, json};
use tokenstorm::base::Duration;
use tokenstorm::emulator::{Emulator, EmulatorError, EmulatorOptions};

use crate::client::Client;

const OWN: &str = "grant_type=account_credentials&account_id=1";

fn zoom() -> Emulator {
    Emulator::start("zoom-s2s-2022").unwrap()
}

fn events(emulator: &Emulator, kind: &str) -> Vec<Value> {
    emulator
        .events()
        .into_iter()
        .filter(|event| event["event"] == kind)
        .collect()
}

/// Two callers who share a client: whose request ended whose token, when, is told with the refusal and of the token.
#[test]
fn who_ended_a_token_is_known() {
    let emulator = zoom();
    let (mut one, mut other) = (Client::named(&emulator, "pod-1"), Client::named(&emulator, "pod-2"));
    let first = one.token(OWN).text("access_token");
    assert_eq!(one.call(&first).status, 200);
    let second = other.token(OWN).text("access_token");
    assert_eq!(one.call(&first).status, 401);
    let refusals = events(&emulator, "call_rejected");
    let [refusal] = refusals.as_slice() else {
        panic!("{refusals:?}")
    };
    assert_eq!(
        (&refusal["caller"], &refusal["cause"]),
        (&json!("pod-1"), &json!("superseded"))
    );
    let killer = &refusal["killed_by"];
    assert_eq!(
        (&killer["caller"], &killer["how"]),
        (&json!("pod-2"), &json!("token_request"))
    );
    let issued = events(&emulator, "token_issued");
    assert_eq!(killer["request"], issued[1]["request"]);
    assert_eq!(issued[1]["kills"][0]["of"], "pod-1");
    assert_eq!(
        (&issued[1]["blast"], &issued[1]["unnecessary"]),
        (&json!(1), &json!(false))
    );
    let story = one.control("GET", &format!("/tokens/{first}"), "").json();
    assert_eq!(
        (&story["live"], &story["killed"]["caller"]),
        (&json!(false), &json!("pod-2"))
    );
    let by_number = one.control("GET", "/tokens/2", "").json();
    assert_eq!(
        (&by_number["live"], &by_number["held_by"]),
        (&json!(true), &json!(["pod-2"]))
    );
    assert_eq!(emulator.count("rejected_superseded"), Some(1));
    // No text of a token is anywhere in what is told.
    for told in [
        one.control("GET", "/events", "").body,
        one.control("GET", "/state", "").body,
    ] {
        assert!(
            !told.contains(&first) && !told.contains(&second) && !told.contains("secret"),
            "{told}"
        );
    }
}

/// A caller that asks although its own token is live is seen.
#[test]
fn an_unnecessary_token_is_counted() {
    let emulator = zoom();
    let mut client = Client::named(&emulator, "pod-1");
    client.token(OWN);
    client.token(OWN);
    emulator.advance(Duration::from_secs(3600));
    client.token(OWN);
    assert_eq!(emulator.count("issuances"), Some(3));
    assert_eq!(emulator.count("unnecessary_issuances"), Some(1));
    assert_eq!(emulator.count("blast"), Some(0), "it was its own");
    assert_eq!(emulator.count("nothing of the kind"), None);
    let counts = client.control("GET", "/counts?caller=pod-1", "").json();
    assert_eq!(
        (&counts["issuances"], &counts["token_requests"]),
        (&json!(3), &json!(3))
    );
}

/// Callers are told apart by their base URL, by a header, and by their connection where they say nothing.
#[test]
fn callers_are_told_apart() {
    let emulator = zoom();
    Client::named(&emulator, "by-url").token(OWN);
    let headers = [
        ("x-tokenstorm-caller", "by-header"),
        ("authorization", "Basic YXBwOnNlY3JldA=="),
    ];
    Client::of(&emulator).send("POST", &format!("/oauth/token?{OWN}"), &headers, "");
    Client::of(&emulator).token(OWN);
    let callers: Vec<_> = events(&emulator, "token_issued")
        .iter()
        .map(|event| event["caller"].clone())
        .collect();
    assert_eq!(callers, ["by-url", "by-header", "connection-3"]);
}

#[test]
fn the_clock_is_moved_and_stopped() {
    let emulator = zoom();
    let mut client = Client::of(&emulator);
    let token = client.token(OWN).text("access_token");
    let clock = client.control("POST", "/clock", r#"{"frozen":true}"#).json();
    assert_eq!((&clock["frozen"], client.call(&token).status), (&json!(true), 200));
    let moved = client.control("POST", "/clock", r#"{"advance":"1h"}"#).json();
    assert_eq!(moved["advanced_s"], 3600.0);
    let expired = client.call(&token);
    assert_eq!(expired.body, r#"{"code":124,"message":"Access token is expired."}"#);
    assert_eq!(client.control("GET", "/clock", "").json()["now"], moved["now"]);
    for wrong in [r#"{"advance":"-1h"}"#, r#"{"advance":1}"#, r#"{"forward":"1h"}"#, "["] {
        let got = client.control("POST", "/clock", wrong);
        assert!(
            got.status == 400 && got.json()["error"].is_string(),
            "{wrong}: {}",
            got.body
        );
    }
}

#[test]
fn tokens_are_expired_and_revoked_by_hand() {
    let emulator = zoom();
    let mut client = Client::of(&emulator);
    for (path, message) in [
        ("/expire", "Access token is expired."),
        ("/revoke", "Invalid access token."),
    ] {
        for whose in [
            |token: &str| json!({ "token": token }),
            |_: &str| json!({"client": "app"}),
            |_: &str| json!({}),
        ] {
            let token = client.token(OWN).text("access_token");
            let ended = client.control("POST", path, &whose(&token).to_string());
            assert_eq!(ended.json()["ended"], 1, "{path}");
            let refused = client.call(&token);
            assert_eq!((refused.status, refused.text("message").as_str()), (401, message));
        }
    }
    let killer = events(&emulator, "call_rejected").pop().unwrap();
    assert_eq!(
        (&killer["killed_by"]["caller"], &killer["killed_by"]["how"]),
        (&json!("(control)"), &json!("revocation"))
    );
    assert_eq!(client.control("POST", "/revoke", r#"{"token":"x"}"#).status, 404);
    assert_eq!(client.control("POST", "/revoke", r#"{"client":"x"}"#).status, 404);
}

/// After a reset nothing from before is known, though the number of a new token is one that there was.
#[test]
fn a_reset_forgets() {
    let emulator = Emulator::start_with(EmulatorOptions::profile("google").unwrap().seed(3)).unwrap();
    let mut client = Client::of(&emulator);
    let before = client.token("grant_type=password&username=u&password=p");
    assert_eq!(client.control("POST", "/reset", "").status, 200);
    assert_eq!(emulator.count("issuances"), Some(0));
    let after = client.token("grant_type=password&username=u&password=p");
    assert_eq!(client.call(&before.text("access_token")).status, 401);
    assert_eq!(
        client
            .token(&format!(
                "grant_type=refresh_token&refresh_token={}",
                before.text("refresh_token")
            ))
            .status,
        400
    );
    assert_eq!(client.call(&after.text("access_token")).status, 200);
}

/// Faults are set and cleared; an endpoint that answers nothing ends the connection when the server does.
#[test]
fn faults_are_set_and_cleared() {
    let emulator = zoom();
    let mut client = Client::of(&emulator);
    client.control("POST", "/faults", r#"{"at":"token","outage":"errors"}"#);
    assert_eq!(client.token(OWN).status, 503);
    client.control("POST", "/faults", r#"{"at":"token"}"#);
    let token = client.token(OWN).text("access_token");
    client.control("POST", "/faults", r#"{"at":"api","error_rate":0.5}"#);
    let statuses: Vec<_> = (0..200).map(|_| client.call(&token).status).collect();
    let failed = statuses.iter().filter(|status| **status == 503).count();
    assert!((50..150).contains(&failed), "{failed} of 200");
    assert_eq!(
        statuses.len() - failed,
        statuses.iter().filter(|status| **status == 200).count()
    );
    client.control("POST", "/faults", r#"{"at":"api","outage":"silent"}"#);
    let mut silent = Client::of(&emulator);
    silent.patience(Patience::from_millis(200));
    silent.post("GET", "/x", &[("authorization", &format!("Bearer {token}"))], "");
    assert!(silent.answer().is_none());
    client.control("DELETE", "/faults", "");
    assert_eq!(
        client.call(&token).status,
        200,
        "others are answered, and the fault is over"
    );
    assert_eq!(emulator.count("lost"), Some(1));
}

/// An endpoint that is not itself: 429 with a wait, a firewall's page, a page to log in on and the way to it.
#[test]
fn an_endpoint_answers_with_pages() {
    let emulator = zoom();
    let mut client = Client::of(&emulator);
    let token = client.token(OWN).text("access_token");
    for (outage, status, html) in [
        (r#"{"throttled":30000}"#, 429, false),
        (r#""forbidden""#, 403, true),
        (r#""login_page""#, 200, true),
        (r#""redirect""#, 302, true),
    ] {
        for at in ["token", "api"] {
            let fault = format!(r#"{{"at":"{at}","outage":{outage}}}"#);
            assert_eq!(client.control("POST", "/faults", &fault).status, 200, "{fault}");
            let got = match at {
                "token" => client.token(OWN),
                _ => client.call(&token),
            };
            assert_eq!(got.status, status, "{fault}");
            let is_html = got
                .header("content-type")
                .is_some_and(|kind| kind.starts_with("text/html"));
            assert_eq!(is_html && got.body.starts_with("<html>"), html, "{fault}");
            if status == 429 {
                assert!(got.header("retry-after").is_some());
            }
            if status == 302 {
                let page = got.header("location").unwrap().to_owned();
                let page = client.send_at_root(&page);
                assert_eq!((page.status, page.body.contains("Sign in")), (200, true));
            }
        }
        client.control("DELETE", "/faults", "");
    }
    assert_eq!(emulator.count("throttled"), Some(2), "pages are no quota");
    assert_eq!(client.call(&token).status, 200);
}

/// Two clients are held at the token endpoint; whoever is let go first loses its token to the other, in either order.
#[test]
fn a_hold_shows_the_race() {
    for first_goes in [0, 1] {
        let emulator = zoom();
        let mut control = Client::of(&emulator);
        let hold = control.control("POST", "/holds", r#"{"at":"token","count":2}"#).json()["hold"].clone();
        let asking: Vec<_> = ["pod-0", "pod-1"]
            .map(|name| {
                let mut client = Client::named(&emulator, name);
                let handle = thread::spawn(move || {
                    let token = client.token(OWN).text("access_token");
                    (client, token)
                });
                let held = control.control(
                    "GET",
                    &format!("/holds/{hold}?requests={}", name[4..].parse::<u8>().unwrap() + 1),
                    "",
                );
                assert_eq!(held.status, 200, "{}", held.body);
                handle
            })
            .into();
        let told = control.control("GET", "/holds", "").json();
        let held = told[0]["held"].as_array().unwrap().clone();
        let request = |name: &str| held.iter().find(|held| held["caller"] == name).unwrap()["request"].clone();
        assert_eq!(emulator.count("issuances"), Some(0), "both are held");
        for (index, gone) in [(first_goes, 1), (1 - first_goes, 2)] {
            let name = format!("pod-{index}");
            let released = control.control("POST", "/release", &json!({"request": request(&name)}).to_string());
            assert_eq!(released.json()["released"], 1);
            while emulator.count("issuances") < Some(gone) {
                thread::yield_now();
            }
        }
        let statuses: Vec<_> = asking
            .into_iter()
            .map(|handle| {
                let (mut client, token) = handle.join().unwrap();
                client.call(&token).status
            })
            .collect();
        let expected = if first_goes == 0 { [401, 200] } else { [200, 401] };
        assert_eq!(statuses, expected, "the one that went first has lost its token");
        let killer = events(&emulator, "call_rejected").pop().unwrap();
        assert_eq!(killer["killed_by"]["caller"], format!("pod-{}", 1 - first_goes));
    }
}

/// The answer is held: what was asked for has happened, and the client does not know.
#[test]
fn an_answer_can_be_held_back() {
    let emulator = zoom();
    let mut client = Client::of(&emulator);
    let before = client.token(OWN).text("access_token");
    let mut control = Client::of(&emulator);
    let hold = control
        .control("POST", "/holds", r#"{"at":"token","point":"answer"}"#)
        .json()["hold"]
        .clone();
    client.post(
        "POST",
        &format!("/oauth/token?{OWN}"),
        &[("authorization", "Basic YXBwOnNlY3JldA==")],
        "",
    );
    assert_eq!(control.control("GET", &format!("/holds/{hold}"), "").status, 200);
    assert_eq!(control.call(&before).status, 401, "it has been superseded already");
    let late = control.control("GET", &format!("/holds/{hold}?requests=2&timeout=50ms"), "");
    assert_eq!((late.status, &late.json()["held"]), (409, &json!(1)));
    control.control("POST", "/release", "{}");
    let after = client.answer().unwrap().text("access_token");
    assert_eq!(client.call(&after).status, 200);
}

#[test]
fn the_control_plane_is_off_or_asks_for_its_secret() {
    let off = Emulator::start_with(EmulatorOptions::profile("okta").unwrap().without_control()).unwrap();
    assert_eq!(Client::of(&off).control("GET", "/state", "").status, 404);
    let guarded = Emulator::start_with(EmulatorOptions::profile("okta").unwrap().control_secret("let me in")).unwrap();
    let mut client = Client::of(&guarded);
    for (authorization, status) in [
        ("Bearer let me in", 200),
        ("Bearer let me im", 401),
        ("let me in", 401),
        ("Bearer ", 401),
    ] {
        let got = client.send("GET", "/_tokenstorm/state", &[("authorization", authorization)], "");
        assert_eq!(got.status, status, "{authorization}");
    }
    assert_eq!(client.control("POST", "/reset", "").status, 401);
}

/// The events come as they happen.
#[test]
fn events_are_followed_as_they_happen() {
    let emulator = zoom();
    let mut following = Client::of(&emulator);
    let path = "/_tokenstorm/events";
    following.post("GET", path, &[("accept", "text/event-stream")], "");
    let head = following.answer().unwrap();
    assert_eq!(
        (head.status, head.header("content-type")),
        (200, Some("text/event-stream"))
    );
    Client::named(&emulator, "pod-1").token(OWN);
    let line = following.line_with("data: ").expect("an event");
    let event: Value = serde_json::from_str(line.trim_start_matches("data: ")).unwrap();
    assert_eq!(
        (&event["event"], &event["caller"]),
        (&json!("token_issued"), &json!("pod-1"))
    );
}

#[test]
fn what_is_wrong_is_said() {
    let unknown = Emulator::start("zoom-s2s-2202").unwrap_err().to_string();
    assert!(
        unknown.contains("zoom-s2s-2022") && unknown.contains("list providers"),
        "{unknown}"
    );
    let first = zoom();
    let taken = EmulatorOptions::profile("okta").unwrap().listen(first.address());
    let error = Emulator::start_with(taken).unwrap_err();
    assert!(matches!(error, EmulatorError::Listen { .. }));
    assert!(
        error.to_string().contains(&first.address().to_string()) && error.to_string().contains("port 0"),
        "{error}"
    );
    let mut client = Client::of(&first);
    let nothing = client.control("GET", "/nothing", "");
    assert!(
        nothing.status == 404 && nothing.body.contains("GET /_tokenstorm/"),
        "{}",
        nothing.body
    );
}
