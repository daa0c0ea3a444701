//! What makes calls, and what else drives a run beside the timeline.

use std::sync::Arc;

use super::tenants::Processes;
use crate::base::{Duration, Group, Time};
use crate::net::Latency;
use crate::workload::Pattern;

/// Calls of one kind at each process of a fleet.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    /// Fleet and kind of its calls.
    pub group: Group,
    /// When they arrive.
    pub arrivals: Pattern,
}

/// What drives a run beside its timeline and the calls that come of themselves; most plans have none of it.
#[derive(Clone, Debug, Default)]
pub struct Drivers {
    /// Users in closed loops.
    pub loops: Vec<Loop>,
    /// Calls of recorded traces.
    pub replays: Vec<Replay>,
    /// Pauses of nodes by chance.
    pub pauses: Vec<Pauses>,
    /// Mean gap between two revocations of all the live tokens of a client, chosen anew each time.
    pub revocations: Option<Duration>,
}

/// Users who wait for the end of one call before they make the next.
#[derive(Clone, Debug)]
pub struct Loop {
    /// Fleet and kind of their calls.
    pub group: Group,
    /// The processes at which their users sit.
    pub at: Processes,
    /// At each process.
    pub users: u32,
    /// From the end of one call to the next one.
    pub think: Latency,
}

/// Calls of a recorded trace, dealt to the processes in turn.
#[derive(Clone, Debug)]
pub struct Replay {
    /// Fleet and kind of its calls.
    pub group: Group,
    /// Processes among which they are dealt.
    pub at: Processes,
    /// In order.
    pub calls: Arc<[Time]>,
}

/// Pauses by chance.
#[derive(Clone, Debug)]
pub struct Pauses {
    /// Which processes.
    pub at: Processes,
    /// Mean time that a process runs between two.
    pub every: Duration,
    /// How long it stands still.
    pub lasts: Latency,
}
