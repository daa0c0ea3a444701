//! The coordination strategies, a page each: what it does, who does so in the wild, what breaks it, its parameters.
//!
//! | strategy | in a sentence |
//! |---|---|
//! | [`token_per_call`] | a token for every call |
//! | [`naive`] | a cache per process; every call that meets a 401 renews |
//! | [`single_flight`] | the naive cache with one token request at a time in a process |
//! | [`compare_first`] | single-flight that renews only when the refused token is still the cached one |
//! | [`renew_ahead`] | renewal at a jittered moment before expiry |
//! | [`wait_and_look`] | after a 401 wait at random, look at the shared store, then renew |
//! | [`shared_blind`] | a shared store that every renewal overwrites |
//! | [`compare_and_set`] | a shared store, written only while what was read still lies there |
//! | [`put_if_newer`] | a shared store, written only with what is not older |
//! | [`lease`] | a shared store that is renewed under a lease |
//! | [`rotation`] | a shared token that moves on to the next app or slot with each renewal |
//! | [`file_lock`] | a credential file of one machine, renewed under a lock |
//! | [`leader`] | the node that holds a lease renews for all; it keeps the lease |
//! | [`central_refresher`] | one process renews for all, pushes what is new and takes requests |
//! | [`gossip`] | nodes tell each other of new tokens |
//! | [`xfetch`] | a shared store, renewed early at random (XFetch) |
//! | [`reread`] | a copy per process of one stored credential, read again when a refresh is refused |
//! | [`wiping_loser`] | the same, but a refused refresh takes the stored credential away |
//! | [`gateway`] | one process holds the token and makes all calls |
//! | [`slot_per_node`] | a token slot for each node |
//! | [`app_per_node`] | a registered copy of the app for each node |

#[doc = include_str!("token_per_call.md")]
pub mod token_per_call {}

#[doc = include_str!("naive.md")]
pub mod naive {}

#[doc = include_str!("single_flight.md")]
pub mod single_flight {}

#[doc = include_str!("compare_first.md")]
pub mod compare_first {}

#[doc = include_str!("renew_ahead.md")]
pub mod renew_ahead {}

#[doc = include_str!("wait_and_look.md")]
pub mod wait_and_look {}

#[doc = include_str!("shared_blind.md")]
pub mod shared_blind {}

#[doc = include_str!("compare_and_set.md")]
pub mod compare_and_set {}

#[doc = include_str!("put_if_newer.md")]
pub mod put_if_newer {}

#[doc = include_str!("lease.md")]
pub mod lease {}

#[doc = include_str!("rotation.md")]
pub mod rotation {}

#[doc = include_str!("file_lock.md")]
pub mod file_lock {}

#[doc = include_str!("leader.md")]
pub mod leader {}

#[doc = include_str!("central_refresher.md")]
pub mod central_refresher {}

#[doc = include_str!("gossip.md")]
pub mod gossip {}

#[doc = include_str!("xfetch.md")]
pub mod xfetch {}

#[doc = include_str!("reread.md")]
pub mod reread {}

#[doc = include_str!("wiping_loser.md")]
pub mod wiping_loser {}

#[doc = include_str!("gateway.md")]
pub mod gateway {}

#[doc = include_str!("slot_per_node.md")]
pub mod slot_per_node {}

#[doc = include_str!("app_per_node.md")]
pub mod app_per_node {}
