//! `results.parquet`: what `results.csv` of a finished sweep says, with types, for tools that read columns.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::error::SweepFolderError;
use super::whole::{Hashed, SweepManifest};
use crate::base::shown;
use crate::record::cells;
use crate::record::layout::{MANIFEST, RESULTS, RESULTS_PARQUET};
use crate::record::write::{Arrival, ResultFile, RunFolder, json_text, refusal};

/// Rows that are held at once, and that a reader finds together.
const GROUP: usize = 16_384;

/// What a column of `results.csv` holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    /// Empty where there is nothing to say.
    Words,
    Number,
    Count,
}

impl Kind {
    fn of(column: &str) -> Self {
        match column {
            "mean" | "ci95_low" | "ci95_high" | "storm_mean" | "calm_mean" => Self::Number,
            "replications" => Self::Count,
            "unit" | "doubt" => Self::Words,
            _ => Self::Text,
        }
    }

    fn schema(self, column: &str) -> String {
        match self {
            Self::Text => format!("required binary {column} (string);"),
            Self::Words => format!("optional binary {column} (string);"),
            Self::Number => format!("optional double {column};"),
            Self::Count => format!("required int64 {column};"),
        }
    }
}

/// The cells of one column in the rows that are held.
struct Column {
    kind: Kind,
    texts: Vec<ByteArray>,
    numbers: Vec<f64>,
    counts: Vec<i64>,
    /// For each row 1 where there is a value, 0 where there is none.
    there: Vec<i16>,
}

impl Column {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            texts: Vec::new(),
            numbers: Vec::new(),
            counts: Vec::new(),
            there: Vec::new(),
        }
    }

    fn put(&mut self, cell: &str) -> Result<(), String> {
        match self.kind {
            Kind::Text => self.texts.push(shown::of_cell(cell).into()),
            Kind::Words => {
                self.there.push(i16::from(!cell.is_empty()));
                if !cell.is_empty() {
                    self.texts.push(shown::of_cell(cell).into());
                }
            }
            Kind::Number => {
                let value = cells::parse(cell)?;
                self.there.push(i16::from(value.is_some()));
                self.numbers.extend(value);
            }
            Kind::Count => {
                let count = cell.parse().map_err(|_| format!("`{cell}` is not a count"))?;
                self.counts.push(count);
            }
        }
        Ok(())
    }

    fn clear(&mut self) {
        self.texts.clear();
        self.numbers.clear();
        self.counts.clear();
        self.there.clear();
    }
}

/// Writes `results.parquet` beside the `results.csv` of a finished sweep, whole or not at all, and has the manifest vouch for it. Has it done so
/// before, nothing is written.
///
/// # Errors
/// [`SweepFolderError`] when `results.csv` cannot be read or a row of it is none, or when a file cannot be written.
pub fn write_columns(folder: &RunFolder, manifest: SweepManifest) -> Result<SweepManifest, SweepFolderError> {
    let path = folder.path().join(RESULTS_PARQUET);
    if manifest.files.contains_key(RESULTS_PARQUET) && path.exists() {
        return Ok(manifest);
    }
    let arrival = Arrival::at(&path)?;
    let out = Hashed::new(BufWriter::new(arrival.file()));
    let out = converted(&folder.path().join(RESULTS), out, &path)?;
    let (_, sha256) = out.finish().map_err(|error| refusal(&path, error))?;
    arrival.arrive()?;
    let mut files: BTreeMap<String, String> = manifest.files;
    files.insert(RESULTS_PARQUET.to_owned(), sha256);
    let manifest = SweepManifest { files, ..manifest };
    folder.place(&[ResultFile::new(MANIFEST, json_text(&manifest))], &[])?;
    Ok(manifest)
}

