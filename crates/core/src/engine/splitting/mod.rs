//! Importance splitting: the simulator's runs, split where they come nearer to an event that is too rare to be waited for.
//!
//! The page `manual::rare` says what is estimated, what that rests on, and when it fails.

mod error;
mod event;
mod levels;
mod pilot;
mod tree;
mod watch;

pub use error::RareError;
pub use event::{Approach, Nearness, RARE_EVENTS, RareEvent};
pub use levels::{Levels, SplitLevel};
pub use pilot::{Pilot, explore};
pub use tree::{TreeTally, grow};
