//! What every command prints, and to which of the two streams: what it is asked for goes to standard output, all else to standard error.
//! A command without a snapshot fails.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Output, Stdio};

use tempfile::TempDir;

use super::{command, text, tokenstorm};

const SMALL: &str = r#"name = "small"
summary = "Two processes share one app"
source = "made for this test"
run = { duration = "2min", warmup = "20s", replications = 2 }
provider = { rule = { latest_only = {} }, token_ttl = "1h" }
app = [{ name = "main" }]

[[fleet]]
name = "web"
nodes = 2
app = "main"
workload = [{ kind = "user", arrivals = { poisson = "1/s" } }]

[[strategy]]
name = "naive"
coordination = "naive"

[[strategy]]
name = "gateway"
coordination = "gateway"
"#;

/// Lines of a long text that are kept.
const KEPT: usize = 40;

/// What no two machines say alike, under one name; and of a long text the beginning.
fn calm(stream: &str, folder: &Path) -> String {
    let stream = stream.replace(&folder.display().to_string(), "FOLDER");
    let mut calm = String::new();
    let count = stream.lines().count();
    for line in stream.lines().take(KEPT) {
        calm.push_str(&without_run(&without_port(line.trim_end())));
        calm.push('\n');
    }
    if count > KEPT {
        calm.push_str("(more lines)\n");
    }
    calm
}

fn without_port(line: &str) -> String {
    const HOST: &str = "127.0.0.1:";
    let mut parts = line.split(HOST);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |line, part| {
        let rest = part.trim_start_matches(|letter: char| letter.is_ascii_digit());
        format!("{line}{HOST}PORT{rest}")
    })
}

/// The id of a run follows from the commit of the program too.
fn without_run(line: &str) -> String {
    let is_id = |word: &str| word.len() == 16 && word.chars().all(|letter| letter.is_ascii_hexdigit());
    let words = line.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric());
    let one = |word: &str| {
        let id = word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
        match is_id(id) {
            true => word.replace(id, "RUN"),
            false => word.to_owned(),
        }
    };
    words.map(one).collect()
}

/// Both streams of a command, apart.
fn both(output: &Output, folder: &Path) -> String {
    format!(
        "exit code {}\n── standard output\n{}── standard error\n{}",
        output.status.code().map_or("none".to_owned(), |code| code.to_string()),
        calm(&text(&output.stdout), folder),
        calm(&text(&output.stderr), folder)
    )
}