/// Reads the rows of this file and writes them as columns, to be told of as the file at `path`.
fn converted<W: Write + Send>(results: &Path, out: Hashed<W>, path: &Path) -> Result<Hashed<W>, SweepFolderError> {
    let damaged = |reason: String| SweepFolderError::Damaged {
        path: results.to_owned(),
        reason,
    };
    let mut reader = csv::Reader::from_path(results).map_err(|error| damaged(error.to_string()))?;
    let header = reader.headers().map_err(|error| damaged(error.to_string()))?;
    let header: Vec<String> = header.iter().map(str::to_owned).collect();
    let kinds: Vec<Kind> = header.iter().map(|name| Kind::of(name)).collect();
    let lines = header.iter().zip(&kinds).map(|(name, kind)| kind.schema(name));
    let schema = format!("message results {{ {} }}", lines.collect::<String>());
    let unwritten = |error: ParquetError| SweepFolderError::Write(refusal(path, std::io::Error::other(error)));
    let schema = Arc::new(parse_message_type(&schema).map_err(unwritten)?);
    let told = WriterProperties::builder().set_created_by(format!("tokenstorm {}", env!("CARGO_PKG_VERSION")));
    let mut writer = SerializedFileWriter::new(out, schema, Arc::new(told.build())).map_err(unwritten)?;
    let mut columns: Vec<Column> = kinds.into_iter().map(Column::new).collect();
    let (mut row, mut held) = (csv::StringRecord::new(), 0);
    loop {
        let is_there = reader
            .read_record(&mut row)
            .map_err(|error| damaged(error.to_string()))?;
        if held == GROUP || (!is_there && held > 0) {
            group(&mut writer, &mut columns).map_err(unwritten)?;
            held = 0;
        }
        if !is_there {
            break;
        }
        for (column, cell) in columns.iter_mut().zip(&row) {
            column.put(cell).map_err(damaged)?;
        }
        held += 1;
    }
    writer.into_inner().map_err(unwritten)
}

/// Writes the rows that are held, and lets go of them.
fn group<W: Write + Send>(writer: &mut SerializedFileWriter<W>, columns: &mut [Column]) -> Result<(), ParquetError> {
    let mut rows = writer.next_row_group()?;
    for column in columns.iter_mut() {
        let Some(mut out) = rows.next_column()? else {
            return Err(ParquetError::General("a column more than the schema has".to_owned()));
        };
        let there = Some(&column.there[..]);
        match column.kind {
            Kind::Text => out.typed::<ByteArrayType>().write_batch(&column.texts, None, None)?,
            Kind::Words => out.typed::<ByteArrayType>().write_batch(&column.texts, there, None)?,
            Kind::Number => out.typed::<DoubleType>().write_batch(&column.numbers, there, None)?,
            Kind::Count => out.typed::<Int64Type>().write_batch(&column.counts, None, None)?,
        };
        out.close()?;
        column.clear();
    }
    rows.close().map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::layout::RESULTS_HEADER;
    use parquet::file::reader::{FileReader as _, SerializedFileReader};

    fn columns_of(text: &str) -> Result<Vec<u8>, SweepFolderError> {
        let dir = tempfile::tempdir().unwrap();
        let results = dir.path().join(RESULTS);
        std::fs::write(&results, text).unwrap();
        let out = converted(&results, Hashed::new(Vec::new()), &dir.path().join(RESULTS_PARQUET))?;
        let (bytes, sha256) = out.finish().unwrap();
        assert_eq!(sha256, crate::record::sha256(&bytes));
        Ok(bytes)
    }

    #[test]
    fn more_rows_than_are_held_at_once_are_groups_and_none_is_lost() {
        let many = 2 * GROUP + 1;
        let mut text = RESULTS_HEADER.join(",") + "\n";
        for row in 0..many {
            text += &format!("s,naive,n={row},calls,,{row}.5,,,2,,,,hash\n");
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(RESULTS_PARQUET);
        std::fs::write(&path, columns_of(&text).unwrap()).unwrap();
        let reader = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
        assert_eq!(reader.num_row_groups(), 3);
        let rows = reader.get_row_iter(None).unwrap();
        let told = rows.map(|row| {
            let row: Vec<_> = row.unwrap().into_columns();
            row[2].1.to_string() + " " + &row[5].1.to_string()
        });
        assert!(told.eq((0..many).map(|row| format!("\"n={row}\" {row}.5"))));
    }

    #[test]
    fn a_row_that_is_none_is_told_with_its_file() {
        let text = RESULTS_HEADER.join(",") + "\ns,naive,n=1,calls,,much,,,2,,,,hash\n";
        let error = columns_of(&text).unwrap_err().to_string();
        assert!(
            error.contains("results.csv") && error.contains("`much` is not a number"),
            "{error}"
        );
    }
}
