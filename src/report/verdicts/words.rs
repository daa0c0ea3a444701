//! Verdicts in sentences.

use crate::record::verdicts::{PropertyRow, SystemVerdicts, VerdictKind, Verdicts};
use crate::report::{listed, quoted};

/// Properties of a system that some run breaks.
pub(super) fn broken(system: &SystemVerdicts) -> impl Iterator<Item = &PropertyRow> {
    let rows = system.verdicts.iter();
    rows.filter(|row| row.verdict == VerdictKind::Breaks)
}

fn is_open(row: &PropertyRow) -> bool {
    row.verdict == VerdictKind::Open
}

/// The answer in a sentence.
pub(super) fn lead(verdicts: &Verdicts) -> String {
    match verdicts.systems.as_slice() {
        [] => "Nothing was searched.".to_owned(),
        [system] => of_one(system),
        systems => of_several(systems),
    }
}

fn of_one(system: &SystemVerdicts) -> String {
    let (name, all) = (quoted(&system.strategy), system.verdicts.len());
    let broken: Vec<_> = broken(system).collect();
    let open = system.verdicts.iter().filter(|row| is_open(row)).count();
    let left = match open {
        0 => String::new(),
        1 => "; 1 more is open".to_owned(),
        more => format!("; {more} more are open"),
    };
    match broken.as_slice() {
        [] if open > 0 => {
            format!(
                "Nothing that was searched breaks any of {all} properties of {name}, and {open} of them {} open.",
                if open == 1 { "is" } else { "are" }
            )
        }
        [] => format!("No order of events breaks any of {all} properties of {name}."),
        rows => format!(
            "{name} can break {} of {all} properties: {}{left}.",
            rows.len(),
            told(rows)
        ),
    }
}

/// The first few, each with its shortest run.
fn told(rows: &[&PropertyRow]) -> String {
    const MOST: usize = 3;
    let one = |row: &&PropertyRow| format!("{} ({}) {}", row.property, row.title, length(row));
    let mut told: Vec<String> = rows.iter().take(MOST).map(one).collect();
    match rows.len() {
        more if more > MOST => told.push(format!("and {} more", more - MOST)),
        0 | 1 => {}
        _ => {
            let last = told.pop().unwrap_or_default();
            let before = told.pop().unwrap_or_default();
            told.push(format!("{before} and {last}"));
        }
    }
    told.join(", ")
}

/// How long the shortest run is that breaks it.
pub(super) fn length(row: &PropertyRow) -> String {
    let steps = |count: usize| format!("{count} step{}", if count == 1 { "" } else { "s" });
    match (row.steps.unwrap_or(0), row.around.unwrap_or(0)) {
        (0, 0) => "as a whole".to_owned(),
        (before, 0) => format!("in {}", steps(before)),
        (before, around) => format!("by a cycle of {} after {}", steps(around), steps(before)),
    }
}

fn of_several(systems: &[SystemVerdicts]) -> String {
    let sound: Vec<&str> = systems
        .iter()
        .filter(|system| broken(system).next().is_none())
        .map(|system| system.strategy.as_str())
        .collect();
    let open = systems
        .iter()
        .flat_map(|system| &system.verdicts)
        .filter(|row| is_open(row))
        .count();
    let left = match open {
        0 => String::new(),
        1 => " 1 verdict is open.".to_owned(),
        more => format!(" {more} verdicts are open."),
    };
    let of = systems.len();
    match (sound.len(), fewest_and_most(systems)) {
        (all, _) if all == of => format!("Nothing that was searched breaks any property of the {of} strategies.{left}"),
        (0, Some((fewest, most))) => format!(
            "Each of {of} strategies can break some property: {} the fewest ({}), {} the most ({}).{left}",
            quoted(&fewest.strategy),
            broken(fewest).count(),
            quoted(&most.strategy),
            broken(most).count()
        ),
        (some, Some((_, most))) => format!(
            "Nothing that was searched breaks a property of {}; of the other {} strategies {} can break the most ({}).{left}",
            listed(&sound),
            of - some,
            quoted(&most.strategy),
            broken(most).count()
        ),
        (_, None) => String::new(),
    }
}

/// Of those that break something: the one that breaks the fewest properties, and the one that breaks the most; the first of equals.
fn fewest_and_most(systems: &[SystemVerdicts]) -> Option<(&SystemVerdicts, &SystemVerdicts)> {
    let can = || systems.iter().filter(|system| broken(system).next().is_some());
    let fewest = can().min_by_key(|system| broken(system).count())?;
    let most = can().rev().max_by_key(|system| broken(system).count())?;
    Some((fewest, most))
}

/// What was expected and did not come.
pub(super) fn unmet(verdicts: &Verdicts) -> Vec<String> {
    let rows = verdicts
        .systems
        .iter()
        .flat_map(|system| system.verdicts.iter().map(move |row| (system, row)));
    rows.filter_map(|(system, row)| {
        let expected = row.expected.as_deref()?;
        let came = match row.verdict {
            VerdictKind::Breaks => "breaks",
            VerdictKind::Open => "open",
            VerdictKind::Holds | VerdictKind::NotReached => "ok",
        };
        let words = format!(
            "{}: {} ({}) is expected to be {expected}, and is {}",
            quoted(&system.strategy),
            row.property,
            row.title,
            super::table::cell(row)
        );
        (came != expected).then_some(words)
    })
    .collect()
}

/// A strategy, and which of its properties are open.
type OpenOf<'a> = (&'a str, Vec<&'a str>);

/// Why verdicts are open, each reason once, with whom it concerns.
pub(super) fn open(verdicts: &Verdicts) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<OpenOf>)> = Vec::new();
    for system in &verdicts.systems {
        for row in system.verdicts.iter().filter(|row| is_open(row)) {
            let why = row.why.as_deref().unwrap_or("not known");
            let place = reasons.iter().position(|(known, _)| *known == why).unwrap_or_else(|| {
                reasons.push((why, Vec::new()));
                reasons.len() - 1
            });
            let of = &mut reasons[place].1;
            match of.last_mut() {
                Some((name, properties)) if *name == system.strategy => properties.push(&row.property),
                _ => of.push((&system.strategy, vec![&row.property])),
            }
        }
    }
    let line = |(why, of): (&str, Vec<OpenOf>)| format!("{}: {why}", whose(&of));
    reasons.into_iter().map(line).collect()
}

/// Properties and whose they are; those that are open for the same strategies alike are named once.
fn whose(of: &[OpenOf]) -> String {
    let mut alike: Vec<(Vec<&str>, &[&str])> = Vec::new();
    for (name, properties) in of {
        match alike.iter_mut().find(|(_, known)| *known == properties.as_slice()) {
            Some((names, _)) => names.push(name),
            None => alike.push((vec![name], properties)),
        }
    }
    let parts = alike
        .iter()
        .map(|(names, properties)| format!("{} of {}", properties.join(", "), listed(names)));
    parts.collect::<Vec<_>>().join("; ")
}
