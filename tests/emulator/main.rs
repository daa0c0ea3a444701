//! The emulator over real sockets: what a client gets from it, and what whoever looks on learns.

mod attacks;
mod client;
mod conditions;
mod control;
#[cfg(all(unix, feature = "cli"))]
mod crowds;
#[cfg(any(feature = "cli", feature = "intercept"))]
#[path = "../common/installed.rs"]
mod installed;
#[cfg(feature = "intercept")]
mod intercept;
mod logins;
mod looking;
mod profiles;
mod registration;
#[cfg(all(unix, feature = "cli"))]
mod server;
mod shadow;
mod signed;
#[cfg(all(unix, feature = "cli"))]
mod soak;
mod standards;
