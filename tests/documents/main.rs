//! The documents are true to the repository: what they link to and name is there, what the code cites is written, and what
//! `Cargo.toml` promises is not less than the code needs.

mod dependencies;
#[path = "../common/installed.rs"]
mod installed;
mod package;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Documents at the root.
const AT_ROOT: [&str; 4] = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Files below these folders whose name ends so, by their place in the repository.
fn files(folders: &[&str], ending: &str) -> Vec<(PathBuf, String)> {
    let (mut folders, mut found) = (
        folders.iter().map(|name| root().join(name)).collect::<Vec<_>>(),
        Vec::new(),
    );
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == ending) {
                let text = read(&path);
                found.push((path.strip_prefix(root()).unwrap().to_owned(), text));
            }
        }
    }
    assert!(found.len() > 5, "the files are where they are looked for");
    found.sort();
    found
}

fn manual() -> Vec<(PathBuf, String)> {
    files(
        &[
            "src/manual",
            "crates/core/src/strategy/pages",
            "crates/core/src/testing",
        ],
        "md",
    )
}

fn rust() -> Vec<(PathBuf, String)> {
    files(&["src", "crates", "tests", "benches", "examples"], "rs")
}

/// Targets of the links of a text that lead to a file of the repository.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets
        .filter(|target| !target.contains("://") && !target.contains("::") && !target.starts_with('#'))
        .collect()
}

#[test]
fn links_lead_somewhere() {
    let mut seen = 0;
    for name in AT_ROOT {
        for target in links(&read(&root().join(name))) {
            assert!(root().join(target).exists(), "{name} links to {target}");
            seen += 1;
        }
    }
    assert!(seen >= 5, "only {seen} links");
    assert_eq!(
        links("[a](b.md) [c](https://d) [e](crate::f) ![g](h/i.png)"),
        ["b.md", "h/i.png"]
    );
}

/// Words that name a place of the repository, or a scenario by its name.
fn places(text: &str) -> BTreeSet<String> {
    const ROOMS: [&str; 8] = [
        "src/",
        "crates/",
        "tests/",
        "benches/",
        "examples/",
        "scenarios/",
        "reports/",
        ".ci/",
    ];
    const STORIES: [&str; 8] = [
        "zoom",
        "storms",
        "questions",
        "faults",
        "incidents",
        "limits",
        "scale",
        "live",
    ];
    let is_part = |letter: char| letter.is_alphanumeric() || "_./*-".contains(letter);
    let words = text.split(|letter: char| !is_part(letter));
    let mut places = BTreeSet::new();
    for word in words.map(|word| word.trim_end_matches(['.', '-'])) {
        if ROOMS.iter().any(|room| word.starts_with(room)) {
            places.insert(word.to_owned());
        }
    }
    // A scenario is named in a code span.
    for span in text.split('`').skip(1).step_by(2) {
        if let Some((story, name)) = span.split_once('/')
            && STORIES.contains(&story)
            && !name.is_empty()
            && name.chars().all(|letter| letter.is_alphanumeric() || letter == '-')
        {
            places.insert(format!("scenarios/{span}.toml"));
        }
    }
    places
}

/// Whether a place is there. `x` stands for a name of the reader's own, `*` for anything.
fn exists(place: &str) -> bool {
    let path = Path::new(place);
    if path.file_stem().is_some_and(|stem| stem == "x") {
        return root().join(path.parent().unwrap()).is_dir();
    }
    let Some((before, _)) = place.split_once('*') else {
        return root().join(place).exists();
    };
    let (folder, start) = before.rsplit_once('/').unwrap();
    std::fs::read_dir(root().join(folder))
        .is_ok_and(|mut entries| entries.any(|entry| entry.unwrap().file_name().to_string_lossy().starts_with(start)))
}

