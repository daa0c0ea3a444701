//! One file of a folder that is held, written piece by piece beside its place and put there whole.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::death;
use super::error::{WriteError, directory_in_the_way, refusal};
use super::place::{COMING, parent_of, sync};

/// A file on its way; what has not arrived when this is dropped is removed.
#[derive(Debug)]
pub(in crate::record) struct Arrival {
    here: PathBuf,
    target: PathBuf,
    file: File,
}

impl Arrival {
    /// A file that is to come to this place, in a folder that is held.
    pub(in crate::record) fn at(target: &Path) -> Result<Self, WriteError> {
        if target.is_dir() {
            return Err(directory_in_the_way(target.to_owned()));
        }
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let here = parent_of(target).join(format!(".{name}.{COMING}"));
        death::may_come();
        let file = File::create(&here).map_err(|error| refusal(target, error))?;
        let target = target.to_owned();
        Ok(Self { here, target, file })
    }

    /// Where its content is written to.
    pub(in crate::record) fn file(&self) -> &File {
        &self.file
    }

    /// Puts it in its place.
    pub(in crate::record) fn arrive(self) -> Result<(), WriteError> {
        let written = self.file.sync_all();
        death::may_come();
        let there = written.and_then(|()| fs::rename(&self.here, &self.target));
        there.map_err(|error| refusal(&self.target, error))?;
        sync(parent_of(&self.target));
        Ok(())
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        // Nothing is there once it has arrived.
        let _ = fs::remove_file(&self.here);
    }
}
