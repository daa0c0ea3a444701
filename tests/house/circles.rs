//! No two files know each other, not even by way of others: each can be read after those that it knows.
//!
//! What a file knows is read off its text: imports and paths, each followed through the modules that pass a name on to the file
//! that defines it. A module's own file may name what lies behind it (a list of strategies names each of them) without knowing
//! it in this sense. Text does not tell of methods and fields of what another file hands over, nor of a type whose methods lie
//! in several files, of traits that are used but not named, and of what a macro puts in: such ties are not seen here.

use std::collections::{BTreeMap, BTreeSet};

use crate::paths::{Module, Modules, Target, imports, resolve};
use crate::source::{Source, code, sources, word};

/// Which module a file holds.
fn module_of(source: &Source) -> Vec<String> {
    let path = source.path.with_extension("");
    let mut parts: Vec<String> = path.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod" || last == "lib") {
        parts.pop();
    }
    parts
}

/// Words of the code, but for those after a dot.
fn words(code: &str) -> BTreeSet<&str> {
    let joins = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut found = BTreeSet::new();
    let mut before = ' ';
    let mut from = None;
    for (at, letter) in code.char_indices() {
        match (joins(letter), from) {
            (true, None) => from = Some((at, before)),
            (false, Some((start, mark))) => {
                if mark != '.' {
                    found.insert(&code[start..at]);
                }
                from = None;
            }
            _ => {}
        }
        before = letter;
    }
    found
}

/// Paths of two parts at least, as they stand in the code.
fn paths(code: &str) -> Vec<Vec<String>> {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
    let chains = code.split(|letter| !part(letter)).filter(|chain| chain.contains("::"));
    let chains = chains.map(|chain| chain.split("::").map(str::to_owned).collect::<Vec<_>>());
    chains
        .filter(|parts| parts.iter().all(|part| !part.is_empty() && !part.contains(':')))
        .collect()
}

