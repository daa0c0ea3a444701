//! Sweeps that are killed at any moment, and begun again.

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{done, files, points, same, scenario, shown, sweep, text, tokenstorm};

/// `TOKENSTORM_SWEEP_KILLS=100` and `TOKENSTORM_SWEEP_POINTS=10000` try as often and at as many points.
fn wanted(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |count| count.parse().expect("a count"))
}

/// Chance of its own, so that a failure can be had again.
struct Luck(u64);

impl Luck {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

fn start(file: &Path, out: &Path, more: &[&str]) -> Child {
    let line = ["sweep", &shown(file), "--out", &shown(out)];
    tokenstorm(&[&line, more].concat()).spawn().expect("it starts")
}

fn length(path: &Path) -> u64 {
    path.metadata().map_or(0, |found| found.len())
}

/// How many points a journal has; a torn last line is none.
fn finished(journal: &Path) -> u64 {
    let text = std::fs::read(journal).unwrap_or_default();
    (text.iter().filter(|byte| **byte == b'\n').count() as u64).saturating_sub(1)
}

/// Each finished point is there once and is not run again: the journal only grows, and what comes out is what nobody has disturbed.
#[test]
fn kills_lose_nothing_and_repeat_nothing() {
    let kills = wanted("TOKENSTORM_SWEEP_KILLS", 25);
    let count = wanted("TOKENSTORM_SWEEP_POINTS", 300);
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let param = format!("provider.token_ttl=10s..5000s:{count}");
    let more = ["--param", &param];
    let (calm, killed) = (folder.path().join("calm"), folder.path().join("killed"));
    let begun = Instant::now();
    done(sweep(&file, &calm, &more));
    let took = begun.elapsed();
    assert_eq!(points(&calm).len() as u64, count);

    let mut luck = Luck(7);
    let journal = killed.join("points.journal");
    let (mut dead, mut torn, mut before) = (0, 0, Vec::new());
    while dead < kills {
        let threads = (1 + luck.below(3)).to_string();
        let mut child = start(&file, &killed, &[&more[..], &["--threads", &threads]].concat());
        // Kills are spread over the whole of the work, some of them at its very beginning.
        let share = took.as_micros() as u64 * 2 / kills.max(1);
        let until = Instant::now() + Duration::from_micros(luck.below(share.max(1) + 50_000));
        while Instant::now() < until && child.try_wait().expect("a child").is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        if child.try_wait().expect("a child").is_some() {
            break;
        }
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        dead += 1;
        let now = std::fs::read(&journal).unwrap_or_default();
        assert!(
            now.len() >= before.len() || torn > 0 || before.is_empty(),
            "the journal has shrunk"
        );
        let whole = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        assert!(
            now.get(..whole) == before.get(..whole) || now.is_empty(),
            "what was finished has changed"
        );
        torn += u64::from(now.last().is_some_and(|byte| *byte != b'\n'));
        before = now;
    }
    let left = finished(&journal);
    let output = sweep(&file, &killed, &more);
    let errors = text(&done(output).stderr);
    if left > 0 && dead == kills {
        assert!(
            errors.contains(&format!("going on after {left} of {count} points")),
            "{left}: {errors}"
        );
    }
    same(&calm, &killed);
    println!(
        "{dead} kills at {count} points; {torn} times a line was torn; {left} points were finished before the last start"
    );
    assert!(dead >= kills.min(5), "only {dead} kills: it is too fast to be killed");
}

/// What a power failure may leave of the last second: any beginning of the journal, or a hole in it.
#[test]
fn a_torn_journal_goes_on_from_what_is_whole() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let more = ["--param", "provider.token_ttl=10s..200s:12"];
    let (calm, torn) = (folder.path().join("calm"), folder.path().join("torn"));
    done(sweep(&file, &calm, &more));
    // A shard keeps its journal.
    done(sweep(
        &file,
        &folder.path().join("shard"),
        &[&more[..], &["--shard", "1/1"]].concat(),
    ));
    let whole = std::fs::read(folder.path().join("shard/points.journal")).expect("a journal");
    let whole = text(&whole).replacen("\"shard\":{\"number\":1,\"of\":1}", "\"shard\":null", 1);
    // The digest of the head is of what it says.
    let (head, rest) = whole.split_once('\n').expect("lines");
    let digest = |text: &str| {
        let sum = Command::new("sha256sum")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn();
        let mut sum = sum.expect("sha256sum runs");
        std::io::Write::write_all(&mut sum.stdin.take().expect("a pipe"), text.as_bytes()).expect("it reads");
        crate::text(&sum.wait_with_output().expect("it ends").stdout)[..16].to_owned()
    };
    let head = &head[17..];
    let whole = format!("{} {head}\n{rest}", digest(head)).into_bytes();
    let first = head.len() + 18;
    for at in [
        0,
        5,
        first - 1,
        first,
        first + 1,
        whole.len() / 2,
        whole.len() - 1,
        whole.len(),
    ] {
        let _ = std::fs::remove_dir_all(&torn);
        std::fs::create_dir(&torn).expect("a folder");
        let mut left = whole[..at].to_vec();
        if at > first + 100 {
            // A block that never came to the disk.
            left.extend([0; 64]);
            left.extend(&whole[at.min(whole.len() - 40)..]);
        }
        std::fs::write(torn.join("points.journal"), left).expect("it can be written");
        done(sweep(&file, &torn, &more));
        same(&calm, &torn);
    }
}

