//! What a thing may be called.

use std::collections::BTreeMap;
use std::path::Path;

use crate::source::{Source, sources};

/// Public types of which several may bear one name, and why.
const HOMONYMS: &[(&str, &str)] = &[(
    "Memory",
    "what a node remembers under the strategy of that file; whoever reads one strategy meets one memory",
)];

/// Public types by name, with the files that define one; what only its own room sees does not count.
fn types(sources: &[Source]) -> BTreeMap<&str, Vec<&Path>> {
    let mut found: BTreeMap<&str, Vec<&Path>> = BTreeMap::new();
    for source in sources {
        for line in &source.code {
            let words: Vec<_> = line.split_whitespace().collect();
            let [public, kind, name, ..] = words.as_slice() else {
                continue;
            };
            if ["pub", "pub(crate)"].contains(public) && ["struct", "enum", "trait", "type", "union"].contains(kind) {
                let end = name
                    .find(|letter: char| !letter.is_alphanumeric())
                    .unwrap_or(name.len());
                found.entry(&name[..end]).or_default().push(&source.path);
            }
        }
    }
    found
}

#[test]
fn a_name_means_one_thing() {
    let sources = sources();
    let several: BTreeMap<_, _> = types(&sources)
        .into_iter()
        .filter(|(_, files)| files.len() > 1)
        .collect();
    let wrong: Vec<_> = several
        .iter()
        .filter(|(name, _)| !HOMONYMS.iter().any(|(known, _)| known == *name))
        .collect();
    assert!(wrong.is_empty(), "defined more than once: {wrong:#?}");
    for (name, why) in HOMONYMS {
        assert!(!why.is_empty());
        assert!(
            several.contains_key(name),
            "{name} means one thing: strike it from the list"
        );
    }
}

#[test]
fn a_name_with_two_meanings_is_seen() {
    let file = |path: &str, text: &str| Source {
        room: "base".to_owned(),
        path: path.into(),
        code: crate::source::code(text),
        whole: Vec::new(),
        lines: 1,
    };
    let files = [
        file("a.rs", "pub struct Lease<T>(T);"),
        file("b.rs", "pub(crate) enum Lease {}\npub(super) struct Lane;"),
        file("c.rs", "pub struct Lane;"),
    ];
    let found = types(&files);
    assert_eq!((found["Lease"].len(), found["Lane"].len()), (2, 1));
}

/// `TokenManager` and `token_manager` alike.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for letter in name.chars() {
        if letter == '_' || letter.is_uppercase() {
            parts.push(String::new());
        }
        if letter != '_' {
            parts.last_mut().unwrap().extend(letter.to_lowercase());
        }
    }
    parts
}

#[test]
fn names_say_what_a_thing_is() {
    const BANNED: [&str; 6] = ["manager", "helper", "helpers", "util", "utils", "handler"];
    let banned = |name: &str| {
        parts(name)
            .iter()
            .any(|part| BANNED.contains(&&**part) || part == "common")
    };
    let mut wrong = Vec::new();
    for source in sources() {
        for part in source.path.with_extension("").iter() {
            if banned(part.to_str().unwrap()) {
                wrong.push(source.path.display().to_string());
            }
        }
        for line in &source.code {
            let words: Vec<_> = line
                .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
                .collect();
            for pair in words.windows(2) {
                if ["struct", "enum", "trait", "type", "mod", "union"].contains(&pair[0]) && banned(pair[1]) {
                    wrong.push(format!("{}: {}", source.path.display(), pair[1]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn names_come_apart() {
    assert_eq!(parts("TokenManager"), ["", "token", "manager"]);
}
