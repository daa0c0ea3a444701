//! Acts: what the timeline of a plan does, one by one.

use std::ops::Range;

use crate::base::{Duration, Group, Time};
use crate::oauth::At;
use crate::provider::Outage;
use crate::world::{Leg, Party};

/// Something that the timeline does.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// The nodes serve calls from now on.
    Start(Range<u32>),
    /// The nodes take no more calls.
    Stop(Range<u32>),
    /// Memory and calls under way are lost.
    Crash(Range<u32>),
    /// The nodes crash, and follow this version of the code from their next start on.
    Adopt {
        /// Which nodes.
        nodes: Range<u32>,
        /// Which version of the plan's mix.
        version: u8,
    },
    /// The nodes stand still until then.
    Pause {
        /// Which nodes.
        nodes: Range<u32>,
        /// When they go on.
        until: Time,
    },
    /// Ends the pauses of these nodes that are due to end.
    Resume(Range<u32>),
    /// The nodes cannot reach a party until then.
    Cut {
        /// Which nodes.
        nodes: Range<u32>,
        /// What they cannot reach.
        from: Party,
        /// When they can again.
        until: Time,
    },
    /// Ends all cuts that are due to end.
    Mend,
    /// How the token endpoint is down from now on; none where it is not.
    TokenOutage(Option<Outage>),
    /// How the API is down from now on; none where it is not.
    ApiOutage(Option<Outage>),
    /// How an endpoint of the second provider is down from now on; none where it is not.
    SecondOutage {
        /// Which endpoint.
        at: At,
        /// How.
        outage: Option<Outage>,
    },
    /// How the stores are down from now on; none where they are not.
    StoreOutage(Option<Outage>),
    /// The stores' primaries die, and replicas take over that had not heard of the last writes.
    StoreFailover {
        /// Writes younger than this are lost.
        loses: Duration,
    },
    /// The latencies of these legs are multiplied by this many thousandths.
    Slow {
        /// Which legs.
        legs: Vec<Leg>,
        /// 1000 for the usual latency.
        thousandths: u64,
    },
    /// Clients have this many slots from now on.
    GrantSlots {
        /// Which clients.
        clients: Range<u16>,
        /// How many each of them has.
        slots: u16,
    },
    /// All live tokens of clients end.
    Revoke {
        /// At the second provider.
        second: bool,
        /// Which clients.
        clients: Range<u16>,
        /// None for all tenants.
        tenant: Option<u32>,
        /// None for all slots.
        slot: Option<u16>,
    },
    /// The trace is told what each of these nodes holds: every so many of them.
    Sample {
        /// Which nodes.
        nodes: Range<u32>,
        /// One in so many.
        every: u32,
    },
    /// So many calls of a group arrive at each process of these nodes at once.
    Calls {
        /// Which nodes.
        nodes: Range<u32>,
        /// Fleet and kind of the calls.
        group: Group,
        /// Calls at each process.
        each: u32,
    },
}
