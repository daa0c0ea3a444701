//! Clients that nobody here wrote, beside `tokenstorm serve`: each gets a token, an answer by it, and a refusal once it has been killed.
//! And the snippets of the manual, as their readers would run them.

#[path = "common/installed.rs"]
mod installed;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use installed::{clients, is_there};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a language's clients are run by, if they are installed.
fn python(program: &str) -> Option<PathBuf> {
    let path = clients().join("venv/bin").join(program);
    is_there("the Python clients (tests/clients/requirements.txt)", path.is_file()).then_some(path)
}

fn node() -> bool {
    let modules = clients().join("node_modules/openid-client");
    is_there("the Node clients (tests/clients/package.json)", modules.is_dir()) && installed::program("node")
}

/// Runs a command beside the server, in the folder of the clients: what it printed, and what the server told.
fn beside(options: &[&str], folder: &Path, program: &Path, arguments: &[&str]) -> (String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tokenstorm"))
        .arg("serve")
        .args(options)
        .arg("--")
        .arg(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let [printed, told] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(
        output.status.success(),
        "{options:?} {arguments:?}: {}\n{printed}\n{told}",
        output.status
    );
    (printed, told)
}

/// A script of `tests/clients` beside the server. Node looks for packages from where the script lies.
fn script(options: &[&str], name: &str, program: &Path, arguments: &[&str]) -> String {
    let copy = clients().join(name);
    fs::copy(root().join("tests/clients").join(name), &copy).unwrap();
    let all = [&[copy.to_str().unwrap()], arguments].concat();
    beside(options, &clients(), program, &all).0
}

#[test]
fn python_clients_lose_their_token() {
    let Some(python) = python("python") else { return };
    let zoom = ["--profile", "zoom-s2s-2022", "--assert", "rejected == 5"];
    let printed = script(&zoom, "access.py", &python, &[]);
    for name in [
        "authlib requests",
        "authlib account_credentials",
        "authlib httpx",
        "requests-oauthlib",
        "httpx-auth",
    ] {
        assert!(printed.contains(&format!("{name} ok")), "{name}: {printed}");
    }
    let printed = script(&["--profile", "google"], "refresh.py", &python, &[]);
    assert!(printed.contains("google-auth ok"), "{printed}");
}

#[test]
fn node_clients_lose_their_token() {
    if !node() {
        return;
    }
    let zoom = ["--profile", "zoom-s2s-2022", "--assert", "rejected == 6"];
    let printed = script(&zoom, "access.mjs", Path::new("node"), &[]);
    for name in ["simple-oauth2", "oauth4webapi", "openid-client"] {
        assert!(printed.contains(&format!("{name} ok")), "{name}: {printed}");
    }
    assert!(printed.contains("badgateway 200 200"), "{printed}");
}

/// Six libraries of Python and one of Node whose hosts are hard-coded, changed in nothing.
#[test]
fn hard_coded_hosts_are_intercepted() {
    let Some(python) = python("python") else { return };
    for (profile, names) in [
        ("zoom-s2s-2022", &["zoomus", "spotipy"][..]),
        ("wechat-classic", &["wechatpy"]),
        ("feishu", &["lark"]),
        ("google", &["google"]),
        ("entra", &["msal"]),
    ] {
        let printed = script(&["--intercept", "--profile", profile], "intercepted.py", &python, names);
        for name in names {
            assert!(printed.contains(&format!("{name} ok")), "{name}: {printed}");
        }
    }
    if node() {
        let google = ["--intercept", "--profile", "google"];
        let printed = script(&google, "intercepted.mjs", Path::new("node"), &["google"]);
        assert!(printed.contains("google ok"), "{printed}");
    }
}

/// Libraries verify a signed token by the key that the metadata leads to, and go on believing it when it is dead.
#[test]
fn signed_tokens_are_verified() {
    let zoom = [
        "--profile",
        "zoom-s2s-2022",
        "--tokens",
        "jwt",
        "--assert",
        "rejected == 1",
    ];
    if let Some(python) = python("python") {
        let printed = script(&zoom, "signed.py", &python, &[]);
        assert!(
            printed.contains("PyJWT ok") && printed.contains("joserfc ok"),
            "{printed}"
        );
    }
    if node() {
        let printed = script(&zoom, "signed.mjs", Path::new("node"), &[]);
        assert!(printed.contains("jose ok"), "{printed}");
    }
}

/// The control plane answers as its description says, whatever is made up by somebody who has read it.
#[test]
fn the_control_plane_is_as_it_is_described() {
    let Some(schemathesis) = python("schemathesis") else {
        return;
    };
    let run = r#"exec "$0" run --checks all --max-examples 15 --seed 1 --phases examples,coverage,fuzzing --request-timeout 20 "$TOKENSTORM_CONTROL_URL/openapi.json""#;
    let arguments = ["-c", run, schemathesis.to_str().unwrap()];
    let folder = tempfile::tempdir().unwrap();
    let (printed, told) = beside(&["--profile", "okta"], folder.path(), Path::new("sh"), &arguments);
    assert!(printed.contains("Tested: 2"), "{printed}\n{told}");
}

/// In a real browser: kills appear as they happen, nothing runs over the edge, also on a telephone and with a thousand callers.
#[test]
fn the_page_shows_each_kill() {
    if !node() || !installed::program("chromium") {
        return;
    }
    for arguments in [["24", "1280", "2"], ["24", "390", "1"], ["1000", "1280", "1"]] {
        let arguments = [&["/usr/bin/chromium"], &arguments[..]].concat();
        let zoom = ["--profile", "zoom-s2s-2022"];
        let printed = script(&zoom, "page.mjs", Path::new("node"), &arguments);
        assert!(printed.contains("page ok: "), "{printed}");
    }
}

/// A block of the page `serve` of the manual, by the mark before it.
fn snippet(mark: &str) -> String {
    let page = fs::read_to_string(root().join("src/manual/serve.md")).unwrap();
    let (_, rest) = page
        .split_once(&format!("<!-- {mark} -->\n```"))
        .expect("the mark is there");
    let (_, rest) = rest.split_once('\n').expect("a block follows");
    rest.split_once("```").expect("it ends").0.to_owned()
}

/// The options that a line of the manual gives to `tokenstorm serve`, and the command that it names.
fn line(mark: &str) -> (Vec<String>, Vec<String>) {
    let line = snippet(mark);
    let (options, command) = line.trim().split_once(" -- ").expect("a command");
    let options = options
        .strip_prefix("tokenstorm serve ")
        .expect("the program")
        .replace('"', "\n");
    // What stands in quotation marks is one word.
    let words = options
        .split('\n')
        .enumerate()
        .flat_map(|(number, part)| match number % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        });
    let command = command.split_whitespace().map(str::to_owned);
    (words.collect(), command.collect())
}

fn run_snippet(mark: &str, file: &str, program: &Path) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(file), snippet(&format!("{mark} snippet"))).unwrap();
    let (options, command) = line(&format!("{mark} command"));
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let arguments: Vec<&str> = command[1..].iter().map(String::as_str).collect();
    let (printed, told) = beside(&options, folder.path(), program, &arguments);
    assert!(printed.contains("pass"), "{printed}");
    assert!(told.contains("✓ unnecessary_issuances == 0"), "{told}");
}

#[test]
fn the_snippet_for_pytest_runs() {
    if let Some(pytest) = python("pytest") {
        run_snippet("pytest", "test_token.py", &pytest);
    }
}

#[test]
fn the_snippet_for_node_runs() {
    if installed::program("node") {
        run_snippet("node", "token.test.mjs", Path::new("node"));
    }
}