#[test]
fn one_folder_is_one_sweep_at_a_time() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let out = folder.path().join("out");
    let more = ["--param", "provider.token_ttl=10s..5000s:2000"];
    let mut first = start(&file, &out, &more);
    let begun = Instant::now();
    while length(&out.join("points.journal")) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never begins");
        std::thread::sleep(Duration::from_millis(5));
    }
    let second = sweep(&file, &out, &more);
    assert_eq!(second.status.code(), Some(1));
    assert!(
        text(&second.stderr).contains("another run writes to"),
        "{}",
        text(&second.stderr)
    );
    // The lock dies with its process.
    first.kill().expect("it can be killed");
    first.wait().expect("it ends");
    let third = start(&file, &out, &more);
    let before = length(&out.join("points.journal"));
    while length(&out.join("points.journal")) == before {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never goes on");
        std::thread::sleep(Duration::from_millis(5));
    }
    // Ctrl-C ends it cleanly.
    let status = Command::new("kill").args(["-INT", &third.id().to_string()]).status();
    assert!(status.expect("kill runs").success());
    let output = third.wait_with_output().expect("it ends");
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{errors}");
    assert!(errors.contains("points are finished and kept in"), "{errors}");
    let names: Vec<_> = files(&out).into_keys().collect();
    assert_eq!(
        names,
        [Path::new("points.journal")],
        "nothing half-written, and no lock"
    );
}

/// The peak of the memory of a sweep of this many points, in kilobytes, as Linux tells it.
#[cfg(target_os = "linux")]
fn peak(file: &Path, out: &Path, points: u64) -> u64 {
    let param = format!("provider.token_ttl=10s..5000s:{points}");
    let mut child = start(file, out, &["--param", &param, "--threads", "2"]);
    let mut peak = 0;
    loop {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let seen = status.lines().find_map(|line| {
            line.strip_prefix("VmHWM:")?
                .trim()
                .strip_suffix("kB")?
                .trim()
                .parse()
                .ok()
        });
        peak = seen.unwrap_or(peak).max(peak);
        if child.try_wait().expect("a child").is_some() {
            return peak;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Five times as many points take no more memory. Both have no page. Each point leaves 7 kB of figures, which 1,600 points would show as 11 MB.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_points() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let few = peak(&file, &folder.path().join("few"), 400);
    let many = peak(&file, &folder.path().join("many"), 2000);
    let size = length(&folder.path().join("many/results.csv")) / 1000;
    println!("peak {few} kB at 400 points, {many} kB at 2,000, whose results have {size} kB");
    assert!(size > 10_000, "{size} kB");
    assert!(many < few + 6_000, "{few} kB, then {many} kB");
}
