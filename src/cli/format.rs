//! The forms in which a comparison is printed.

use clap::ValueEnum;

use crate::record::{Record, write};
use crate::report::table;

/// The forms in which a comparison can be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Format {
    /// For people at a terminal.
    #[default]
    Table,
    /// The text of `summary.json`.
    Json,
    /// The text of `results.csv`.
    Csv,
    /// Markdown, for an issue or a page.
    Md,
}

impl Format {
    /// The comparison as text that ends with a newline.
    pub(super) fn of(self, record: &Record) -> String {
        match self {
            Format::Table => table::human(record, width()),
            Format::Md => table::markdown(record),
            Format::Json => write::summary_json(record),
            Format::Csv => write::results_csv(record),
        }
    }
}

/// Columns of the terminal that standard output goes to, or 100 when it goes elsewhere.
fn width() -> u16 {
    terminal_size::terminal_size_of(std::io::stdout()).map_or(100, |(width, _)| width.0)
}
