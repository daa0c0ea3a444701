//! Clients that are slow, broken or hostile: others are answered as if they were not there.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration as Patience;

use tokenstorm::emulator::Emulator;

use crate::client::Client;

const OWN: &str = "grant_type=account_credentials&account_id=1";
const FORM: &str = "content-type: application/x-www-form-urlencoded\r\nauthorization: Basic YXBwOnNlY3JldA==\r\n";

fn zoom() -> Emulator {
    Emulator::start("zoom-s2s-2022").unwrap()
}

/// What a client gets for these bytes; none where the connection just ends.
fn raw(emulator: &Emulator, bytes: &[u8]) -> Option<u16> {
    let mut client = Client::of(emulator);
    client.raw(bytes);
    client.answer().map(|got| got.status)
}

fn others_are_answered(emulator: &Emulator) {
    let mut client = Client::of(emulator);
    client.patience(Patience::from_secs(5));
    let token = client.token(OWN).text("access_token");
    assert_eq!(client.call(&token).status, 200);
}

#[test]
fn garbage_is_refused() {
    let emulator = zoom();
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(300_000));
    let wide = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "a".repeat(300_000));
    let many = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "x: y\r\n".repeat(150));
    for (bytes, statuses) in [
        (&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], &[400][..]),
        (b"\0\0\0\0\r\n\r\n", &[400]),
        (b"GET\r\n\r\n", &[400]),
        (b"GET / HTTP/9.9\r\n\r\n", &[400, 505]),
        (b"GET / HTTP/1.1\r\nhost : x\r\n\r\n", &[400]),
        (b"GET / HTTP/1.1\r\nx\0y: z\r\n\r\n", &[400]),
        (long.as_bytes(), &[414, 431]),
        (wide.as_bytes(), &[431]),
        (many.as_bytes(), &[431]),
    ] {
        let got = raw(&emulator, bytes);
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).into_owned();
        assert!(
            got.is_some_and(|status| statuses.contains(&status)),
            "{shown:?}: {got:?}"
        );
        others_are_answered(&emulator);
    }
}

/// Bodies whose end is told in two ways, or in none that holds: never is a part of one taken for a request of its own.
#[test]
fn no_request_is_smuggled_in_a_body() {
    let emulator = zoom();
    let inner = "POST /_tokenstorm/reset HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n";
    for head in [
        "content-length: 0\r\ncontent-length: 5\r\n".to_owned(),
        "content-length: +5\r\n".to_owned(),
        "content-length: 5, 6\r\n".to_owned(),
        "transfer-encoding: chunked, identity\r\n".to_owned(),
        "transfer-encoding: xchunked\r\n".to_owned(),
        format!("content-length: {}\r\ntransfer-encoding: chunked\r\n", inner.len()),
    ] {
        let events = emulator.events().len();
        let mut client = Client::of(&emulator);
        client.patience(Patience::from_millis(300));
        client.raw(format!("POST /oauth/token HTTP/1.1\r\nhost: x\r\n{FORM}{head}\r\n{inner}").as_bytes());
        let first = client.answer().map(|got| got.status);
        assert!(first.is_none_or(|status| status >= 400), "{head}: {first:?}");
        let second = client.answer().map(|got| got.status);
        assert!(second.is_none(), "{head}: {second:?}");
        let reset = emulator
            .events()
            .iter()
            .skip(events)
            .any(|event| event["event"] == "reset");
        assert!(!reset, "{head}");
        others_are_answered(&emulator);
    }
}

#[test]
fn requests_in_one_packet_are_answered_in_order() {
    let emulator = zoom();
    let mut client = Client::of(&emulator);
    let token = client.token(OWN).text("access_token");
    let one = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
    client.raw((one("/a") + &one("/b") + &one("/c")).as_bytes());
    for path in ["/a", "/b", "/c"] {
        assert_eq!(client.answer().unwrap().text("path"), path);
    }
}