#[test]
fn places_that_are_named_exist() {
    let mut missing = Vec::new();
    let mut seen = 0;
    let at_root = AT_ROOT.iter().filter(|name| **name != "CHANGELOG.md"); // It also tells of what is gone.
    let texts = at_root.map(|name| (PathBuf::from(name), read(&root().join(name))));
    for (document, text) in texts.chain(manual()) {
        for place in places(&text) {
            seen += 1;
            if !exists(&place) {
                missing.push(format!("{} names {place}", document.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(seen > 50, "only {seen} places");
}

#[test]
fn a_place_that_is_missing_is_seen() {
    let text = "See `src/lib.rs`, `storms/nothing`, crates/core/src/strategy/x.rs and tests/nowhere.rs.";
    let missing: Vec<_> = places(text).into_iter().filter(|place| !exists(place)).collect();
    assert_eq!(missing, ["scenarios/storms/nothing.toml", "tests/nowhere.rs"]);
    assert!(exists("src/cli/*") && !exists("src/cli/nothing*"));
}

/// The anchor that rustdoc gives a heading.
fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// What is cited of the model: sections by number, headings by anchor.
fn citations(text: &str) -> Vec<String> {
    let text = text.replace("\n//! ", " ").replace("\n/// ", " ").replace('\n', " ");
    let mut cited = Vec::new();
    for (at, _) in text.to_lowercase().match_indices("section ") {
        let rest = &text[at + "section ".len()..];
        let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let of = &rest[number.len()..];
        if !number.is_empty() && (of.starts_with(" of the model") || of.starts_with(" of `src/manual/model.md`")) {
            cited.push(number);
        }
    }
    for rest in text.split("manual::model#").skip(1) {
        let is_part = |letter: &char| letter.is_alphanumeric() || *letter == '-';
        cited.push(format!("#{}", rest.chars().take_while(is_part).collect::<String>()));
    }
    cited
}

#[test]
fn the_model_has_what_is_cited_of_it() {
    let model = read(&root().join("src/manual/model.md"));
    let headings: Vec<_> = model.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let sections: BTreeSet<_> = headings.iter().filter_map(|heading| heading.split_once(". ")).collect();
    let numbers: BTreeSet<_> = sections.iter().map(|(number, _)| (*number).to_owned()).collect();
    let anchors: BTreeSet<_> = headings.iter().map(|heading| format!("#{}", anchor(heading))).collect();
    let mut seen = 0;
    for (path, text) in rust() {
        if path == Path::new("tests/documents/main.rs") {
            continue;
        }
        for cited in citations(&text) {
            let known = numbers.contains(&cited) || anchors.contains(&cited);
            assert!(known, "{} cites {cited} of the model", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 10, "only {seen} citations");
    let text = "/// Section 99 of the\n/// model, and crate::manual::model#5-laws); section 3 of RFC 6749\n";
    assert_eq!(citations(text), ["99", "#5-laws"]);
    assert!(anchors.contains("#5-laws") && !numbers.contains("99"));
}

const TESTING: &str = "crates/core/src/testing/mod.rs";

/// Pages that stand elsewhere than in the manual's list, and where.
const ELSEWHERE: [(&str, &str); 2] = [("testing", TESTING), ("mutations", TESTING)];

#[test]
fn every_page_is_in_a_list() {
    let contents = read(&root().join("src/manual/mod.rs"));
    for (path, _) in manual() {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let include = format!("{name}.md\")");
        if let Some((_, place)) = ELSEWHERE.iter().find(|(page, _)| *page == name) {
            assert!(read(&root().join(place)).contains(&include), "{place} has no {name}");
            continue;
        }
        if path.parent() != Some(Path::new("src/manual")) {
            // The list of strategies makes their pages.
            let mut strategies = tokenstorm::strategy::STRATEGIES.iter();
            assert!(strategies.any(|(known, _)| *known == name), "{name} is no strategy");
            continue;
        }
        assert!(contents.contains(&format!("[`{name}`]")), "{name} is not listed");
        assert!(contents.contains(&include), "{name} is not included");
    }
}

#[test]
fn the_licences_that_are_named_are_there() {
    let texts = [
        ("MIT", "LICENSE-MIT", "Permission is hereby granted, free of charge"),
        ("Apache-2.0", "LICENSE-APACHE", "Version 2.0, January 2004"),
    ];
    for named in env!("CARGO_PKG_LICENSE").split(" OR ") {
        let (_, file, says) = texts
            .iter()
            .find(|(name, ..)| *name == named)
            .unwrap_or_else(|| panic!("no text of {named}"));
        assert!(read(&root().join(file)).contains(says), "{file} is not {named}");
        assert!(
            read(&root().join("README.md")).contains(&format!("({file})")),
            "the README names {file}"
        );
    }
}

#[test]
fn the_changelog_has_a_place_for_what_comes() {
    let text = read(&root().join("CHANGELOG.md"));
    let released = format!("## [{}]", env!("CARGO_PKG_VERSION"));
    assert!(
        text.contains("## [Unreleased]"),
        "what is not released yet has its place"
    );
    assert!(text.contains("### Renamed") && text.contains("| old | new |"));
    assert!(
        !text.contains(&released) || text.find("[Unreleased]") < text.find(&released),
        "the newest is first"
    );
}

/// A kind of syntax: what it is called, since which Rust it is there, and whether a line has it.
type Syntax = (&'static str, (u32, u32), fn(&str) -> bool);

/// Syntax that is younger than the edition and that this code uses or has used. Not all that there is: that a compiler of
/// this age takes the whole is shown only by building with one, as `.ci/run` does where it can.
const SYNTAX: [Syntax; 2] = [
    ("a chain of `let` conditions", (1, 88), |line| {
        line.starts_with("&& let ") || line.contains(" && let ")
    }),
    ("an `if let` guard", (1, 95), |line| {
        let guard = match line.strip_prefix("if let ") {
            Some(rest) => Some(rest),
            None => line
                .split_once(" if let ")
                .filter(|(before, _)| !before.contains("=>") && !before.ends_with("else"))
                .map(|(_, rest)| rest),
        };
        guard.is_some_and(|rest| rest.contains(" =>") && !rest.contains('"'))
    }),
];

fn version(text: &str) -> (u32, u32) {
    let mut parts = text.split('.').map(|part| part.parse().expect("a number"));
    (
        parts.next().expect("a major version"),
        parts.next().expect("a minor version"),
    )
}

#[test]
fn the_rust_version_is_not_older_than_the_syntax() {
    let promised = version(env!("CARGO_PKG_RUST_VERSION"));
    for (path, text) in rust() {
        if path == Path::new("tests/documents/main.rs") {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.starts_with("//") {
                continue;
            }
            for (what, since, is_it) in SYNTAX {
                assert!(
                    !is_it(line) || promised >= since,
                    "{}:{}: {what} needs Rust {}.{}, and Cargo.toml promises {}.{}",
                    path.display(),
                    number + 1,
                    since.0,
                    since.1,
                    promised.0,
                    promised.1
                );
            }
        }
    }
    // What is looked for is found where it is, and not elsewhere.
    let [(_, _, chain), (_, _, guard)] = SYNTAX;
    assert!(chain("if let Some(x) = y && let Some(z) = x {") && !chain("if a && b {"));
    assert!(guard("(A, B) if let Some(own) = node.good() => {") && guard("if let Some(x) = y =>"));
    assert!(!guard("if let Some(x) = y {") && !guard("} else if let Some(x) = y {"));
    assert!(!guard("Some(a) => if let Some(x) = y { f(|| x => 1) }"));
}
