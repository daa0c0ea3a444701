//! What multiplies is bounded: a small file takes neither the memory nor the day of whoever validates it, and what `validate` calls ok
//! runs.

use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{VALID, changed, text, tokenstorm};

const HEAD: &str = "name = \"b\"\nsummary = \"s\"\nsource = \"s\"\nrun = { duration = \"1s\", drain = \"0s\", replications = 1 }\n\
                    app = [{ name = \"m\" }]\n";
const NAIVE: &str = "strategy = [{ name = \"n\", coordination = \"naive\" }]\n";
const FLEET: &str = "fleet = [{ name = \"w\", nodes = 1, app = \"m\", workload = [{ kind = \"u\", arrivals = { poisson = \"1/s\" } }] }]\n";

fn numbers(count: usize) -> String {
    let all: Vec<String> = (1..=count).map(|number| number.to_string()).collect();
    format!("[{}]", all.join(", "))
}

fn workloads(nodes: u32, count: usize, every: &str) -> String {
    let mut file = format!("{HEAD}{NAIVE}[[fleet]]\nname = \"w\"\nnodes = {nodes}\napp = \"m\"\nworkload = [\n");
    for k in 0..count {
        let _ = writeln!(
            file,
            "{{ kind = \"k{k}\", arrivals = {{ periodic = {{ every = \"{every}\" }} }} }},"
        );
    }
    file + "]\n"
}

fn event(what: &str) -> String {
    format!("{HEAD}{NAIVE}{FLEET}[[event]]\nat = \"1s\"\nwhat = {what}\n")
}

fn domains() -> String {
    let mut file = format!(
        "{HEAD}strategy = [{{ name = \"n\", coordination = \"lease\" }}, {{ name = \"g\", coordination = \"gateway\" }}]\nfleet = [\n"
    );
    for i in 0..65_600 {
        let _ = writeln!(file, "{{ name = \"f{i}\", nodes = 1, app = \"m\", domain = \"{i}\" }},");
    }
    file + "]\n"
}

fn scales() -> String {
    let mut file = format!("{HEAD}{NAIVE}");
    for i in 0..12 {
        let _ = write!(
            file,
            "[[fleet]]\nname = \"f{i}\"\nnodes = 1\napp = \"m\"\n[[event]]\nat = \"1s\"\nwhat = {{ scale = {{ fleet = \"f{i}\", nodes = 10000000 }} }}\n"
        );
    }
    file
}

fn lognormals() -> String {
    let law = "{ lognormal = { median = \"1s\", p99 = \"2s\" } }";
    let (nodes, seeds) = (numbers(32), numbers(31));
    format!(
        "{HEAD}{NAIVE}{FLEET}store = {{ request = {law}, response = {law} }}\npeers = {{ latency = {law} }}\n\
         provider = {{ profile = \"zoom-s2s-2022\", token_request = {law}, token_response = {law}, api_request = {law}, api_response = {law} }}\n\
         [sweep]\n\"run.seed\" = {seeds}\n\"fleet.w.nodes\" = {nodes}\n"
    )
}

fn jobs() -> String {
    let (nodes, seeds) = (numbers(31), numbers(32));
    let head = HEAD.replace("replications = 1", "replications = 100000");
    format!("{head}{NAIVE}{FLEET}[sweep]\n\"fleet.w.nodes\" = {nodes}\n\"run.seed\" = {seeds}\n")
}

