//! Sweeps whose points have as many replications as a precision takes.

use std::collections::BTreeSet;
use std::path::Path;

use tempfile::TempDir;

use crate::{done, same, scenario, shown, sweep, text, tokenstorm};

/// One node is never refused, and several are: the points take different numbers of replications.
const PARAMS: [&str; 6] = [
    "--param",
    "fleet.web.nodes=1,2",
    "--param",
    "provider.token_ttl=10s,1h",
    "--precision",
    "first_attempt_rejection_rate=3%",
];

/// Replications and the end of each point, in the order of the rows.
fn ends(folder: &Path) -> Vec<(String, u32, String)> {
    let mut reader = csv::Reader::from_path(folder.join("results.csv")).expect("a CSV file");
    let header: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    assert_eq!(
        header.join(","),
        "scenario,strategy,point,metric,unit,mean,ci95_low,ci95_high,replications,doubt,storm_mean,calm_mean,run,ended_by"
    );
    let rows = reader.records().map(|row| row.expect("a row"));
    let calls = rows.filter(|row| &row[3] == "calls");
    calls
        .map(|row| (row[2].to_owned(), row[8].parse().expect("a count"), row[13].to_owned()))
        .collect()
}

/// The figures of each point are known as well as was asked, or a limit has ended it; shards and threads change nothing, and `--row` has
/// the same.
#[test]
fn each_point_takes_as_many_replications_as_it_needs() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let [whole, merged] = ["whole", "merged"].map(|name| folder.path().join(name));
    let most = ["--max-replications", "200"];
    let precise = [&PARAMS[..], &most].concat();
    let output = done(sweep(&file, &whole, &[&precise[..], &["--threads", "1"]].concat()));
    let ends = ends(&whole);
    assert_eq!(ends.len(), 4);
    let counts: BTreeSet<u32> = ends.iter().map(|end| end.1).collect();
    assert!(
        counts.len() > 1 && counts.iter().all(|count| (100..=200).contains(count)),
        "{ends:?}"
    );
    for (point, count, ended_by) in &ends {
        let told = ["reached", "replications"].contains(&ended_by.as_str());
        assert!(told && (ended_by == "reached" || *count == 200), "{point}: {ended_by}");
    }
    let reached = ends.iter().filter(|end| end.2 == "reached").count();
    let told = match reached {
        4 => "the precision of first_attempt_rejection_rate=3% was reached at all 4 points".to_owned(),
        some => format!("was reached at {some} of 4 points; the column ended_by"),
    };
    assert!(text(&output.stderr).contains(&told), "{}", text(&output.stderr));

    let shards = ["2/3", "3/3", "1/3"].map(|which| {
        let out = folder.path().join(which.replace('/', "-of-"));
        done(sweep(
            &file,
            &out,
            &[&precise[..], &["--shard", which, "--threads", "3"]].concat(),
        ));
        shown(&out)
    });
    let mut line: Vec<&str> = vec!["merge"];
    line.extend(shards.iter().map(String::as_str));
    let out = shown(&merged);
    line.extend(["--out", &out]);
    done(tokenstorm(&line).output().expect("it runs"));
    same(&whole, &merged);

    // Row 2 is the first figure of the first point.
    let alone = done(sweep(&file, &whole, &[&precise[..], &["--row", "2"]].concat()));
    assert!(
        text(&alone.stderr).contains("the figures are those of point 1"),
        "{}",
        text(&alone.stderr)
    );
    // Another precision is another sweep, and so is none.
    for (other, told) in [
        (
            &["--max-replications", "400"][..],
            "another precision: first_attempt_rejection_rate=3% with up to 200",
        ),
        (
            &["--max-replications", "200", "--max-events", "1G"],
            "another precision",
        ),
    ] {
        let output = sweep(&file, &whole, &[&PARAMS[..], other].concat());
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(told), "{}", text(&output.stderr));
    }
    let output = sweep(&file, &whole, &PARAMS[..4]);
    assert!(text(&output.stderr).contains("another"), "{}", text(&output.stderr));
}

