//! Clients with hard-coded hosts, by the proxy: `curl` and Java are the ones that nobody here wrote.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tokenstorm::base::Duration;
use tokenstorm::emulator::{Emulator, EmulatorOptions};

use crate::client::Client;
use crate::installed::program;

fn zoom() -> EmulatorOptions {
    EmulatorOptions::profile("zoom-s2s-2022").unwrap().intercept()
}

/// The environment that the emulator tells a client to have.
fn within(emulator: &Emulator, program: &str) -> Command {
    let mut command = Command::new(program);
    for (_, variables) in emulator.proxy_environment() {
        command.envs(variables);
    }
    command
}

fn curl(emulator: &Emulator, arguments: &[&str]) -> Output {
    let output = within(emulator, "curl")
        .args(["-sS", "--max-time", "20"])
        .args(arguments)
        .output();
    output.expect("curl is there")
}

fn json(output: &Output) -> Value {
    let told = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {told}"))
}

const ASK: [&str; 5] = [
    "-u",
    "app:secret",
    "-d",
    "grant_type=account_credentials&account_id=1",
    "https://zoom.us/oauth/token",
];

fn token(emulator: &Emulator, more: &[&str]) -> String {
    let got = json(&curl(emulator, &[more, &ASK[..]].concat()));
    got["access_token"].as_str().expect("a token").to_owned()
}

fn call(emulator: &Emulator, more: &[&str], token: &str) -> Value {
    let bearer = format!("Authorization: Bearer {token}");
    let arguments = [more, &["-H", &bearer, "https://api.zoom.us/v2/users/me"]].concat();
    json(&curl(emulator, &arguments))
}

/// The client names its own hosts and is changed in nothing; the provider's rule holds all the same.
#[test]
fn a_client_with_hard_coded_hosts_loses_its_token() {
    let emulator = Emulator::start_with(zoom()).unwrap();
    let first = token(&emulator, &[]);
    let told = call(&emulator, &[], &first);
    assert_eq!(
        (told["host"].as_str(), told["path"].as_str()),
        (Some("api.zoom.us"), Some("/v2/users/me"))
    );
    token(&emulator, &[]);
    assert_eq!(call(&emulator, &[], &first)["code"], 124, "the profile's own refusal");
}

/// The credentials of the proxy say which caller it is, for tunnels and for plain HTTP.
#[test]
fn proxy_credentials_tell_callers_apart() {
    let emulator = Emulator::start_with(zoom()).unwrap();
    let [pod_1, pod_2] = ["pod-1", "pod-2"].map(|name| format!("http://{name}:x@{}", emulator.address()));
    let first = token(&emulator, &["--proxy", &pod_1]);
    let second = token(&emulator, &["--proxy", &pod_2]);
    assert_eq!(call(&emulator, &["--proxy", &pod_1], &first)["code"], 124);
    assert_eq!(call(&emulator, &["--proxy", &pod_2], &second)["caller"], "pod-2");
    let events = emulator.events();
    let rejected = events.iter().find(|event| event["event"] == "call_rejected").unwrap();
    assert_eq!(
        (rejected["caller"].as_str(), rejected["killed_by"]["caller"].as_str()),
        (Some("pod-1"), Some("pod-2"))
    );
    let bearer = format!("Authorization: Bearer {second}");
    let plain = json(&curl(
        &emulator,
        &["--proxy", &pod_2, "-H", &bearer, "http://api.zoom.us/v2/plain"],
    ));
    assert_eq!(
        (plain["caller"].as_str(), plain["host"].as_str()),
        (Some("pod-2"), Some("api.zoom.us"))
    );
    let tunnelled = json(&curl(
        &emulator,
        &[
            "--proxytunnel",
            "--proxy",
            &pod_2,
            "-H",
            &bearer,
            "http://api.zoom.us/v2/plain",
        ],
    ));
    assert_eq!(tunnelled["caller"], "pod-2", "a tunnel for plain HTTP");
    let nobody = format!("http://no%20body:x@{}", emulator.address());
    let output = curl(&emulator, &["--proxy", &nobody, "https://zoom.us/"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("407"));
}

/// Who names nothing is known by the address that it comes from, where that is wanted.
#[test]
fn addresses_tell_callers_apart() {
    for (options, expected) in [(zoom().callers_by_address(), "127.0.0.1"), (zoom(), "connection-2")] {
        let emulator = Emulator::start_with(options).unwrap();
        let token = token(&emulator, &[]);
        assert_eq!(call(&emulator, &[], &token)["caller"], expected);
    }
    if !cfg!(target_os = "linux") {
        println!("left out: other addresses of the loopback are Linux's");
        return;
    }
    let emulator = Emulator::start_with(zoom().callers_by_address()).unwrap();
    let token = token(&emulator, &["--interface", "127.0.0.2"]);
    assert_eq!(
        call(&emulator, &["--interface", "127.0.0.3"], &token)["caller"],
        "127.0.0.3"
    );
}

/// The certificates are of this run, only its user reads them, and they go with it.
#[test]
fn certificates_are_of_one_run() {
    let emulator = Emulator::start_with(zoom()).unwrap();
    let pem = emulator.ca_certificate().unwrap();
    let folder = pem.parent().unwrap().to_owned();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&pem)), (0o700, 0o600));
    }
    for path in fs::read_dir(&folder).unwrap() {
        let bytes = fs::read(path.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("PRIVATE"));
    }
    let another = Emulator::start_with(zoom()).unwrap();
    let foreign = another.ca_certificate().unwrap().display().to_string();
    let output = curl(&emulator, &["--cacert", &foreign, "https://zoom.us/oauth/token"]);
    assert_eq!(output.status.code(), Some(60), "curl does not trust another run's");
    drop(emulator);
    assert!(!folder.exists());
    emulator_ends_with_open_tunnels(another);
}

