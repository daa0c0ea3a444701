//! The cell of `src/cell`, compiled alone.

#[path = "../../src/cell/mod.rs"]
pub mod cell;
