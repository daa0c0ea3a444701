//! When calls arrive at a node. A pattern knows nothing of what the calls do.
//!
//! A new pattern is one file here, its `mod` line, and its line in [`Arrivals`] and in [`Arrivals::next`].

mod burst;
mod periodic;
mod poisson;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Duration, Rate};

pub use burst::Burst;
pub use periodic::Periodic;

/// How calls of one kind arrive at each node of a fleet.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Arrivals {
    /// Independent calls at this mean rate at each node: `{ poisson = "2/s" }`.
    Poisson(Rate),
    /// One call each period, jittered: `{ periodic = { every = "1min", jitter = "10s" } }`.
    Periodic(Periodic),
    /// Groups of calls at once: `{ burst = { every = "1min", calls = 20 } }`.
    Burst(Burst),
}

/// Names of the patterns with a sentence each, for `tokenstorm list workloads`.
pub const WORKLOADS: [(&str, &str); 3] = [
    ("poisson", "independent calls at a mean rate at each node"),
    ("periodic", "one call each period at each node, jittered"),
    ("burst", "groups of calls at once at each node"),
];

/// The next arrival of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// From the arrival before (from the start of the node for the first).
    pub gap: Duration,
    /// Calls that arrive together.
    pub calls: u32,
}

impl Arrivals {
    /// The arrival after `count` earlier ones, by one uniform draw; `None` when there will be none.
    pub fn next(&self, count: u64, draw: u64) -> Option<Arrival> {
        match self {
            Self::Poisson(rate) => poisson::next(*rate, draw),
            Self::Periodic(pattern) => Some(pattern.next(count, draw)),
            Self::Burst(pattern) => Some(pattern.next(count, draw)),
        }
    }

    /// Mean rate at one node, per second.
    pub fn per_second(&self) -> f64 {
        match self {
            Self::Poisson(rate) => rate.per_second(),
            Self::Periodic(pattern) => 1.0 / pattern.every.as_secs_f64(),
            Self::Burst(pattern) => f64::from(pattern.calls) / pattern.every.as_secs_f64(),
        }
    }
}