fn emulator_ends_with_open_tunnels(emulator: Emulator) {
    let mut idle = Client::of(&emulator);
    idle.raw(b"CONNECT zoom.us:443 HTTP/1.1\r\nhost: zoom.us:443\r\n\r\n");
    assert_eq!(idle.answer().unwrap().status, 200);
    let begun = std::time::Instant::now();
    emulator.stop();
    assert!(
        begun.elapsed() < std::time::Duration::from_secs(8),
        "who is silent is not waited for"
    );
}

/// What is no TLS after `CONNECT`, a tunnel in a tunnel, hosts that no certificate can name: each ends, and others are answered.
#[test]
fn odd_tunnels_end() {
    let emulator = Emulator::start_with(zoom()).unwrap();
    for (target, then, answer) in [
        (
            "zoom.us:443",
            &b"\x16\x03\x01garbage garbage garbage garbage garbage"[..],
            None,
        ),
        ("zoom.us:443", b"\0\0\0\0\r\n\r\n", Some(400)),
        ("zoom.us:80", b"GET /x HTTP/1.1\r\nhost: zoom.us\r\n\r\n", Some(401)),
        ("zoom.us:80", b"CONNECT b:1 HTTP/1.1\r\nhost: b:1\r\n\r\n", Some(405)),
        ("[::1]:443", b"GET /x HTTP/1.1\r\nhost: zoom.us\r\n\r\n", Some(401)),
    ] {
        let mut client = Client::of(&emulator);
        client.raw(format!("CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n\r\n").as_bytes());
        assert_eq!(client.answer().unwrap().status, 200, "{target}");
        client.raw(then);
        assert_eq!(client.answer().map(|got| got.status), answer, "{target} {then:?}");
    }
    for target in ["", "zoom.us", "/path", "http://zoom.us/"] {
        let mut client = Client::of(&emulator);
        client.raw(format!("CONNECT {target} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes());
        let status = client.answer().map(|got| got.status);
        assert!(status.is_none_or(|status| status >= 400), "{target:?}: {status:?}");
    }
    token(&emulator, &[]);
}

/// Without the option it is no proxy, and says which option it lacks.
#[test]
fn only_a_proxy_is_one() {
    let emulator = Emulator::start("zoom-s2s-2022").unwrap();
    assert!(emulator.proxy_environment().is_empty() && emulator.ca_certificate().is_none());
    let mut client = Client::of(&emulator);
    client.raw(b"CONNECT zoom.us:443 HTTP/1.1\r\nhost: zoom.us:443\r\n\r\n");
    let got = client.answer().unwrap();
    assert_eq!(got.status, 405);
    assert!(got.text("error_description").contains("--intercept"));
}

/// Where the token is used is told by the host that the client took us for; moving the clock needs no host.
#[test]
fn metadata_names_the_host_that_was_asked() {
    let emulator = Emulator::start_with(zoom()).unwrap();
    let told = json(&curl(
        &emulator,
        &["https://id.example/.well-known/oauth-authorization-server"],
    ));
    assert_eq!(told["token_endpoint"], "https://id.example/oauth/token");
    let token = token(&emulator, &[]);
    emulator.advance(Duration::from_secs(3601));
    assert_eq!(call(&emulator, &[], &token)["code"], 124);
}

const PROGRAM: &str = r#"
import java.net.*; import java.net.http.*;
public class Ask {
    public static void main(String[] arguments) throws Exception {
        var url = new URL("https://api.zoom.us/v2/users/me").openConnection();
        System.out.println(((HttpURLConnection) url).getResponseCode());
    }
}
"#;

/// Java reads the trust store that is written for it.
#[test]
fn java_trusts_the_certificates() {
    if !program("java") {
        return;
    }
    let emulator = Emulator::start_with(zoom()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("Ask.java");
    fs::write(&source, PROGRAM).unwrap();
    let run = |mut command: Command| command.arg(&source).output().unwrap();
    let output = run(within(&emulator, "java"));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "401", "{told}");
    let mut untrusting = within(&emulator, "java");
    let only_proxy = format!(
        "-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort={}",
        emulator.address().port()
    );
    untrusting.env("JAVA_TOOL_OPTIONS", only_proxy);
    let told = String::from_utf8_lossy(&run(untrusting).stderr).into_owned();
    assert!(told.contains("SSLHandshakeException"), "{told}");
}
