//! What a fuzzing run found, for people: drawn from the record alone.

use super::sheet::{Column, Sheet};
use crate::record::findings::{FuzzFindings, FuzzedSystem};

/// For a terminal: a line for each finding, and what the cases have come by. Stories of what should have held stand below their line.
pub fn human(system: &FuzzedSystem, coverage: &str, story: &dyn Fn(usize) -> String) -> String {
    let mut text = format!(
        "{}: {} cases, {} properties broken\n",
        system.strategy,
        system.cases,
        system.findings.len()
    );
    for (place, found) in system.findings.iter().enumerate() {
        text.push_str(&format!("  {:4}{:32}{}\n", found.property, found.title, found.size()));
        if found.unexpected {
            text.push_str(&story(place));
        }
    }
    text.push_str(coverage);
    if !system.never_met.is_empty() {
        text.push_str(&format!(
            "  never met, although the limits allow it: {}\n",
            system.never_met.join(", ")
        ));
    }
    text
}

/// For an issue or a page: a row for each finding, and one for each strategy without any.
pub fn markdown(findings: &FuzzFindings) -> String {
    let columns = [
        Column::flexible("strategy", 12),
        Column::right("cases"),
        Column::left("broken"),
        Column::left("smallest case found"),
        Column::left("should hold"),
    ];
    let rows = findings.systems.iter().flat_map(|system| {
        let head = [system.strategy.clone(), system.cases.to_string()];
        let nothing = || head.iter().cloned().chain(["-", "-", "-"].map(str::to_owned)).collect();
        let row = |found: &crate::record::findings::FoundCase| {
            let expected = if found.unexpected { "yes" } else { "-" };
            let own = [
                format!("{} {}", found.property, found.title),
                found.size(),
                expected.to_owned(),
            ];
            head.iter().cloned().chain(own).collect()
        };
        match system.findings.is_empty() {
            true => vec![nothing()],
            false => system.findings.iter().map(row).collect::<Vec<Vec<String>>>(),
        }
    });
    let sheet = Sheet {
        columns: columns.into(),
        rows: rows.collect(),
        blocks: 0,
        marks: Default::default(),
    };
    let mut text = format!(
        "Seed {}. What is not found has not been shown to hold.\n\n{}",
        findings.seed,
        sheet.markdown()
    );
    for system in findings.systems.iter().filter(|system| !system.never_met.is_empty()) {
        text.push_str(&format!(
            "\nNo case of {} met: {}\n",
            system.strategy,
            system.never_met.join(", ")
        ));
    }
    text
}
