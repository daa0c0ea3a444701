//! Files read back, or why they cannot be.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::layout::MANIFEST;

/// Why a record could not be read back. Each message names the file and the likely fix.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The directory holds no such file.
    #[error("`{path}` does not exist; give a directory that `tokenstorm run` has written")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refused to read it.
    #[error("cannot read `{path}`: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The file is there and is not what a run writes.
    #[error("`{path}`: {reason}; it was edited or comes from another version of tokenstorm: run the scenario again")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
    /// The files belong to different runs.
    #[error("`{path}` belongs to another run than {MANIFEST} beside it ({differs}); run the scenario again")]
    Mixed {
        /// The file.
        path: PathBuf,
        /// What tells the runs apart.
        differs: String,
    },
}

pub(super) fn text(path: &Path) -> Result<String, ReadError> {
    fs::read_to_string(path).map_err(|source| match source.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => ReadError::Missing { path: path.to_owned() },
        ErrorKind::InvalidData => ReadError::Malformed {
            path: path.to_owned(),
            reason: "is not text".to_owned(),
        },
        _ => ReadError::Unreadable {
            path: path.to_owned(),
            source,
        },
    })
}

pub(super) fn json<T: DeserializeOwned>(path: &Path) -> Result<T, ReadError> {
    serde_json::from_str(&text(path)?).map_err(|e| ReadError::Malformed {
        path: path.to_owned(),
        reason: e.to_string(),
    })
}

/// The rows of a CSV file whose header must be exactly `header`; `row` turns cells into a value or a complaint.
pub(super) fn rows<const N: usize, T>(
    path: &Path,
    header: &[&str; N],
    row: impl Fn(&[&str; N]) -> Result<T, String>,
) -> Result<Vec<T>, ReadError> {
    let malformed = |reason: String| ReadError::Malformed {
        path: path.to_owned(),
        reason,
    };
    let text = text(path)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let found = reader.headers().map_err(|e| malformed(e.to_string()))?;
    if found != header.as_slice() {
        return Err(malformed(format!("the first line is not `{}`", header.join(","))));
    }
    let mut out = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| malformed(e.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let mut cells = [""; N];
        for (cell, value) in cells.iter_mut().zip(&record) {
            *cell = value;
        }
        out.push(row(&cells).map_err(|reason| malformed(format!("line {line}: {reason}")))?);
    }
    Ok(out)
}