/// The commands, in the order in which a later one may need what an earlier one has left; `@` stands for the folder.
const SHORT: &[(&str, &[&str])] = &[
    ("validate", &["validate", "@/small.toml"]),
    ("validate_wrong", &["validate", "@/wrong.toml"]),
    ("run", &["run", "@/small.toml", "--out", "@/run"]),
    (
        "run_csv",
        &[
            "run",
            "@/small.toml",
            "--only",
            "gateway",
            "--format",
            "csv",
            "--out",
            "@/only",
        ],
    ),
    (
        "run_baseline",
        &[
            "run",
            "@/small.toml",
            "--set",
            "fleet.web.nodes=3",
            "--baseline",
            "@/run",
            "--format",
            "md",
            "--out",
            "@/more",
        ],
    ),
    ("report", &["report", "@/run"]),
    ("explain", &["explain", "@/run", "--worst"]),
    ("replay", &["replay", "@/run"]),
    (
        "sweep",
        &[
            "sweep",
            "@/small.toml",
            "--param",
            "fleet.web.nodes=2,3",
            "--out",
            "@/sweep",
        ],
    ),
    (
        "sweep_shard",
        &[
            "sweep",
            "@/small.toml",
            "--param",
            "fleet.web.nodes=2,3",
            "--shard",
            "1/2",
            "--out",
            "@/one",
        ],
    ),
    (
        "sweep_other_shard",
        &[
            "sweep",
            "@/small.toml",
            "--param",
            "fleet.web.nodes=2,3",
            "--shard",
            "2/2",
            "--out",
            "@/two",
        ],
    ),
    ("merge", &["merge", "@/one", "@/two", "--out", "@/merged"]),
    (
        "advise",
        &[
            "advise",
            "@/small.toml",
            "--no-store",
            "--no-peers",
            "--max-apps",
            "1",
            "--screening",
            "2",
            "--replications",
            "2",
            "--finalists",
            "1",
            "--states",
            "100",
        ],
    ),
    ("rare", &["rare", "@/small.toml", "--max-events", "1M"]),
    ("check", &["check", "--strategy", "naive"]),
    ("check_csv", &["check", "--strategy", "naive", "--format", "csv"]),
    ("fuzz", &["fuzz", "--strategy", "naive", "--seed", "1", "--cases", "40"]),
    (
        "fuzz_md",
        &[
            "fuzz",
            "--strategy",
            "naive",
            "--seed",
            "1",
            "--cases",
            "40",
            "--format",
            "md",
        ],
    ),
    (
        "fuzz_csv",
        &[
            "fuzz",
            "--strategy",
            "naive",
            "--seed",
            "1",
            "--cases",
            "40",
            "--format",
            "csv",
        ],
    ),
    (
        "init",
        &["init", "@/new.toml", "--profile", "zoom-s2s-2022", "--nodes", "2"],
    ),
    ("list", &["list", "retries"]),
    ("list_md", &["list", "faults", "--format", "md"]),
    ("list_csv", &["list", "workloads", "--format", "csv"]),
    ("list_json", &["list", "properties", "--format", "json"]),
    ("show", &["show", "naive"]),
    ("show_nothing", &["show", "nave"]),
    ("schema", &["schema"]),
    ("schema_findings", &["schema", "findings"]),
    ("schema_verdicts", &["schema", "verdicts"]),
    ("schema_agreement", &["schema", "agreement"]),
    ("schema_names", &["schema", "names"]),
    ("schema_rare", &["schema", "rare"]),
    ("completions", &["completions", "bash"]),
    ("man", &["man"]),
];

fn placed(arguments: &[&str], folder: &Path) -> Vec<String> {
    let folder = folder.display().to_string();
    arguments.iter().map(|word| word.replace('@', &folder)).collect()
}

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("small.toml"), SMALL).unwrap();
    let wrong = SMALL.replace("nodes = 2", "nodse = 2");
    std::fs::write(folder.path().join("wrong.toml"), wrong).unwrap();
    folder
}

#[test]
fn each_command_says_what_it_is_asked_for_on_one_stream_and_all_else_on_the_other() {
    let folder = folder();
    for (name, arguments) in SHORT {
        let arguments = placed(arguments, folder.path());
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = tokenstorm(&words);
        insta::assert_snapshot!(format!("output_{name}"), both(&output, folder.path()));
    }
}

/// What is asked for as JSON or CSV is nothing else, so that a pipe can read it.
#[test]
fn what_a_program_reads_is_nothing_else() {
    let folder = folder();
    let json: &[&[&str]] = &[
        &["run", "@/small.toml", "--format", "json", "--out", "@/run"],
        &["check", "--strategy", "naive", "--format", "json"],
        &[
            "fuzz",
            "--strategy",
            "naive",
            "--seed",
            "1",
            "--cases",
            "40",
            "--format",
            "json",
        ],
        &["list", "metrics", "--format", "json"],
        &["report", "@/run", "--format", "json"],
        &["explain", "@/run", "--worst", "--format", "json"],
    ];
    for arguments in json {
        let arguments = placed(arguments, folder.path());
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = tokenstorm(&words);
        let parsed = serde_json::from_slice::<serde_json::Value>(&output.stdout);
        assert!(parsed.is_ok(), "{words:?}: {parsed:?}: {}", text(&output.stderr));
    }
}

