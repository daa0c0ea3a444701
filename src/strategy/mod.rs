//! Coordination strategies, one file each.
//!
//! A strategy does not know which engine runs it, nor which rule the provider follows.
//!
//! What each does, who does so, and what breaks it: [the pages of the manual](crate::manual::strategies), which are also the
//! head of each file. A new strategy is one file here with its page, its `mod` line, and its lines in [`Coordination`], [`STRATEGIES`] and
//! [`with_strategy!`](crate::with_strategy).

mod app_per_node;
mod cache;
mod central_refresher;
mod compare_and_set;
mod compare_first;
#[cfg(test)]
mod drive;
mod file_lock;
mod gateway;
mod gossip;
mod leader;
mod lease;
mod look_first;
mod naive;
mod put_if_newer;
mod renew_ahead;
mod reread;
mod rotation;
mod shared_blind;
mod single_flight;
mod slot_per_node;
mod token_per_call;
mod wait_and_look;
mod wiping_loser;
mod xfetch;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use app_per_node::AppPerNode;
pub use central_refresher::CentralRefresher;
pub use compare_and_set::CompareAndSet;
pub use compare_first::CompareFirst;
pub use file_lock::{FileLock, LockKind};
pub use gateway::Gateway;
pub use gossip::Gossip;
pub use leader::Leader;
pub use lease::{Covers, Lease, OnInvalidGrant, Publish, Release, Ttl, WhenStuck, Write};
pub use naive::Naive;
pub use put_if_newer::PutIfNewer;
pub use renew_ahead::RenewAhead;
pub use reread::Reread;
pub use rotation::{Over, Rotation};
pub use shared_blind::SharedBlind;
pub use single_flight::SingleFlight;
pub use slot_per_node::SlotPerNode;
pub use token_per_call::TokenPerCall;
pub use wait_and_look::WaitAndLook;
pub use wiping_loser::WipingLoser;
pub use xfetch::Xfetch;

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
    /// A shared store, written only while what was read still lies there.
    CompareAndSet(CompareAndSet),
    /// A shared store, written only with what is not older.
    PutIfNewer(PutIfNewer),
    /// A copy per process of one stored credential, read again when a refresh is refused.
    Reread(Reread),
    /// The same, but a refused refresh takes the stored credential away.
    WipingLoser(WipingLoser),
    /// A shared store, renewed early at random.
    Xfetch(Xfetch),
    /// A credential file of one machine, renewed under a lock.
    FileLock(FileLock),
}

/// Names of the strategies with a sentence each, for `tokenstorm list strategies`.
pub const STRATEGIES: [(&str, &str); 21] = [
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
    (
        "compare_and_set",
        "a shared store, written only while what was read still lies there",
    ),
    ("put_if_newer", "a shared store, written only with what is not older"),
    (
        "reread",
        "a copy per process of one stored credential, read again when a refresh is refused",
    ),
    (
        "wiping_loser",
        "the same, but a refused refresh takes the stored credential away",
    ),
    ("xfetch", "a shared store, renewed early at random (XFetch)"),
    ("file_lock", "a credential file of one machine, renewed under a lock"),
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
            $crate::strategy::Coordination::CompareAndSet($strategy) => $body,
            $crate::strategy::Coordination::PutIfNewer($strategy) => $body,
            $crate::strategy::Coordination::Reread($strategy) => $body,
            $crate::strategy::Coordination::WipingLoser($strategy) => $body,
            $crate::strategy::Coordination::Xfetch($strategy) => $body,
            $crate::strategy::Coordination::FileLock($strategy) => $body,
        }
    };
}

impl Coordination {
    /// Its nodes share a store.
    pub const fn needs_store(&self) -> bool {
        matches!(
            self,
            Self::WaitAndLook(_)
                | Self::SharedBlind(_)
                | Self::Lease(_)
                | Self::Rotation(_)
                | Self::Leader(_)
                | Self::CompareAndSet(_)
                | Self::PutIfNewer(_)
                | Self::Reread(_)
                | Self::WipingLoser(_)
                | Self::Xfetch(_)
                | Self::FileLock(_)
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

    /// Whether a node does what another in its place would not: it asks for its seat among them, or for its neighbours.
    pub fn tells_nodes_apart(&self) -> bool {
        match self {
            Self::SlotPerNode(_) | Self::AppPerNode(_) => true,
            Self::Gossip(gossip) => gossip.fanout.is_some(),
            // Each by its name: a strategy that is forgotten here would be searched as if its nodes were all alike.
            Self::TokenPerCall(_)
            | Self::Naive(_)
            | Self::SingleFlight(_)
            | Self::CompareFirst(_)
            | Self::WaitAndLook(_)
            | Self::SharedBlind(_)
            | Self::Lease(_)
            | Self::Gateway(_)
            | Self::Rotation(_)
            | Self::RenewAhead(_)
            | Self::CentralRefresher(_)
            | Self::Leader(_)
            | Self::CompareAndSet(_)
            | Self::PutIfNewer(_)
            | Self::Reread(_)
            | Self::WipingLoser(_)
            | Self::Xfetch(_)
            | Self::FileLock(_) => false,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_strategy_has_its_page() {
        let manual = include_str!("../manual/strategies/mod.rs");
        for (name, _) in STRATEGIES {
            assert!(manual.contains(&format!("pub mod {name} {{}}")), "{name} has no page");
            assert!(manual.contains(&format!("[`{name}`]")), "{name} is missing in the list");
        }
    }
}
