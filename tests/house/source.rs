//! The files of the house.

use std::path::{Path, PathBuf};

pub struct Source {
    pub room: String,
    /// From `src` on, of whichever crate, or from `tests` on.
    pub path: PathBuf,
    /// Without comments, and without the tests at its end.
    pub code: Vec<String>,
    /// Without comments.
    pub whole: Vec<String>,
    pub lines: usize,
}

/// Where the rooms are, those of one crate each.
pub const CRATES: [&str; 4] = ["crates/core/src", "crates/scenario/src", "crates/wire/src", "src"];

/// The files of the library and of the command line: one house, in which no room is in two crates.
pub fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for top in CRATES {
        let own = under(top);
        assert!(own.len() > 50, "{top} stands");
        found.extend(own);
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// Files below a folder of the repository, in the order of their paths.
pub fn under(top: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(top);
    let (mut folders, mut found) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let inner = path.strip_prefix(&root).unwrap();
                let first = inner.iter().next().unwrap().to_str().unwrap();
                found.push(Source {
                    room: first.trim_end_matches(".rs").to_owned(),
                    path: inner.to_owned(),
                    code: code(&text),
                    whole: without_comments(&text),
                    lines: text.lines().count(),
                });
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

pub fn code(text: &str) -> Vec<String> {
    without_comments(&text[..end_of_code(text)])
}

fn without_comments(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| match line.trim_start().starts_with("//") {
            true => String::new(),
            false => line.split(" // ").next().unwrap().to_owned(),
        })
        .collect()
}

/// Where the tests at a file's end begin; a file of tests that is only named, as `mod tests;`, is no end.
fn end_of_code(text: &str) -> usize {
    const MARK: &str = "#[cfg(test)]\nmod ";
    let mut marks = text.match_indices(MARK);
    let begins = |(at, _): &(usize, &str)| {
        let line = text[at + MARK.len()..].lines().next().unwrap_or_default();
        line.ends_with('{')
    };
    marks.find(begins).map_or(text.len(), |(at, _)| at)
}

/// The word that a text begins with.
pub fn word(text: &str) -> String {
    text.chars()
        .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
        .collect()
}
