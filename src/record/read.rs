//! Files read back, or why they cannot be.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::layout::{JOURNAL, MANIFEST, RESULTS, SUMMARY, TIMELINE};
use super::{Manifest, SealedManifest, sha256};
use crate::base::shown;

/// Why a record could not be read back. Each message names the file and the likely fix.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The directory holds no such file.
    #[error("`{path}` does not exist; give a directory that `tokenstorm run` has written")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The directory holds files of a run, but no manifest makes them one.
    #[error(
        "`{dir}` holds files of a run without {MANIFEST}: the run was ended before all of them were in place, or it is \
         writing them now; run the scenario again"
    )]
    Unfinished {
        /// The directory.
        dir: PathBuf,
    },
    /// The directory holds a sweep, of which a run's figures are only a part.
    #[error(
        "`{dir}` holds a sweep, which has neither series nor single calls; its page and charts are there for up to 300 points, and \
         `tokenstorm sweep` with `--row N` runs one of its points again with all that a run leaves"
    )]
    Sweep {
        /// The directory.
        dir: PathBuf,
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

/// A file that a manifest vouches for.
pub(super) struct RunFile<'a> {
    path: PathBuf,
    text: String,
    manifest: &'a Manifest,
}

impl<'a> RunFile<'a> {
    /// Reads a file of the folder that this manifest lies in.
    pub(super) fn open(dir: &Path, name: &str, manifest: &'a Manifest) -> Result<Self, ReadError> {
        let path = dir.join(name);
        let text = text(&path)?;
        Ok(Self { path, text, manifest })
    }

    pub(super) fn malformed(&self, reason: impl Into<String>) -> ReadError {
        ReadError::Malformed {
            path: self.path.clone(),
            reason: reason.into(),
        }
    }

    /// Errors when the file says that it is of another run.
    fn same_run(&self, run: &str) -> Result<(), ReadError> {
        if run == self.manifest.run {
            return Ok(());
        }
        Err(self.mixed(format!("run {run} against run {}", self.manifest.run)))
    }

    fn mixed(&self, differs: String) -> ReadError {
        ReadError::Mixed {
            path: self.path.clone(),
            differs,
        }
    }

    /// The file as JSON, which bears the id of its run.
    pub(super) fn json<T: DeserializeOwned>(&self, run: impl Fn(&T) -> &str) -> Result<T, ReadError> {
        let value = serde_json::from_str(&self.text).map_err(|e| self.malformed(e.to_string()))?;
        self.same_run(run(&value))?;
        Ok(value)
    }

    /// Whether the first line of a CSV file is this header.
    pub(super) fn has_header(&self, header: &[&str]) -> bool {
        self.text.lines().next() == Some(&header.join(","))
    }

    /// The rows of a CSV file whose header must be exactly `header`, and whose last column is the run; `row` turns cells into a
    /// value or a complaint.
    pub(super) fn rows<const N: usize, T>(
        &self,
        header: &[&str; N],
        row: impl Fn(&[&str; N]) -> Result<T, String>,
    ) -> Result<Vec<T>, ReadError> {
        let mut reader = csv::Reader::from_reader(self.text.as_bytes());
        let found = reader.headers().map_err(|e| self.malformed(e.to_string()))?;
        if found != header.as_slice() {
            return Err(self.malformed(format!("the first line is not `{}`", header.join(","))));
        }
        let mut out = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|e| self.malformed(e.to_string()))?;
            let line = record.position().map_or(0, csv::Position::line);
            let mut cells = [""; N];
            for (cell, value) in cells.iter_mut().zip(&record) {
                *cell = shown::of_cell(value);
            }
            self.same_run(cells[N - 1])?;
            out.push(row(&cells).map_err(|reason| self.malformed(format!("line {line}: {reason}")))?);
        }
        Ok(out)
    }

    /// Errors when this is not, byte for byte, what the run has written.
    pub(super) fn is_as_written(&self, digest: Option<&String>) -> Result<(), ReadError> {
        match digest {
            None => Err(self.mixed(format!("run {} has no such file", self.manifest.run))),
            Some(digest) if *digest != sha256(self.text.as_bytes()) => {
                Err(self.malformed("is not what the run has written"))
            }
            Some(_) => Ok(()),
        }
    }
}

impl Manifest {
    /// The manifest of a folder, and the SHA-256 in hex of each file that it vouches for.
    ///
    /// # Errors
    ///
    /// [`ReadError`] when there is none, or it is not what a run writes.
    pub fn load(dir: &Path) -> Result<(Self, BTreeMap<String, String>), ReadError> {
        let SealedManifest { manifest, files } = manifest(dir)?;
        Ok((manifest, files))
    }
}

/// The manifest of a folder, which makes a run of what lies beside it.
pub(super) fn manifest(dir: &Path) -> Result<SealedManifest, ReadError> {
    let path = dir.join(MANIFEST);
    if dir.join(JOURNAL).exists() {
        return Err(ReadError::Sweep { dir: dir.to_owned() });
    }
    let text = match text(&path) {
        Err(ReadError::Missing { .. }) if [RESULTS, TIMELINE, SUMMARY].iter().any(|name| dir.join(name).exists()) => {
            return Err(ReadError::Unfinished { dir: dir.to_owned() });
        }
        text => text?,
    };
    /// What only the manifest of a sweep has.
    #[derive(serde::Deserialize)]
    struct Swept {
        points: Option<u64>,
    }
    if serde_json::from_str::<Swept>(&text).is_ok_and(|swept| swept.points.is_some()) {
        return Err(ReadError::Sweep { dir: dir.to_owned() });
    }
    serde_json::from_str(&text).map_err(|e| ReadError::Malformed {
        path,
        reason: e.to_string(),
    })
}

fn text(path: &Path) -> Result<String, ReadError> {
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
