//! What somebody else wrote does nothing where it is shown.

use std::path::Path;

use tempfile::TempDir;
use tokenstorm::base::shown::is_odd;

use crate::{VALID, changed, text, tokenstorm};

fn harmless(what: &str, shown: &str) {
    let odd = shown
        .chars()
        .find(|letter| is_odd(*letter) && !matches!(letter, '\n' | '\t'));
    assert_eq!(odd, None, "{what}: {shown:?}");
}

/// An escape sequence, a mark of direction, a character that no XML may hold, a formula.
const ODD: [&str; 5] = [
    "a\\u001b[2Jb",
    "a\\u202eb",
    "a\\ufffeb",
    "a\\u009bb",
    "=cmd|' /C calc'!A0",
];

#[test]
fn a_name_that_does_something_is_no_name() {
    let folder = TempDir::new().unwrap();
    for odd in ODD {
        for (from, what) in [
            ("\"naive cache\"", "strategy"),
            ("\"web\"", "fleet"),
            ("\"main\"", "app"),
        ] {
            std::fs::write(folder.path().join("a.toml"), VALID.replace(from, &format!("\"{odd}\""))).unwrap();
            for verb in ["validate", "run", "check", "fuzz"] {
                let output = tokenstorm(&[verb, "a.toml"], folder.path(), "");
                let errors = text(&output.stderr);
                assert_eq!(output.status.code(), Some(2), "{verb}, {what} {odd}: {errors}");
                assert!(errors.contains("cannot be a name here"), "{errors}");
                harmless(verb, &errors);
            }
        }
    }
}

/// Wherever it stands in a file, a message about it is harmless.
#[test]
fn messages_are_harmless() {
    let folder = TempDir::new().unwrap();
    let raw = "\u{1b}[31m\u{202e}\u{fffe}\u{9b}";
    for file in [
        format!("# {raw}\nnodes = {raw}\n"),
        changed("nodes = 2", &format!("nodes = 0 # {raw}")),
        changed("nodes = 2", "\"no\\u001bdes\" = 2"),
        changed("\"6/min\"", "\"\\u001b[2J\""),
        changed("app = \"main\"", "app = \"\\u202e\""),
        changed("metric = \"success_rate\"", "metric = \"\\u001b\""),
        changed("[expect.\"shared lease\"]", "[expect.\"\\u001b\\ufffe\"]"),
        format!("{VALID}[sweep]\n\"fleet.\\u001b.nodes\" = [1]\n"),
        format!("{VALID}[sweep]\n\"fleet.web.nodes\" = [\"\\u001b\\u202e\"]\n"),
    ] {
        std::fs::write(folder.path().join("a.toml"), &file).unwrap();
        let output = tokenstorm(&["validate", "a.toml"], folder.path(), "");
        assert_eq!(output.status.code(), Some(2), "{file}");
        harmless("validate", &text(&output.stderr));
    }
    for arguments in [
        ["run", "a\u{1b}[2J.toml"],
        ["report", "\u{202e}"],
        ["show", "\u{1b}[2J"],
    ] {
        let output = tokenstorm(&arguments, folder.path(), "");
        assert_ne!(output.status.code(), Some(0));
        harmless(arguments[0], &text(&output.stderr));
    }
}

/// A text that may hold anything never costs the results.
#[test]
fn an_odd_character_never_loses_the_data() {
    let folder = TempDir::new().unwrap();
    let free = "a\\u001b[2J\\u202e\\ufffe\\u009b=1";
    let file = changed("\"Two nodes share one app\"", &format!("\"{free}\"")).replacen(
        "\"made up\"",
        &format!("\"{free}\""),
        1,
    );
    std::fs::write(folder.path().join("a.toml"), file).unwrap();
    for format in ["table", "md", "csv", "json"] {
        let output = tokenstorm(
            &["run", "a.toml", "--out", "out", "--format", format],
            folder.path(),
            "",
        );
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        harmless(format, &text(&output.stdout));
    }
    let out = folder.path().join("out");
    for file in [
        "results.csv",
        "timeline.csv",
        "summary.json",
        "report.html",
        "charts/failures.svg",
    ] {
        let path = out.join(Path::new(file));
        harmless(
            file,
            &std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}")),
        );
    }
    let output = tokenstorm(&["report", "out"], folder.path(), "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    harmless("report", &text(&output.stdout));
}
