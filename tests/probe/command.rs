//! `tokenstorm probe` as a user meets it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use tokenstorm::emulator::{Emulator, EmulatorOptions};

const SECRET: &str = "the-secret-of-the-client";

/// A server that gives each request (head and body) an answer: status line and headers, and body.
fn serve(answer: impl Fn(&str, &str) -> (String, String) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut head, mut line) = (String::new(), String::new());
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                head.push_str(&line);
                line.clear();
            }
            let length = head.to_lowercase();
            let length = length.split("content-length: ").nth(1);
            let length = length.map_or(0, |rest| rest.split("\r\n").next().unwrap().parse().unwrap());
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let (status, text) = answer(&head, &String::from_utf8(body).unwrap());
            let length = text.len();
            let _gone = write!(
                stream,
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{text}"
            );
        }
    });
    url
}

fn probe(token_url: &str, api_url: &str, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tokenstorm"))
        .args([
            "probe",
            "--token-url",
            token_url,
            "--api-url",
            api_url,
            "--client-id",
            "app",
        ])
        .args(more)
        .env("TOKENSTORM_CLIENT_SECRET", SECRET)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

/// Nothing is found, and standard error says why.
fn fails(output: &Output, says: &[&str]) {
    let (out, err) = texts(output);
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert_eq!(out, "");
    for part in says {
        assert!(err.contains(part), "no `{part}` in: {err}");
    }
}

fn json(status: &str) -> String {
    format!("{status}\r\ncontent-type: application/json")
}

#[test]
fn what_cannot_be_probed_is_said_with_the_fix() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let closed = format!("http://{closed}/token");
    fails(
        &probe(&closed, &closed, &["--yes"]),
        &["does not answer", "is the URL right"],
    );
    fails(
        &probe("token", &closed, &["--yes"]),
        &["--token-url token", "write https://HOST/PATH or http://HOST:PORT/PATH"],
    );
    fails(
        &probe(&closed, &closed, &[]),
        &["no terminal", "--yes", "at most 250 requests"],
    );
    let page = serve(|head, _| {
        let refused = head.starts_with("GET");
        let status = if refused { "401 Unauthorized" } else { "200 OK" };
        (
            format!("{status}\r\ncontent-type: text/html"),
            "<html>Sign in</html>".to_owned(),
        )
    });
    fails(&probe(&page, &page, &["--yes"]), &["a page came", "--token-url"]);
    let open = serve(|_, _| (json("200 OK"), "{}".to_owned()));
    fails(
        &probe(&open, &open, &["--yes"]),
        &["a token that nobody issued", "--api-url"],
    );
}

#[test]
fn a_client_that_is_not_let_in_is_told_so() {
    let options = EmulatorOptions::profile("zoom-s2s-2022").unwrap();
    let emulator = Emulator::start_with(options.client("app", "another secret")).unwrap();
    let output = probe(&emulator.token_url(), emulator.url(), &["--yes"]);
    fails(
        &output,
        &[
            "401 (invalid_client)",
            "TOKENSTORM_CLIENT_SECRET",
            "--client-secret-file",
        ],
    );
    let emulator = Emulator::start("okta").unwrap();
    let output = probe(&emulator.token_url(), emulator.url(), &["--yes"]);
    fails(&output, &["a user has to log in", "--refresh-tokens"]);
}