/// Files that once took gigabytes, hours, or the program's life; each with what is said of it now. Those without a word run.
fn faults() -> Vec<(&'static str, String, &'static str)> {
    let slots = format!(
        "{HEAD}{FLEET}strategy = [{{ name = \"n\", coordination = {{ app_per_node = {{ apps = 65535 }} }} }}]\n\
         [[event]]\nat = \"1s\"\nwhat = {{ grant_slots = {{ app = \"m\", slots = 65535 }} }}\n"
    );
    vec![
        (
            "deep_key",
            format!("{HEAD}{NAIVE}{FLEET}[sweep]\n\"{}b\" = [1]\n", "a.".repeat(12_000)),
            "more than 16 steps",
        ),
        ("wide_line", format!("{}@\n", " ".repeat(65_535)), "not valid TOML"),
        ("streams_u32", workloads(8_589_935, 500, "3000d"), "streams of arrivals"),
        ("streams", workloads(10_000_000, 108, "1d"), "streams of arrivals"),
        ("domains", domains(), "65600 entries of one list"),
        ("slots", slots, "slots in all"),
        ("jobs", jobs(), "--max-memory"),
        (
            "waves",
            event("{ redeploy = { fleet = \"w\", waves = 4294967295, between = \"1ns\" } }"),
            "single acts",
        ),
        ("scales", scales(), "grow to 120000000 nodes"),
        (
            "copies_of_a_text",
            format!(
                "{HEAD}{NAIVE}{FLEET}[sweep]\n\"run.seed\" = {}\n# {}",
                numbers(1000),
                "x".repeat(3_000_000)
            ),
            "",
        ),
        ("lognormals", lognormals(), ""),
        (
            "label",
            format!(
                "{HEAD}{NAIVE}{FLEET}[sweep]\nsummary = [\"{}\"]\n\"run.seed\" = [1, 2]\n",
                "x".repeat(100_000)
            ),
            "there can be 4096",
        ),
        (
            "long_name",
            changed("\"naive cache\"", &format!("\"{}\"", "x".repeat(1_000_000))),
            "cannot be a name",
        ),
        ("long_events", changed("\"6/min\"", "\"1000000000/s\""), "--max-"),
        (
            "burst",
            changed(
                "{ poisson = \"6/min\" }",
                "{ burst = { every = \"1s\", calls = 100000 } }",
            )
            .replacen("nodes = 2", "nodes = 10000", 1),
            "--max-",
        ),
    ]
}

/// A gigabyte of address space, and ten seconds of an unoptimized build.
#[cfg(unix)]
#[test]
fn a_small_file_takes_neither_gigabytes_nor_minutes() {
    let folder = TempDir::new().unwrap();
    for (name, file, word) in faults() {
        let path = folder.path().join(format!("{name}.toml"));
        std::fs::write(&path, file).unwrap();
        let start = Instant::now();
        let limited = format!(
            "ulimit -v 1200000; exec '{}' validate '{}'",
            env!("CARGO_BIN_EXE_tokenstorm"),
            path.display()
        );
        let output = Command::new("sh")
            .args(["-c", &limited])
            .env("NO_COLOR", "1")
            .output()
            .unwrap();
        let (told, errors) = (text(&output.stdout), text(&output.stderr));
        let wanted = if word.is_empty() { 0 } else { 2 };
        let head: String = errors.chars().take(2000).collect();
        assert_eq!(output.status.code(), Some(wanted), "{name}: {told}{head}");
        let words: String = errors
            .split_whitespace()
            .filter(|word| *word != "│")
            .collect::<Vec<_>>()
            .join(" ");
        assert!(words.contains(word), "{name}: {head}");
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "{name} took {:?}",
            start.elapsed()
        );
        assert!(
            errors.lines().all(|line| line.len() < 3000),
            "{name}: a line of {} bytes",
            errors.len()
        );
    }
}

#[test]
fn validate_foretells_what_a_run_takes_and_a_flag_allows_more() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("a.toml"), VALID).unwrap();
    let validate = |more: &[&str]| tokenstorm(&[&["validate", "a.toml"], more].concat(), folder.path(), "");
    let ok = validate(&[]);
    let told = text(&ok.stdout);
    assert!(
        ok.status.success() && told.contains("about ") && told.contains("B of memory"),
        "{told}"
    );
    for (limit, flag) in [("1MB", "--max-memory"), ("1k", "--max-events")] {
        let refused = validate(&[flag, limit]);
        assert_eq!(refused.status.code(), Some(2), "{flag}");
        assert!(text(&refused.stderr).contains(flag), "{}", text(&refused.stderr));
        let run = tokenstorm(&["run", "a.toml", flag, limit], folder.path(), "");
        assert_eq!(run.status.code(), Some(2), "{flag}");
        assert!(run.stdout.is_empty() && !folder.path().join("reports").exists());
    }
    let wrong = validate(&["--max-memory", "much"]);
    assert!(text(&wrong.stderr).contains("such as 16G"), "{}", text(&wrong.stderr));
}
