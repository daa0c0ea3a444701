//! A scenario resolved: what an engine runs, in integers and indices, for one strategy at one sweep point.
//!
//! Knows no file any more.

use std::ops::Range;
use std::sync::Arc;

use crate::base::{Duration, Group, Time};
use crate::metric::RunContext;
use crate::net::{Latency, Link};
use crate::provider::{Endpoint, Issuance, OnBadSlot, Outage, Reveals, RotationRule};
use crate::strategy::Coordination;
use crate::workload::Pattern;
use crate::world::{CallPolicy, LEGS, Layout, Leg, Party};

/// Everything that an engine needs to know, apart from the seed.
#[derive(Clone, Debug)]
pub struct Plan {
    pub coordination: Coordination,
    pub policy: CallPolicy,
    pub layout: Layout,
    pub provider: ProviderPlan,
    pub links: Links,
    /// The workloads of each fleet whose calls come of themselves, in the order of the layout.
    pub workloads: Vec<Vec<Stream>>,
    pub drivers: Drivers,
    /// What the timeline does, in order of time.
    pub timeline: Vec<(Time, Act)>,
    /// Names of the groups: fleet and kind of call.
    pub groups: Vec<(String, String)>,
    pub span: Span,
    /// From the first timeline event of the scenario's own (not a start) until its effects are over, if there is one.
    pub trigger: Option<(Time, Time)>,
}

/// When a run counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Calls that arrive before are not counted.
    pub warmup: Time,
    /// Calls arrive until here.
    pub horizon: Time,
    /// Calls under way are followed until here.
    pub end: Time,
}

/// The provider's part.
#[derive(Clone, Debug)]
pub struct ProviderPlan {
    pub rule: Issuance,
    /// Where there are refresh tokens.
    pub rotation: Option<RotationRule>,
    pub reveals: Reveals,
    pub on_bad_slot: OnBadSlot,
    /// Slots granted at first, by client; registered copies of an app follow it.
    pub slots: Vec<u16>,
    /// Slots that a client can ever have.
    pub stride: u16,
    pub token_endpoint: Endpoint,
    pub api_endpoint: Endpoint,
}

/// Latency and loss of every way that a message takes.
#[derive(Clone, Debug)]
pub struct Links {
    legs: [Link; LEGS],
    pub visible_after: Latency,
    pub invalidation: Latency,
    /// Resource servers among which attempts are dealt out.
    pub replicas: u16,
}

impl Links {
    /// All at once, and nothing lost.
    pub fn perfect() -> Self {
        Self {
            legs: [const { Link::PERFECT }; LEGS],
            visible_after: Latency::ZERO,
            invalidation: Latency::ZERO,
            replicas: 1,
        }
    }

    #[inline]
    pub fn leg(&self, leg: Leg) -> &Link {
        &self.legs[leg as usize]
    }

    pub fn leg_mut(&mut self, leg: Leg) -> &mut Link {
        &mut self.legs[leg as usize]
    }
}

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
        nodes: std::ops::Range<u32>,
        group: Group,
        each: u32,
    },
}

/// What becomes of a scenario's trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanCase {
    /// As written.
    Triggered,
    /// The events that disturb are left out.
    Untouched,
    /// In their place every node is put into its retry loop in one instant.
    HotStart,
}

impl Plan {
    /// The same, looked at so many times from the start until the arrivals end, at so many nodes at most. What happens stays as
    /// it is.
    pub fn with_sampling(&self, times: u32, nodes: u32) -> Self {
        let mut plan = self.clone();
        let count = plan.nodes() as u32;
        let every = count.div_ceil(nodes.max(1)).max(1);
        let until = plan.span.horizon.since(Time::ZERO);
        plan.timeline.extend((0..times).map(|time| {
            let at = Time::ZERO + until.ratio(u64::from(time), u64::from(times));
            (at, Act::Sample { nodes: 0..count, every })
        }));
        // What the scenario does at that instant has been done.
        plan.timeline
            .sort_by_key(|(at, act)| (*at, matches!(act, Act::Sample { .. })));
        plan
    }

    /// Nodes of all fleets, gateways included.
    pub fn nodes(&self) -> usize {
        self.layout.fleets.last().map_or(0, |fleet| fleet.nodes.end as usize)
    }

    /// Calls per second of all nodes together, on average.
    fn arrivals_per_s(&self) -> f64 {
        let nodes = |nodes: &Range<u32>| f64::from(nodes.end - nodes.start);
        let fleets = self.layout.fleets.iter().zip(&self.workloads);
        let streams: f64 = fleets
            .map(|(fleet, streams)| {
                let each: f64 = streams.iter().map(|stream| stream.arrivals.per_second()).sum();
                nodes(&fleet.nodes) * each
            })
            .sum();
        // Users who wait for their calls make them at most as often as they think.
        let loops = self.drivers.loops.iter();
        let loops: f64 = loops
            .map(|it| nodes(&it.nodes) * f64::from(it.users) / it.think.mean_s().max(1e-3))
            .sum();
        let replayed: usize = self.drivers.replays.iter().map(|replay| replay.calls.len()).sum();
        let span = self.span.horizon.since(Time::ZERO).as_secs_f64().max(1e-9);
        streams + loops + replayed as f64 / span
    }

    /// What a listener has to know beforehand.
    pub fn run_context(&self) -> RunContext {
        let bare_api_s =
            self.links.leg(Leg::ApiRequest).latency.mean_s() + self.links.leg(Leg::ApiResponse).latency.mean_s();
        let known_after_s =
            self.links.leg(Leg::TokenRequest).latency.mean_s() + self.links.leg(Leg::TokenResponse).latency.mean_s();
        let apps = self
            .layout
            .fleets
            .iter()
            .map(|fleet| fleet.client)
            .collect::<std::collections::BTreeSet<_>>();
        RunContext {
            warmup: self.span.warmup,
            horizon: self.span.horizon,
            end: self.span.end,
            groups: self.groups.len(),
            nodes: self.nodes(),
            trigger: self.trigger,
            bare_api: Duration::from_nanos((bare_api_s * 1e9).round() as u64),
            needed_issuances: apps.len() as f64 / self.provider.rule.ttl.as_secs_f64().max(1e-9),
            arrivals_per_s: self.arrivals_per_s(),
            known_after: Duration::from_nanos((known_after_s * 1e9).round() as u64),
        }
    }
}

impl Span {
    pub fn measured(&self) -> Duration {
        self.horizon.since(self.warmup)
    }
}
