//! What a listener has to know of a run beforehand.

use crate::base::{Duration, Time};

/// What the metrics of a run have to know before it begins.
#[derive(Clone, Debug)]
pub struct RunContext {
    /// Where the measured span begins.
    pub warmup: Time,
    /// Where the measured span ends.
    pub horizon: Time,
    /// The end of the run at the latest: time series reach so far.
    pub end: Time,
    /// Kinds of calls, over all fleets.
    pub groups: usize,
    /// Nodes of all fleets.
    pub nodes: usize,
    /// When the scenario's trigger begins and ends, if it has one.
    pub trigger: Option<(Time, Time)>,
    /// Mean time that an API attempt takes when nothing goes wrong.
    pub bare_api: Duration,
    /// Issuances per second that a perfect client would need.
    pub needed_issuances: f64,
    /// Calls per second, of all nodes together, that arrive on average.
    pub arrivals_per_s: f64,
    /// Mean time of a token request and its response: until then no node can know that another has asked.
    pub known_after: Duration,
}
