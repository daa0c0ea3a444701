//! How large a thing may grow.

use std::collections::BTreeSet;

use crate::source::{CRATES, Source, code, under, word};

const FILE: usize = 400;
const FUNCTION: usize = 70;

/// Files that may be longer, and why: this list only shrinks.
const LONG_FILES: &[(&str, &str)] = &[(
    "crates/core/src/strategy/lease.rs",
    "its settings, with their documentation, and the one step for each input that they change",
)];

/// Functions that may be longer, and why: this list only shrinks.
const LONG_FUNCTIONS: &[(&str, &str)] = &[
    ("crates/core/src/strategy/gossip.rs::on", "one arm for each input"),
    ("crates/core/src/strategy/shared_blind.rs::on", "one arm for each input"),
    ("crates/core/src/world/mod.rs::deliver", "one arm for each message"),
];

/// All files, with the folder that they lie in.
fn everywhere() -> impl Iterator<Item = (&'static str, Source)> {
    let all = CRATES.into_iter().chain(["tests", "crates/core/tests"]);
    all.flat_map(|top| under(top).into_iter().map(move |source| (top, source)))
}

/// Holds things with their lengths to a limit, but for those of a list, each of which must still need to be there.
fn within(limit: usize, things: impl Iterator<Item = (String, usize)>, exceptions: &[(&str, &str)]) {
    let (mut long, mut needed) = (Vec::new(), BTreeSet::new());
    for (name, lines) in things.filter(|(_, lines)| *lines > limit) {
        match exceptions.iter().find(|(known, _)| *known == name) {
            Some((known, _)) => _ = needed.insert(*known),
            None => long.push((name, lines)),
        }
    }
    assert!(long.is_empty(), "longer than {limit} lines: {long:#?}");
    for (name, why) in exceptions {
        assert!(!why.is_empty());
        assert!(needed.contains(name), "{name} is short enough: strike it from the list");
    }
}

#[test]
fn files_stay_readable() {
    let files = everywhere().map(|(top, source)| (format!("{top}/{}", source.path.display()), source.lines));
    within(FILE, files, LONG_FILES);
}

/// Length of each function, from its signature to the brace that closes it in the same column.
fn functions(source: &Source) -> Vec<(String, usize)> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut found = Vec::new();
    for (start, line) in source.whole.iter().enumerate() {
        let words: Vec<_> = line.split_whitespace().collect();
        let Some(place) = words.iter().position(|word| *word == "fn") else {
            continue;
        };
        let modifiers = ["pub", "pub(crate)", "pub(super)", "const", "unsafe", "async"];
        if !words[..place].iter().all(|word| modifiers.contains(word)) {
            continue;
        }
        let name = word(words[place + 1]);
        let body = source.whole[start..].iter().position(|other| {
            indent(other) == indent(line) && (other.trim() == "}" || other.trim_end().ends_with(';'))
        });
        found.push((
            format!("{}::{name}", source.path.display()),
            body.map_or(1, |end| end + 1),
        ));
    }
    found
}

#[test]
fn functions_stay_readable() {
    let functions = everywhere().flat_map(|(top, source)| {
        let found = functions(&source).into_iter();
        found.map(move |(name, lines)| (format!("{top}/{name}"), lines))
    });
    within(FUNCTION, functions, LONG_FUNCTIONS);
}

/// The tests above can fail.
#[test]
fn a_long_function_is_seen() {
    let text = "fn f() {}\nfn g() {\n\n}\n";
    let source = Source {
        room: "base".to_owned(),
        path: "base/mod.rs".into(),
        code: code(text),
        whole: code(text),
        lines: 4,
    };
    assert_eq!(functions(&source)[1], ("base/mod.rs::g".to_owned(), 3));
    let of = |lines| std::iter::once(("x".to_owned(), lines));
    within(3, of(3), &[]);
    within(3, of(4), &[("x", "why")]);
    assert!(std::panic::catch_unwind(|| within(3, of(4), &[])).is_err());
    assert!(std::panic::catch_unwind(|| within(3, of(3), &[("x", "why")])).is_err());
}