/// A server says where it is, on standard output, and ends when it is told to.
fn until_told(arguments: &[&str], folder: &Path) -> String {
    let mut child: Child = command()
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    out.read_line(&mut said).unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    out.read_to_string(&mut said).unwrap();
    let output = child.wait_with_output().unwrap();
    let output = Output {
        stdout: said.into_bytes(),
        ..output
    };
    both(&output, folder)
}

#[test]
#[cfg(feature = "serve")]
fn servers_say_where_they_are() {
    let folder = folder();
    let serve = ["serve", "--profile", "zoom-s2s-2022", "--listen", "127.0.0.1:0"];
    insta::assert_snapshot!("output_serve", until_told(&serve, folder.path()));
    let beside = [&serve[..], &["--", "true"]].concat();
    insta::assert_snapshot!("output_serve_beside", both(&tokenstorm(&beside), folder.path()));
    #[cfg(feature = "ui")]
    insta::assert_snapshot!(
        "output_ui",
        until_told(&["ui", "--listen", "127.0.0.1:0"], folder.path())
    );
}

/// What these two measure differs from run to run: `tests/live` and `tests/probe` hold that. Here they are refused.
#[test]
#[cfg(all(feature = "live", feature = "serve"))]
fn what_measures_says_why_it_does_not() {
    let folder = folder();
    let swept = SMALL.replace("app = [", "sweep = { \"fleet.web.nodes\" = [1, 2] }\napp = [");
    std::fs::write(folder.path().join("swept.toml"), swept).unwrap();
    for (name, arguments) in [
        ("live", &["live", "@/swept.toml"][..]),
        (
            "probe",
            &[
                "probe",
                "--token-url",
                "http://127.0.0.1:9/token",
                "--api-url",
                "http://127.0.0.1:9/",
            ],
        ),
    ] {
        let arguments = placed(arguments, folder.path());
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = command().args(&words).stdin(Stdio::null()).output().unwrap();
        assert!(output.stdout.is_empty(), "{}", text(&output.stdout));
        insta::assert_snapshot!(format!("output_{name}"), both(&output, folder.path()));
    }
}

/// The commands that the program names in its help.
fn commands() -> Vec<String> {
    let help = text(&tokenstorm(&["--help"]).stdout);
    let (_, list) = help.split_once("Commands:\n").expect("a list of commands");
    let (list, _) = list.split_once("\n\n").expect("an end of the list");
    let line = |line: &str| Some(line.strip_prefix("  ")?.split(' ').next()?.to_owned());
    list.lines().filter_map(line).filter(|name| !name.is_empty()).collect()
}

#[test]
fn each_command_has_a_help_and_a_snapshot_of_what_it_prints() {
    let with_snapshot: BTreeSet<&str> = SHORT
        .iter()
        .map(|(_, arguments)| arguments[0])
        .chain(["serve", "ui", "live", "probe", "help"])
        .collect();
    let commands = commands();
    assert!(commands.len() > 15, "{commands:?}");
    for name in &commands {
        assert!(
            with_snapshot.contains(name.as_str()),
            "`{name}` has no snapshot: give it one in SHORT"
        );
        if name == "help" {
            continue;
        }
        let output = tokenstorm(&[name, "--help"]);
        assert!(output.stderr.is_empty(), "{name}: {}", text(&output.stderr));
        let long = text(&output.stdout)
            .lines()
            .take(200)
            .map(|line| format!("{}\n", line.trim_end()))
            .collect::<String>();
        insta::assert_snapshot!(format!("help_{name}"), long);
    }
    insta::assert_snapshot!("help", text(&tokenstorm(&["--help"]).stdout));
}

/// What is wrong goes to standard error, whatever the command, and the exit code is 2.
#[test]
fn a_mistake_on_the_command_line_leaves_standard_output_empty() {
    for name in commands().iter().filter(|name| *name != "help") {
        let output = tokenstorm(&[name, "--no-such-option"]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{name}");
    }
}
