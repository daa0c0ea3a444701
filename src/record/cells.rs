//! Cells and rows of comma-separated values.

use std::borrow::Cow;

use crate::base::shown;

/// A number, where the cell is not empty.
pub(super) fn parse(cell: &str) -> Result<Option<f64>, String> {
    if cell.is_empty() {
        return Ok(None);
    }
    cell.parse().map(Some).map_err(|_| format!("`{cell}` is not a number"))
}

/// The shortest decimal that reads back as the same number: plain where people would write it plainly, with an
/// exponent beyond. Empty for what has no value.
pub(super) fn number(value: Option<f64>) -> String {
    match value {
        Some(v) if v.is_nan() => String::new(),
        Some(v) if v != 0.0 && v.is_finite() && !(1e-7..1e16).contains(&v.abs()) => {
            format!("{v:e}")
        }
        Some(v) => format!("{v}"),
        None => String::new(),
    }
}

/// A whole file: a header and its rows.
pub(crate) fn csv_text<const N: usize>(header: &[&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    // Writing to memory cannot fail, and every row has the header's length by its type.
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).expect("a CSV header in memory");
    for row in rows {
        let cells = row.iter().map(|cell| match cell.parse::<f64>() {
            Ok(_) => Cow::Borrowed(cell.as_str()),
            Err(_) => shown::cell(cell),
        });
        writer
            .write_record(cells.map(|cell| cell.into_owned()))
            .expect("a CSV row in memory");
    }
    let bytes = writer.into_inner().expect("a CSV buffer in memory");
    String::from_utf8(bytes).expect("CSV made of strings")
}
