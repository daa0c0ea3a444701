//! What a world is made of: fleets of like nodes, and how the shared stores are kept.

use std::ops::Range;

use crate::base::{Duration, Hours, NodeId};
use crate::node::{Me, Role};
use crate::workload::Job;

/// A group of like nodes, resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fleet {
    /// Its nodes by number. A process is as many of them, side by side, as there are credentials, one for each tenant at each provider:
    /// what it keeps and does for one of them is a node.
    pub nodes: Range<u32>,
    /// Tenants of its app, each with a grant of its own; 1 where the app has no tenants.
    pub tenants: u32,
    /// Providers at which each tenant has a grant: 2 where there is a second one.
    pub providers: u32,
    /// Registered client that its app is; registered copies of it follow.
    pub client: u16,
    /// Which store it shares: that of the first credential, which those of the others follow.
    pub store: u32,
    /// Which node it forwards the calls of the first credential to, where the strategy has a gateway; those of the others follow.
    pub gateway: Option<NodeId>,
    /// Its code can send a slot index.
    pub sends_slot: bool,
    /// Its token requests ask for a new token even where the current one would be returned.
    pub force: bool,
    /// Processes of earlier fleets with the same app that are dealt slots or apps.
    pub first_ordinal: u32,
    /// Its nodes are gateways.
    pub is_gateway: bool,
    /// First of its logins, where there are refresh tokens; one for each node, or one for each credential of the fleet's whole domain.
    pub first_login: u32,
    /// Each of its nodes has a login of its own.
    pub login_each: bool,
    /// How far its nodes' clocks are off: spread evenly from so much slow to so much fast.
    pub clock_spread: Duration,
    /// How fast they drift, in millionths: spread evenly from so much slow to so much fast.
    pub clock_drift: u32,
}

impl Fleet {
    /// Credentials of one process: as many nodes are one.
    #[inline]
    pub fn each(&self) -> u32 {
        self.tenants * self.providers
    }

    /// Which of its process's credentials a node has: tenant after tenant, and of each the first provider's before the second one's.
    #[inline]
    pub fn credential_of(&self, id: NodeId) -> u32 {
        match self.each() {
            1 => 0,
            each => (id.0 - self.nodes.start) % each,
        }
    }

    /// Which tenant a node of it works for.
    #[inline]
    pub fn tenant_of(&self, id: NodeId) -> u32 {
        match self.tenants {
            1 => 0,
            _ => self.credential_of(id) / self.providers,
        }
    }

    /// Whether a node of it has its credential from the second provider.
    #[inline]
    pub fn is_at_second(&self, id: NodeId) -> bool {
        self.credential_of(id) % self.providers == 1
    }

    /// The node of the same process and tenant at the other provider; itself where there is one provider.
    pub fn at_other_provider(&self, id: NodeId) -> NodeId {
        match (self.providers, self.is_at_second(id)) {
            (1, _) => id,
            (_, false) => NodeId(id.0 + 1),
            (_, true) => NodeId(id.0 - 1),
        }
    }

    /// Which of its processes a node is of.
    #[inline]
    pub fn process_of(&self, id: NodeId) -> u32 {
        match self.each() {
            1 => id.0 - self.nodes.start,
            each => (id.0 - self.nodes.start) / each,
        }
    }

    /// How many processes it has.
    pub fn processes(&self) -> u32 {
        (self.nodes.end - self.nodes.start) / self.each()
    }

    /// Its nodes that have this credential of their process, one of each.
    pub fn with_credential(&self, credential: u32) -> impl Iterator<Item = NodeId> + use<> {
        let Range { start, end } = self.nodes;
        (start + credential..end).step_by(self.each() as usize).map(NodeId)
    }

    /// The number of a node's store.
    #[inline]
    pub fn store_of(&self, id: NodeId) -> usize {
        (self.store + self.credential_of(id)) as usize
    }

