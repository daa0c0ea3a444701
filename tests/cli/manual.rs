//! Every command line in the documents is one: the program can parse it, and the files that it names are there. What the README prints of
//! its commands is what they print.

use std::collections::BTreeSet;
use std::path::PathBuf;

use tempfile::TempDir;

use super::{root, run_into, text, tokenstorm};

/// Words that stand for what a reader fills in, and what is put in their place to parse the line.
const STANDS_FOR: [(&str, &str); 14] = [
    ("KIND", "strategies"),
    ("SHELL", "bash"),
    ("FAULTS", "crash=1"),
    ("PROPERTY", "S1"),
    ("KEY=VALUE", "a.b=1"),
    ("KEY=V1,V2", "a.b=1,2"),
    ("URL", "http://127.0.0.1/"),
    ("ADDRESS", "127.0.0.1:0"),
    ("EXPR", "token_requests <= 1"),
    ("I/N", "1/2"),
    ("lhs:N", "lhs:9"),
    ("N", "3"),
    ("K", "3"),
    ("X", "10"),
];

/// The documents, by their place in the repository.
fn documents() -> Vec<(PathBuf, String)> {
    let mut found = vec![PathBuf::from("README.md"), PathBuf::from("CONTRIBUTING.md")];
    let mut folders = vec![PathBuf::from("src/manual")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).unwrap() {
            let path = folder.join(entry.unwrap().file_name());
            match path.extension() {
                None => folders.push(path),
                Some(_) if path.extension().is_some_and(|extension| extension == "md") => found.push(path),
                Some(_) => {}
            }
        }
    }
    found.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(root().join(&path)).unwrap();
        (path, text)
    };
    found.into_iter().map(read).collect()
}

/// Command lines of a text: those of its blocks, and those between back-ticks.
fn lines_of(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut fenced = false;
    let mut begun = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        if fenced {
            let line = line.trim_start().trim_start_matches("$ ");
            begun.push_str(line.trim_end_matches('\\'));
            if line.ends_with('\\') {
                continue;
            }
            lines.extend(command_in(&std::mem::take(&mut begun)));
            continue;
        }
        let quoted = line.split('`').skip(1).step_by(2);
        lines.extend(quoted.filter_map(command_in));
    }
    lines
}

/// What follows the name of the program, where a line calls it.
fn command_in(line: &str) -> Option<String> {
    let calls = [
        "cargo run --release -- ",
        "cargo run --release --quiet -- ",
        "tokenstorm ",
    ];
    // Variables of the environment may stand before it.
    let line = line.trim_start();
    let skipped = line
        .split(' ')
        .take_while(|word| word.contains('=') && word.chars().next().is_some_and(char::is_uppercase));
    let skipped: usize = skipped.map(|word| word.len() + 1).sum();
    let line = line.get(skipped..)?;
    let rest = calls.iter().find_map(|call| line.strip_prefix(call))?;
    // What describes the command stands behind two blanks; what it is piped into is another command.
    let end = rest.find("  ").unwrap_or(rest.len());
    let rest = rest[..end].split(" | ").next()?.trim_end_matches(" &");
    Some(rest.split(" > ").next()?.to_owned())
}

