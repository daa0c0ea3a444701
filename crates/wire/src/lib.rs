//! What of tokenstorm meets a network: a provider that is served over HTTP, nodes with sockets and timers, and the probe of a provider.
//!
//! Use it by way of the crate `tokenstorm`, which has all of it under the same names.

#![warn(missing_docs)]
#![forbid(unsafe_code)]

#[cfg(feature = "serve")]
pub mod emulator;
#[cfg(feature = "live")]
pub mod live;
#[cfg(feature = "live")]
pub mod probe;

// Rooms of another crate are named as if they were of this one, as everywhere in tokenstorm.
#[cfg(any(feature = "live", feature = "serve"))]
use tokenstorm_core::{base, oauth, plan, provider, trace, world};
#[cfg(feature = "live")]
use tokenstorm_core::{engine, metric, net, node, retry, store, strategy};
#[cfg(feature = "serve")]
use tokenstorm_scenario::scenario;
