//! The table of strategies against properties, as narrow as what it says allows.

use crate::engine::check::expected::Expectation;
use crate::property::PROPERTIES;
use crate::record::verdicts::{PropertyRow, SystemVerdicts, VerdictKind};

pub(super) struct Table<'a> {
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    system: &'a SystemVerdicts,
    cells: Vec<String>,
}

impl<'a> Table<'a> {
    pub(super) fn of(systems: impl Iterator<Item = &'a SystemVerdicts>) -> Self {
        let row = |system: &'a SystemVerdicts| Row {
            system,
            cells: system.verdicts.iter().map(cell).collect(),
        };
        Self {
            rows: systems.map(row).collect(),
        }
    }

    /// What every row says alike is said once, below.
    pub(super) fn print(&self) -> String {
        let Some(first) = self.rows.first() else {
            return String::new();
        };
        if self.rows.len() == 1 {
            return alone(first);
        }
        let alike = |column: usize| {
            let same = self.rows.iter().all(|row| row.cells[column] == first.cells[column]);
            same && matches!(first.cells[column].as_str(), "ok" | "-")
        };
        let (below, shown): (Vec<usize>, Vec<usize>) = (0..PROPERTIES.len()).partition(|&column| alike(column));
        let name = self
            .rows
            .iter()
            .map(|row| row.system.strategy.chars().count())
            .max()
            .unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| row.cells[column].len());
            cells.chain([PROPERTIES[column].name.len()]).max().unwrap_or(0) + 1
        };
        let line = |title: &str, cell: &dyn Fn(usize) -> String, states: &str, steps: &str, issued: &str| {
            let cells: String = shown
                .iter()
                .map(|&column| format!("{:>width$}", cell(column), width = width(column)))
                .collect();
            format!("{title:name$}{cells}{states:>9}{steps:>10}{issued:>8}\n")
        };
        let mut text = line(
            "",
            &|column| PROPERTIES[column].name.to_owned(),
            "states",
            "steps",
            "issued",
        );
        for row in &self.rows {
            let cell = |column: usize| row.cells[column].clone();
            text.push_str(&line(
                &row.system.strategy,
                &cell,
                &row.system.states.to_string(),
                &row.system.steps.to_string(),
                &issued(row.system),
            ));
        }
        let titles = shown.iter().map(|&column| &PROPERTIES[column]);
        let titles: Vec<_> = titles
            .map(|property| format!("{} {}", property.name, property.title))
            .collect();
        if !titles.is_empty() {
            text.push_str(&format!(
                "properties: {}; `tokenstorm show {}` says more\n",
                titles.join(", "),
                PROPERTIES[shown[0]].name
            ));
        }
        for (verdict, says) in [("ok", "hold in every row"), ("-", "are reached in no row")] {
            let names: Vec<_> = below.iter().filter(|&&column| first.cells[column] == verdict).collect();
            if !names.is_empty() {
                let names: Vec<_> = names.into_iter().map(|&column| PROPERTIES[column].name).collect();
                text.push_str(&format!("{} {says}\n", names.join(", ")));
            }
        }
        text
    }
}

/// A verdict as the table has it.
pub(super) fn cell(row: &PropertyRow) -> String {
    let found = match row.verdict {
        VerdictKind::Holds => Expectation::Holds(row.bound),
        VerdictKind::NotReached => Expectation::NotReached,
        VerdictKind::Open => Expectation::Open,
        VerdictKind::Breaks => Expectation::Breaks(row.steps.unwrap_or(0), row.around.unwrap_or(0)),
    };
    found.to_string()
}

/// The tokens that are issued in the mean; `?` where that is not known.
pub(super) fn issued(system: &SystemVerdicts) -> String {
    system.issued.map_or("?".to_owned(), |mean| format!("{mean:.2}"))
}

/// One strategy by itself: a property to a line.
fn alone(Row { system, cells }: &Row) -> String {
    let mut text = format!(
        "{}: {} states, {} steps\n",
        system.strategy, system.states, system.steps
    );
    for (row, cell) in system.verdicts.iter().zip(cells) {
        text.push_str(&format!("{:5}{:24}{cell:>6}\n", row.property, row.title));
    }
    if system.issued.is_some() {
        text.push_str(&format!("{}\n", in_the_mean(system)));
    }
    text
}

/// What the column `issued` says, in words.
pub(super) fn in_the_mean(system: &SystemVerdicts) -> String {
    format!(
        "{} tokens are issued in the mean, if each step that can come next is as likely as any other",
        issued(system)
    )
}
