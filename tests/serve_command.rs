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
        told.contains("2 token requests, 2 tokens issued (0 unnecessarily), 2 calls, 1 of them rejected"),
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

fn beside(arguments: &[&str], script: &str) -> Output {
    let all = [&["--profile", "zoom-s2s-2022"], arguments, &["--", "sh", "-c", script]].concat();
    serve(&all)
}

const ASK: &str = r#"ask() { curl -s -u "$TOKENSTORM_CLIENT_ID:$TOKENSTORM_CLIENT_SECRET" -d 'grant_type=account_credentials&account_id=1' "$TOKENSTORM_URL/as/$1/oauth/token" | grep -o '"access_token":"[^"]*' | cut -d '"' -f 4; }; "#;

/// The command finds the server by its environment, its exit code is the one that counts, and what happened is told.
#[test]
fn a_command_runs_beside_the_server() {
    let call = r#"FIRST=$(ask pod-1); SECOND=$(ask pod-2); curl -s -o /dev/null -H "Authorization: Bearer $FIRST" "$TOKENSTORM_URL/as/pod-1/v2/users/me"; echo done; exit "#;
    for (code, exit) in [(0, 0), (7, 7)] {
        let output = beside(&["--client", "me:s3cret"], &format!("{ASK}{call}{code}"));
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(exit), "{told}");
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            "done\n",
            "standard output is the command's"
        );
        assert!(
            told.contains("2 token requests, 2 tokens issued (0 unnecessarily), 1 calls, 1 of them rejected"),
            "{told}"
        );
        assert!(
            told.contains("1 call of pod-1 rejected: its token was killed by pod-2 (token request)"),
            "{told}"
        );
        assert!(!told.contains("s3cret"), "{told}");
    }
}

#[test]
fn an_assertion_that_does_not_hold_ends_with_99() {
    let twice = format!("{ASK}ask pod-1 >/dev/null; ask pod-1 >/dev/null; exit ");
    for (assertion, code, exit) in [
        ("token_requests <= 2", 0, 0),
        ("token_requests <= 1", 0, 99),
        ("token_requests <= 1", 5, 5),
        ("unnecessary_issuances@pod-1 == 0", 0, 99),
    ] {
        let output = beside(&["--assert", assertion], &format!("{twice}{code}"));
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(exit), "{assertion}: {told}");
        let sign = if assertion == "token_requests <= 2" {
            '✓'
        } else {
            '✗'
        };
        assert!(told.contains(&format!("{sign} {assertion}")), "{told}");
    }
    let wrong = beside(&["--assert", "token_request <= 1"], "exit 0");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8(wrong.stderr).unwrap().contains("token_requests"));
    let nothing = serve(&["--profile", "okta", "--", "no-such-program"]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(
        String::from_utf8(nothing.stderr)
            .unwrap()
            .contains("no-such-program cannot be run")
    );
}

/// The command is changed in nothing: it asks its provider's own hosts, and the lines to export are told to whoever starts another.
#[cfg(feature = "intercept")]
#[test]
fn a_command_with_hard_coded_hosts_is_intercepted() {
    let ask = "curl -sS -u app:s -d 'grant_type=account_credentials&account_id=1' https://zoom.us/oauth/token";
    let script = format!(r#"{ask}; echo; curl -s "$TOKENSTORM_CONTROL_URL/counts"; test -r "$NODE_EXTRA_CA_CERTS""#);
    let output = beside(&["--intercept", "--assert", "issuances == 1"], &script);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        printed.contains("\"access_token\"") && printed.contains("\"issuances\":1"),
        "{printed}"
    );
    for line in [
        "export HTTPS_PROXY='http://127.0.0.1:",
        "export NODE_EXTRA_CA_CERTS='",
        "export SSL_CERT_FILE='",
        "export REQUESTS_CA_BUNDLE='",
        "export CURL_CA_BUNDLE='",
        "export JAVA_TOOL_OPTIONS='-Dhttps.proxyHost=127.0.0.1",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
}

/// A command that is ended by a signal has the code that a shell gives it, and an end that is asked for is passed on.
#[test]
fn signals_are_passed_on() {
    assert_eq!(beside(&[], "kill -9 $$").status.code(), Some(137));
    let mut child = Command::new(program())
        .args([
            "serve",
            "--profile",
            "okta",
            "--",
            "sh",
            "-c",
            "trap 'exit 3' TERM; echo ready; while :; do sleep 0.01; done",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    let killed = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(3));
}

#[test]
fn a_recording_is_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording.jsonl").display().to_string();
    let twice = format!("{ASK}ask pod-1 >/dev/null; ask pod-2 >/dev/null");
    assert_eq!(beside(&["--record", &path], &twice).status.code(), Some(0));
    let output = serve(&["--replay", &path]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), told.contains("of each came what was recorded")),
        (Some(0), true),
        "{told}"
    );
    std::fs::write(&path, "{}\n").unwrap();
    let output = serve(&["--replay", &path]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("line 1"));
}
