//! What machines and people read of an emulator: its description, metrics, assertions, the page.

use serde_json::{Value, json};
use tokenstorm::emulator::Emulator;

use crate::client::Client;

const OWN: &str = "grant_type=account_credentials&account_id=1";

fn zoom() -> (Emulator, Client) {
    let emulator = Emulator::start("zoom-s2s-2022").unwrap();
    let client = Client::named(&emulator, "pod-1");
    (emulator, client)
}

/// Everything that is described answers with a status that is described, to its example and to nonsense.
#[test]
fn the_control_plane_is_as_it_is_described() {
    let (_emulator, mut client) = zoom();
    let document = client.control("GET", "/openapi.json", "").json();
    assert_eq!(document["openapi"], "3.1.0");
    let contents = client.control("GET", "/", "").body;
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 18, "{}", paths.len());
    for (path, methods) in paths {
        assert!(contents.contains(path.as_str()), "{path} is not among the contents");
        for (method, operation) in methods.as_object().unwrap() {
            let described = operation["responses"].as_object().unwrap();
            let example = &operation["requestBody"]["content"]["application/json"]["example"];
            let place = path.replace("{name}", "1").replace("{number}", "1") + "?timeout=1ms&caller=x&since=0&limit=1";
            let mut bodies = vec![String::new()];
            if operation.get("requestBody").is_some() {
                assert!(example.is_object(), "{method} {path} has no example");
                bodies = vec![
                    example.to_string(),
                    "{}".to_owned(),
                    "[".to_owned(),
                    "7".to_owned(),
                    r#"{"x":1}"#.to_owned(),
                ];
            }
            for body in bodies {
                let got = client.send(&method.to_uppercase(), &place, &[], &body);
                assert!(
                    described.contains_key(&got.status.to_string()),
                    "{method} {path} {body}: {}",
                    got.status
                );
                let media_type = got
                    .header("content-type")
                    .unwrap()
                    .split(';')
                    .next()
                    .unwrap()
                    .to_owned();
                let content = described[&got.status.to_string()]["content"].as_object().unwrap();
                assert!(content.contains_key(&media_type), "{method} {path}: {media_type}");
                client.control("POST", "/release", "{}");
            }
        }
    }
}

#[test]
fn counts_are_metrics_and_can_be_asserted() {
    let (_emulator, mut client) = zoom();
    let token = client.token(OWN).text("access_token");
    client.token(OWN);
    client.call(&token);
    let metrics = client.control("GET", "/metrics", "");
    assert_eq!(
        metrics.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    for line in [
        "# TYPE tokenstorm_token_requests_total counter",
        "tokenstorm_token_requests_total{caller=\"pod-1\"} 2",
        "tokenstorm_rejected_superseded_total{caller=\"pod-1\"} 1",
        "tokenstorm_live_tokens 1",
    ] {
        assert!(
            metrics.body.lines().any(|known| known == line),
            "{line} in {}",
            metrics.body
        );
    }
    assert!(!metrics.body.contains(&token));
    let good = client.control(
        "POST",
        "/assert",
        r#"{"that":["token_requests <= 2","rejected@pod-1 == 1","calls@nobody == 0"]}"#,
    );
    assert_eq!((good.status, &good.json()["holds"]), (200, &json!(true)));
    let bad = client.control(
        "POST",
        "/assert",
        r#"{"that":["token_requests <= 1","issuances == 2"]}"#,
    );
    assert_eq!(bad.status, 409);
    let judged: Vec<Value> = bad.json()["assertions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["holds"].clone())
        .collect();
    assert_eq!(judged, [json!(false), json!(true)]);
    let wrong = client.control("POST", "/assert", r#"{"that":["token_request <= 1"]}"#);
    assert!(
        wrong.status == 400 && wrong.body.contains("token_requests"),
        "{}",
        wrong.body
    );
}

/// A browser gets the page, and a client at the same place the API.
#[test]
fn a_browser_gets_a_page() {
    let (emulator, _) = zoom();
    let mut bare = Client::of(&emulator);
    let page = bare.send("GET", "/", &[("accept", "text/html,application/xhtml+xml")], "");
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, Some("text/html; charset=utf-8"))
    );
    assert!(page.body.contains("EventSource") && page.header("content-security-policy").is_some());
    assert_eq!(bare.send("GET", "/", &[("accept", "*/*")], "").status, 401);
}

/// Another page in the same browser may not use the control plane.
#[test]
fn pages_from_elsewhere_are_kept_out() {
    let (_emulator, mut client) = zoom();
    for (origin, status) in [("http://provider.test", 200), ("http://evil.test", 403), ("null", 403)] {
        let got = client.send("POST", "/_tokenstorm/reset", &[("origin", origin)], "");
        assert_eq!(got.status, status, "{origin}");
    }
}
