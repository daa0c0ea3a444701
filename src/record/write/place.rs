//! Files put in their place: those of a run all or none, and a single file whole.
//!
//! A folder is one run. Every file is written beside its destination before anything changes, so a full disk leaves the old set.
//! Then the old manifest goes, the files take their places, and the new manifest comes last: whoever finds a manifest finds the
//! files that belong to it, and a process that is killed on the way leaves a folder without one.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::super::Record;
use super::super::layout::MANIFEST;
use super::death;
use super::error::{WriteError, directory_in_the_way, refusal};
use super::files::{ResultFile, files, obsolete};
use super::lock::Lock;

/// Taken while results are written into a folder.
const LOCK: &str = ".tokenstorm.lock";

/// The ending of a file that is not in its place yet; whoever holds the folder's lock sweeps what killed processes left.
pub(super) const COMING: &str = "tokenstorm";

/// The ending of one that stands alone: its name has a lock of its own, and who sweeps a folder does not hold it.
const ALONE: &str = "part";

/// A folder that nobody else writes results to, as long as this is held.
#[derive(Debug)]
pub struct RunFolder {
    dir: PathBuf,
    /// Let go of before the directories are looked at.
    lock: Option<Lock>,
    /// Directories that were made for it, the outermost first.
    made: Vec<PathBuf>,
}

