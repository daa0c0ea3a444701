//! `tokenstorm serve` as a user meets it: what the README shows, and how it ends.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

fn readme() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    std::fs::read_to_string(path).unwrap()
}

/// The block of this language after a mark.
fn block<'a>(text: &'a str, mark: &str, language: &str) -> &'a str {
    let (_, rest) = text.split_once(mark).expect("the README has the mark");
    let (_, rest) = rest.split_once(&format!("```{language}\n")).expect("a block follows");
    rest.split_once("```").expect("it ends").0
}

/// A port that is free, as far as anybody can tell beforehand.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Times and fingerprints are of the run.
fn without_luck(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = ["\"at\":\"", "\"ends\":\"", "\"fingerprint\":\""]
        .iter()
        .filter_map(|key| rest.find(key).map(|at| rest.split_at(at + key.len())))
        .min_by_key(|(before, _)| before.len())
    {
        out.push_str(before);
        out.push('*');
        rest = after.split_once('"').map_or("", |(value, _)| &after[value.len()..]);
    }
    out + rest
}

fn program() -> &'static str {
    env!("CARGO_BIN_EXE_tokenstorm")
}

#[test]
fn the_readme_shows_who_killed_a_token() {
    let (readme, port) = (readme(), free_port());
    let command = block(&readme, "<!-- serve command -->", "sh");
    let expected = block(&readme, "<!-- serve output -->", "text");
    let script = command
        .replace("tokenstorm serve", &format!("{} serve", program()))
        .replace("8080", &port.to_string());
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &format!("{script}\nkill %1; wait || true")])
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout)
        .unwrap()
        .replace(&port.to_string(), "8080");
    // The server says where it is whenever it comes to it.
    let sorted = |text: &str| {
        let mut lines: Vec<_> = without_luck(text).lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(sorted(&printed), sorted(expected), "{told}");
    assert!(
        told.contains("2 token requests, 2 tokens issued, 1 calls rejected"),
        "{told}"
    );
}

fn serve(arguments: &[&str]) -> Output {
    Command::new(program()).arg("serve").args(arguments).output().unwrap()
}

#[test]
fn what_is_wrong_is_said_with_the_fix() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (arguments, says) in [
        (&["--profile", "zom-s2s-2022"][..], "did you mean `zoom-s2s-2022`?"),
        (&["--profile", "okta", "--listen", &address], "port 0"),
        (&["--profile", "okta", "--client", "app"], "app:secret"),
        (&["--profile", "okta", "--control-secret", "/nowhere"], "/nowhere"),
        (&["nowhere.toml"], "nowhere.toml"),
        (&[], "--profile"),
    ] {
        let output = serve(arguments);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
        assert!(told.contains(says), "{arguments:?}: {told}");
    }
}

/// It warns where others can reach it, and ends by itself when it is told to.
#[test]
fn it_warns_where_others_reach_it_and_ends_when_it_is_told_to() {
    let mut child = Command::new(program())
        .args(["serve", "--profile", "okta", "--listen", "0.0.0.0:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(
        lines
            .next()
            .unwrap()
            .unwrap()
            .starts_with("token endpoint  http://0.0.0.0:")
    );
    let killed = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(
        told.contains("warning: 0.0.0.0:") && told.contains("--control-secret"),
        "{told}"
    );
}
