//! The ways that messages take.

use crate::net::{Latency, Link};
use crate::world::{LEGS, Leg};

/// Latency and loss of every way that a message takes.
#[derive(Clone, Debug)]
pub struct Links {
    legs: [Link; LEGS],
    /// Until a resource server accepts a new token.
    pub visible_after: Latency,
    /// Until a resource server refuses a superseded or revoked token.
    pub invalidation: Latency,
    /// Resource servers among which attempts are dealt out.
    pub replicas: u16,
}

impl Links {
    /// All at once, and nothing lost.
    pub fn perfect() -> Self {
        Self {
            legs: [const { Link::PERFECT }; LEGS],
            visible_after: Latency::ZERO,
            invalidation: Latency::ZERO,
            replicas: 1,
        }
    }

    /// The way of this leg.
    #[inline]
    pub fn leg(&self, leg: Leg) -> &Link {
        &self.legs[leg as usize]
    }

    /// The way of this leg, to be changed.
    pub fn leg_mut(&mut self, leg: Leg) -> &mut Link {
        &mut self.legs[leg as usize]
    }
}
