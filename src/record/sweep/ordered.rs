//! The points of a journal, or of several, in the order of their numbers.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::SweepFolderError;
use super::journal::{FinishedPlaces, FinishedPoint, JOURNAL, JournalHead, JournalReader};

/// Points that may wait for one before them. A journal has each near its place, so more are no journal of a sweep.
const MOST_WAITING: usize = 100_000;

/// Reads one journal in the order of its points; ends with an error where one is missing.
#[derive(Debug)]
pub struct PointsInOrder {
    reader: JournalReader,
    seen: FinishedPlaces,
    waiting: BTreeMap<u64, FinishedPoint>,
    place: u64,
    /// The most points that have waited at once.
    pub most_waiting: usize,
}

impl PointsInOrder {
    /// Of the journal in a folder; none where there is none, or nothing in it.
    ///
    /// # Errors
    /// [`SweepFolderError`] when it is damaged or cannot be read.
    pub fn of(dir: &Path) -> Result<Option<Self>, SweepFolderError> {
        let path = dir.join(JOURNAL);
        if !path.exists() {
            return Ok(None);
        }
        Ok(JournalReader::open(&path)?.map(|reader| Self {
            reader,
            seen: FinishedPlaces::default(),
            waiting: BTreeMap::new(),
            place: 0,
            most_waiting: 0,
        }))
    }

    /// What the journal is about.
    pub fn head(&self) -> &JournalHead {
        &self.reader.head
    }

    /// How many points are finished. Reads the whole journal; afterwards it can be read no more.
    ///
    /// # Errors
    /// [`SweepFolderError`] when it is damaged or cannot be read.
    pub fn finished(mut self) -> Result<u64, SweepFolderError> {
        while let Some(point) = self.reader.next_line()? {
            self.reader.note(&mut self.seen, &point)?;
        }
        Ok(self.seen.count())
    }

    fn next_point(&mut self) -> Result<Option<FinishedPoint>, SweepFolderError> {
        if self.place >= self.head().points() {
            return Ok(None);
        }
        loop {
            if let Some(point) = self.waiting.remove(&self.place) {
                self.place += 1;
                return Ok(Some(point));
            }
            let Some(point) = self.reader.next_line()? else {
                let missing = self.head().share().point(self.place);
                return Err(self.reader.damaged(format!("point {missing} is missing")));
            };
            let place = self.reader.note(&mut self.seen, &point)?;
            self.waiting.insert(place, point);
            self.most_waiting = self.most_waiting.max(self.waiting.len());
            if self.waiting.len() > MOST_WAITING {
                return Err(self.reader.damaged("its points are in no order".to_owned()));
            }
        }
    }
}

impl Iterator for PointsInOrder {
    type Item = Result<FinishedPoint, SweepFolderError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_point().transpose()
    }
}

/// The points of shards that are a whole sweep together, in the order of their numbers.
#[derive(Debug)]
pub struct MergedPoints {
    shards: Vec<PointsInOrder>,
    next: BTreeMap<u64, (usize, FinishedPoint)>,
}

impl MergedPoints {
    /// Of shards whose points are each other's complement.
    ///
    /// # Errors
    /// [`SweepFolderError`] when the first point of one cannot be read.
    pub fn of(shards: Vec<PointsInOrder>) -> Result<Self, SweepFolderError> {
        let next = BTreeMap::new();
        let mut merged = Self { shards, next };
        for shard in 0..merged.shards.len() {
            merged.advance(shard)?;
        }
        Ok(merged)
    }

    fn advance(&mut self, shard: usize) -> Result<(), SweepFolderError> {
        if let Some(point) = self.shards[shard].next_point()? {
            self.next.insert(point.point, (shard, point));
        }
        Ok(())
    }
}

impl Iterator for MergedPoints {
    type Item = Result<FinishedPoint, SweepFolderError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (_, (shard, point)) = self.next.pop_first()?;
        Some(self.advance(shard).map(|()| point))
    }
}
