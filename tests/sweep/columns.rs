//! `--parquet`: the same rows as columns with types.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use tempfile::TempDir;

use crate::{done, files, installed, same, scenario, shown, sweep, text, tokenstorm};

const PARAMS: [&str; 2] = ["--param", "fleet.web.nodes=1..4:4"];
const PRECISE: [&str; 4] = ["--precision", "calls=20%", "--max-replications", "100"];

fn parquet_file(folder: &Path) -> PathBuf {
    folder.join("results.parquet")
}

/// A cell as `results.csv` has it, of a column's value.
fn cell(value: &Field) -> String {
    match value {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Long(count) => count.to_string(),
        Field::Double(number) => format!("{:016x}", number.to_bits()),
        other => panic!("{other:?} is in no column"),
    }
}

/// The rows of `results.csv` with their header, numbers by their bits.
fn rows_of_csv(folder: &Path) -> Vec<Vec<(String, String)>> {
    let numbers = ["mean", "ci95_low", "ci95_high", "storm_mean", "calm_mean"];
    let mut reader = csv::Reader::from_path(folder.join("results.csv")).expect("a CSV file");
    let header = reader.headers().expect("a header").clone();
    let rows = reader.records().map(|row| {
        let row = row.expect("a row");
        let cells = header.iter().zip(&row).map(|(name, cell)| {
            let cell = match numbers.contains(&name) && !cell.is_empty() {
                true => format!("{:016x}", cell.parse::<f64>().expect("a number").to_bits()),
                false => cell.to_owned(),
            };
            (name.to_owned(), cell)
        });
        cells.collect()
    });
    rows.collect()
}

fn rows_of_parquet(folder: &Path) -> Vec<Vec<(String, String)>> {
    let file = File::open(parquet_file(folder)).expect("it is there");
    let reader = SerializedFileReader::new(file).expect("it is a Parquet file");
    let rows = reader.get_row_iter(None).expect("rows");
    let cells = |row: parquet::record::Row| {
        row.get_column_iter()
            .map(|(name, value)| (name.clone(), cell(value)))
            .collect()
    };
    rows.map(|row| cells(row.expect("a row"))).collect()
}

#[test]
fn every_row_has_the_cells_of_the_csv_file_and_the_manifest_vouches_for_it() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let out = folder.path().join("out");
    done(sweep(&file, &out, &[&PARAMS[..], &PRECISE, &["--parquet"]].concat()));
    let rows = rows_of_csv(&out);
    assert!(rows.len() > 40 && rows[0].last().expect("cells").0 == "ended_by");
    assert_eq!(rows_of_parquet(&out), rows);

    let manifest: serde_json::Value = serde_json::from_slice(&files(&out)[Path::new("manifest.json")]).expect("JSON");
    let sum = Command::new("sha256sum").arg(parquet_file(&out)).output();
    if installed::is_there("sha256sum", sum.is_ok()) {
        let sum = text(&sum.expect("it is there").stdout);
        let told = manifest["files"]["results.parquet"].as_str().expect("a hash");
        assert_eq!(sum.split(' ').next(), Some(told));
    }
}

#[test]
fn it_may_be_asked_for_later_and_is_the_same_on_any_machine_and_of_any_shards() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let (at_once, later) = (folder.path().join("at-once"), folder.path().join("later"));
    let with = [&PARAMS[..], &["--parquet"]].concat();
    done(sweep(&file, &at_once, &with));
    done(sweep(&file, &later, &[&PARAMS[..], &["--threads", "1"]].concat()));
    assert!(!parquet_file(&later).exists());
    let told = done(sweep(&file, &later, &with));
    assert!(text(&told.stderr).contains("finished before"), "{}", text(&told.stderr));
    same(&at_once, &later);
    // One that is gone comes again.
    std::fs::remove_file(parquet_file(&later)).expect("it can go");
    done(sweep(&file, &later, &with));
    same(&at_once, &later);

    let shards = ["1/2", "2/2"].map(|which| {
        let shard = folder.path().join(which.replace('/', "-of-"));
        done(sweep(&file, &shard, &[&PARAMS[..], &["--shard", which]].concat()));
        shown(&shard)
    });
    let merged = folder.path().join("merged");
    let line = ["merge", &shards[0], &shards[1], "--out", &shown(&merged), "--parquet"];
    done(tokenstorm(&line).output().expect("it runs"));
    same(&at_once, &merged);
}

#[test]
fn a_shard_has_no_rows_yet_and_a_damaged_row_is_told() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let out = folder.path().join("out");
    let refused = sweep(&file, &out, &[&PARAMS[..], &["--shard", "1/2", "--parquet"]].concat());
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        text(&refused.stderr).contains("cannot be used with"),
        "{}",
        text(&refused.stderr)
    );
    assert!(!out.exists());

    done(sweep(&file, &out, &PARAMS));
    let results = out.join("results.csv");
    let whole = std::fs::read_to_string(&results).expect("results");
    std::fs::write(&results, whole.replacen(",2,", ",two,", 1)).expect("it can be written");
    let before = files(&out);
    let refused = sweep(&file, &out, &[&PARAMS[..], &["--parquet"]].concat());
    assert_eq!(refused.status.code(), Some(2));
    let said = text(&refused.stderr);
    assert!(
        said.contains("results.csv") && said.contains("`two` is not a count"),
        "{said}"
    );
    assert_eq!(files(&out), before);
}
