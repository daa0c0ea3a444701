//! Why something could not be written.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Why a record could not be written. Each message names the path and the likely fix.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Another process writes its results there.
    #[error("another run writes to `{dir}` at this moment; wait for its end or choose another --out")]
    Busy {
        /// The folder.
        dir: PathBuf,
    },
    /// A part of the path exists and is a file, or a file is to be written where a directory stands.
    #[error("cannot write `{wanted}`: `{obstacle}` is in the way ({found}); move it away or choose another --out")]
    InTheWay {
        /// What was to be written.
        wanted: PathBuf,
        /// What stands there.
        obstacle: PathBuf,
        /// What kind of thing it is.
        found: &'static str,
    },
    /// Permissions, or a file system mounted read-only.
    #[error("cannot write `{path}`: {source}; make its directory writable or choose another --out")]
    NotWritable {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// No space or no quota left. Nothing was replaced.
    #[error("cannot write `{path}`: {source}; free some space or choose an --out on another disk")]
    DiskFull {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// Anything else that the operating system reports.
    #[error("cannot write `{path}`: {source}; check that the directory is reachable or choose another --out")]
    Other {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

/// A directory stands where a file is to be written, or to be removed.
pub(super) fn directory_in_the_way(path: PathBuf) -> WriteError {
    WriteError::InTheWay {
        wanted: path.clone(),
        obstacle: path,
        found: "a directory",
    }
}

/// Turns what the operating system says into what the user can do about it.
pub(in crate::record) fn refusal(path: &Path, source: io::Error) -> WriteError {
    let path = path.to_owned();
    match source.kind() {
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            let obstacle = path.ancestors().find(|a| a.exists() && !a.is_dir());
            let obstacle = obstacle.unwrap_or(&path).to_owned();
            WriteError::InTheWay {
                wanted: path,
                obstacle,
                found: "a file, not a directory",
            }
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => WriteError::NotWritable { path, source },
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => WriteError::DiskFull { path, source },
        _ => WriteError::Other { path, source },
    }
}
