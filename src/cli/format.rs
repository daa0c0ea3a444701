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

/// Prints the comparisons of one command: those of several scenarios are one text in their form.
pub(super) struct Printer {
    format: Format,
    several: bool,
    printed: usize,
}

impl Printer {
    pub(super) fn new(format: Format, several: bool) -> Self {
        Self {
            format,
            several,
            printed: 0,
        }
    }

    /// The next comparison: in JSON an element of a list, in CSV rows under one header.
    pub(super) fn text(&mut self, record: &Record) -> String {
        let text = self.format.of(record);
        let first = self.printed == 0;
        self.printed += 1;
        match (self.format, first) {
            _ if !self.several => text,
            (Format::Json, true) => format!("[\n{}", text.trim_end()),
            (Format::Json, false) => format!(",\n{}", text.trim_end()),
            (Format::Csv, false) => text
                .split_once('\n')
                .map_or_else(String::new, |(_, rows)| rows.to_owned()),
            _ => text,
        }
    }

    /// What comes after the last one.
    pub(super) fn end(&self) -> String {
        match (self.format, self.several, self.printed) {
            (Format::Json, true, 0) => "[]\n".to_owned(),
            (Format::Json, true, _) => "\n]\n".to_owned(),
            _ => String::new(),
        }
    }
}

/// Columns of the terminal that standard output goes to, or 100 when it goes elsewhere.
pub(super) fn width() -> u16 {
    terminal_size::terminal_size_of(std::io::stdout()).map_or(100, |(width, _)| width.0)
}
