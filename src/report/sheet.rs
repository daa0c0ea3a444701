//! A table as columns and rows, laid out for a terminal or as Markdown; and paragraphs beside it.
//!
//! Knows neither strategies nor metrics.

use super::interval::Marks;
use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width};

/// A blank at which no line is broken; an ordinary one in the finished text.
pub(super) const GLUE: &str = "\u{a0}";

/// Blanks between two columns.
const GAP: usize = 2;

/// A table before it is laid out.
pub(super) struct Sheet {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<String>>,
    /// A blank line after every so many rows; 0 for none.
    pub(super) blocks: usize,
    /// What is shown of intervals.
    pub(super) marks: Marks,
}

pub(super) struct Column {
    header: String,
    right: bool,
    /// The least width of a column that may wrap; `None` for one that may not.
    wraps: Option<usize>,
}

impl Column {
    pub(super) fn header(&self) -> &str {
        &self.header
    }

    /// Figures stand at the right.
    pub(super) fn is_right(&self) -> bool {
        self.right
    }

    pub(super) fn left(header: &str) -> Column {
        Column {
            header: header.to_owned(),
            right: false,
            wraps: None,
        }
    }

    pub(super) fn right(header: &str) -> Column {
        Column {
            right: true,
            ..Column::left(header)
        }
    }

    pub(super) fn flexible(header: &str, least: usize) -> Column {
        Column {
            wraps: Some(least),
            ..Column::left(header)
        }
    }
}

impl Sheet {
    /// Columns of text that the widest cell of a column takes.
    fn content(&self, column: usize) -> usize {
        let lines = self.columns[column].header.lines();
        let cells = self.rows.iter().flat_map(|row| row[column].lines());
        lines.chain(cells).map(|text| text.chars().count()).max().unwrap_or(0)
    }

    /// The least width at which no figure is broken over two lines.
    pub(super) fn narrowest(&self) -> usize {
        let least = |(i, c): (usize, &Column)| c.wraps.map_or(self.content(i), |w| w.min(self.content(i)));
        let widths: usize = self.columns.iter().enumerate().map(least).sum();
        widths + GAP * (self.columns.len() - 1)
    }

    /// Widths that fill `total` at most: what is left after the fixed columns goes to those that wrap, to the last one
    /// (a verdict, short by nature) only when the others have enough.
    fn widths(&self, total: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = (0..self.columns.len())
            .map(|i| {
                self.columns[i]
                    .wraps
                    .map_or(self.content(i), |w| w.min(self.content(i)))
            })
            .collect();
        let used = widths.iter().sum::<usize>() + GAP * (self.columns.len() - 1);
        let mut room = total.saturating_sub(used);
        for (i, width) in widths.iter_mut().enumerate() {
            if self.columns[i].wraps.is_some() {
                let more = room.min(self.content(i) - *width);
                *width += more;
                room -= more;
            }
        }
        widths
    }

    pub(super) fn print(&self, total: u16) -> String {
        let mut table = Table::new();
        // A line under the header and blanks between the columns; no left or right, hence no borders.
        let rule = LineStyle::none().fill('─').junction('─');
        table.load_style(TableStyle::new().header_separator(rule));
        table
            .set_width(total)
            .set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(self.columns.iter().map(|c| cell(&c.header, c.right)));
        for (i, row) in self.rows.iter().enumerate() {
            if self.blocks > 0 && i > 0 && i.is_multiple_of(self.blocks) {
                table.add_row(row.iter().map(|_| ""));
            }
            table.add_row(row.iter().zip(&self.columns).map(|(text, c)| cell(text, c.right)));
        }
        let last = self.columns.len() - 1;
        for (i, width) in self.widths(usize::from(total)).into_iter().enumerate() {
            if let Some(column) = table.column_mut(i) {
                // The style draws one of the blanks itself.
                let gap = if i == last { 0 } else { GAP as u16 - 1 };
                column.set_padding((0, gap));
                let whole = u16::try_from(width).unwrap_or(u16::MAX).saturating_add(gap);
                column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(whole)));
            }
        }
        table
            .lines()
            .map(|line| line.trim_end().replace(GLUE, " ") + "\n")
            .collect()
    }

    pub(super) fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let mut out = line(
            self.columns
                .iter()
                .map(|c| escaped(&c.header.replace('\n', " ")))
                .collect(),
        );
        let rule = |c: &Column| if c.right { "---:" } else { "---" }.to_owned();
        out.push_str(&line(self.columns.iter().map(rule).collect()));
        for row in &self.rows {
            out.push_str(&line(
                row.iter().map(|text| escaped(&text.replace('\n', " "))).collect(),
            ));
        }
        out
    }
}

fn cell(text: &str, right: bool) -> Cell {
    Cell::new(text).set_alignment(if right {
        CellAlignment::Right
    } else {
        CellAlignment::Left
    })
}

/// Text that Markdown shows as it is.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{a0}' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '\\' | '`' | '*' | '_' | '|' | '[' | ']' | '#' | '~' => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}

/// Appends `text` broken at blanks to `width` columns, later lines indented further than the first. A unit stays with
/// its number.
pub(super) fn paragraph(out: &mut String, indent: &str, text: &str, width: usize) {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let unit = word.trim_end_matches([')', ',', '.', ';', ':']);
        match words.last_mut() {
            Some(number)
                if matches!(unit, "%" | "pp" | "µs" | "ms" | "s" | "min" | "h" | "d")
                    && number.ends_with(|c: char| c.is_ascii_digit()) =>
            {
                number.push(' ');
                number.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    let mut line = indent.to_owned();
    let mut started = false;
    for word in words {
        if started && line.chars().count() + 1 + word.chars().count() > width {
            out.push_str(&line);
            out.push('\n');
            line = format!("{indent}  ");
            started = false;
        }
        if started {
            line.push(' ');
        }
        line.push_str(&word);
        started = true;
    }
    out.push_str(line.trim_end());
    out.push('\n');
}
