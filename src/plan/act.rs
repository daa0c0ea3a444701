//! Acts: what the timeline of a plan does, one by one.

use std::ops::Range;

use crate::base::{Duration, Group, Time};
use crate::provider::Outage;
use crate::world::{Leg, Party};

/// Something that the timeline does.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    Start(Range<u32>),
    Stop(Range<u32>),
    /// Memory and calls under way are lost.
    Crash(Range<u32>),
    /// The nodes stand still until then.
    Pause {
        nodes: Range<u32>,
        until: Time,
    },
    /// Ends the pauses of these nodes that are due to end.
    Resume(Range<u32>),
    /// The nodes cannot reach a party until then.
    Cut {
        nodes: Range<u32>,
        from: Party,
        until: Time,
    },
    /// Ends all cuts that are due to end.
    Mend,
    TokenOutage(Option<Outage>),
    ApiOutage(Option<Outage>),
    StoreOutage(Option<Outage>),
    /// The stores' primaries die, and replicas take over that had not heard of the last writes.
    StoreFailover {
        loses: Duration,
    },
    /// The latencies of these legs are multiplied by this many thousandths.
    Slow {
        legs: Vec<Leg>,
        thousandths: u64,
    },
    GrantSlots {
        clients: Range<u16>,
        slots: u16,
    },
    Revoke {
        clients: Range<u16>,
        slot: Option<u16>,
    },
    /// The trace is told what each of these nodes holds: every so many of them.
    Sample {
        nodes: Range<u32>,
        every: u32,
    },
    /// So many calls of a group arrive at each of these nodes at once.
    Calls {
        nodes: Range<u32>,
        group: Group,
        each: u32,
    },
}
