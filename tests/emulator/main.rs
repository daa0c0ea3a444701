//! The emulator over real sockets: what a client gets from it, and what whoever looks on learns.

mod client;
mod control;
mod looking;
mod profiles;
mod shadow;
mod standards;
