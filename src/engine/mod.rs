//! The engines: each has its own clock, its own order of deliveries and its own dice, and all run the same world.

pub mod check;
pub mod fuzz;
#[cfg(feature = "live")]
pub mod live;
pub mod sim;
