//! The house rules that a compiler does not check: who may know whom, how large a thing may grow, what it may be called.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Rooms by layer: imports run downwards only.
const LAYERS: [&[&str]; 8] = [
    &["base", "cell"],
    &["oauth", "retry", "net", "workload", "store"],
    &["node", "provider", "trace"],
    &["strategy", "metric", "property", "world"],
    &["plan"],
    &["scenario", "record", "engine", "emulator"],
    &["campaign", "report"],
    &["studio", "cli", "main", "lib", "manual", "testing"],
];

/// Rooms of one layer of which one may know the other, and why.
const NEIGHBOURS: &[(&str, &str, &str)] = &[
    (
        "trace",
        "provider",
        "a token's life and the cause of a rejection are told in the provider's own words",
    ),
    ("workload", "net", "a think time is written and drawn as a latency is"),
];

/// Functions longer than [`FUNCTION`] lines, and how long they may be: this list only shrinks.
const LONG_FUNCTIONS: &[(&str, usize)] = &[];

const FILE: usize = 700;
const FUNCTION: usize = 100;

struct Source {
    room: String,
    path: PathBuf,
    /// Without comments, and without the tests at its end.
    code: Vec<String>,
    lines: usize,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
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
                    lines: text.lines().count(),
                });
            }
        }
    }
    assert!(found.len() > 50, "the house stands");
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn code(text: &str) -> Vec<String> {
    let tests = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    text[..tests]
        .lines()
        .map(|line| match line.trim_start().starts_with("//") {
            true => String::new(),
            false => line.split(" // ").next().unwrap().to_owned(),
        })
        .collect()
}

fn layer(room: &str) -> Option<usize> {
    LAYERS.iter().position(|rooms| rooms.contains(&room))
}

/// Rooms that the code names after `crate::`, also in a list of imports.
fn known(source: &Source) -> BTreeSet<String> {
    let text = source.code.join("\n");
    let word = |text: &str| -> String {
        text.chars()
            .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
            .collect()
    };
    let mut rooms = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        let Some(list) = rest.strip_prefix('{') else {
            rooms.insert(word(rest));
            continue;
        };
        let mut depth = 0;
        let mut item = String::new();
        for letter in list.chars() {
            match letter {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => rooms.extend([word(std::mem::take(&mut item).trim())]),
                _ => {}
            }
            if depth == 0 && letter != ',' {
                item.push(letter);
            }
        }
        rooms.insert(word(item.trim()));
    }
    // A macro lies at the root, but belongs to its room.
    if rooms.remove("with_strategy") {
        rooms.insert("strategy".to_owned());
    }
    rooms.remove("");
    rooms
}

#[test]
fn imports_run_downwards() {
    let mut wrong = Vec::new();
    for source in sources() {
        let own = layer(&source.room).unwrap_or_else(|| panic!("{} is in no layer", source.path.display()));
        for room in known(&source) {
            let Some(theirs) = layer(&room) else {
                wrong.push(format!("{}: `crate::{room}` is no room", source.path.display()));
                continue;
            };
            let listed = NEIGHBOURS
                .iter()
                .any(|(from, to, _)| (*from, *to) == (&*source.room, &*room));
            if room != source.room && (theirs > own || theirs == own && !listed) {
                wrong.push(format!("{} must not know {room}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_neighbour_is_still_one() {
    let sources = sources();
    for (from, to, why) in NEIGHBOURS {
        assert!(!why.is_empty());
        let uses = sources
            .iter()
            .any(|source| source.room == *from && known(source).contains(*to));
        assert!(uses, "{from} no longer knows {to}: strike it from the list");
    }
}

#[test]
fn files_stay_readable() {
    let long: Vec<_> = sources()
        .into_iter()
        .filter(|source| source.lines > FILE)
        .map(|source| (source.path, source.lines))
        .collect();
    assert!(long.is_empty(), "longer than {FILE} lines: {long:?}");
}

/// Length of each function, from its signature to the brace that closes it in the same column.
fn functions(source: &Source) -> Vec<(String, usize)> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut found = Vec::new();
    for (start, line) in source.code.iter().enumerate() {
        let words: Vec<_> = line.split_whitespace().collect();
        let Some(place) = words.iter().position(|word| *word == "fn") else {
            continue;
        };
        let modifiers = ["pub", "pub(crate)", "pub(super)", "const", "unsafe", "async"];
        if !words[..place].iter().all(|word| modifiers.contains(word)) {
            continue;
        }
        let name: String = words[place + 1]
            .chars()
            .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
            .collect();
        let body = source.code[start..].iter().position(|other| {
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
    let allowed: BTreeMap<_, _> = LONG_FUNCTIONS.iter().copied().collect();
    let mut long = Vec::new();
    let mut seen = BTreeSet::new();
    for (name, lines) in sources().iter().flat_map(functions) {
        if lines > allowed.get(&*name).copied().unwrap_or(FUNCTION) {
            long.push((name.clone(), lines));
        }
        if lines > FUNCTION {
            seen.insert(name);
        }
    }
    assert!(
        long.is_empty(),
        "longer than {FUNCTION} lines, or than they were: {long:#?}"
    );
    for (name, _) in LONG_FUNCTIONS {
        assert!(seen.contains(*name), "{name} has been cut: strike it from the list");
    }
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

/// A thing that only some rooms may use: what, where, and what to do instead.
type Fence = (&'static [&'static str], &'static [&'static str], &'static str);

const FENCES: [Fence; 4] = [
    (
        &["tokio", "std::net", "TcpStream", "TcpListener"],
        &["engine/live", "emulator", "cli"],
        "sockets live in the live engine, the emulator and the command line",
    ),
    (
        &["std::time", "SystemTime"],
        &["engine/live", "emulator", "cli", "record"],
        "time is an integer of our own",
    ),
    (
        &["HashMap", "HashSet"],
        &["scenario", "record", "report", "cli", "engine/check", "emulator"],
        "iteration order must not depend on a hash seed",
    ),
    (
        &["println!", "print!", "eprintln!", "eprint!", "dbg!"],
        &["cli", "main"],
        "only the command line prints",
    ),
];

#[test]
fn fences_stand() {
    let mut wrong = Vec::new();
    for source in sources() {
        let path = source.path.display().to_string();
        for (words, rooms, why) in FENCES {
            if rooms.iter().any(|room| path.starts_with(room)) {
                continue;
            }
            for (line, text) in source.code.iter().enumerate() {
                let hit = words.iter().find(|word| {
                    text.match_indices(**word).any(|(at, _)| {
                        let before = text[..at].chars().next_back();
                        let after = text[at + word.len()..].chars().next();
                        let joins = |letter: Option<char>| {
                            letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
                        };
                        !joins(before) && !joins(after)
                    })
                });
                if let Some(hit) = hit {
                    wrong.push(format!("{path}:{}: `{hit}`: {why}", line + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The tests above can fail.
#[test]
fn a_wrong_house_is_seen() {
    let source = Source {
        room: "base".to_owned(),
        path: "base/mod.rs".into(),
        code: code(
            "use crate::{world::World, oauth::{Token, Slot}};\n// crate::cli\nfn f() { crate::node::x() }\nfn g() {\n\n}\n",
        ),
        lines: 3,
    };
    assert_eq!(known(&source), ["node", "oauth", "world"].map(String::from).into());
    assert_eq!(functions(&source)[1].1, 3);
    assert_eq!(parts("TokenManager"), ["", "token", "manager"]);
    assert!(layer("base") < layer("world"));
}
