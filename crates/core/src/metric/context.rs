//! What a listener has to know of a run beforehand.

use std::ops::Range;
use std::sync::Arc;

use crate::base::{Duration, Group, NodeId, Time};
use crate::oauth::Bucket;

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
    /// Which nodes and which kinds of calls are whose, where fleets are counted apart.
    pub fleets: FleetsApart,
    /// Which nodes are whose, where an app serves several tenants.
    pub tenants: TenantsApart,
    /// How many nodes, from the first on, count in the share of time with a usable token; none where nobody asks for it.
    pub usable_tokens_of: Option<usize>,
    /// When the scenario's trigger begins and ends, if it has one.
    pub trigger: Option<(Time, Time)>,
    /// Mean time that a call of each group takes when nothing goes wrong: of a job all its calls, with the gaps between them.
    pub bare: Arc<[Duration]>,
    /// Some calls go to a second provider. Every other node, from the second one on, has its credential from it.
    pub two_providers: bool,
    /// Issuances per second that a perfect client would need.
    pub needed_issuances: f64,
    /// Calls per second, of all nodes together, that arrive on average.
    pub arrivals_per_s: f64,
    /// Mean time of a token request and its response: until then no node can know that another has asked.
    pub known_after: Duration,
}

/// Which nodes work for which tenant; empty where no app serves several.
#[derive(Clone, Debug, Default)]
pub struct TenantsApart {
    /// Nodes that lie tenant by tenant, over and over: the first of them, those behind, how many tenants, and the number of the first.
    fleets: Arc<[(u32, u32, u32, u32)]>,
    count: u32,
    /// The client of each app and the number of its first tenant, in order of the clients; copies of an app follow its client.
    apps: Arc<[(u16, u32)]>,
    /// Clients and copies of them, and slots of each.
    buckets: (u32, u32),
}

impl TenantsApart {
    /// Nodes of each fleet, tenants of its app, and the number that the app's first tenant has among those of all apps.
    pub fn new(fleets: impl IntoIterator<Item = (Range<u32>, u32, u32)>) -> Self {
        let fleets = fleets.into_iter();
        let fleets: Arc<[_]> = fleets
            .map(|(nodes, tenants, first)| (nodes.start, nodes.end, tenants, first))
            .collect();
        let count = fleets.iter().map(|(.., tenants, first)| first + tenants).max();
        Self {
            count: count.unwrap_or(0),
            fleets,
            ..Self::default()
        }
    }

    /// With the client of each app and the number of its first tenant, and how many clients there are with how many slots each.
    #[must_use]
    pub fn with_apps(self, apps: impl IntoIterator<Item = (u16, u32)>, clients: u32, slots: u32) -> Self {
        let mut apps: Vec<_> = apps.into_iter().collect();
        apps.sort_unstable();
        Self {
            apps: apps.into(),
            buckets: (clients, slots),
            ..self
        }
    }

    /// The number of the tenant whose tokens lie here; none where tenants are not told apart.
    pub fn of_bucket(&self, bucket: Bucket) -> Option<usize> {
        let (clients, slots) = self.buckets;
        // Tenant by tenant, client by client, slot by slot.
        let whose = bucket.0.checked_div(slots)?;
        let (client, tenant) = (whose % clients, whose / clients);
        let app = self.apps.partition_point(|&(first, _)| u32::from(first) <= client);
        let (_, first) = self.apps.get(app.checked_sub(1)?)?;
        Some((first + tenant) as usize)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count as usize
    }

    /// The number of the tenant that a node works for; none where tenants are not told apart.
    #[inline]
    pub fn of_node(&self, node: NodeId) -> Option<usize> {
        let place = self.fleets.partition_point(|&(_, end, ..)| end <= node.0);
        let &(start, _, tenants, first) = self.fleets.get(place)?;
        Some((first + node.0.checked_sub(start)? % tenants) as usize)
    }
}

/// Which nodes and which kinds of calls are whose; empty where fleets are not counted apart.
#[derive(Clone, Debug, Default)]
pub struct FleetsApart {
    /// The first node behind each fleet; what is behind the last is a gateway, and nobody's.
    ends: Arc<[u32]>,
    /// The fleet of each group.
    groups: Arc<[u16]>,
}

impl FleetsApart {
    /// Fleets that lie one after another and end so, and the fleet of each group.
    pub fn new(ends: Vec<u32>, groups: Vec<u16>) -> Self {
        Self {
            ends: ends.into(),
            groups: groups.into(),
        }
    }

    /// How many fleets are counted.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// The place of a node's fleet; none for a gateway.
    pub fn of_node(&self, node: NodeId) -> Option<usize> {
        let place = self.ends.partition_point(|&end| end <= node.0);
        (place < self.ends.len()).then_some(place)
    }

    /// The place of a group's fleet; none where fleets are not counted apart.
    #[inline]
    pub fn of_group(&self, group: Group) -> Option<usize> {
        self.groups.get(usize::from(group.0)).map(|&fleet| usize::from(fleet))
    }
}
