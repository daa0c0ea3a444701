//! Workloads: when calls arrive at a node. A pattern knows nothing of what the calls do.
//!
//! A new pattern is one file here, its `mod` line, its line in [`Arrivals`] and [`WORKLOADS`], and, where calls come of
//! themselves, in [`Pattern`] and [`Pattern::next`].

mod burst;
mod closed_loop;
mod daily;
mod diurnal;
mod job;
mod on_off;
mod periodic;
mod poisson;
pub mod trace;

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Duration, Rate, Time};

pub use burst::Burst;
pub use closed_loop::ClosedLoop;
pub use daily::Daily;
pub use diurnal::{Diurnal, Wave};
pub use job::{Job, JobToken, OnRefusal};
pub use on_off::OnOff;
pub use periodic::{Jitters, Periodic};

/// How calls of one kind arrive at each node of a fleet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Arrivals {
    /// Independent calls at this mean rate at each node: `{ poisson = "2/s" }`.
    Poisson(Rate),
    /// One call each period, jittered: `{ periodic = { every = "1min", jitter = "10s" } }`.
    Periodic(Periodic),
    /// Groups of calls at once: `{ burst = { every = "1min", calls = 20 } }`.
    Burst(Burst),
    /// Spells of independent calls, and silence: `{ on_off = { rate = "20/s", on = "10s", off = "50s" } }`.
    OnOff(OnOff),
    /// Independent calls, more by day than by night: `{ diurnal = { mean = "2/s", amplitude = "80%", peak_at = "14h" } }`.
    Diurnal(Diurnal),
    /// Independent calls at a time of day, for a while: `{ daily = { at = "2h", lasts = "10min", rate = "5/s" } }`.
    Daily(Daily),
    /// Users who wait for the end of one call before the next:
    /// `{ closed_loop = { users = 5, think = { exponential = { mean = "10s" } } } }`.
    ClosedLoop(ClosedLoop),
    /// The calls of a CSV file beside the scenario, with the header `timestamp,fleet`: `{ trace = "calls.csv" }`. Timestamps
    /// count from the start of the warm-up, in seconds or with a unit; the rows of the fleet's name go to its nodes in turn,
    /// leaving out those that are down.
    Trace(PathBuf),
}

/// Names of the patterns with a sentence each, for `tokenstorm list workloads`.
pub const WORKLOADS: [(&str, &str); 8] = [
    ("poisson", "independent calls at a mean rate at each node"),
    ("periodic", "one call each period at each node, jittered"),
    ("burst", "groups of calls at once at each node"),
    (
        "on_off",
        "spells of independent calls at each node, and silence between them",
    ),
    ("diurnal", "independent calls whose rate follows the hour of the day"),
    ("daily", "independent calls at each node at a time of day, for a while"),
    (
        "closed_loop",
        "users at each node who think, call, and wait for the end of the call",
    ),
    ("trace", "the calls of a CSV file, dealt to the nodes in turn"),
];

/// Calls that come of themselves at each node, whatever became of those before; ready for an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Independent calls at this mean rate.
    Poisson(Rate),
    /// One call each period, jittered.
    Periodic(Periodic),
    /// Groups of calls at once.
    Burst(Burst),
    /// Spells of independent calls, and silence between them.
    OnOff(OnOff),
    /// Independent calls whose rate swings with the hour of the day.
    Diurnal(Wave),
    /// Independent calls at a time of day, for a while.
    Daily(Daily),
}

/// Where a stream stands when its next arrival is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatternMoment {
    /// None has come yet: the node starts.
    pub first: bool,
    /// When the arrival before came, or the node started.
    pub now: Time,
    /// A draw of the stream's own, always the same.
    pub phase: u64,
}

/// The next arrival of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// From the arrival before (from the start of the node for the first).
    pub gap: Duration,
    /// Calls that arrive together.
    pub calls: u32,
}

impl Pattern {
    /// Mean rate at one node, per second; of what swings, over all time.
    pub fn per_second(&self) -> f64 {
        match self {
            Self::Poisson(rate) => rate.per_second(),
            Self::Periodic(pattern) => f64::from(pattern.calls_of_a_period()) / pattern.every.as_secs_f64(),
            Self::Burst(pattern) => f64::from(pattern.calls) * Self::Periodic(pattern.timer()).per_second(),
            Self::OnOff(pattern) => {
                let (on, off) = (pattern.on.as_secs_f64(), pattern.off.as_secs_f64());
                pattern.rate.per_second() * on / (on + off)
            }
            Self::Diurnal(wave) => wave.mean_per_second(),
            Self::Daily(pattern) => {
                let lasts = f64::from(pattern.at.count()) * pattern.lasts.as_secs_f64();
                pattern.rate.per_second() * lasts / pattern.period.as_secs_f64()
            }
        }
    }

    /// The next arrival by one uniform draw, and by further ones of the stream where one is not enough; `None` when there will
    /// be none.
    #[inline]
    pub fn next(&self, moment: PatternMoment, draw: u64, stream: &mut u64) -> Option<Arrival> {
        let one = |gap| Arrival { gap, calls: 1 };
        match self {
            Self::Poisson(rate) => poisson::next(*rate, draw),
            Self::Periodic(pattern) => Some(pattern.next(moment, draw)),
            Self::Burst(pattern) => Some(pattern.next(moment, draw)),
            Self::OnOff(pattern) => pattern.next(moment, draw, stream).map(one),
            Self::Diurnal(wave) => wave.next(moment, draw, stream).map(one),
            Self::Daily(pattern) => pattern.next(moment, draw).map(one),
        }
    }
}
