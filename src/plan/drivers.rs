//! What makes calls, and what else drives a run beside the timeline.

use std::ops::Range;
use std::sync::Arc;

use crate::base::{Duration, Group, Time};
use crate::net::Latency;
use crate::workload::Pattern;

/// Calls of one kind at each node of a fleet.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    pub group: Group,
    pub arrivals: Pattern,
}

/// What drives a run beside its timeline and the calls that come of themselves; most plans have none of it.
#[derive(Clone, Debug, Default)]
pub struct Drivers {
    pub loops: Vec<Loop>,
    pub replays: Vec<Replay>,
    pub pauses: Vec<Pauses>,
    /// Mean gap between two revocations of all the live tokens of a client, chosen anew each time.
    pub revocations: Option<Duration>,
}

/// Users who wait for the end of one call before they make the next.
#[derive(Clone, Debug)]
pub struct Loop {
    pub group: Group,
    pub nodes: Range<u32>,
    /// At each node.
    pub users: u32,
    pub think: Latency,
}

/// Calls of a recorded trace, dealt to the nodes in turn.
#[derive(Clone, Debug)]
pub struct Replay {
    pub group: Group,
    pub nodes: Range<u32>,
    /// In order.
    pub calls: Arc<[Time]>,
}

/// Pauses by chance.
#[derive(Clone, Debug)]
pub struct Pauses {
    pub nodes: Range<u32>,
    /// Mean time that a node runs between two.
    pub every: Duration,
    pub lasts: Latency,
}