impl RunFolder {
    /// Takes a folder for one run; it is made where it does not exist, and removed again where nothing comes into it.
    ///
    /// # Errors
    ///
    /// [`WriteError::Busy`] when somebody else has taken it, or why it cannot be written to.
    pub fn take(dir: &Path) -> Result<Self, WriteError> {
        // Without a slash at its end, which would make a file that is in the way look like no file.
        let dir: &Path = &dir.components().collect::<PathBuf>();
        let missing = dir
            .ancestors()
            .take_while(|path| !path.as_os_str().is_empty() && !path.exists());
        let mut made: Vec<_> = missing.map(Path::to_owned).collect();
        made.reverse();
        fs::create_dir_all(dir).map_err(|e| refusal(dir, e))?;
        let mut folder = Self {
            dir: dir.to_owned(),
            lock: None,
            made,
        };
        let path = dir.join(LOCK);
        folder.lock = Lock::take(&path).map_err(|e| refusal(&path, e))?;
        match folder.lock {
            Some(_) => Ok(folder),
            None => Err(WriteError::Busy { dir: dir.to_owned() }),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// Puts files below the folder, creating directories as needed, and removes `obsolete` ones (paths relative to it, absent
    /// ones are fine): what an earlier run left that this one has no successor for, such as a chart that no longer applies.
    /// With a manifest among them, they are a run that takes the place of the one that was there.
    ///
    /// # Errors
    ///
    /// [`WriteError`] with the path concerned. Up to the first rename nothing has changed but empty directories.
    pub fn place(&self, files: &[ResultFile], obsolete: &[PathBuf]) -> Result<(), WriteError> {
        let manifest = self.dir.join(MANIFEST);
        let obsolete: Vec<_> = obsolete.iter().map(|path| self.dir.join(path)).collect();
        if let Some(directory) = obsolete.iter().find(|path| path.is_dir()) {
            return Err(directory_in_the_way(directory.clone()));
        }
        let targets = files.iter().map(|file| self.dir.join(&file.path));
        let parents: BTreeSet<_> = targets
            .chain(obsolete.iter().cloned())
            .filter_map(|path| Some(path.parent()?.to_owned()))
            .chain([self.dir.clone()])
            .collect();
        parents.iter().for_each(|parent| sweep(parent));
        let mut coming = Coming::default();
        for file in files {
            let target = self.dir.join(&file.path);
            let parent = parent_of(&target);
            fs::create_dir_all(parent).map_err(|e| refusal(parent, e))?;
            coming.write(target, &file.bytes, COMING)?;
        }
        let (last, first): (Vec<_>, Vec<_>) = coming.paths.drain(..).partition(|(_, target)| *target == manifest);
        if !last.is_empty() {
            remove(&manifest)?;
            sync(&self.dir);
        }
        coming.paths = first;
        coming.last = last;
        coming.arrive()?;
        for path in &obsolete {
            remove(path)?;
        }
        parents.iter().for_each(|parent| sync(parent));
        coming.last_arrives()?;
        sync(&self.dir);
        Ok(())
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        self.lock = None;
        // What is not empty stays.
        for made in self.made.iter().rev() {
            let _ = fs::remove_dir(made);
        }
    }
}

/// [`RunFolder::place`] below a folder that is taken for as long as that lasts.
///
/// # Errors
///
/// As [`RunFolder::take`] and [`RunFolder::place`].
pub fn place(dir: &Path, files: &[ResultFile], obsolete: &[PathBuf]) -> Result<(), WriteError> {
    RunFolder::take(dir)?.place(files, obsolete)
}

/// Writes one file that stands alone, whole or not at all, after whoever else writes it at this moment. What is no regular file, such as `/dev/stdout`, is written to as it is.
///
/// # Errors
///
/// [`WriteError`] with the path concerned; what stood there before still does.
pub fn place_alone(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    // A link stays one, and what it leads to is replaced.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if path.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return fs::write(&path, bytes).map_err(|e| refusal(&path, e));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let parent = parent_of(&path);
    let lock = parent.join(format!(".{name}.lock"));
    let _lock = Lock::wait(&lock).map_err(|e| refusal(&lock, e))?;
    let mut coming = Coming::default();
    coming.write(path.clone(), bytes, ALONE)?;
    coming.arrive()?;
    sync(parent);
    Ok(())
}

pub(super) fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Files that are written, and wait to take their places; those that still wait when this is dropped are removed.
#[derive(Default)]
struct Coming {
    /// Where each is, and where it goes.
    paths: Vec<(PathBuf, PathBuf)>,
    /// After all others.
    last: Vec<(PathBuf, PathBuf)>,
}

impl Coming {
    fn write(&mut self, target: PathBuf, bytes: &[u8], ending: &str) -> Result<(), WriteError> {
        // A rename over a directory fails only at the very end, when other files are already in place: ask now.
        if target.is_dir() {
            return Err(directory_in_the_way(target));
        }
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let here = parent_of(&target).join(format!(".{name}.{ending}"));
        death::may_come();
        let file = File::create(&here).map_err(|e| refusal(&target, e));
        self.paths.push((here, target));
        let mut file = file?;
        death::may_come();
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        written.map_err(|e| refusal(&self.paths[self.paths.len() - 1].1, e))
    }

    fn arrive(&mut self) -> Result<(), WriteError> {
        rename(&mut self.paths)
    }

    fn last_arrives(&mut self) -> Result<(), WriteError> {
        rename(&mut self.last)
    }
}

/// In their order.
fn rename(paths: &mut Vec<(PathBuf, PathBuf)>) -> Result<(), WriteError> {
    while let Some((here, target)) = paths.first() {
        death::may_come();
        fs::rename(here, target).map_err(|e| refusal(target, e))?;
        paths.remove(0);
    }
    Ok(())
}

impl Drop for Coming {
    fn drop(&mut self) {
        for (here, _) in self.paths.iter().chain(&self.last) {
            let _ = fs::remove_file(here);
        }
    }
}

/// Removes what killed processes have left in a directory whose folder is held.
fn sweep(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.ends_with(&format!(".{COMING}")) {
            // What stays costs room and nothing else.
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn remove(path: &Path) -> Result<(), WriteError> {
    death::may_come();
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(refusal(path, e)),
        _ => Ok(()),
    }
}

/// Names are on disk only once their directory is. Not every file system can sync a directory, and the files themselves are safe
/// by then, so a refusal is not an error.
pub(super) fn sync(directory: &Path) {
    let _: io::Result<()> = File::open(directory).and_then(|directory| directory.sync_all());
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

    #[test]
    fn a_folder_is_taken_once_and_vanishes_where_nothing_came_into_it() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("zoom/default");
        let held = RunFolder::take(&deep).unwrap();
        let busy = fake::single().save(&deep).unwrap_err();
        assert!(
            matches!(busy, WriteError::Busy { .. }) && busy.to_string().contains("zoom/default"),
            "{busy}"
        );
        drop(held);
        assert!(!dir.path().join("zoom").exists());
        fake::single().save(&deep).unwrap();
        assert_eq!(Record::load(&deep).unwrap(), fake::single());
    }

    #[test]
    fn what_a_killed_run_has_left_is_swept_and_nothing_else_is() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("charts")).unwrap();
        let left = [".timeline.csv.tokenstorm", "charts/.cost.svg.tokenstorm", LOCK];
        let kept = ["notes.md", ".hidden", "charts/own.svg"];
        for name in left.iter().chain(&kept) {
            fs::write(dir.path().join(name), "").unwrap();
        }
        place(dir.path(), &files(&fake::single()), &["charts/never.svg".into()]).unwrap();
        assert!(left.iter().all(|name| !dir.path().join(name).exists()));
        assert!(kept.iter().all(|name| dir.path().join(name).exists()));
    }

    #[test]
    fn a_file_that_stands_alone_is_whole_and_leaves_nothing_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("deep")).unwrap();
        let path = dir.path().join("deep/run.svg");
        for text in ["<svg/>", "<svg>2</svg>"] {
            place_alone(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        let error = place_alone(dir.path(), b"").unwrap_err();
        assert!(matches!(error, WriteError::InTheWay { .. }), "{error}");
        #[cfg(unix)]
        {
            let link = dir.path().join("link.svg");
            std::os::unix::fs::symlink(&path, &link).unwrap();
            place_alone(&link, b"through the link").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "through the link");
            place_alone(Path::new("/dev/null"), b"gone").unwrap();
            assert!(!Path::new("/dev/null").metadata().unwrap().is_file());
        }
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
