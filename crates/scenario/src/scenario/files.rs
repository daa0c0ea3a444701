//! The files that a scenario names, and what is worked out from a distribution: each is read once, however many points and plans want it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::{Duration, Time};
use crate::net::{Distribution, DistributionError, Latency};
use crate::workload::trace::{self, TraceError};

/// The calls of one trace by the fleets that they are for.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// By fleet, in order of time.
    by_fleet: BTreeMap<String, Arc<[Time]>>,
    /// Where each fleet is named first, in the order of the file.
    first_lines: Vec<(u64, String)>,
}

impl Calls {
    /// The calls for a fleet.
    pub(super) fn of(&self, fleet: &str) -> Option<&Arc<[Time]>> {
        self.by_fleet.get(fleet)
    }

    /// The fleets that are named, each with the line that does so first.
    pub(super) fn fleets(&self) -> impl Iterator<Item = (u64, &str)> {
        self.first_lines.iter().map(|(line, fleet)| (*line, fleet.as_str()))
    }

    fn read(path: &Path) -> Result<Self, TraceError> {
        let mut lines: BTreeMap<String, u64> = BTreeMap::new();
        let mut times: BTreeMap<String, Vec<Time>> = BTreeMap::new();
        for row in trace::rows(path)? {
            let first = lines.entry(row.fleet.clone()).or_insert(row.line);
            *first = row.line.min(*first);
            times.entry(row.fleet).or_default().push(Time::ZERO + row.at);
        }
        let first_lines: BTreeSet<(u64, String)> = lines.into_iter().map(|(fleet, line)| (line, fleet)).collect();
        Ok(Self {
            by_fleet: times.into_iter().map(|(fleet, times)| (fleet, times.into())).collect(),
            first_lines: first_lines.into_iter().collect(),
        })
    }
}

/// Distributions that are kept ready, of some 90 kB each. A sweep over a latency meets a new one at each point.
const MOST_READY: usize = 256;

/// What has been read so far, looked up from one folder.
#[derive(Debug, Default)]
pub(super) struct Files {
    folder: PathBuf,
    traces: Mutex<BTreeMap<PathBuf, Arc<Calls>>>,
    /// By how the distribution is written.
    latencies: Mutex<BTreeMap<String, Latency>>,
    measured: Mutex<BTreeMap<PathBuf, Latency>>,
}

impl Files {
    pub(super) fn of(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            ..Self::default()
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The calls of a trace.
    ///
    /// Errors when the file cannot be used.
    pub(super) fn calls(&self, path: &Path) -> Result<Arc<Calls>, TraceError> {
        let mut known = self.traces.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(calls) = known.get(path) {
            return Ok(Arc::clone(calls));
        }
        let calls = Arc::new(Calls::read(&self.folder.join(path))?);
        known.insert(path.to_owned(), Arc::clone(&calls));
        Ok(calls)
    }

    /// A distribution made ready for sampling.
    ///
    /// Errors when percentiles are out of order or a file cannot be used.
    pub(super) fn latency(&self, written: &Distribution) -> Result<Latency, DistributionError> {
        match written {
            Distribution::Lognormal(_) => {}
            Distribution::Empirical(path) => return self.measured(path, written),
            other => return other.compile(&self.folder),
        }
        let key = format!("{written:?}");
        let mut known = self.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(latency) = known.get(&key) {
            return Ok(latency.clone());
        }
        let latency = written.compile(&self.folder)?;
        if known.len() >= MOST_READY {
            known.clear();
        }
        known.insert(key, latency.clone());
        Ok(latency)
    }

    /// Of a file, which is read once: it may change while a sweep goes on.
    fn measured(&self, path: &Path, written: &Distribution) -> Result<Latency, DistributionError> {
        let mut known = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(latency) = known.get(path) {
            return Ok(latency.clone());
        }
        let latency = written.compile(&self.folder)?;
        known.insert(path.to_owned(), latency.clone());
        Ok(latency)
    }

    /// The files that have been read, as they are written, in order.
    pub(super) fn read_so_far(&self) -> Vec<PathBuf> {
        let measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        let traces = self.traces.lock().unwrap_or_else(PoisonError::into_inner);
        let all: BTreeSet<&PathBuf> = measured.keys().chain(traces.keys()).collect();
        all.into_iter().cloned().collect()
    }

    /// Whether a distribution can be used, without the table that a log-normal one takes milliseconds to work out.
    ///
    /// Errors as [`latency`](Self::latency) does.
    pub(super) fn check(&self, written: &Distribution) -> Result<(), DistributionError> {
        match written {
            Distribution::Empirical(_) => self.latency(written).map(|_| ()),
            other => other.check(),
        }
    }

    /// Whether nothing but zero can be drawn; false for what cannot be used.
    pub(super) fn is_always_zero(&self, written: &Distribution) -> bool {
        match written {
            Distribution::Constant(span) => span.is_zero(),
            Distribution::Uniform(ends) => ends.iter().all(|end| end.is_zero()),
            Distribution::Exponential { mean } => mean.is_zero(),
            Distribution::Lognormal(_) => false,
            Distribution::Empirical(_) => self.latency(written).is_ok_and(|law| law.longest() == Duration::ZERO),
        }
    }
}