/// Killed a few times, it is what nobody has disturbed; no finished point is lost or run again.
#[test]
fn a_precise_sweep_survives_kills() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let [calm, killed] = ["calm", "killed"].map(|name| folder.path().join(name));
    let more = [
        "--param",
        "provider.token_ttl=10s..300s:6",
        "--precision",
        "20%",
        "--threads",
        "1",
    ];
    done(sweep(&file, &calm, &more));
    let journal = killed.join("points.journal");
    let lines = || std::fs::read(&journal).map_or(0, |bytes| bytes.iter().filter(|byte| **byte == b'\n').count());
    for until in [1, 2, 4] {
        let line = ["sweep", &shown(&file), "--out", &shown(&killed)];
        let mut child = tokenstorm(&[&line, &more[..]].concat()).spawn().expect("it starts");
        while lines() <= until && child.try_wait().expect("a child").is_none() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
    }
    let there = lines().saturating_sub(1);
    let last = done(sweep(&file, &killed, &more));
    if there < 6 {
        assert!(
            text(&last.stderr).contains(&format!("going on after {there} of 6 points")),
            "{}",
            text(&last.stderr)
        );
    }
    same(&calm, &killed);
}

#[test]
fn limits_of_a_point_are_named_and_what_cannot_be_asked_for_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let out = folder.path().join("few");
    let one = ["--param", "fleet.web.nodes=2", "--precision", "0.5%"];
    let output = done(sweep(&file, &out, &[&one[..], &["--max-events", "300k"]].concat()));
    assert_eq!(ends(&out)[0].2, "events");
    assert!(
        text(&output.stderr).contains("was reached at 0 of 1 points"),
        "{}",
        text(&output.stderr)
    );
    for (more, told) in [
        (&["--replications", "3"][..], "cannot be used with"),
        (&["--max-time", "1s"], "unexpected argument"),
        (&["--max-replications", "3"], "100..=100000"),
    ] {
        let output = sweep(&file, &folder.path().join("none"), &[&one[..], more].concat());
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{more:?}: {errors}");
        assert!(errors.contains(told), "{more:?}: {errors}");
    }
    // A scheduler's tasks are asked for the same precision, once.
    let printed = done(sweep(
        &file,
        &out,
        &[&one[..], &["--max-events", "30G", "--print", "slurm"]].concat(),
    ));
    let script = text(&printed.stdout);
    let command = script.lines().last().expect("a command");
    assert!(
        command.contains("--precision 0.5% --max-events 30000000000"),
        "{command}"
    );
    assert_eq!(command.matches("--max-events").count(), 1, "{command}");
}

/// A point of a sweep with control variates has the figures of a run with them, and is another sweep than one without.
#[test]
fn control_variates_of_a_sweep_are_those_of_a_run() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let [swept, ran] = ["swept", "ran"].map(|name| folder.path().join(name));
    let more = ["--replications", "40", "--variance", "controls"];
    let param = ["--param", "fleet.web.nodes=2"];
    done(sweep(&file, &swept, &[&param[..], &more].concat()));
    let set = [
        "run",
        &shown(&file),
        "--out",
        &shown(&ran),
        "--set",
        "fleet.web.nodes=2",
    ];
    done(tokenstorm(&[&set[..], &more].concat()).output().expect("it runs"));
    let figures = |folder: &Path| -> Vec<Vec<String>> {
        let mut reader = csv::Reader::from_path(folder.join("results.csv")).expect("a CSV file");
        let rows = reader.records().map(|row| row.expect("a row"));
        rows.map(|row| (3..9).map(|cell| row[cell].to_owned()).collect())
            .collect()
    };
    assert_eq!(figures(&swept), figures(&ran));
    let output = sweep(&file, &swept, &[&param[..], &more[..2]].concat());
    assert!(
        text(&output.stderr).contains("another --variance: controls, and not plain"),
        "{}",
        text(&output.stderr)
    );
}
