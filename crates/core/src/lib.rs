//! The core of tokenstorm: what happens when many processes share one OAuth credential, as state machines and the engines that run them.
//!
//! It knows no scenario file, no socket and no screen. Use it by way of the crate `tokenstorm`, which has all of it under the same names.

#![warn(missing_docs)]
// `base/prefetch.rs` alone has a reason; `tests/house` holds it to that.
#![deny(unsafe_code)]

pub mod base;
pub mod cell;
pub mod engine;
pub mod metric;
pub mod net;
pub mod node;
pub mod oauth;
pub mod plan;
pub mod property;
pub mod provider;
pub mod retry;
pub mod store;
pub mod strategy;
pub mod testing;
pub mod trace;
pub mod workload;
pub mod world;