/// Its words as a shell splits them.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for letter in line.chars() {
        match (letter, quote) {
            ('"' | '\'', None) => quote = Some(letter),
            (letter, Some(open)) if letter == open => quote = None,
            (' ', None) => words.push(String::new()),
            (letter, _) => words.last_mut().unwrap().push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The line as it stands, and once more with each option in brackets; the alternatives of a bracket are lines of their own.
fn readings(line: &str) -> Vec<Vec<String>> {
    let (plain, brackets) = {
        let mut plain = String::new();
        let mut brackets: Vec<String> = Vec::new();
        let mut depth = 0;
        for letter in line.chars() {
            match letter {
                '[' => {
                    depth += 1;
                    if depth == 1 {
                        brackets.push(String::new());
                    }
                }
                ']' => depth -= 1,
                letter if depth == 0 => plain.push(letter),
                letter => brackets.last_mut().unwrap().push(letter),
            }
        }
        (plain, brackets)
    };
    let choices = brackets.iter().flat_map(|bracket| {
        bracket
            .split(" | ")
            .map(|choice| format!("{plain} {choice}"))
            .collect::<Vec<_>>()
    });
    std::iter::once(plain.clone())
        .chain(choices)
        .map(|line| words(&line))
        .collect()
}

fn filled_in(word: &str) -> String {
    let word = word.trim_end_matches("...");
    // Of `text|json|md` the first; that there are the others, the help says.
    let word = match word.split_once('|') {
        Some((first, _)) if first.chars().all(char::is_alphanumeric) => first,
        _ => word,
    };
    let found = STANDS_FOR.iter().find(|(stands, _)| *stands == word);
    found.map_or(word.to_owned(), |(_, value)| (*value).to_owned())
}

/// Names of the reader's own files, which need not be there.
fn is_own(word: &str) -> bool {
    !word.starts_with("scenarios/") && !word.starts_with("reports/")
}

#[test]
fn every_command_line_of_the_documents_can_be_parsed_and_names_files_that_are_there() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    for (path, document) in documents() {
        for line in lines_of(&document) {
            for words in readings(&line.replace(" ...", "")) {
                let mut words: Vec<String> = words.iter().map(|word| filled_in(word)).collect();
                // The name of a command as a noun: that there is such a command is what it says.
                if words.len() == 1 {
                    words.push("--help".to_owned());
                }
                seen += 1;
                if let Err(error) = tokenstorm::cli::may_be_written(&words) {
                    wrong.push(format!("{}: `{line}` as {words:?}: {error}", path.display()));
                }
                let missing = words
                    .iter()
                    .find(|word| !is_own(word) && word.ends_with(".toml") && !root().join(word).exists());
                wrong.extend(
                    missing.map(|word| format!("{}: `{line}` names {word}, which is not there", path.display())),
                );
            }
        }
    }
    assert!(seen > 80, "{seen} command lines");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a line is run here: it tells something, or searches one small system, and names no file of the reader's. The others are run by
/// the tests of their pages, and every scenario by `tests/scenarios`.
fn is_soon_run(words: &[String]) -> bool {
    let has = |option: &str| words.iter().any(|word| word == option);
    let of_the_reader = |word: &String| {
        let stands = ["FILE", "DIR", "SCENARIO", "MANIFEST", "NAME"].contains(&word.as_str());
        stands || is_own(word) && word.ends_with(".toml")
    };
    let soon = match words.first().map(String::as_str) {
        Some("completions" | "list" | "man" | "schema" | "show" | "validate") => true,
        Some("check") => has("--strategy") && !has("--svg"),
        Some("fuzz") => has("--strategy") && has("--cases"),
        _ => false,
    };
    soon && words.len() > 1 && !words.iter().any(of_the_reader)
}

#[test]
fn what_the_documents_look_up_or_search_in_a_moment_is_run() {
    let mut lines = BTreeSet::new();
    for (path, document) in documents() {
        for line in lines_of(&document) {
            for words in readings(&line.replace(" ...", "")) {
                let words: Vec<String> = words.iter().map(|word| filled_in(word)).collect();
                if is_soon_run(&words) {
                    lines.insert((words, path.display().to_string()));
                }
            }
        }
    }
    let run: BTreeSet<&Vec<String>> = lines.iter().map(|(words, _)| words).collect();
    assert!(run.len() >= 12, "{run:?}");
    for (words, path) in &lines {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let output = tokenstorm(&words);
        assert!(output.status.success(), "{path}: {words:?}: {}", text(&output.stderr));
        assert!(!output.stdout.is_empty(), "{path}: {words:?} says nothing");
    }
}

#[test]
fn a_wrong_command_line_is_seen() {
    let text = "`tokenstorm run a.toml --sed 1`\n```sh\nA=b tokenstorm list strategis\n```\n";
    let lines = lines_of(text);
    assert_eq!(lines, ["run a.toml --sed 1", "list strategis"]);
    for line in lines {
        assert!(tokenstorm::cli::may_be_written(&words(&line)).is_err(), "{line}");
    }
    assert_eq!(
        readings("run S [--seed N | --out DIR]")[2],
        ["run", "S", "--out", "DIR"]
    );
}

/// The table in the README is what its command prints. `UPDATE_README=1` writes it anew.
#[test]
fn the_readme_shows_what_its_command_prints() {
    let folder = TempDir::new().unwrap();
    let printed = text(&run_into(folder.path(), &[]).stdout);
    shown_in_the_readme("printed", &printed);
    let told = text(&tokenstorm(&["explain", &folder.path().display().to_string()]).stdout);
    let (_, words) = told.split_once("In words\n").expect("a call fails");
    let (words, _) = words.split_once("\n\n").expect("the steps that are left out come last");
    shown_in_the_readme("explained", &format!("{words}\n"));
}

/// Holds a block of the README to this text, or writes it anew.
fn shown_in_the_readme(mark: &str, shown: &str) {
    let path = root().join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = (
        format!("<!-- {mark}: begin -->\n```text\n"),
        format!("```\n<!-- {mark}: end -->"),
    );
    let from = readme.find(&begin).expect("the README marks the block") + begin.len();
    let until = readme.find(&end).expect("the README marks the end of the block");
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(&path, format!("{}{shown}{}", &readme[..from], &readme[until..])).unwrap();
        return;
    }
    assert_eq!(&readme[from..until], shown, "run with UPDATE_README=1 to write it anew");
}