#[test]
fn a_body_has_a_largest_size() {
    let emulator = zoom();
    let mut client = Client::of(&emulator);
    client.raw(format!("POST /oauth/token HTTP/1.1\r\nhost: x\r\n{FORM}content-length: 9999999\r\n\r\n").as_bytes());
    let got = client.answer().unwrap();
    assert_eq!((got.status, got.header("connection")), (413, Some("close")));
    let mut client = Client::of(&emulator);
    client.raw(format!("POST /oauth/token HTTP/1.1\r\nhost: x\r\n{FORM}transfer-encoding: chunked\r\n\r\n").as_bytes());
    // The server may hang up before all of it has been sent.
    let mut out = TcpStream::connect(emulator.address()).unwrap();
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(65_536));
    let head = format!("POST /oauth/token HTTP/1.1\r\nhost: x\r\n{FORM}transfer-encoding: chunked\r\n\r\n");
    let _refused = out.write_all(head.as_bytes());
    for _ in 0..40 {
        if out.write_all(chunk.as_bytes()).is_err() {
            break;
        }
    }
    others_are_answered(&emulator);
}

/// Hundreds that say nothing, send half a head, half a body, or hang up while they are held.
#[test]
fn slow_and_idle_clients_keep_nobody_waiting() {
    let emulator = zoom();
    let mut silent: Vec<_> = (0..200)
        .map(|_| TcpStream::connect(emulator.address()).unwrap())
        .collect();
    for (index, stream) in silent.iter_mut().enumerate() {
        match index % 3 {
            0 => {}
            1 => stream.write_all(b"POST /oauth/token HTTP/1.1\r\nhost: ").unwrap(),
            _ => stream
                .write_all(b"POST /oauth/token HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\ngrant")
                .unwrap(),
        }
    }
    others_are_answered(&emulator);
    let mut control = Client::of(&emulator);
    control.control("POST", "/holds", r#"{"at":"token","caller":"gone"}"#);
    let asking: Vec<_> = (0..50)
        .map(|_| {
            let mut gone = Client::named(&emulator, "gone");
            let basic = ("authorization", "Basic YXBwOnNlY3JldA==");
            gone.post("POST", &format!("/oauth/token?{OWN}"), &[basic], "");
            gone
        })
        .collect();
    let held = control.control("GET", "/holds/1?requests=50", "");
    assert_eq!(held.status, 200, "{}", held.body);
    drop(asking);
    others_are_answered(&emulator);
    let issued = emulator.count("issuances").unwrap();
    assert_eq!(control.control("POST", "/release", "{}").json()["released"], 50);
    while emulator.count("issuances").unwrap() < issued + 50 {
        std::thread::yield_now();
    }
    others_are_answered(&emulator);
}

/// Nothing that a client sends in place of a name, a token or a secret comes out where others look.
#[test]
fn what_clients_send_is_not_told_to_others() {
    let emulator = zoom();
    let mut client = Client::of(&emulator);
    let evil = [
        ("x-tokenstorm-caller", "\"><script>alert(1)</script>"),
        ("authorization", "Basic YXBwOnNlY3JldA=="),
    ];
    client.send("POST", &format!("/oauth/token?{OWN}"), &evil, "");
    client.send(
        "GET",
        "/as/%3Cscript%3E/x",
        &[("authorization", "Bearer a-secret-of-mine")],
        "",
    );
    client.call("a-secret-of-mine");
    client.send(
        "POST",
        "/oauth/token",
        &[("content-type", "application/x-www-form-urlencoded")],
        "client_id=app&client_secret=hunter2&grant_type=x",
    );
    for path in ["/events", "/state", "/metrics", "/counts"] {
        let told = client.control("GET", path, "").body;
        for secret in ["script", "a-secret-of-mine", "hunter2"] {
            assert!(!told.contains(secret), "{path} tells {secret}");
        }
    }
}
