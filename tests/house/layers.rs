//! Rooms know only rooms below them.

use std::collections::BTreeSet;

use crate::source::{Source, code, sources, word};

/// Rooms by layer: imports run downwards only.
const LAYERS: [&[&str]; 10] = [
    &["base", "cell"],
    &["oauth", "retry", "net", "workload", "store"],
    &["trace"],
    &["node", "provider"],
    &["strategy", "metric", "property", "world"],
    &["plan"],
    &["engine"],
    &["scenario", "record", "live"],
    &["campaign", "report", "emulator", "probe", "film"],
    &["studio", "cli", "main", "lib", "manual", "testing"],
];

/// Rooms of one layer of which one may know the other, and why.
const NEIGHBOURS: &[(&str, &str, &str)] = &[
    ("workload", "net", "a think time is written and drawn as a latency is"),
    ("film", "campaign", "its tests hold a film to what a campaign counts"),
    ("cli", "studio", "a command starts it"),
];

fn layer(room: &str) -> Option<usize> {
    LAYERS.iter().position(|rooms| rooms.contains(&room))
}

/// Rooms that the code names after `crate::`, also in a list of imports.
fn known(source: &Source) -> BTreeSet<String> {
    let text = source.code.join("\n");
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

/// The tests above can fail.
#[test]
fn a_wrong_layer_is_seen() {
    let source = Source {
        room: "base".to_owned(),
        path: "base/mod.rs".into(),
        whole: Vec::new(),
        code: code("use crate::{world::World, oauth::{Token, Slot}};\n// crate::cli\nfn f() { crate::node::x() }\n"),
        lines: 3,
    };
    assert_eq!(known(&source), ["node", "oauth", "world"].map(String::from).into());
    assert!(layer("base") < layer("world"));
}