    /// Which node a node of it forwards its calls to, where the strategy has a gateway.
    pub fn gateway_of(&self, id: NodeId) -> Option<NodeId> {
        let gateway = self.gateway?;
        Some(NodeId(gateway.0 + self.credential_of(id)))
    }

    /// Which login a node of it has its credential from.
    pub fn login_of(&self, id: NodeId) -> u32 {
        self.first_login
            + match self.login_each {
                true => id.0 - self.nodes.start,
                false => self.credential_of(id),
            }
    }

    /// Its nodes that have their credential from a login.
    pub fn with_login(&self, login: u32) -> impl Iterator<Item = NodeId> + use<> {
        let Range { start, end } = self.nodes;
        let first = login.checked_sub(self.first_login);
        let (first, step) = match first {
            Some(place) if self.login_each => (start.saturating_add(place), u32::MAX),
            Some(credential) if credential < self.each() => (start + credential, self.each()),
            _ => (end, 1),
        };
        (first..end).step_by(step as usize).map(NodeId)
    }

    /// Like nodes of the first app and of one login, whose code can send a slot index.
    pub fn plain(nodes: Range<u32>) -> Self {
        Self {
            nodes,
            tenants: 1,
            providers: 1,
            client: 0,
            store: 0,
            gateway: None,
            sends_slot: true,
            force: false,
            first_ordinal: 0,
            is_gateway: false,
            first_login: 0,
            login_each: false,
            clock_spread: Duration::ZERO,
            clock_drift: 0,
        }
    }
}

/// What the world is made of, apart from strategy and provider.
#[derive(Clone, Debug)]
pub struct Layout {
    /// All nodes, fleet after fleet.
    pub fleets: Vec<Fleet>,
    /// How long the callers of each group wait.
    pub patience: Vec<Option<Duration>>,
    /// The job that a call of each group begins; empty where none does.
    pub jobs: Vec<Option<Job>>,
    /// Whether each call of a group needs both providers, the first before the second; empty where none does. One that does begins a job.
    pub need_both: Vec<bool>,
    /// How many shared stores there are; each credential has one of its own in each domain, as keys of one store are apart.
    pub stores: u32,
    /// How each of them is kept.
    pub store: StoreLayout,
    /// How long after a grant was found lost its user logs in again; none for never.
    pub login_again: Option<Duration>,
    /// Up to so much later, by chance.
    pub login_spread: Duration,
    /// When somebody works on it; none for always.
    pub login_hours: Option<Hours>,
}

impl Layout {
    /// So many like nodes with a store, and one more to which they forward calls or leave the renewing, where there is a
    /// `gateway`.
    pub fn plain(nodes: u32, gateway: bool) -> Self {
        let gateway = gateway.then_some(NodeId(nodes));
        let fleet = Fleet {
            gateway,
            ..Fleet::plain(0..nodes)
        };
        let keeper = gateway.map(|gateway| Fleet {
            nodes: gateway.0..gateway.0 + 1,
            is_gateway: true,
            ..fleet.clone()
        });
        Self {
            fleets: std::iter::once(fleet).chain(keeper).collect(),
            patience: vec![None],
            jobs: Vec::new(),
            need_both: Vec::new(),
            stores: 1,
            store: StoreLayout::default(),
            login_again: None,
            login_spread: Duration::ZERO,
            login_hours: None,
        }
    }
}

/// How the shared stores are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreLayout {
    /// How far the replicas lag behind that answer reads; none where the primary does.
    pub replica_lag: Option<Duration>,
    /// The most that a failover can lose.
    pub remembers: Duration,
}

/// Where a node stands, as far as its fleet says.
#[inline]
pub fn place(fleet: &Fleet, id: NodeId) -> Me {
    Me {
        id,
        ordinal: fleet.first_ordinal + fleet.process_of(id),
        role: if fleet.is_gateway {
            Role::Gateway
        } else if fleet.sends_slot {
            Role::Worker
        } else {
            Role::Legacy
        },
        refreshes: false,
    }
}
