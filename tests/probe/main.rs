//! The probe over real sockets: which rule the emulator follows, found out from outside.

mod command;
mod library;
mod target;
mod unknown;
