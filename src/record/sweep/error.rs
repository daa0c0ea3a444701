//! Why the folder of a sweep cannot be used.

use std::io;
use std::path::{Path, PathBuf};

use super::plan::SweepPlan;
use crate::record::write::WriteError;

/// Why the folder of a sweep cannot be used. Each message names it and the likely fix.
#[derive(Debug, thiserror::Error)]
pub enum SweepFolderError {
    /// It holds another sweep.
    #[error("`{dir}` holds a sweep with {differs}; choose another --out, or remove the folder")]
    Another {
        /// The folder.
        dir: PathBuf,
        /// What differs.
        differs: String,
    },
    /// It holds the same sweep, with another content of a file that the scenario names.
    #[error(
        "`{file}`, which the scenario names, has changed since the sweep in `{dir}` began; put it back as it was to go on, or begin anew: \
         choose another --out, or remove the folder"
    )]
    Changed {
        /// The folder.
        dir: PathBuf,
        /// The file, as the scenario writes it.
        file: String,
    },
    /// It holds something else.
    #[error("`{dir}` holds the results of something else than a sweep; choose another --out, or remove the folder")]
    NoSweep {
        /// The folder.
        dir: PathBuf,
    },
    /// It holds no shard.
    #[error(
        "`{dir}` holds no shard of a sweep ({reason}); give folders that `tokenstorm sweep --shard I/N` has written"
    )]
    NoShard {
        /// The folder.
        dir: PathBuf,
        /// What it holds.
        reason: &'static str,
    },
    /// Shards that are no sweep together.
    #[error("{0}")]
    Together(String),
    /// A file is not as a sweep has written it.
    #[error("`{path}` is damaged: {reason}; remove it and run the same command again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// It cannot be written to.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The operating system refused to read it.
    #[error("cannot read `{path}`: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

impl SweepFolderError {
    /// Why a sweep of this plan cannot go on in a folder with one of that plan; none where they are the same sweep.
    pub(super) fn of_plans(dir: &Path, wanted: &SweepPlan, there: &SweepPlan) -> Option<Self> {
        let dir = dir.to_owned();
        if let Some(file) = wanted.changed_file(there) {
            let file = file.to_owned();
            return Some(Self::Changed { dir, file });
        }
        let differs = wanted.differs(there)?;
        Some(Self::Another { dir, differs })
    }
}
