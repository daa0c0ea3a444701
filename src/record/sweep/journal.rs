//! The journal of a sweep that is not finished: a line for what it is about, and one for each finished point, in the order in which they
//! are finished.
//!
//! A line begins with a digest of its rest, and is written at once: what a killed process or a failed machine has torn is seen, and cut
//! off. Points are run in batches of consecutive ones, so that a point is never far from its place, and whoever reads the journal
//! in the order of the points holds a few at a time.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::SweepFolderError;
use super::plan::SweepPlan;
use super::shard::SweepShard;
pub use crate::record::layout::JOURNAL;
use crate::record::write::{RunFolder, WriteError, refusal};
use crate::record::{Mixture, PrecisionEnd, sha256};

/// A point that is finished within this time of the last that was waited for on disk is left to the system to write out: a killed process
/// loses none, a power failure perhaps these.
const SYNC: Duration = Duration::from_secs(1);

/// Letters of the digest at the head of a line.
const DIGEST: usize = 16;

/// What a journal is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalHead {
    /// The sweep.
    pub plan: SweepPlan,
    /// The points that are this journal's; none where they are all, and the folder is the whole sweep's.
    pub shard: Option<SweepShard>,
}

impl JournalHead {
    /// The points that are this journal's.
    pub fn share(&self) -> SweepShard {
        self.shard.unwrap_or(SweepShard::ALL)
    }

    /// How many points are this journal's.
    pub fn points(&self) -> u64 {
        self.share().len(self.plan.points)
    }
}

/// What came out at one point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FinishedPoint {
    /// Its number, from 0.
    pub point: u64,
    /// Simulator events.
    pub events: u64,
    /// Assertions of the scenario that failed, a sentence for each.
    pub failed: Vec<String>,
    /// Its rows of `results.csv`.
    pub rows: String,
    /// Why it has no more replications, where a precision was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<PrecisionEnd>,
    /// Strategies of which some replications storm and some do not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mixtures: Vec<Mixture>,
}

/// The places of a journal's share that are finished: all up to one, and some after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FinishedPlaces {
    below: u64,
    above: BTreeSet<u64>,
}

impl FinishedPlaces {
    /// Errors when it was finished already.
    fn add(&mut self, place: u64) -> Result<(), String> {
        if self.has(place) {
            return Err(format!("place {place} stands there twice"));
        }
        self.above.insert(place);
        while self.above.remove(&self.below) {
            self.below += 1;
        }
        Ok(())
    }

    /// Whether a place is finished.
    pub fn has(&self, place: u64) -> bool {
        place < self.below || self.above.contains(&place)
    }

    /// How many are.
    pub fn count(&self) -> u64 {
        self.below + self.above.len() as u64
    }

    /// Those of so many that are not.
    pub fn missing(self, of: u64) -> impl Iterator<Item = u64> {
        (self.below..of).filter(move |place| !self.above.contains(place))
    }
}

/// A journal that points are added to.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    length: u64,
    synced: Instant,
    /// Bytes at its end that were torn, and are cut off.
    pub torn: u64,
}

impl Journal {
    /// The journal of a folder: a new one, or that of an earlier start of the same sweep, with what is finished.
    ///
    /// # Errors
    /// [`SweepFolderError`] when the folder holds another sweep, or cannot be written to.
    pub fn open(folder: &RunFolder, head: &JournalHead) -> Result<(Self, FinishedPlaces), SweepFolderError> {
        let path = folder.path().join(JOURNAL);
        let begun = match path.exists() {
            true => JournalReader::open(&path)?,
            false => None,
        };
        let write = |error| SweepFolderError::Write(refusal(&path, error));
        let options = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path);
        let mut journal = Self {
            file: options.map_err(write)?,
            path: path.clone(),
            length: 0,
            synced: Instant::now(),
            torn: 0,
        };
        let mut finished = FinishedPlaces::default();
        match begun {
            Some(mut reader) => {
                is_of(&reader.head, head, folder.path())?;
                while let Some(point) = reader.next_line()? {
                    reader.note(&mut finished, &point)?;
                }
                journal.length = reader.length;
                let whole = journal.file.metadata().map_err(write)?.len();
                journal.torn = whole - journal.length;
                journal.cut().map_err(write)?;
            }
            None => {
                journal.cut().map_err(write)?;
                journal.line(&serde_json::to_string(head).expect("plain data as JSON"))?;
                journal.sync()?;
            }
        }
        Ok((journal, finished))
    }

    /// Adds a finished point.
    ///
    /// # Errors
    /// [`WriteError`]; the journal is then as it was before.
    pub fn add(&mut self, point: &FinishedPoint) -> Result<(), WriteError> {
        self.line(&serde_json::to_string(point).expect("plain data as JSON"))?;
        match self.synced.elapsed() < SYNC {
            true => Ok(()),
            false => self.sync(),
        }
    }

    /// Waits until all of it is on disk.
    ///
    /// # Errors
    /// [`WriteError`] when it cannot be.
    pub fn sync(&mut self) -> Result<(), WriteError> {
        self.synced = Instant::now();
        self.file.sync_data().map_err(|error| refusal(&self.path, error))
    }

    fn line(&mut self, text: &str) -> Result<(), WriteError> {
        let line = format!("{} {text}\n", digest(text.as_bytes()));
        if let Err(error) = self.file.write_all(line.as_bytes()) {
            // What is torn would be seen, and yet: whatever can be given back to a full disk is.
            let _ = self.cut();
            return Err(refusal(&self.path, error));
        }
        self.length += line.len() as u64;
        Ok(())
    }

    /// Ends the file where its last whole line does, and writes on from there.
    fn cut(&mut self) -> std::io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length)).map(|_| ())
    }
}

