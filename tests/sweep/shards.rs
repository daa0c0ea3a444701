//! Sweeps that are shared out and merged.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{done, files, same, scenario, shown, sweep, text, tokenstorm};

const PARAMS: [&str; 4] = [
    "--param",
    "fleet.web.nodes=1,2,3",
    "--param",
    "provider.token_ttl=10s..90s:7",
];

fn shard(file: &Path, folder: &Path, which: &str, more: &[&str]) -> PathBuf {
    let out = folder.join(format!("shard-{}", which.replace('/', "-of-")));
    done(sweep(file, &out, &[&PARAMS[..], &["--shard", which], more].concat()));
    out
}

fn merge(shards: &[PathBuf], out: &Path) -> std::process::Output {
    let mut line = vec!["merge".to_owned()];
    line.extend(shards.iter().map(|shard| shown(shard)));
    line.extend(["--out".to_owned(), shown(out)]);
    let line: Vec<&str> = line.iter().map(String::as_str).collect();
    tokenstorm(&line).output().expect("it runs")
}

#[test]
fn any_partition_in_any_order_is_the_whole() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let whole = folder.path().join("whole");
    let printed = done(sweep(&file, &whole, &PARAMS)).stdout;
    let partitions = [
        &["1/1"][..],
        &["2/2", "1/2"],
        &["3/3", "1/3", "2/3"],
        // Of different widths.
        &["4/4", "1/2", "2/4"],
        // More shards than some have points.
        &["5/25", "1/5", "2/5", "3/5", "4/5", "10/25", "15/25", "20/25", "25/25"],
    ];
    for (at, partition) in partitions.iter().enumerate() {
        let shards: Vec<PathBuf> = partition
            .iter()
            .enumerate()
            .map(|(at, which)| shard(&file, folder.path(), which, &["--threads", ["1", "2", "3"][at % 3]]))
            .collect();
        let out = folder.path().join(format!("merged-{at}"));
        let merged = done(merge(&shards, &out));
        assert_eq!(text(&merged.stdout), text(&printed));
        same(&whole, &out);
        // Once more into the same folder: it is there.
        let again = done(merge(&shards, &out));
        assert!(text(&again.stderr).contains("merged before") && again.stdout == printed);
        shards
            .iter()
            .for_each(|shard| std::fs::remove_dir_all(shard).expect("it can go"));
    }
}

/// Shards of three in a folder, by their paths.
fn thirds(folder: &Path) -> [PathBuf; 3] {
    let file = scenario(folder, "");
    ["1/3", "2/3", "3/3"].map(|which| shard(&file, folder, which, &[]))
}

/// What is said of shards that cannot be merged; nothing is written.
#[track_caller]
fn refused(shards: &[&PathBuf], told: &[&str]) -> String {
    let shards: Vec<PathBuf> = shards.iter().map(|shard| (*shard).clone()).collect();
    let out = shards[0].with_file_name("refused");
    let output = merge(&shards, &out);
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    told.iter()
        .for_each(|told| assert!(errors.contains(told), "{told}: {errors}"));
    assert!(!out.exists() && output.stdout.is_empty());
    errors
}

/// Runs the command that a refusal names after these words.
fn obey(errors: &str, after: &str, folder: &Path) {
    let command = errors.lines().find_map(|line| line.split_once(after));
    let words: Vec<&str> = command.expect("a command").1.split(' ').collect();
    assert_eq!(words[0], "tokenstorm");
    done(tokenstorm(&words[1..]).current_dir(folder).output().expect("it runs"));
}

#[test]
fn a_shard_that_is_missing_or_died_is_named_with_the_command_that_runs_it_again() {
    let folder = TempDir::new().expect("a folder");
    let [one, two, three] = thirds(folder.path());
    let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
    std::fs::remove_dir_all(&two).expect("it can go");
    let errors = refused(
        &[&one, &three],
        &["shard 2/3 is missing", "--shard 2/3 --out shard-2-of-3"],
    );
    obey(&errors, "run it with: ", folder.path());
    assert!(two.exists(), "it goes where it is named");
    done(merge(&[three.clone(), one.clone(), two.clone()], &first));
    let journal = two.join("points.journal");
    let whole = std::fs::read(&journal).expect("a journal");
    std::fs::write(&journal, &whole[..whole.len() * 2 / 3]).expect("it can be written");
    let errors = refused(&[&one, &two, &three], &["shard 2/3 in", "of its 7 points"]);
    obey(&errors, "go on with: ", folder.path());
    assert_eq!(std::fs::read(&journal).expect("a journal").len(), whole.len());
    done(merge(&[two, one, three], &second));
    same(&first, &second);
}

#[test]
fn shards_that_are_no_sweep_together_are_told_apart() {
    let folder = TempDir::new().expect("a folder");
    let [one, two, three] = thirds(folder.path());
    let whole = folder.path().join("whole");
    done(merge(&[two.clone(), one.clone(), three.clone()], &whole));
    refused(&[&one, &two, &three, &one], &["shard 1/3 is there twice"]);
    let file = scenario(folder.path(), "");
    let half = shard(&file, folder.path(), "1/2", &[]);
    refused(&[&one, &half], &["shard 1/3 in", "shard 1/2 in", "points in common"]);
    refused(&[&one, &folder.path().join("none")], &["no shard", "no such folder"]);
    refused(&[&one, &whole], &["a whole sweep, which needs no merging"]);
    // A shard's folder is not the place for the whole.
    for shards in [&[one.clone()][..], &[two.clone(), one.clone(), three.clone()]] {
        let before = files(&one);
        let output = merge(shards, &one);
        assert!(output.status.code() == Some(2) && files(&one) == before);
    }
    // Of another seed, and of another state of the file.
    std::fs::remove_dir_all(&two).expect("it can go");
    let other = shard(&file, folder.path(), "2/3", &["--seed", "9"]);
    refused(
        &[&one, &other, &three],
        &["is of another sweep than", "another seed: 9, and not 1"],
    );
    std::fs::remove_dir_all(&other).expect("it can go");
    let file = scenario(folder.path(), "# changed\n");
    let other = shard(&file, folder.path(), "2/3", &[]);
    refused(&[&one, &other, &three], &["another state of the scenario's file"]);
}
