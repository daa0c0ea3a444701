//! What a world is made of: fleets of like nodes, and how the shared stores are kept.

use crate::base::{Duration, Hours, NodeId};
use crate::node::{Me, Role};
use crate::workload::Job;

/// A group of like nodes, resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fleet {
    /// Its nodes by number.
    pub nodes: std::ops::Range<u32>,
    /// Registered client that its app is; registered copies of it follow.
    pub client: u16,
    /// Which store it shares.
    pub store: u16,
    /// Which node it forwards calls to, where the strategy has a gateway.
    pub gateway: Option<NodeId>,
    /// Its code can send a slot index.
    pub sends_slot: bool,
    /// Its token requests ask for a new token even where the current one would be returned.
    pub force: bool,
    /// Nodes of earlier fleets with the same app that are dealt slots or apps.
    pub first_ordinal: u32,
    /// Its nodes are gateways.
    pub is_gateway: bool,
    /// First of its logins, where there are refresh tokens; one for each node, or one for the fleet's whole domain.
    pub first_login: u32,
    /// Each of its nodes has a login of its own.
    pub login_each: bool,
    /// How far its nodes' clocks are off: spread evenly from so much slow to so much fast.
    pub clock_spread: Duration,
    /// How fast they drift, in millionths: spread evenly from so much slow to so much fast.
    pub clock_drift: u32,
}

impl Fleet {
    /// Which login a node of it has its credential from.
    pub(crate) fn login_of(&self, id: NodeId) -> u32 {
        match self.login_each {
            true => self.first_login + (id.0 - self.nodes.start),
            false => self.first_login,
        }
    }

    /// Like nodes of the first app and of one login, whose code can send a slot index.
    pub fn plain(nodes: std::ops::Range<u32>) -> Self {
        Self {
            nodes,
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
    /// How many shared stores there are.
    pub stores: u16,
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
pub(crate) fn place(fleet: &Fleet, id: NodeId) -> Me {
    Me {
        id,
        ordinal: fleet.first_ordinal + (id.0 - fleet.nodes.start),
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
