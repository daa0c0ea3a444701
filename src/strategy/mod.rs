//! Coordination strategies, one file each.
//!
//! A strategy does not know which engine runs it, nor which rule the provider follows.
//!
//! What each does, who does so, and what breaks it: [the pages of the manual](crate::manual::strategies), which are also the
//! head of each file. A new strategy is one file here with its page, its `mod` line, and its line in the list below.

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

pub use file_lock::LockKind;
pub use lease::{Covers, OnInvalidGrant, Publish, Release, Ttl, WhenStuck, Write};
pub use rotation::Over;

use crate::node::{self, Input, Me, Names, Outbox, Strategy, View};
use crate::oauth::Token;

/// Makes of one list all that is needed of every strategy.
macro_rules! strategies {
    ($dollar:tt $($file:ident::$Name:ident $about:literal)*) => {
        $(pub use $file::$Name;)*

        /// The coordination strategy of a client, as a scenario names it.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case", deny_unknown_fields)]
        pub enum Coordination {
            $(#[doc = $about] $Name($Name),)*
        }

        /// What a node remembers, whichever of the strategies it follows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum AnyMemory {
            $(#[doc = $about] $Name(<$Name as Strategy>::Node),)*
        }

        /// Names of the strategies with a sentence each, for `tokenstorm list strategies`.
        pub const STRATEGIES: &[(&str, &str)] = &[$((stringify!($file), {
            const SENTENCE: [u8; $about.len() - 1] = as_listed($about);
            match str::from_utf8(&SENTENCE) {
                Ok(sentence) => sentence,
                Err(_) => panic!("a sentence begins with an ASCII letter and ends with a full stop"),
            }
        })),*];

        /// Evaluates an expression with what one of the two enums holds, under its own type.
        macro_rules! each {
            ($dollar of:ident, $dollar value:expr, $dollar held:ident => $dollar body:expr) => {
                match $dollar value {
                    $($dollar of::$Name($dollar held) => $dollar body,)*
                }
            };
        }

        pub(crate) use each;

        impl Coordination {
            fn remember(&self, me: Me) -> AnyMemory {
                match self {
                    $(Self::$Name(strategy) => AnyMemory::$Name(strategy.boot(me)),)*
                }
            }

            fn react(&self, me: Me, node: &mut AnyMemory, input: Input, out: &mut Outbox) {
                match (self, node) {
                    $((Self::$Name(strategy), AnyMemory::$Name(node)) => strategy.on(me, node, input, out),)*
                    _ => unreachable!("a node remembers what its own strategy has it remember"),
                }
            }
        }
    };
}

// The one list: its order is that of the scenario's schema and of `tokenstorm list strategies`.
strategies! { $
    token_per_call::TokenPerCall "A token for every call."
    naive::Naive "A cache per process; every call that meets a 401 renews."
    single_flight::SingleFlight "The naive cache with one token request at a time in a process."
    compare_first::CompareFirst "Single-flight that renews only when the refused token is still the cached one."
    wait_and_look::WaitAndLook "After a 401 wait at random, look at the shared store, then renew."
    shared_blind::SharedBlind "A shared store that every renewal overwrites."
    lease::Lease "A shared store that is renewed under a lease."
    gateway::Gateway "One process holds the token and makes all calls."
    slot_per_node::SlotPerNode "A token slot for each node."
    app_per_node::AppPerNode "A registered copy of the app for each node."
    rotation::Rotation "A shared token that moves on to the next app or slot with each renewal."
    renew_ahead::RenewAhead "Renewal at a jittered moment before expiry."
    central_refresher::CentralRefresher "One process renews for all, pushes what is new and takes requests."
    leader::Leader "The node that holds a lease renews for all; it keeps the lease."
    gossip::Gossip "Nodes tell each other of new tokens."
    compare_and_set::CompareAndSet "A shared store, written only while what was read still lies there."
    put_if_newer::PutIfNewer "A shared store, written only with what is not older."
    reread::Reread "A copy per process of one stored credential, read again when a refresh is refused."
    wiping_loser::WipingLoser "The same, but a refused refresh takes the stored credential away."
    xfetch::Xfetch "A shared store, renewed early at random."
    file_lock::FileLock "A credential file of one machine, renewed under a lock."
}

/// A sentence as it stands in a list: without its capital and its full stop.
const fn as_listed<const LENGTH: usize>(sentence: &str) -> [u8; LENGTH] {
    let (mut listed, mut at) = ([0; LENGTH], 0);
    while at < LENGTH {
        listed[at] = sentence.as_bytes()[at];
        at += 1;
    }
    listed[0] = listed[0].to_ascii_lowercase();
    listed
}

/// For an engine that need not be compiled for each strategy: which of them it is, is found out at each step.
impl Strategy for Coordination {
    type Node = AnyMemory;

    fn phases(&self) -> &'static [&'static str] {
        each!(Self, self, strategy => strategy.phases())
    }

    fn boot(&self, me: Me) -> AnyMemory {
        self.remember(me)
    }

    fn on(&self, me: Me, node: &mut AnyMemory, input: Input, out: &mut Outbox) {
        self.react(me, node, input, out);
    }

    fn skips(&self, phase: &str) -> bool {
        each!(Self, self, strategy => strategy.skips(phase))
    }
}

impl node::Memory for AnyMemory {
    fn view(&self) -> View {
        each!(Self, self, memory => memory.view())
    }

    fn credential(&self) -> Option<Token> {
        each!(Self, self, memory => memory.credential())
    }

    fn phase(&self) -> usize {
        each!(Self, self, memory => memory.phase())
    }

    fn rename(&mut self, names: &mut dyn Names) {
        each!(Self, self, memory => memory.rename(names))
    }
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
