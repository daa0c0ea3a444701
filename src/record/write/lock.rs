//! A file that one process holds at a time; the operating system lets go of it when the process ends, however it ends.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Times that a lock is looked for that others take and let go of meanwhile.
const TRIES: usize = 1000;

/// Held until it is dropped, and then no trace of it is left.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    /// None where the file system knows no locks.
    file: Option<File>,
}

impl Lock {
    /// Takes the lock; none when another process, or another part of this one, holds it.
    pub(super) fn take(path: &Path) -> io::Result<Option<Self>> {
        Self::by(path, |file| match file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        })
    }

    /// Takes the lock as soon as nobody else holds it.
    pub(super) fn wait(path: &Path) -> io::Result<Self> {
        let lock = Self::by(path, |file| file.lock().map(|()| true))?;
        lock.ok_or_else(|| ErrorKind::WouldBlock.into())
    }

    fn by(path: &Path, lock: impl Fn(&File) -> io::Result<bool>) -> io::Result<Option<Self>> {
        for _ in 0..TRIES {
            let file = File::options().create(true).truncate(false).write(true).open(path)?;
            let file = match lock(&file) {
                Ok(false) => return Ok(None),
                Ok(true) if !is_at(&file, path) => continue,
                Ok(true) => Some(file),
                Err(error) if error.kind() == ErrorKind::Unsupported => None,
                Err(error) => return Err(error),
            };
            let path = path.to_owned();
            return Ok(Some(Self { path, file }));
        }
        Err(ErrorKind::WouldBlock.into())
    }
}

/// Whether the file is still the one of this name: who held it before us has taken its name away.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let same = |held: fs::Metadata, named: fs::Metadata| (held.dev(), held.ino()) == (named.dev(), named.ino());
    file.metadata()
        .and_then(|held| Ok(same(held, fs::metadata(path)?)))
        .unwrap_or(false)
}

#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

impl Drop for Lock {
    /// The name goes while the lock is held, so that nobody takes away the name of the next one's.
    fn drop(&mut self) {
        if cfg!(unix) || self.file.is_none() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn one_holds_it_at_a_time_and_no_trace_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".lock");
        let held = Lock::take(&path).unwrap();
        assert!(held.is_some());
        assert!(Lock::take(&path).unwrap().is_none());
        drop(held);
        assert!(!path.exists());
        // What a process has left that was killed is nobody's.
        fs::write(&path, "").unwrap();
        assert!(Lock::take(&path).unwrap().is_some());
    }

    #[test]
    fn many_who_wait_come_one_after_the_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".lock");
        let inside = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let _lock = Lock::wait(&path).unwrap();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(!path.exists());
    }
}