/// Without what stands between quotes.
fn without_texts(code: &str) -> String {
    code.lines()
        .map(|line| {
            line.replace("\\\"", "")
                .split('"')
                .step_by(2)
                .collect::<Vec<_>>()
                .join("\"\"")
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn module(source: &Source) -> Module {
    let code = source.code.join("\n");
    let (mut body, mut imported) = (String::new(), Vec::new());
    let mut rest = code.as_str();
    while let Some(line) = rest.lines().next() {
        let text = line.trim_start();
        let public = text.starts_with("pub") && text.contains(" use ");
        let tree = match text.split_once("use ") {
            Some((before, _)) if before.is_empty() || public && before.starts_with("pub") => {
                let end = rest.find(';').unwrap_or(rest.len() - 1);
                let start = rest.find("use ").expect("it was seen") + "use ".len();
                let tree = &rest[start..end];
                rest = rest[end + 1..].trim_start_matches('\n');
                tree
            }
            _ => {
                body.push_str(line);
                body.push('\n');
                rest = rest.get(line.len() + 1..).unwrap_or_default();
                continue;
            }
        };
        imported.extend(imports(tree, public));
    }
    let body = without_texts(&body);
    Module {
        file: source.path.display().to_string(),
        items: body.lines().filter_map(item).collect(),
        imports: imported,
        paths: paths(&body),
        body,
    }
}

/// The name that a line at the left margin defines.
fn item(line: &str) -> Option<String> {
    const KINDS: [&str; 8] = ["struct", "enum", "trait", "union", "fn", "type", "const", "static"];
    if line.starts_with([' ', '\t']) {
        return None;
    }
    let words: Vec<_> = line.split_whitespace().collect();
    let kind = words.iter().position(|word| KINDS.contains(word))?;
    let last = words[kind..].iter().take_while(|word| KINDS.contains(word)).count();
    let modifiers = |word: &&str| word.starts_with("pub") || ["unsafe", "async", "default"].contains(word);
    words[..kind]
        .iter()
        .all(modifiers)
        .then(|| words.get(kind + last).map(|name| word(name)))
        .flatten()
}

/// Modules that only tests have.
fn of_tests(sources: &[Source]) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for source in sources {
        for pair in source.whole.windows(2) {
            if let ("#[cfg(test)]", Some((_, name))) = (pair[0].trim(), pair[1].split_once("mod "))
                && let Some(name) = name.strip_suffix(';')
            {
                let mut module = module_of(source);
                module.push(name.to_owned());
                found.insert(module);
            }
        }
    }
    found
}

/// Files that each file knows, and the path that says so.
fn known(modules: &Modules) -> BTreeMap<&str, BTreeMap<&str, String>> {
    let mut found = BTreeMap::new();
    for (here, module) in modules {
        let used = words(&module.body);
        let mut knows = BTreeMap::new();
        let mut add = |path: &[String]| {
            if let Some(Target::Item(there)) = resolve(modules, here, path)
                && !there.starts_with(here)
            {
                knows
                    .entry(modules[&there].file.as_str())
                    .or_insert_with(|| path.join("::"));
            }
        };
        for import in &module.imports {
            // What is passed on is known only where it is used too.
            if !import.public || used.contains(import.name.as_str()) {
                add(&import.path);
            }
        }
        for path in &module.paths {
            add(path);
        }
        found.insert(module.file.as_str(), knows);
    }
    found
}

/// A way from a file back to itself, if there is one.
fn circle<'a>(known: &BTreeMap<&'a str, BTreeMap<&'a str, String>>) -> Option<Vec<String>> {
    // Files that are known to lie on no circle are taken away, until none is left or all others lie on one or between two.
    let mut left: BTreeSet<&str> = known.keys().copied().collect();
    loop {
        let ends = |file: &&&str| !known[**file].keys().any(|other| left.contains(other));
        let Some(end) = left.iter().find(ends).copied() else {
            break;
        };
        left.remove(end);
    }
    let mut at = *left.first()?;
    let mut way = vec![at];
    loop {
        at = known[at].keys().find(|other| left.contains(**other)).copied()?;
        if let Some(start) = way.iter().position(|before| *before == at) {
            let steps = way[start..].iter().zip(way[start + 1..].iter().chain([&at]));
            return Some(
                steps
                    .map(|(from, to)| format!("{from} -> {to} by `{}`", known[from][to]))
                    .collect(),
            );
        }
        way.push(at);
    }
}

fn modules(sources: &[Source]) -> Modules {
    let tests = of_tests(sources);
    let tested = |path: &Vec<String>| tests.iter().any(|test| path.starts_with(test));
    let all = sources.iter().map(|source| (module_of(source), module(source)));
    all.filter(|(path, _)| !tested(path)).collect()
}

#[test]
fn no_two_files_know_each_other() {
    let modules = modules(&sources());
    let known = known(&modules);
    assert!(
        known.values().map(BTreeMap::len).sum::<usize>() > 500,
        "paths lead to files"
    );
    if let Some(circle) = circle(&known) {
        panic!("files that know each other: {circle:#?}");
    }
}

#[test]
fn a_circle_is_seen() {
    let file = |path: &str, text: &str| Source {
        room: "a".to_owned(),
        path: path.into(),
        code: code(text),
        whole: code(text),
        lines: 1,
    };
    let house = |back: &str| {
        [
            file("lib.rs", "pub mod a;"),
            file(
                "a/mod.rs",
                "mod b;\nmod c;\n\npub use b::Thing;\nuse c::Other;\n\npub struct Door(Other);",
            ),
            file(
                "a/b.rs",
                "use crate::a::c::Other;\n\npub struct Thing(Other, super::Door);",
            ),
            file("a/c.rs", back),
        ]
    };
    let found = |back: &str| circle(&known(&modules(&house(back)))).map(|circle| circle.len());
    assert_eq!(found("pub struct Other;"), None);
    assert_eq!(
        found("pub struct Other;\n// super::Thing\nconst TEXT: &str = \"super::Thing\";"),
        None
    );
    assert_eq!(found("use super::Thing;\n\npub struct Other(Thing);"), Some(2));
    assert_eq!(found("pub struct Other(Box<crate::a::Thing>);"), Some(2));
    assert_eq!(found("use super::b;\n\npub struct Other(b::Thing);"), Some(2));
}
