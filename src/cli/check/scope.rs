//! What was searched and what was left out, as lines below a table.

use crate::campaign::scope::{Omission, doubts, tries_of};
use crate::engine::check::{CheckReport, Fault, FaultBudget, PropertyVerdict, System};
use crate::property::PROPERTIES;

/// A system that was searched.
pub(super) struct SearchedRow<'a> {
    pub name: &'a str,
    pub system: &'a System,
    pub report: &'a CheckReport,
}

/// What was searched with these faults, and what was left out, as lines below a table.
pub(super) fn lines(rows: &[SearchedRow], faults: FaultBudget, left_out: &[Omission]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut text = format!("searched: {}\n", words(rows, faults));
    let incomplete = rows.iter().filter(|row| !row.report.complete);
    let given_up = incomplete.map(|row| format!("{} after {} states", row.name, row.report.states));
    let names: Vec<_> = left_out.iter().map(|item| item.words.clone()).collect();
    let open = PROPERTIES.iter().enumerate().filter(|(place, property)| {
        let is_open = |row: &SearchedRow| matches!(row.report.verdicts[*place], PropertyVerdict::Open(_));
        doubts(left_out, property.name).is_some() && rows.iter().any(is_open)
    });
    let open = open.map(|(_, property)| property.name.to_owned());
    for (head, items) in [
        ("given up", given_up.collect()),
        ("left out", names),
        ("open, as what was left out may break it", open.collect()),
    ] {
        let items: Vec<String> = items;
        if !items.is_empty() {
            text.push_str(&format!("{head}: {}\n", items.join(", ")));
        }
    }
    text
}

fn words(rows: &[SearchedRow], faults: FaultBudget) -> String {
    let count = |number: u32, of: &str| format!("{number} {of}{}", if number == 1 { "" } else { "s" });
    let system = rows[0].system;
    let rotates = rows.iter().any(|row| row.system.rotation.is_some());
    let expiry = match rotates && faults.left(Fault::Expiry) == 0 {
        true => " (and expiry=1 with refresh tokens)",
        false => "",
    };
    let lapses = rows
        .iter()
        .filter(|row| row.system.faults.left(Fault::Lapse) > faults.left(Fault::Lapse));
    let lapses: Vec<_> = lapses.map(|row| row.name).collect();
    let lapse = match lapses.is_empty() {
        true => String::new(),
        false => format!(
            " (and lapse=1 where a lease is shorter than its work can be: {})",
            lapses.join(", ")
        ),
    };
    let bound = rows.iter().filter(|row| row.report.held_back.any()).count();
    let binds = match (bound, rows.len()) {
        (0, _) => String::new(),
        (_, 1) => ", which kept something back".to_owned(),
        (some, all) => format!(", which kept something back in {some} rows of {all}"),
    };
    format!(
        "{} with {} each, tried {}; faults {faults}{expiry}{lapse}; at most {} of a node and {} between two nodes under way{binds}",
        count(system.nodes, "node"),
        count(system.calls, "call"),
        tries(rows),
        count(system.store_operations.into(), "store operation"),
        count(system.notes.into(), "note"),
    )
}

/// How often a call is tried, and by whom where that differs.
fn tries(rows: &[SearchedRow]) -> String {
    let of = |row: &SearchedRow| match tries_of(row.system) {
        None => "as often as it takes".to_owned(),
        Some(1) => "once".to_owned(),
        Some(most) => format!("up to {most} times"),
    };
    let first = of(&rows[0]);
    if rows.iter().all(|row| of(row) == first) {
        return first;
    }
    let each = rows.iter().map(|row| format!("{} by {}", of(row), row.name));
    each.collect::<Vec<_>>().join(", ")
}
