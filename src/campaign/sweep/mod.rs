//! Sweeps over more points than a run holds at once: points are worked out one by one, run a few at a time, and their figures go to a
//! journal as soon as they are there.
//!
//! Every point meets the same arrivals and the same luck, as in a run with a `[sweep]`. What comes out depends neither on the number of threads
//! nor on where a sweep was ended and begun again.

mod axis;
mod design;
mod range;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::{fs, io};

use rayon::prelude::*;

use super::manifest::manifest;
use super::options::{CampaignError, CampaignOptions, CampaignProgress, VarianceReduction};
use super::precision::Precision;
use crate::record::sweep::{
    FinishedPlaces, FinishedPoint, Journal, JournalHead, NamedFile, SweepPlan, SweptPrecision, SweptValues, rows,
};
use crate::record::write::WriteError;
use crate::record::{Check, FigureDoubts, sha256};
use crate::scenario::{Overrides, Scenario, ScenarioError};

pub use design::{SweepDesign, SweepSample};

/// A scenario, and the points at which it is to be run.
#[derive(Debug)]
pub struct SweptScenario {
    /// As it is without any of the swept values.
    scenario: Scenario,
    /// Values in place of the scenario's at every point.
    set: Vec<(String, String)>,
    design: SweepDesign,
}

/// Why a sweep ended before its last point. What was finished is kept.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The scenario has mistakes at one of the points.
    #[error(transparent)]
    Scenario(#[from] Box<ScenarioError>),
    /// A point cannot be run.
    #[error("point {point}: {source}")]
    Campaign {
        /// Its number, from 0.
        point: u64,
        /// Why.
        source: CampaignError,
    },
    /// A file that the scenario names can no longer be read.
    #[error("cannot read `{path}`, which the scenario names: {source}; do not move it while the sweep is read")]
    NamedFile {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The journal cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The threads cannot be started.
    #[error("cannot start {threads} threads: {reason}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// What the operating system says.
        reason: String,
    },
}

impl SweptScenario {
    /// A scenario at the points of a design. Each point is read, or where there are more than a thousand, each value of each key at the
    /// first values of the others: a slip should not cost an hour.
    ///
    /// # Errors
    /// With the mistakes at the first point that has any.
    pub fn new(
        scenario: Scenario,
        set: Vec<(String, String)>,
        design: SweepDesign,
    ) -> Result<Self, Box<ScenarioError>> {
        let swept = Self { scenario, set, design };
        for values in swept.design.telling() {
            swept.with(values)?;
        }
        Ok(swept)
    }

    fn with(&self, values: Vec<(String, String)>) -> Result<Scenario, Box<ScenarioError>> {
        let overrides = Overrides {
            set: self.set.clone(),
            sweep: values.into_iter().map(|(key, value)| (key, vec![value])).collect(),
        };
        self.scenario.with_values(&overrides).map_err(Box::new)
    }

    /// The scenario at a point, with a sweep over the values of that point alone.
    ///
    /// # Errors
    /// With the mistakes that it has there.
    pub fn point(&self, number: u64) -> Result<Scenario, Box<ScenarioError>> {
        self.with(self.design.point(number))
    }

    /// How many points there are.
    pub fn points(&self) -> u64 {
        self.design.points()
    }

    /// What the figures depend on, but for the command line.
    ///
    /// # Errors
    /// [`SweepError::NamedFile`] when a file that the scenario names can no longer be read.
    pub fn plan(&self, options: &CampaignOptions, sample: Option<SweepSample>) -> Result<SweepPlan, SweepError> {
        let params = self.design.written().map(|(key, values)| SweptValues {
            key: key.to_owned(),
            values: values.to_owned(),
        });
        let mut plan = SweepPlan {
            manifest: manifest(&self.scenario, options.seed, options.replications, 0),
            set: self.set.iter().map(|(key, value)| format!("{key}={value}")).collect(),
            only: options.only.clone(),
            params: params.collect(),
            sample: sample.map(|sample| sample.to_string()),
            points: self.points(),
            precision: options.precision.as_ref().map(SweptPrecision::from),
            controls: options.variance == VarianceReduction::Controls,
            named_files: self.named_files()?,
        };
        plan.manifest.run = plan.id();
        Ok(plan)
    }

