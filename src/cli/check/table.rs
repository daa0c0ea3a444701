//! The table of strategies against properties, as narrow as what it says allows.

use crate::engine::check::CheckReport;
use crate::engine::check::expected::Expectation;
use crate::property::PROPERTIES;

pub(super) struct Table {
    rows: Vec<Row>,
}

struct Row {
    name: String,
    cells: Vec<String>,
    states: usize,
    steps: usize,
    /// Tokens issued in the mean of all orders.
    issued: Option<f64>,
}

impl Table {
    pub fn new() -> Self {
        Self { rows: Vec::new() }
    }

    pub fn push(&mut self, name: &str, report: &CheckReport) {
        self.rows.push(Row {
            name: name.to_owned(),
            cells: cells(report),
            states: report.states,
            steps: report.transitions,
            issued: report.issuances,
        });
    }

    /// What every row says alike is said once, below.
    pub fn print(&self) -> String {
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
        let name = self.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
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
                &row.name,
                &cell,
                &row.states.to_string(),
                &row.steps.to_string(),
                &issued(row),
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

fn cells(report: &CheckReport) -> Vec<String> {
    let cell = |verdict| Expectation::of(verdict, report.complete).to_string();
    report.verdicts.iter().map(cell).collect()
}

/// The tokens that are issued in the mean; `?` where that is not known.
fn issued(row: &Row) -> String {
    row.issued.map_or("?".to_owned(), |mean| format!("{mean:.2}"))
}

/// One strategy by itself: a property to a line.
fn alone(row: &Row) -> String {
    let mut text = format!("{}: {} states, {} steps\n", row.name, row.states, row.steps);
    for (property, cell) in PROPERTIES.iter().zip(&row.cells) {
        text.push_str(&format!("{:5}{:24}{cell:>6}\n", property.name, property.title));
    }
    if row.issued.is_some() {
        let mean = issued(row);
        text.push_str(&format!(
            "{mean} tokens are issued in the mean, if each step that can come next is as likely as any other\n"
        ));
    }
    text
}
