//! Each party alone on its own side of the wire, with nothing of the crate's engines: what a live driver and an HTTP server are
//! built on.

extern crate tokenstorm_core as tokenstorm;

mod node;
mod server;
