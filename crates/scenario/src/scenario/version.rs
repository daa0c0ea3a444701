//! Nodes that follow something else than their strategy's own keys say: those of a fleet, `[strategy.fleet.NAME]`, from the start, and
//! those to whom an event rolls a version out, `[strategy.version.NAME]`, from then on.
//!
//! What such a table leaves out it has from the strategy, or from the client that it names itself.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::clients;
use super::error::Mistake;
use super::strategy::OF_THE_WHOLE;

/// The tables of a strategy that say what some of its nodes follow.
const PARTS: [&str; 2] = ["fleet", "version"];

/// The table of each strategy.
fn strategies<'a, 't>(root: &'a mut DeTable<'t>) -> impl Iterator<Item = &'a mut DeTable<'t>> {
    let all = match root.get_mut("strategy").map(Spanned::get_mut) {
        Some(DeValue::Array(strategies)) => Some(strategies.iter_mut()),
        _ => None,
    };
    all.into_iter()
        .flatten()
        .filter_map(|strategy| match strategy.get_mut() {
            DeValue::Table(strategy) => Some(strategy),
            _ => None,
        })
}

/// The same document without what only some nodes of a strategy follow; none where there is no such thing.
pub(super) fn without_parts<'t>(root: &DeTable<'t>) -> Option<DeTable<'t>> {
    let (mut bare, mut any) = (root.clone(), false);
    for strategy in strategies(&mut bare) {
        for part in PARTS {
            any |= strategy.remove(part).is_some();
        }
    }
    any.then_some(bare)
}

/// A key that no part of a strategy has for itself; errors with the first that stands in one.
pub(super) fn misplaced(root: &mut DeTable<'_>) -> Result<(), Mistake> {
    for version in strategies(root).flat_map(parts_of) {
        if let Some((key, _)) = version
            .iter()
            .find(|(key, _)| OF_THE_WHOLE.contains(&key.get_ref().as_ref()))
        {
            let message = format!("`{}` is of the strategy as a whole", key.get_ref());
            return Err(Mistake::new(message).at(key.span(), "has no place here").help(
                "here stands what these nodes follow in place of the strategy's own keys: `coordination`, `client`, `retry` and the like",
            ));
        }
    }
    Ok(())
}

/// The tables of the parts of a strategy.
fn parts_of<'a, 't>(strategy: &'a mut DeTable<'t>) -> impl Iterator<Item = &'a mut DeTable<'t>> {
    let parts = strategy
        .iter_mut()
        .filter(|(key, _)| PARTS.contains(&key.get_ref().as_ref()));
    let versions = parts.filter_map(|(_, part)| match part.get_mut() {
        DeValue::Table(versions) => Some(versions.iter_mut()),
        _ => None,
    });
    versions.flatten().filter_map(|(_, version)| match version.get_mut() {
        DeValue::Table(version) => Some(version),
        _ => None,
    })
}

/// Writes into each part of a strategy what it has from the strategy or from its own client. What is added stands where it stands there.
///
/// Errors where a client is unknown.
pub(super) fn fill_in(root: &mut DeTable<'_>) -> Result<(), Mistake> {
    for strategy in strategies(root).filter(|strategy| PARTS.iter().any(|part| strategy.contains_key(*part))) {
        let mut inherited = strategy.clone();
        let name = inherited.remove_entry("name");
        for key in OF_THE_WHOLE.iter().chain(&["client"]) {
            inherited.remove(*key);
        }
        for version in parts_of(strategy) {
            if version.contains_key("client") {
                clients::fill_in_one(version)?;
            } else {
                let missing = inherited
                    .iter()
                    .filter(|(key, _)| !version.contains_key(key.get_ref().as_ref()));
                let missing: Vec<_> = missing.map(|(key, value)| (key.clone(), value.clone())).collect();
                version.extend(missing);
            }
            version.extend(name.clone());
        }
    }
    Ok(())
}
