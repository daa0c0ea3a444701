//! Verdicts of a search for people: as a table, as Markdown, as a page. Drawn from the record alone.

mod matrix;
mod page;
mod searched;
mod table;
#[cfg(test)]
mod tests;
mod words;

use crate::record::verdicts::Verdicts;
use table::Table;

pub use page::{DIAGRAMS, page};

/// The table without refresh tokens, the one with them, and what was searched.
pub fn human(verdicts: &Verdicts) -> String {
    let with = |refresh_tokens: bool| {
        let systems = verdicts.systems.iter();
        Table::of(systems.filter(|system| system.refresh_tokens == refresh_tokens)).print()
    };
    let parts = [with(false), with(true), searched::lines(verdicts)];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n")
}

/// For an issue or a page: every property is a column.
pub fn markdown(verdicts: &Verdicts) -> String {
    let mut text = format!("{}\n\n{}", words::lead(verdicts), matrix::sheet(verdicts).markdown());
    for part in searched::parts(verdicts) {
        text.push_str(&format!("\n{}: {}\n", part.head, part.items.join(", ")));
    }
    text
}
