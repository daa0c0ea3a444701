//! What a fuzzing run found, for people.

use super::sheet::{Column, Sheet};
use crate::record::findings::{FoundCase, FuzzFindings, FuzzedSystem, MetInCases};

/// For a terminal: a line for each finding, and what the cases have come by. Below the line of what should have held stands its story, which
/// the caller tells of the finding at this place.
pub fn human(system: &FuzzedSystem, story: &dyn Fn(usize) -> String) -> String {
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
    list(&mut text, "arrived", &system.arrived);
    match system.faults.is_empty() {
        true => text.push_str("  faults: none\n"),
        false => list(&mut text, "faults", &system.faults),
    }
    if !system.never_met.is_empty() {
        text.push_str(&format!(
            "  never met, although the limits allow it: {}\n",
            system.never_met.join(", ")
        ));
    }
    text
}

/// The last lines, about what a call is in all cases and what no case has; nothing where calls are single and nothing is left out.
pub fn extent(findings: &FuzzFindings) -> String {
    let line = |head: &str, items: &[String], between: &str| match items.is_empty() {
        true => String::new(),
        false => format!("{head}: {}\n", items.join(between)),
    };
    let kinds = line("Each call is", &findings.kinds, ", or ");
    kinds + &line("Left out of every case", &findings.left_out, ", ")
}

/// On lines as wide as those of findings.
fn list(to: &mut String, what: &str, all: &[MetInCases]) {
    let mut line = format!("  {what}:");
    for (place, MetInCases { name, count }) in all.iter().enumerate() {
        let last = if place + 1 == all.len() { "" } else { "," };
        let word = format!(" {name} {count}{last}");
        if line.len() + word.len() > 100 {
            to.push_str(&line);
            line = "\n   ".to_owned();
        }
        line.push_str(&word);
    }
    to.push_str(&line);
    to.push('\n');
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
        let row = |found: &FoundCase| {
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
    for line in extent(findings).lines() {
        text.push_str(&format!("\n{line}\n"));
    }
    text
}
