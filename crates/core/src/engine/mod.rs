//! The engines that need no more than memory: each has its own clock, its own order of deliveries and its own dice, and all run the same
//! world.

pub mod check;
pub mod fuzz;
pub mod sim;
pub mod splitting;
