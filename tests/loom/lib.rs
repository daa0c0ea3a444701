//! The cell of `crates/core/src/cell`, compiled alone.

#[path = "../../crates/core/src/cell/mod.rs"]
pub mod cell;