/// A provider whose newest token alone is good, which throttles its third token request for a second and repeats what it is sent.
#[test]
fn a_wait_is_heeded_and_nothing_secret_is_printed() {
    let book = Arc::new(Mutex::new((Vec::<String>::new(), 0, Vec::<std::time::Instant>::new())));
    let kept = Arc::clone(&book);
    let url = serve(move |head, body| {
        let (tokens, requests, times) = &mut *kept.lock().unwrap();
        if head.starts_with("GET") {
            let newest = tokens.last().is_some_and(|token| head.contains(token.as_str()));
            return match newest {
                true => (json("200 OK"), r#"{"hello":"world"}"#.to_owned()),
                false => (
                    format!(
                        "{}\r\nwww-authenticate: Bearer realm=\"{head_token}\"",
                        json("401 Unauthorized"),
                        head_token = bearer(head)
                    ),
                    format!(
                        r#"{{"error":"invalid_token","error_description":"{} is dead"}}"#,
                        bearer(head)
                    ),
                ),
            };
        }
        assert!(body.contains("grant_type=client_credentials"), "{body}");
        *requests += 1;
        times.push(std::time::Instant::now());
        if *requests == 2 {
            return (
                format!("{}\r\nretry-after: 1", json("429 Too Many Requests")),
                "{}".to_owned(),
            );
        }
        tokens.push(format!("TOKEN-{}-of-the-provider", tokens.len()));
        let token = tokens.last().unwrap();
        (
            json("200 OK"),
            format!(r#"{{"access_token":"{token}","expires_in":3600,"token_type":"bearer"}}"#),
        )
    });
    let output = probe(&url, &url, &["--yes", "--patience", "5s"]);
    let (out, err) = texts(&output);
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert!(out.contains("latest_only"), "{out}");
    assert!(
        out.contains("a wait of 1s was named") && out.contains("status = 429"),
        "{out}"
    );
    assert!(out.contains("token_ttl: stated"), "nobody waited an hour: {out}");
    let (tokens, _, times) = &*book.lock().unwrap();
    assert!(
        times[2] - times[1] >= std::time::Duration::from_secs(1),
        "it waits as long as it is told"
    );
    assert!(tokens.len() >= 2);
    for secret in tokens.iter().map(String::as_str).chain([SECRET]) {
        assert!(!out.contains(secret) && !err.contains(secret), "{out}\n{err}");
    }
    assert!(out.contains("[secret] is dead"), "{out}");
}

fn bearer(head: &str) -> String {
    let after = head.split("Bearer ").nth(1).unwrap_or_default();
    after.split("\r\n").next().unwrap_or_default().to_owned()
}

#[test]
fn a_bound_ends_it_with_what_was_found() {
    let emulator = Emulator::start("zoom-s2s-2022").unwrap();
    let output = probe(&emulator.token_url(), emulator.url(), &["--yes", "--max-requests", "5"]);
    let (out, err) = texts(&output);
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert!(
        err.contains("the bound of 5 requests is reached; --max-requests raises it"),
        "{err}"
    );
    assert!(
        out.contains("5 requests: 2 to the token endpoint, 3 to the API"),
        "{out}"
    );
    let requests = emulator.count("token_requests").unwrap() + emulator.count("calls").unwrap();
    assert_eq!(requests, 5);
}

/// A scenario that lacks its provider.
const SCENARIO: &str = r#"name = "probed"
summary = "As it was found"
source = "tokenstorm probe"
run = { duration = "1h" }
app = [{ name = "app" }]
fleet = [{ name = "web", nodes = 2, app = "app", workload = [{ kind = "call", arrivals = { poisson = "6/min" } }] }]
strategy = [{ name = "naive", coordination = "naive" }]
"#;

/// What was printed stands as `[provider]` in a scenario.
fn is_a_provider(what: &str, printed: &str) {
    let mut validate = Command::new(env!("CARGO_BIN_EXE_tokenstorm"))
        .args(["validate", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = validate.stdin.take().unwrap();
    stdin.write_all(format!("{SCENARIO}{printed}").as_bytes()).unwrap();
    drop(stdin);
    let validated = validate.wait_with_output().unwrap();
    assert!(validated.status.success(), "{what}: {}\n{printed}", texts(&validated).1);
}

/// Limits that headers tell, each at its endpoint. The API's are of two windows, and one of them counts bytes.
#[test]
fn quotas_that_headers_tell_are_settings() {
    let url = serve(|head, _| {
        let policy = r#""burst";q=100;w=60, "daily";q=5000;w=86400, "bytes";q=9;qu="content-bytes";w=1"#;
        match head.starts_with("GET") {
            true if head.contains("THE-TOKEN") => (
                format!("{}\r\nRateLimit-Policy: {policy}", json("200 OK")),
                "{}".to_owned(),
            ),
            true => (json("401 Unauthorized"), r#"{"error":"invalid_token"}"#.to_owned()),
            false => (
                format!(
                    "{}\r\nX-RateLimit-Limit-Minute: 30\r\nX-RateLimit-Remaining-Minute: 29",
                    json("200 OK")
                ),
                r#"{"access_token":"THE-TOKEN","expires_in":3600,"token_type":"bearer"}"#.to_owned(),
            ),
        }
    });
    let (out, err) = texts(&probe(&url, &url, &["--yes", "--max-requests", "12"]));
    is_a_provider("quotas", &out);
    let document = toml::from_str::<toml::Table>(&out).unwrap_or_else(|error| panic!("{error}: {out}\n{err}"));
    let limits = &document["provider"]["limits"];
    let quotas = |endpoint: &str| -> Vec<(i64, &str)> {
        let all = limits[endpoint]["quotas"].as_array().unwrap();
        let quota = |quota| -> (i64, &str) {
            let quota: &toml::Table = toml::Value::as_table(quota).unwrap();
            (quota["count"].as_integer().unwrap(), quota["window"].as_str().unwrap())
        };
        all.iter().map(quota).collect()
    };
    assert_eq!(quotas("token"), [(30, "1min")]);
    assert_eq!(quotas("api"), [(100, "1min"), (5000, "1d")]);
    assert!(
        out.contains("# limits.token.quotas: stated; a header said x-ratelimit-limit-minute: 30"),
        "{out}"
    );
}

/// What is printed can be used, and JSON says the same.
#[test]
fn what_is_printed_can_be_used() {
    for (profile, more, rule) in [
        ("zoom-s2s-2022", &["--slot-parameter", "token_index"][..], "latest_only"),
        ("wechat-stable", &[], "min_gap = \"30s\""),
        ("okta", &["--username", "somebody"], "leeway = \"30s\""),
    ] {
        let emulator = Emulator::start(profile).unwrap();
        let clock = format!("{}/_tokenstorm/clock", emulator.url());
        let mut all = vec!["--yes", "--clock", &clock];
        all.extend(more);
        let run = |more: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_tokenstorm"));
            command.args([
                "probe",
                "--token-url",
                &emulator.token_url(),
                "--api-url",
                emulator.url(),
            ]);
            command.args(&all).args(more).stdin(Stdio::null());
            command.envs([("TOKENSTORM_CLIENT_ID", "app"), ("TOKENSTORM_CLIENT_SECRET", SECRET)]);
            command.env("TOKENSTORM_PASSWORD", "pass-of-somebody").output().unwrap()
        };
        let output = run(&[]);
        let (out, err) = texts(&output);
        assert_eq!(output.status.code(), Some(0), "{profile}: {err}");
        assert!(
            out.contains(rule) && !out.contains(SECRET) && !out.contains("pass-of"),
            "{profile}: {out}"
        );
        is_a_provider(profile, &out);
        let (out, err) = texts(&run(&["--format", "json"]));
        let told: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out} {err}"));
        assert!(told["profiles"].as_array().unwrap().contains(&profile.into()), "{out}");
        assert!(told["requests"]["token"].as_u64().unwrap() > 0);
    }
}

/// What takes longer than may be waited is not guessed.
#[test]
fn what_was_not_waited_for_is_not_measured() {
    let emulator = Emulator::start("okta").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_tokenstorm"))
        .args([
            "probe",
            "--token-url",
            &emulator.token_url(),
            "--api-url",
            emulator.url(),
        ])
        .args([
            "--yes",
            "--username",
            "somebody",
            "--patience",
            "2s",
            "--client-id",
            "app",
        ])
        .envs([
            ("TOKENSTORM_PASSWORD", "pass-of-somebody"),
            ("TOKENSTORM_CLIENT_SECRET", SECRET),
        ])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (out, err) = texts(&output);
    assert_eq!(output.status.code(), Some(0), "{err}");
    for part in [
        "# refresh.ttl: ?; not measured",
        "# token_ttl: stated; expires_in says: 1h",
        "--patience allows for longer waits",
        "refresh.on_violation = { revoke_family = { access = true",
    ] {
        assert!(out.contains(part), "no `{part}` in: {out}");
    }
    // A leeway of 30 s is not waited for.
    assert!(
        out.contains("# refresh.retire: ?; not measured; the old one, used once more"),
        "{out}"
    );
    assert!(!out.contains("\nrefresh.retire ="), "{out}");
}
