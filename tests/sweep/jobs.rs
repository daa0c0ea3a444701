//! Sweeps that are printed for a scheduler.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::installed::{clients, is_there};
use crate::{done, same, scenario, shown, sweep, text, tokenstorm};

const PARAMS: [&str; 2] = ["--param", "provider.token_ttl=10s..90s:7"];

/// The text for a scheduler, of three shards.
fn printed(file: &Path, out: &Path, scheduler: &str) -> String {
    let more = ["--print", scheduler, "--shard", "1/3", "--threads", "2"];
    text(&done(sweep(file, out, &[&PARAMS[..], &more].concat())).stdout)
}

/// A shell's command with the program in its path.
fn shell(script: &str, folder: &Path, (name, value): (&str, usize)) {
    let program = Path::new(env!("CARGO_BIN_EXE_tokenstorm")).parent().expect("a folder");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").expect("a path"));
    let mut shell = Command::new("bash");
    shell
        .args(["-c", script])
        .current_dir(folder)
        .env("PATH", path)
        .env(name, value.to_string());
    done(shell.output().expect("bash runs"));
}

fn merged(folder: &Path, shards: &str, out: &Path) {
    shell(
        &format!("tokenstorm merge {shards} --out '{}'", out.display()),
        folder,
        ("NONE", 0),
    );
}

#[test]
fn the_tasks_of_a_job_array_are_the_sweep() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let [whole, out] = ["whole", "it's here"].map(|name| folder.path().join(name));
    let script = printed(&file, &out, "slurm");
    assert!(!out.exists() && script.starts_with("#!/bin/bash\n"), "{script}");
    for line in [
        "#SBATCH --array=1-3\n",
        "#SBATCH --cpus-per-task=2\n",
        "#SBATCH --mem=",
        "#SBATCH --time=10\n",
        "#SBATCH --requeue\n",
    ] {
        assert!(script.contains(line), "{line}: {script}");
    }
    for task in [2, 1, 3] {
        shell(&script, folder.path(), ("SLURM_ARRAY_TASK_ID", task));
    }
    // The command for the end stands in the script, as a word of a shell within a word of a shell.
    let merge = script
        .lines()
        .find_map(|line| line.split_once("--wrap="))
        .expect("how to merge")
        .1;
    shell(&format!("eval {merge}"), folder.path(), ("NONE", 0));
    done(sweep(&file, &whole, &PARAMS));
    same(&whole, &out);
}

#[test]
fn the_pods_of_an_indexed_job_are_the_sweep() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let [whole, out] = ["whole", "out"].map(|name| folder.path().join(name));
    let manifest = printed(&file, &out, "kubernetes");
    let command = manifest
        .lines()
        .find(|line| line.trim_start().starts_with("exec tokenstorm"))
        .expect("a command");
    let here = shown(folder.path());
    let command = command
        .replace("/scenario/", &format!("{here}/"))
        .replace("/results/", &format!("{here}/"));
    for index in [1, 0, 2] {
        shell(&command, folder.path(), ("JOB_COMPLETION_INDEX", index));
    }
    merged(folder.path(), "shard-*-of-3", &out);
    done(sweep(&file, &whole, &PARAMS));
    same(&whole, &out);
}

/// By the models of the official client for Python, which are made from the published API: each field is one of its type, and each
/// that must be there is. Not looked at are the rules of the server beyond that, such as which fields exclude each other.
#[test]
fn the_job_has_the_fields_of_the_published_api() {
    let python = clients().join("venv/bin/python");
    let runs = Command::new(&python).args(["-c", "import kubernetes"]).output();
    if !is_there(
        "the Kubernetes client for Python",
        runs.is_ok_and(|output| output.status.success()),
    ) {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let manifest = printed(&file, &folder.path().join("out"), "kubernetes");
    let judged = |manifest: &str| {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/clients/job.py");
        let judge = Command::new(&python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut judge = judge.expect("Python runs");
        judge
            .stdin
            .take()
            .expect("a pipe")
            .write_all(manifest.as_bytes())
            .expect("it reads");
        judge.wait_with_output().expect("it ends")
    };
    let told = text(&done(judged(&manifest)).stdout);
    assert!(told.contains("Indexed") && told.contains("fields"), "{told}");
    for (right, wrong) in [
        ("completionMode:", "completionsMode:"),
        ("completions: 3", "completions: three"),
        ("        - name: sweep\n", "        - title: sweep\n"),
        ("restartPolicy: Never", "restartPolicy: Sometimes"),
        ("memory: ", "memory: true #"),
    ] {
        assert!(manifest.contains(right), "{right}");
        let output = judged(&manifest.replacen(right, wrong, 1));
        assert!(!output.status.success(), "{wrong}: {}", text(&output.stdout));
    }
}

#[test]
fn a_job_asks_for_what_its_shards_take() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let out = folder.path().join("out");
    let print = |more: &[&str]| sweep(&file, &out, &[&["--print", "slurm"], more].concat());
    // As many shards as take half an hour each; none is larger than what may be run.
    let large = [
        "--param",
        "fleet.web.nodes=1..1000:1000",
        "--param",
        "provider.token_ttl=1s..1000s:1000",
    ];
    let script = text(&done(print(&large)).stdout);
    let array = script
        .lines()
        .find_map(|line| line.strip_prefix("#SBATCH --array=1-"))
        .expect("an array");
    let shards: u64 = array.parse().expect("a number");
    assert!((5..500).contains(&shards), "{script}");
    let minutes = script
        .lines()
        .find_map(|line| line.strip_prefix("#SBATCH --time="))
        .expect("a time");
    assert!(
        (20..=91).contains(&minutes.parse::<u32>().expect("minutes")),
        "{script}"
    );
    let narrow = print(&[&large[..], &["--shard", "1/2"]].concat());
    assert_eq!(narrow.status.code(), Some(2));
    assert!(
        text(&narrow.stderr).contains("--max-events"),
        "{}",
        text(&narrow.stderr)
    );
    let raised = print(&[&large[..], &["--shard", "1/2", "--max-events", "9T"]].concat());
    assert!(text(&done(raised).stdout).contains("--max-events 9000000000000"));
    let huge = print(&[&large[..], &["--param", "run.drain=1s..1000s:1000"]].concat());
    assert!(
        text(&huge.stderr).contains("there can be 500"),
        "{}",
        text(&huge.stderr)
    );
    // A mistake is told before anything is printed.
    let wrong = print(&["--param", "fleet.web.nodez=1,2"]);
    assert!(wrong.status.code() == Some(2) && wrong.stdout.is_empty());
    assert!(
        tokenstorm(&["sweep", "--help"])
            .output()
            .expect("it runs")
            .status
            .success()
    );
}
