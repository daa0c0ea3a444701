//! The network between the parties: how long a message takes, and whether it arrives.
//!
//! Does not know what a message says.

mod distribution;
mod latency;

pub use distribution::{Distribution, DistributionError, LogNormal};
pub use latency::Latency;

use crate::base::Chance;

/// One direction between two kinds of parties: how long a message takes, and how often it is lost.
#[derive(Clone, Debug)]
pub struct Link {
    /// How long a message takes that arrives.
    pub latency: Latency,
    /// How likely a message is lost.
    pub loss: Chance,
}

impl Link {
    /// Delivers at once, and always.
    pub const PERFECT: Self = Self {
        latency: Latency::ZERO,
        loss: Chance::NEVER,
    };
}