fn digest(text: &[u8]) -> String {
    let mut digest = sha256(text);
    digest.truncate(DIGEST);
    digest
}

/// Errors when a folder is of another sweep, or of another share of it.
pub(super) fn is_of(there: &JournalHead, wanted: &JournalHead, dir: &Path) -> Result<(), SweepFolderError> {
    let share = |head: &JournalHead| {
        head.shard
            .map_or("all points".to_owned(), |shard| format!("shard {shard}"))
    };
    if let Some(error) = SweepFolderError::of_plans(dir, &wanted.plan, &there.plan) {
        return Err(error);
    }
    let (one, other) = (share(wanted), share(there));
    match one == other {
        true => Ok(()),
        false => Err(SweepFolderError::Another {
            dir: dir.to_owned(),
            differs: format!("another share of the points: {other}, and not {one}"),
        }),
    }
}

/// A journal that is read, line by line.
#[derive(Debug)]
pub(super) struct JournalReader {
    pub(super) head: JournalHead,
    pub(super) path: PathBuf,
    lines: BufReader<File>,
    line: Vec<u8>,
    /// Bytes up to the end of the last line that is whole.
    length: u64,
}

impl JournalReader {
    /// Opens a journal; none where not even its first line was finished.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, SweepFolderError> {
        let unreadable = |source| SweepFolderError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let mut lines = BufReader::new(File::open(path).map_err(unreadable)?);
        let mut line = Vec::new();
        let whole = next_whole(&mut lines, &mut line).map_err(unreadable)?;
        if whole {
            let head = parsed(&line).ok_or_else(|| SweepFolderError::Damaged {
                path: path.to_owned(),
                reason: "its first line does not say what it is about".to_owned(),
            })?;
            let length = line.len() as u64;
            let path = path.to_owned();
            return Ok(Some(Self {
                head,
                path,
                lines,
                line,
                length,
            }));
        }
        // A first line that is torn; anything else is not ours to overwrite.
        let ours = |at: usize, byte: u8| {
            if at < DIGEST {
                byte.is_ascii_hexdigit()
            } else {
                byte == [b' ', b'{'][at - DIGEST]
            }
        };
        match line
            .iter()
            .take(DIGEST + 2)
            .enumerate()
            .all(|(at, byte)| ours(at, *byte))
            && !line.ends_with(b"\n")
        {
            true => Ok(None),
            false => Err(SweepFolderError::Damaged {
                path: path.to_owned(),
                reason: "its first line was not written by a sweep".to_owned(),
            }),
        }
    }

    /// The next finished point; none at the end, or where a line is torn: what comes after that was not on disk when the machine failed.
    pub(super) fn next_line(&mut self) -> Result<Option<FinishedPoint>, SweepFolderError> {
        let whole = next_whole(&mut self.lines, &mut self.line);
        let whole = whole.map_err(|source| SweepFolderError::Unreadable {
            path: self.path.clone(),
            source,
        })?;
        if !whole {
            return Ok(None);
        }
        let point: FinishedPoint = parsed(&self.line).ok_or_else(|| self.damaged("a line is no point".to_owned()))?;
        self.length += self.line.len() as u64;
        Ok(Some(point))
    }

    /// Notes the place of a point; errors when it is none of this share, or was there already.
    pub(super) fn note(&self, finished: &mut FinishedPlaces, point: &FinishedPoint) -> Result<u64, SweepFolderError> {
        let place = self
            .head
            .share()
            .place(point.point)
            .filter(|_| point.point < self.head.plan.points);
        let place = place.ok_or_else(|| self.damaged(format!("point {} is none of its own", point.point)))?;
        finished.add(place).map_err(|reason| self.damaged(reason))?;
        Ok(place)
    }

    pub(super) fn damaged(&self, reason: String) -> SweepFolderError {
        SweepFolderError::Damaged {
            path: self.path.clone(),
            reason,
        }
    }
}

/// Reads a line, and says whether it is as it was written.
fn next_whole(lines: &mut BufReader<File>, line: &mut Vec<u8>) -> std::io::Result<bool> {
    line.clear();
    lines.read_until(b'\n', line)?;
    Ok(content(line).is_some())
}

/// What a whole line says.
fn content(line: &[u8]) -> Option<&[u8]> {
    let (head, text) = line.strip_suffix(b"\n")?.split_at_checked(DIGEST)?;
    let text = text.strip_prefix(b" ")?;
    (digest(text).as_bytes() == head).then_some(text)
}

fn parsed<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    serde_json::from_slice(content(line)?).ok()
}

#[cfg(test)]
mod tests;
