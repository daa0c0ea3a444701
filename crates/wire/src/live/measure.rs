//! What is measured of a live run: the same counts as of a simulated one, and how long messages were under way.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::{Duration, Time};
use crate::metric::{Observed, RunContext};
use crate::trace::{Event, Sink as _};
use crate::world::{LEGS, Leg};

/// Messages of one leg that are remembered; the first of a longer run.
const MOST_WAYS: usize = 200_000;

/// Counts of a run, and of parts of its measured span that follow each other.
pub(super) struct Measure {
    counts: Mutex<Counts>,
    /// Calls that have arrived and not ended.
    open: AtomicI64,
}

struct Counts {
    total: Observed,
    batches: Vec<Observed>,
    last: Time,
    ways: Vec<Vec<Duration>>,
}

/// What has been measured.
pub(super) struct Measured {
    pub total: Observed,
    pub batches: Vec<Observed>,
    /// By leg.
    pub ways: Vec<Vec<Duration>>,
}

impl Measure {
    /// With so many parts of the measured span.
    pub fn new(context: RunContext, batches: u32) -> Self {
        // What a node holds and when that ends is known on two sides of a network.
        let context = RunContext {
            usable_tokens_of: None,
            ..context
        };
        let (from, span) = (context.warmup, context.horizon.since(context.warmup));
        let at = |part: u32| from + span.ratio(u64::from(part), u64::from(batches));
        let batches = (0..batches).map(|part| {
            Observed::new(RunContext {
                warmup: at(part),
                horizon: at(part + 1),
                ..context.clone()
            })
        });
        Self {
            counts: Mutex::new(Counts {
                batches: batches.collect(),
                total: Observed::new(context),
                last: Time::ZERO,
                ways: vec![Vec::new(); LEGS],
            }),
            open: AtomicI64::new(0),
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something has happened.
    pub fn note(&self, now: Time, event: &Event) {
        let about = match *event {
            Event::CallArrived { .. } => {
                self.open.fetch_add(1, Ordering::Relaxed);
                now
            }
            Event::CallEnded { arrived, .. } => {
                self.open.fetch_sub(1, Ordering::Relaxed);
                arrived
            }
            _ => now,
        };
        let mut counts = self.counts();
        // Two nodes may have looked at the clock in another order than they come here.
        let now = counts.last.max(now);
        counts.last = now;
        counts.total.record(now, event);
        let covers = |part: &&mut Observed| about >= part.context.warmup && about < part.context.horizon;
        if let Some(part) = counts.batches.iter_mut().find(covers) {
            part.record(now, event);
        }
    }

    /// A message has been under way from one instant to another.
    pub fn way(&self, leg: Leg, from: Time, to: Time) {
        let mut counts = self.counts();
        let measured = from >= counts.total.context.warmup;
        let ways = &mut counts.ways[leg as usize];
        if measured && ways.len() < MOST_WAYS {
            ways.push(to.since(from));
        }
    }

    /// Calls under way.
    pub fn open(&self) -> i64 {
        self.open.load(Ordering::Relaxed)
    }

    /// The run is over.
    pub fn finish(&self) -> Measured {
        let mut counts = self.counts();
        counts.total.finish();
        counts.batches.iter_mut().for_each(Observed::finish);
        Measured {
            total: counts.total.clone(),
            batches: counts.batches.clone(),
            ways: std::mem::take(&mut counts.ways),
        }
    }
}
