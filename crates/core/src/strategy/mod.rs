//! Coordination strategies, one file each.
//!
//! A strategy does not know which engine runs it, nor which rule the provider follows.
//!
//! What each does, who does so, and what breaks it: the [`pages`] of the manual, which are also the
//! head of each file. A new strategy is one file here with its page, its `mod` line, and its line in the list below.

mod cache;
mod look_first;
mod mixed;
mod offer;
mod shares;
mod small;

mod app_per_node;
mod central_refresher;
mod clock_first;
mod compare_and_set;
mod compare_first;
mod file_lock;
mod gateway;
mod gossip;
mod leader;
mod lease;
mod naive;
mod put_if_newer;
mod renew_ahead;
mod reread;
use crate::base::{CallId, Duration};
mod rotation;
mod scheduled_refresher;
mod shared_blind;
mod single_flight;
mod slot_per_node;
mod token_per_call;
mod wait_and_look;
mod wiping_loser;
mod xfetch;

use std::hash::{Hash, Hasher};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use clock_first::{Believes, OnRefused, WhoAsks};
pub use file_lock::LockKind;
pub use lease::{Covers, OnInvalidGrant, Publish, Release, Ttl, WhenStuck, Write};
pub use mixed::{Mixed, MixedMemory};
pub use offer::{Circumstances, Offer, Offers};
pub use rotation::Over;
pub use scheduled_refresher::Meanwhile;
pub use shares::Shares;
pub use small::Small;

