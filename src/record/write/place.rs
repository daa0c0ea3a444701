//! Files put in their place, all of them or none.
//!
//! Every file is written to a temporary neighbour before the first one takes its place, so a full disk leaves the old set, not half
//! a new one.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::super::Record;
use super::files::{ResultFile, files, obsolete};

/// Why a record could not be written. Each message names the path and the likely fix.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
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

/// Puts files below `dir`, creating directories as needed, and then removes `obsolete` ones (paths relative to `dir`,
/// absent ones are fine): what an earlier run left that this one has no successor for, such as a chart that no longer
/// applies.
///
/// Every file is first written and synced beside its destination; only when all of them are on disk is the first one
/// renamed. Renaming a file is atomic, renaming several is not: a reader may for a moment see files of two runs.
///
/// # Errors
///
/// [`WriteError`] with the path concerned. Up to the first rename nothing has changed but empty directories.
pub fn place(dir: &Path, files: &[ResultFile], obsolete: &[PathBuf]) -> Result<(), WriteError> {
    let mut ready = Vec::with_capacity(files.len());
    let mut parents = Vec::new();
    for file in files {
        let target = dir.join(&file.path);
        let parent = target.parent().unwrap_or(dir).to_owned();
        fs::create_dir_all(&parent).map_err(|e| refusal(&parent, e))?;
        // A rename over a directory fails only at the very end, when other files are already in place: ask now.
        if target.is_dir() {
            return Err(WriteError::InTheWay {
                wanted: target.clone(),
                obstacle: target,
                found: "a directory",
            });
        }
        let temporary = write_beside(&target, &parent, &file.bytes).map_err(|e| refusal(&target, e))?;
        ready.push((temporary, target));
        parents.push(parent);
    }
    for (temporary, target) in ready {
        temporary.persist(&target).map_err(|e| refusal(&target, e.error))?;
    }
    for path in obsolete {
        let path = dir.join(path);
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(e) => return Err(refusal(&path, e)),
        }
    }
    // The names are on disk only once their directories are. Not every file system can sync a directory, and the
    // files themselves are safe by now, so a refusal is not an error.
    parents.sort();
    parents.dedup();
    for parent in parents {
        if let Ok(directory) = fs::File::open(&parent) {
            let _ = directory.sync_all();
        }
    }
    Ok(())
}

fn write_beside(target: &Path, parent: &Path, bytes: &[u8]) -> io::Result<tempfile::TempPath> {
    let name = target
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let prefix = format!(".{name}.");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix);
    // Temporary files are private by default; results are as readable as any other file of the user.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(parent)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file.into_temp_path())
}

/// Turns what the operating system says into what the user can do about it.
fn refusal(path: &Path, source: io::Error) -> WriteError {
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

impl Record {
    /// Writes the files of [`files`] below `dir`.
    ///
    /// # Errors
    ///
    /// As [`place`].
    pub fn save(&self, dir: &Path) -> Result<(), WriteError> {
        place(dir, &files(self), &obsolete(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fake;
    use crate::record::layout::{MANIFEST, RESULTS, SUMMARY, TIMELINE};
    use crate::record::read::ReadError;

    #[test]
    fn a_second_save_replaces_the_first_and_leaves_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        fake::dozen().save(dir.path()).unwrap();
        let record = fake::single();
        let mut all = files(&record);
        all.push(ResultFile::new("charts/failures.svg", "<svg/>"));
        place(dir.path(), &all, &[]).unwrap();
        place(
            dir.path(),
            &files(&record),
            &["charts/failures.svg".into(), "charts/never.svg".into()],
        )
        .unwrap();
        assert_eq!(Record::load(dir.path()).unwrap(), record);
        let mut names: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["charts", MANIFEST, RESULTS, SUMMARY, TIMELINE]);
        assert_eq!(fs::read_dir(dir.path().join("charts")).unwrap().count(), 0);
    }

    #[test]
    fn an_error_halfway_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let before = fake::single();
        before.save(dir.path()).unwrap();
        // The last file cannot be put in place, so none may be.
        fs::create_dir(dir.path().join("blocked")).unwrap();
        let mut all = files(&fake::dozen());
        all.push(ResultFile::new("blocked", "x"));
        let error = place(dir.path(), &all, &[]).unwrap_err();
        assert!(matches!(error, WriteError::InTheWay { .. }), "{error}");
        assert_eq!(Record::load(dir.path()).unwrap(), before);
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            5,
            "no temporary file stays behind"
        );
    }

    #[test]
    fn errors_name_the_path_and_the_fix() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("taken");
        fs::write(&file, "").unwrap();
        for below in ["", "a/b"] {
            let error = fake::single().save(&file.join(below)).unwrap_err().to_string();
            assert!(error.contains("taken` is in the way"), "{error}");
            assert!(error.contains("--out"), "{error}");
        }
        let denied = refusal(&file, ErrorKind::PermissionDenied.into());
        assert!(matches!(denied, WriteError::NotWritable { .. }) && denied.to_string().contains("taken"));
        let full = refusal(&file, ErrorKind::StorageFull.into());
        assert!(matches!(full, WriteError::DiskFull { .. }) && full.to_string().contains("space"));
        let missing = Record::load(dir.path()).unwrap_err();
        assert!(matches!(missing, ReadError::Missing { .. }) && missing.to_string().contains(MANIFEST));
    }

    #[cfg(unix)]
    #[test]
    fn results_are_as_readable_as_other_files() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let plain = dir.path().join("plain");
        fs::write(&plain, "").unwrap();
        fake::single().save(dir.path()).unwrap();
        let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode();
        assert_eq!(mode(&dir.path().join(RESULTS)), mode(&plain));
    }
}
