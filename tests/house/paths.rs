//! Paths as they are written, and the file that they lead to.

use std::collections::BTreeMap;

/// One name that a file imports: from where, and as what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    pub path: Vec<String>,
    pub name: String,
    /// Others may have it from here.
    pub public: bool,
}

/// A module: what it defines, imports, and names by a path.
#[derive(Debug, Default)]
pub struct Module {
    pub file: String,
    pub items: Vec<String>,
    pub imports: Vec<Import>,
    /// Paths of two parts at least that stand in its code.
    pub paths: Vec<Vec<String>>,
    /// Its code without imports.
    pub body: String,
}

/// Modules by their path from the root.
pub type Modules = BTreeMap<Vec<String>, Module>;

fn segments(path: &str) -> Vec<String> {
    path.split("::").map(|part| part.trim().to_owned()).collect()
}

/// The names that a tree of imports brings, such as `a::{b, c::{self, d as e}}`.
pub fn imports(tree: &str, public: bool) -> Vec<Import> {
    let mut found = Vec::new();
    flatten(&[], tree, &mut |path, alias| {
        let mut path = path;
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let name = alias.unwrap_or_else(|| path.last().cloned().unwrap_or_default());
        found.push(Import { path, name, public });
    });
    found
}

fn flatten(before: &[String], tree: &str, found: &mut impl FnMut(Vec<String>, Option<String>)) {
    let tree = tree.trim();
    let Some((head, list)) = tree.split_once('{') else {
        if !tree.is_empty() {
            let (path, alias) = match tree.split_once(" as ") {
                Some((path, alias)) => (path, Some(alias.trim().to_owned())),
                None => (tree, None),
            };
            found([before, &segments(path)].concat(), alias);
        }
        return;
    };
    let mut path = before.to_vec();
    path.extend(
        segments(head.trim().trim_end_matches("::"))
            .into_iter()
            .filter(|part| !part.is_empty()),
    );
    let list = list.strip_suffix('}').unwrap_or(list);
    let (mut depth, mut from) = (0, 0);
    for (at, letter) in list.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                flatten(&path, &list[from..at], found);
                from = at + 1;
            }
            _ => {}
        }
    }
    flatten(&path, &list[from..], found);
}

/// Where a path leads that stands in the module `here`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Module(Vec<String>),
    /// Something that this module defines.
    Item(Vec<String>),
}

/// The target of a path; none where it leads out of the crate, or to what no text tells.
pub fn resolve(modules: &Modules, here: &[String], path: &[String]) -> Option<Target> {
    follow(modules, here, path, 8)
}

fn follow(modules: &Modules, here: &[String], path: &[String], patience: usize) -> Option<Target> {
    let mut at = here.to_vec();
    let mut rest = path;
    while let Some((first, beyond)) = rest.split_first() {
        match first.as_str() {
            "crate" => at.clear(),
            "self" => {}
            "super" => _ = at.pop(),
            _ => break,
        }
        rest = beyond;
    }
    while let Some((first, beyond)) = rest.split_first() {
        let child = [at.as_slice(), std::slice::from_ref(first)].concat();
        if modules.contains_key(&child) {
            (at, rest) = (child, beyond);
            continue;
        }
        let module = modules.get(&at)?;
        if module.items.contains(first) {
            return Some(Target::Item(at));
        }
        let patience = patience.checked_sub(1)?;
        return module.imports.iter().find_map(|import| {
            let path = match (import.name.as_str(), import.path.split_last()) {
                ("*", Some((_, before))) => [before, rest].concat(),
                (name, _) if name == first => [&import.path, beyond].concat(),
                _ => return None,
            };
            follow(modules, &at, &path, patience)
        });
    }
    Some(Target::Module(at))
}

#[test]
fn trees_of_imports_are_flattened() {
    let found = imports("crate::{a, b::{self, c as d}, e::*}", false);
    let names: Vec<_> = found
        .iter()
        .map(|import| (import.path.join("::"), &*import.name))
        .collect();
    let expected = [
        ("crate::a", "a"),
        ("crate::b", "b"),
        ("crate::b::c", "d"),
        ("crate::e::*", "*"),
    ];
    assert_eq!(names, expected.map(|(path, name)| (path.to_owned(), name)));
}