use crate::node::{self, Input, Me, Names, Outbox, Strategy, View};
use crate::oauth::Token;
use small::{Listed, SPAN};

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
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

        pub mod pages {
            //! The coordination strategies, a page each: what it does, who does so in the wild, what breaks it, its parameters.
            //!
            //! | strategy | in a sentence |
            //! |---|---|
            $(#![doc = concat!("| [`", stringify!($file), "`] | ", $about, " |")])*
            $(
                #[doc = include_str!(concat!("pages/", stringify!($file), ".md"))]
                pub mod $file {}
            )*
        }

        /// All of them as the checker knows them, in this order, among so many nodes.
        pub fn small(nodes: u16) -> Vec<Small> {
            let all = [$($Name::small(nodes).into_iter().map(|small| small.map(Coordination::$Name)).collect(),)*];
            let all: [Vec<Small>; STRATEGIES.len()] = all;
            all.into_iter().flatten().collect()
        }

        /// What each of them offers here, in this order, by its name.
        pub fn offers(here: &Circumstances) -> Vec<(&'static str, Offers)> {
            vec![$({
                let own = $Name::offers(here);
                let each = |own: Vec<Offer<$Name>>| own.into_iter().map(|offer| offer.map(Coordination::$Name)).collect();
                (stringify!($file), own.map(each))
            }),*]
        }

        impl Coordination {
            /// Its name, as a scenario has it.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$Name(_) => stringify!($file),)*
                }
            }

            /// Whether nodes send each other notes, and so have to find each other.
            pub fn talks_to_peers(&self) -> bool {
                match self {
                    $(Self::$Name(strategy) => strategy.talks_to_peers(),)*
                }
            }

            /// Whether the shared store is a file that one machine locks.
            pub fn needs_one_machine(&self) -> bool {
                match self {
                    $(Self::$Name(strategy) => strategy.needs_one_machine(),)*
                }
            }

            /// What its nodes take the things for that nodes share.
            pub fn shares(&self) -> Shares {
                match self {
                    $(Self::$Name(strategy) => strategy.shares(),)*
                }
            }

            /// The same with waits that are as short as may be: one poll, so that a node looks twice before it is stuck.
            #[must_use]
            pub fn scaled_down(self) -> Self {
                match self {
                    $(Self::$Name(strategy) => Self::$Name(strategy.scaled_down()),)*
                }
            }

            /// Whether its nodes believe something else of a token's life than what the answer says.
            pub fn believes_otherwise(&self) -> bool {
                match self {
                    $(Self::$Name(strategy) => strategy.believes_otherwise(),)*
                }
            }

            fn remember(&self, me: Me) -> AnyMemory {
                match self {
                    $(Self::$Name(strategy) => AnyMemory::$Name(strategy.boot(me)),)*
                }
            }

            fn begin(&self, me: Me, node: &mut AnyMemory, out: &mut Outbox) {
                match (self, node) {
                    $((Self::$Name(strategy), AnyMemory::$Name(node)) => strategy.started(me, node, out),)*
                    _ => unreachable!("a node remembers what its own strategy has it remember"),
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

// The one list, in the order of the scenario's schema, of `tokenstorm list strategies` and of what the checker prints.
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
    scheduled_refresher::ScheduledRefresher "One process renews by a schedule and stores the token, and the others read."
    leader::Leader "The node that holds a lease renews for all; it keeps the lease."
    gossip::Gossip "Nodes tell each other of new tokens."
    compare_and_set::CompareAndSet "A shared store, written only while what was read still lies there."
    put_if_newer::PutIfNewer "A shared store, written only with what is not older."
    reread::Reread "A copy per process of one stored credential, read again when a refresh is refused."
    wiping_loser::WipingLoser "The same, but a refused refresh takes the stored credential away."
    xfetch::Xfetch "A shared store, renewed early at random."
    clock_first::ClockFirst "A cache per process that looks at the clock before each call."
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

    fn started(&self, me: Me, node: &mut AnyMemory, out: &mut Outbox) {
        self.begin(me, node, out);
    }

    fn on(&self, me: Me, node: &mut AnyMemory, input: Input, out: &mut Outbox) {
        self.react(me, node, input, out);
    }

    fn skips(&self, phase: &str) -> bool {
        each!(Self, self, strategy => strategy.skips(phase))
    }

    fn follows_failure(&self, phase: &str) -> bool {
        each!(Self, self, strategy => strategy.follows_failure(phase))
    }

    fn needs_store(&self) -> bool {
        each!(Self, self, strategy => strategy.needs_store())
    }

    fn needs_gateway(&self) -> bool {
        each!(Self, self, strategy => strategy.needs_gateway())
    }

    fn times_requests(&self) -> bool {
        each!(Self, self, strategy => strategy.times_requests())
    }

    fn lapses_after(&self) -> Option<Duration> {
        each!(Self, self, strategy => strategy.lapses_after())
    }

    fn renews_as_planned(&self) -> bool {
        each!(Self, self, strategy => strategy.renews_as_planned())
    }

    fn shares_tokens(&self) -> bool {
        each!(Self, self, strategy => strategy.shares_tokens())
    }

    fn duplicate_apps(&self) -> u16 {
        each!(Self, self, strategy => strategy.duplicate_apps())
    }

    fn highest_slot(&self) -> Option<u16> {
        each!(Self, self, strategy => strategy.highest_slot())
    }

    fn tells_nodes_apart(&self) -> bool {
        each!(Self, self, strategy => strategy.tells_nodes_apart())
    }
}

/// As the memory that it holds: nodes of one world follow one strategy, so which it is tells no two states apart.
impl Hash for AnyMemory {
    fn hash<H: Hasher>(&self, state: &mut H) {
        each!(Self, self, memory => memory.hash(state));
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

    fn rename_calls(&mut self, name: &mut dyn FnMut(CallId) -> Option<CallId>) {
        each!(Self, self, memory => memory.rename_calls(name))
    }
}

#[cfg(test)]
mod drive;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_settings_are_called_after_their_strategy() {
        let known = small(2);
        for (name, _) in STRATEGIES {
            assert!(known.iter().any(|small| small.name == *name), "{name}");
        }
        for Small { name, strategy, .. } in &known {
            let tag = serde_json::to_value(strategy).expect("a strategy is written as a scenario names it");
            let own = tag
                .as_object()
                .and_then(|object| object.keys().next())
                .expect("one key");
            let more = name
                .strip_prefix(own.as_str())
                .unwrap_or_else(|| panic!("{name} is a {own}"));
            assert!(more.is_empty() || more.starts_with('_'), "{name} is a {own}");
        }
    }
}
