//! Coordination strategies, one file each.
//!
//! A strategy does not know which engine runs it, nor which rule the provider follows.
//!
//! A new strategy is one file here, its `mod` line, and its lines in [`Coordination`], [`STRATEGIES`] and
//! [`with_strategy!`](crate::with_strategy).

mod app_per_node;
mod cache;
mod central_refresher;
mod compare_first;
mod gateway;
mod gossip;
mod leader;
mod lease;
mod naive;
mod renew_ahead;
mod rotation;
mod shared_blind;
mod single_flight;
mod slot_per_node;
mod token_per_call;
mod wait_and_look;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use app_per_node::AppPerNode;
pub use central_refresher::CentralRefresher;
pub use compare_first::CompareFirst;
pub use gateway::Gateway;
pub use gossip::Gossip;
pub use leader::Leader;
pub use lease::{Lease, WhenStuck};
pub use naive::Naive;
pub use renew_ahead::RenewAhead;
pub use rotation::{Over, Rotation};
pub use shared_blind::SharedBlind;
pub use single_flight::SingleFlight;
pub use slot_per_node::SlotPerNode;
pub use token_per_call::TokenPerCall;
pub use wait_and_look::WaitAndLook;

/// The coordination strategy of a client, as a scenario names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Coordination {
    /// A token for every call.
    TokenPerCall(TokenPerCall),
    /// A cache per process; every call that meets a 401 renews.
    Naive(Naive),
    /// The naive cache with one token request at a time in a process.
    SingleFlight(SingleFlight),
    /// Single-flight that renews only when the refused token is still the cached one.
    CompareFirst(CompareFirst),
    /// After a 401 wait at random, look at the shared store, then renew.
    WaitAndLook(WaitAndLook),
    /// A shared store that every renewal overwrites.
    SharedBlind(SharedBlind),
    /// A shared store that is renewed under a lease.
    Lease(Lease),
    /// One process holds the token and makes all calls.
    Gateway(Gateway),
    /// A token slot for each node.
    SlotPerNode(SlotPerNode),
    /// A registered copy of the app for each node.
    AppPerNode(AppPerNode),
    /// A shared token that moves on to the next app or slot with each renewal.
    Rotation(Rotation),
    /// Renewal at a jittered moment before expiry.
    RenewAhead(RenewAhead),
    /// One process renews for all, pushes what is new and takes requests.
    CentralRefresher(CentralRefresher),
    /// The node that holds a lease renews for all; it keeps the lease.
    Leader(Leader),
    /// Nodes tell each other of new tokens.
    Gossip(Gossip),
}

/// Names of the strategies with a sentence each, for `tokenstorm list strategies`.
pub const STRATEGIES: [(&str, &str); 15] = [
    ("token_per_call", "a token for every call"),
    ("naive", "a cache per process; every call that meets a 401 renews"),
    (
        "single_flight",
        "the naive cache with one token request at a time in a process",
    ),
    (
        "compare_first",
        "single-flight that renews only when the refused token is still the cached one",
    ),
    (
        "wait_and_look",
        "after a 401 wait at random, look at the shared store, then renew",
    ),
    ("shared_blind", "a shared store that every renewal overwrites"),
    ("lease", "a shared store that is renewed under a lease"),
    ("gateway", "one process holds the token and makes all calls"),
    ("slot_per_node", "a token slot for each node"),
    ("app_per_node", "a registered copy of the app for each node"),
    (
        "rotation",
        "a shared token that moves on to the next app or slot with each renewal",
    ),
    ("renew_ahead", "renewal at a jittered moment before expiry"),
    (
        "central_refresher",
        "one process renews for all, pushes what is new and takes requests",
    ),
    (
        "leader",
        "the node that holds a lease renews for all; it keeps the lease",
    ),
    ("gossip", "nodes tell each other of new tokens"),
];

/// Evaluates an expression with the chosen strategy under its own type, so that an engine is compiled for each.
#[macro_export]
macro_rules! with_strategy {
    ($coordination:expr, $strategy:ident => $body:expr) => {
        match $coordination {
            $crate::strategy::Coordination::TokenPerCall($strategy) => $body,
            $crate::strategy::Coordination::Naive($strategy) => $body,
            $crate::strategy::Coordination::SingleFlight($strategy) => $body,
            $crate::strategy::Coordination::CompareFirst($strategy) => $body,
            $crate::strategy::Coordination::WaitAndLook($strategy) => $body,
            $crate::strategy::Coordination::SharedBlind($strategy) => $body,
            $crate::strategy::Coordination::Lease($strategy) => $body,
            $crate::strategy::Coordination::Gateway($strategy) => $body,
            $crate::strategy::Coordination::SlotPerNode($strategy) => $body,
            $crate::strategy::Coordination::AppPerNode($strategy) => $body,
            $crate::strategy::Coordination::Rotation($strategy) => $body,
            $crate::strategy::Coordination::RenewAhead($strategy) => $body,
            $crate::strategy::Coordination::CentralRefresher($strategy) => $body,
            $crate::strategy::Coordination::Leader($strategy) => $body,
            $crate::strategy::Coordination::Gossip($strategy) => $body,
        }
    };
}

impl Coordination {
    /// Its nodes share a store.
    pub const fn needs_store(&self) -> bool {
        matches!(
            self,
            Self::WaitAndLook(_) | Self::SharedBlind(_) | Self::Lease(_) | Self::Rotation(_) | Self::Leader(_)
        )
    }

    /// Its nodes forward calls to a gateway, or leave the renewing to it.
    pub const fn needs_gateway(&self) -> bool {
        matches!(self, Self::Gateway(_) | Self::CentralRefresher(_))
    }

    /// How many registered copies of the app it uses.
    pub fn duplicate_apps(&self) -> u16 {
        match self {
            Self::AppPerNode(strategy) => strategy.apps,
            Self::Rotation(strategy) if strategy.over == Over::Apps => strategy.count.into(),
            _ => 1,
        }
    }

    /// The highest slot index that it asks for, where it asks for any.
    pub fn highest_slot(&self) -> Option<u16> {
        match self {
            Self::SlotPerNode(strategy) => Some(strategy.first + strategy.slots.saturating_sub(1)),
            Self::Rotation(strategy) if strategy.over == Over::Slots => {
                Some(u16::from(strategy.count.saturating_sub(1)))
            }
            _ => None,
        }
    }
}
