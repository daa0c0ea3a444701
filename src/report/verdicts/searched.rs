//! What was searched and what was left out, in words.

use crate::record::verdicts::{SystemVerdicts, VerdictKind, Verdicts};

/// A heading, and what is listed under it.
pub(super) struct SearchedPart {
    pub(super) head: &'static str,
    pub(super) items: Vec<String>,
}

/// What was searched; then, where there is any, what was given up, what was left out and what that leaves open.
pub(super) fn parts(verdicts: &Verdicts) -> Vec<SearchedPart> {
    let Some(first) = verdicts.systems.first() else {
        return Vec::new();
    };
    let incomplete = verdicts.systems.iter().filter(|system| !system.complete);
    let given_up = incomplete.map(|system| format!("{} after {} states", system.strategy, system.states));
    let open = (0..first.verdicts.len()).filter(|&place| {
        let rows = verdicts.systems.iter().map(|system| &system.verdicts[place]);
        rows.filter(|row| row.verdict == VerdictKind::Open)
            .any(|row| row.why.as_ref().is_some_and(|why| why.starts_with("left out")))
    });
    let open = open.map(|place| first.verdicts[place].property.clone());
    let mixed = verdicts.systems.iter().filter(|system| !system.mix.is_empty());
    let mixed = mixed.map(|system| format!("{} ({})", system.strategy, system.mix.join(", then ")));
    let parts = [
        ("searched", vec![words(verdicts, first)]),
        ("mixed", mixed.collect()),
        ("given up", given_up.collect()),
        ("left out", verdicts.searched.left_out.clone()),
        ("open, as what was left out may break it", open.collect()),
    ];
    let parts = parts.into_iter().map(|(head, items)| SearchedPart { head, items });
    parts.filter(|part| !part.items.is_empty()).collect()
}

/// The same as lines below a table.
pub(super) fn lines(verdicts: &Verdicts) -> String {
    let line = |part: SearchedPart| format!("{}: {}\n", part.head, part.items.join(", "));
    parts(verdicts).into_iter().map(line).collect()
}

/// Whether faults of this kind are among them.
fn has(faults: &str, kind: &str) -> bool {
    let mut parts = faults.split(',');
    parts.any(|part| part.split('=').next() == Some(kind))
}

fn words(verdicts: &Verdicts, first: &SystemVerdicts) -> String {
    let count = |number: u32, of: &str| format!("{number} {of}{}", if number == 1 { "" } else { "s" });
    let (systems, searched) = (&verdicts.systems, &verdicts.searched);
    let rotates = systems.iter().any(|system| system.refresh_tokens);
    let expiry = match rotates && !has(&searched.faults, "expiry") {
        true => " (and expiry=1 with refresh tokens)",
        false => "",
    };
    let lapses = systems
        .iter()
        .filter(|system| has(&system.faults, "lapse") && !has(&searched.faults, "lapse"));
    let lapses: Vec<_> = lapses.map(|system| system.strategy.as_str()).collect();
    let lapse = match lapses.is_empty() {
        true => String::new(),
        false => format!(
            " (and lapse=1 where a lease is shorter than its work can be: {})",
            lapses.join(", ")
        ),
    };
    let bound = systems.iter().filter(|system| system.held_back).count();
    let binds = match (bound, systems.len()) {
        (0, _) => String::new(),
        (_, 1) => ", which kept something back".to_owned(),
        (some, all) => format!(", which kept something back in {some} rows of {all}"),
    };
    let kinds = match searched.kinds.is_empty() {
        true => String::new(),
        false => format!(", which is {}", searched.kinds.join(", or ")),
    };
    format!(
        "{} with {} each{kinds}, tried {}; faults {}{expiry}{lapse}; at most {} of a node and {} between two nodes under way{binds}",
        count(searched.nodes, "node"),
        count(searched.calls, "call"),
        tries(systems),
        searched.faults,
        count(first.store_operations.into(), "store operation"),
        count(first.notes.into(), "note"),
    )
}

/// How often a call is tried, and by whom where that differs.
fn tries(systems: &[SystemVerdicts]) -> String {
    let of = |system: &SystemVerdicts| match system.tries {
        None => "as often as it takes".to_owned(),
        Some(1) => "once".to_owned(),
        Some(most) => format!("up to {most} times"),
    };
    let first = of(&systems[0]);
    if systems.iter().all(|system| of(system) == first) {
        return first;
    }
    let each = systems
        .iter()
        .map(|system| format!("{} by {}", of(system), system.strategy));
    each.collect::<Vec<_>>().join(", ")
}
