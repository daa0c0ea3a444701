//! The engines: each has its own clock, its own order of deliveries and its own dice, and all run the same world.

pub mod campaign;
pub mod check;
pub mod fuzz;
mod recovery;
mod sampling;
pub mod sim;
pub mod statistics;
