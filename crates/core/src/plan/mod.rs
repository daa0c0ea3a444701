//! What an engine runs: a scenario resolved to integers and indices, for one strategy at one sweep point.
//!
//! Knows no file and no metric.

mod act;
mod drivers;
mod links;
mod point;
mod tenants;

use crate::base::{Duration, NodeId, Time};
use crate::node::{CallPolicy, Strategy as _};
use crate::provider::{Addresses, Endpoint, Issuance, OnBadSlot, Provider, Quota, Reveals, RotationRule, Rule};
use crate::strategy::{Coordination, Mixed};
use crate::world::Layout;

pub use act::Act;
pub use drivers::{Drivers, Loop, Pauses, Replay, Stream};
pub use links::{Links, Propagation};
pub use point::SweepPoint;
pub use tenants::{CallShare, Processes, TenantShare};

/// Everything that an engine needs to know, apart from the seed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The strategy of all nodes, or of those that follow the first version where there is a mix.
    pub coordination: Coordination,
    /// How calls are retried, where the mix does not say otherwise.
    pub policy: CallPolicy,
    /// What each node follows, where they do not all follow the same.
    pub mix: Option<Mixed>,
    /// Names of the fleets in the order of the layout, where token requests are counted for each: where some strategy of the scenario
    /// mixes, or usable tokens are counted. Else empty.
    pub fleets_apart: Vec<String>,
    /// It is told of each token that a node holds, so that the share of time with a usable one can be counted.
    pub usable_tokens: bool,
    /// Nodes, apps, domains and stores.
    pub layout: Layout,
    /// The provider.
    pub provider: ProviderPlan,
    /// Another provider, which some calls need besides.
    pub second: Option<Box<SecondProvider>>,
    /// Latency and loss.
    pub links: Links,
    /// The workloads of each fleet whose calls come of themselves, in the order of the layout.
    pub workloads: Vec<Vec<Stream>>,
    /// What else drives the run.
    pub drivers: Drivers,
    /// What the timeline does, in order of time.
    pub timeline: Vec<(Time, Act)>,
    /// Which of the credentials of a process the calls of each group are for; empty where every process has one.
    pub shares: Vec<CallShare>,
    /// Names of the groups: fleet and kind of call.
    pub groups: Vec<(String, String)>,
    /// When it counts.
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
    /// What a token request gets.
    pub rule: Issuance,
    /// Where there are refresh tokens.
    pub rotation: Option<RotationRule>,
    /// What two tokens reveal about which is newer.
    pub reveals: Reveals,
    /// What an index gets that was not granted.
    pub on_bad_slot: OnBadSlot,
    /// Slots granted at first, by client; registered copies of an app follow it.
    pub slots: Vec<u16>,
    /// Slots that a client can ever have.
    pub stride: u16,
    /// Tenants that a client has at most; 1 where none has any.
    pub tenants: u32,
    /// Limits of the token endpoint.
    pub token_endpoint: Endpoint,
    /// Limits of the API.
    pub api_endpoint: Endpoint,
    /// Limits on the requests of both endpoints together.
    pub pool: Vec<Quota>,
    /// Nodes that come from a few addresses; every other node has an address of its own, of the node's number.
    pub addresses: Vec<Addresses>,
}

/// A second provider.
#[derive(Clone, Debug)]
pub struct SecondProvider {
    /// What it is.
    pub provider: ProviderPlan,
    /// How calls are retried at it: what its answers look like is its own.
    pub policy: CallPolicy,
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

    /// All that some node may follow.
    pub fn versions(&self) -> &[Coordination] {
        match &self.mix {
            Some(mix) => mix.versions(),
            None => std::slice::from_ref(&self.coordination),
        }
    }

    /// What a node follows at the start, and how it retries.
    pub fn client_of(&self, node: NodeId) -> (&Coordination, &CallPolicy) {
        match &self.mix {
            Some(mix) => (mix.of(node), mix.policy_of(node).unwrap_or(&self.policy)),
            None => (&self.coordination, &self.policy),
        }
    }

    /// Whether some nodes share a store.
    pub fn needs_store(&self) -> bool {
        self.versions().iter().any(Coordination::needs_store)
    }

    /// Whether there is a lease that ends under a holder that does not extend it.
    pub fn has_lapses(&self) -> bool {
        self.versions().iter().any(|version| version.lapses_after().is_some())
    }

    /// Nodes of all fleets, gateways included.
    pub fn nodes(&self) -> usize {
        self.layout.fleets.last().map_or(0, |fleet| fleet.nodes.end as usize)
    }

    /// Calls per second of all nodes together, on average.
    pub fn arrivals_per_s(&self) -> f64 {
        let fleets = self.layout.fleets.iter().zip(&self.workloads);
        let streams: f64 = fleets
            .map(|(fleet, streams)| {
                let each: f64 = streams.iter().map(|stream| stream.arrivals.per_second()).sum();
                f64::from(fleet.processes()) * each
            })
            .sum();
        // Users who wait for their calls make them at most as often as they think.
        let loops = self.drivers.loops.iter();
        let loops: f64 = loops
            .map(|it| f64::from(it.at.count()) * f64::from(it.users) / it.think.mean_s().max(1e-3))
            .sum();
        let replayed: usize = self.drivers.replays.iter().map(|replay| replay.calls.len()).sum();
        let span = self.span.horizon.since(Time::ZERO).as_secs_f64().max(1e-9);
        streams + loops + replayed as f64 / span
    }
}

impl ProviderPlan {
    /// The provider at its start, under this rule: the plan's own, or another in its place.
    pub fn build<R: Rule>(&self, rule: R, lags: &Propagation) -> Provider<R> {
        let provider = Provider::new(rule, self.on_bad_slot, self.slots.clone(), self.stride)
            .with_endpoints(self.token_endpoint.clone(), self.api_endpoint.clone())
            .with_pool(self.pool.iter().copied())
            .with_tenants(self.tenants)
            .with_addresses(self.addresses.clone());
        let mut provider = provider.with_rotation(self.rotation);
        provider.reveals = self.reveals;
        provider.ledger.remember_for(lags.invalidation.longest());
        provider
    }
}

impl Span {
    /// How long it measures.
    pub fn measured(&self) -> Duration {
        self.horizon.since(self.warmup)
    }
}