    /// The files that were read for the scenario and for each value of its points.
    fn named_files(&self) -> Result<Vec<NamedFile>, SweepError> {
        let digest = |written: PathBuf| {
            let path = self.scenario.folder.join(&written);
            let content = fs::read(&path).map_err(|source| SweepError::NamedFile { path, source })?;
            Ok(NamedFile {
                path: written.display().to_string(),
                sha256: sha256(&content),
            })
        };
        self.scenario.named_files().into_iter().map(digest).collect()
    }
}

impl From<&Precision> for SweptPrecision {
    fn from(precision: &Precision) -> Self {
        Self {
            asked: precision.goals.iter().map(|goal| goal.written().to_owned()).collect(),
            most_replications: precision.most_replications,
            most_events: precision.most_events,
        }
    }
}

/// Runs the points of a journal's share that are not finished, `at_once` at a time; `stop` ends it early. Progress is told in points.
///
/// # Errors
/// [`SweepError`] at the first point that cannot be read, run or kept.
pub fn run(
    swept: &SweptScenario,
    options: &CampaignOptions,
    head: &JournalHead,
    (journal, finished): (Journal, FinishedPlaces),
    at_once: usize,
    progress: &dyn CampaignProgress,
    stop: &AtomicBool,
) -> Result<(), SweepError> {
    let threads = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build();
    let threads = threads.map_err(|error| SweepError::Threads {
        threads: options.threads,
        reason: error.to_string(),
    })?;
    progress.planned(head.points() - finished.count());
    let journal = Mutex::new(journal);
    let one = |number: u64| -> Result<(), SweepError> {
        if stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        let scenario = swept.point(number)?;
        let figures =
            super::point(&scenario, options, stop).map_err(|source| SweepError::Campaign { point: number, source })?;
        let Some(figures) = figures else { return Ok(()) };
        let manifest = &head.plan.manifest;
        let point = FinishedPoint {
            point: number,
            events: figures.events,
            failed: figures.failed.iter().map(told).collect(),
            rows: rows(
                (&manifest.scenario, &manifest.run),
                &figures.readings,
                &FigureDoubts::of(&figures.mixtures, &figures.open),
                figures.ended_by,
            ),
            ended_by: figures.ended_by,
            mixtures: figures.mixtures,
        };
        journal.lock().unwrap_or_else(PoisonError::into_inner).add(&point)?;
        progress.done();
        Ok(())
    };
    let mut missing = finished.missing(head.points());
    let ended = loop {
        // The next batch begins when all of the one before is done, so that no point is far from its place in the journal.
        let batch: Vec<u64> = missing.by_ref().take(at_once.max(1)).collect();
        if batch.is_empty() || stop.load(Ordering::Relaxed) {
            break Ok(());
        }
        let share = head.share();
        let done: Result<(), SweepError> = threads.install(|| {
            batch
                .par_iter()
                .with_max_len(1)
                .map(|place| one(share.point(*place)))
                .collect()
        });
        if let Err(error) = done {
            break Err(error);
        }
    };
    let mut journal = journal.into_inner().unwrap_or_else(PoisonError::into_inner);
    journal.sync()?;
    ended
}

/// An assertion that failed, in words.
fn told(check: &Check) -> String {
    let measured = check.measured.map_or("no value".to_owned(), |value| value.to_string());
    let (strategy, point, metric, condition) = (&check.strategy, &check.point, &check.metric, &check.condition);
    format!("{strategy} at {point}: {metric} {condition}: measured {measured}")
}
