//! What `check --out` leaves in a folder, and the forms in which verdicts are printed.

use std::fs;

use tempfile::TempDir;
use tokenstorm::record::verdicts::Verdicts;

use super::{check, printed};

const HALF: [&str; 5] = [
    "scenarios/zoom/default.toml",
    "--strategy",
    "naive cache",
    "--expect",
    "S4=breaks",
];

#[test]
fn a_folder_has_the_page_and_the_verdicts() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("made/here");
    let out = out.to_str().unwrap();
    let output = check(&[&HALF[..], &["--out", out, "--format", "json"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(said, format!("wrote {out}/report.html\n"));
    let read = |name: &str| fs::read_to_string(folder.path().join("made/here").join(name)).unwrap();
    let json = read("verdicts.json");
    assert_eq!(
        json,
        String::from_utf8_lossy(&output.stdout),
        "what is printed is the file"
    );
    let verdicts: Verdicts = serde_json::from_str(&json).unwrap();
    let line = [
        "tokenstorm",
        "check",
        HALF[0],
        "--strategy=naive cache",
        "--nodes=2",
        "--expect=S4=breaks",
    ];
    assert_eq!(verdicts.command_line, line);
    // The command that the page names finds the same.
    let again: Vec<&str> = verdicts.command_line.iter().skip(2).map(String::as_str).collect();
    let again = printed(&[&again[..], &["--format", "json"]].concat());
    assert_eq!(again, json);
    assert_eq!(
        read("verdicts.csv"),
        printed(&[&HALF[..], &["--format", "csv"]].concat())
    );

    let page = read("report.html");
    let broken = verdicts.systems[0].verdicts.iter().filter(|row| row.steps.is_some());
    let broken: Vec<_> = broken.collect();
    assert!(!broken.is_empty());
    let says = format!("“naive cache” can break {} of 20 properties", broken.len());
    assert!(page.contains(&says), "{says}");
    for row in &broken {
        assert!(
            page.contains(&format!("id=\"way-0-{}\"", row.property)),
            "{}",
            row.property
        );
        assert!(row.run.iter().all(|step| page.contains(&step.replace('<', "&lt;"))));
        assert!(!row.shows.is_empty());
    }
    assert!(page.contains("<svg") && page.contains("--strategy=naive cache'"));
}

#[test]
fn all_built_in_strategies_fit_a_page() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("all");
    // The shortest runs of all of them lie in the first few hundred states, or are not told.
    let output = check(&["--states", "400", "--out", out.to_str().unwrap()]);
    assert!(output.status.code().is_some_and(|code| code == 0 || code == 100));
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.matches("<svg").count() > 40, "diagrams");
    assert!(page.len() < 2_500_000, "{} bytes", page.len());
}

#[test]
fn verdicts_are_printed_as_csv_and_markdown() {
    let csv = printed(&["--strategy", "naive", "--format", "csv"]);
    let mut lines = csv.lines();
    assert_eq!(
        lines.next(),
        Some("scenario,strategy,property,verdict,bound,steps,around,expected,why")
    );
    assert_eq!(lines.count(), 20);
    assert!(csv.contains("\n,naive,L2,breaks,,6,8,,\n"), "{csv}");
    let md = printed(&["--strategy", "naive", "--format", "md"]);
    assert!(
        md.starts_with("“naive” can break ") && md.contains("\n| naive "),
        "{md}"
    );
    assert!(md.contains("searched: 2 nodes"), "{md}");
}

#[test]
fn a_run_that_is_told_leaves_no_page() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("none");
    let output = check(&["--strategy", "naive", "--trace", "L2", "--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!out.exists());
}

#[test]
fn a_folder_that_cannot_be_made_is_said() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let output = check(&[&HALF[..], &["--out", file.to_str().unwrap()]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.starts_with("error: cannot write ") && !output.stdout.is_empty(),
        "{said}"
    );
}
