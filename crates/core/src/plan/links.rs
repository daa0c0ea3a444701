//! The ways that messages take.

use crate::base::Duration;
use crate::net::{Latency, Link};
use crate::oauth::Token;
use crate::world::{LEGS, Leg, is_of_second};

/// Latency and loss of every way that a message takes.
#[derive(Clone, Debug)]
pub struct Links {
    legs: [Link; LEGS],
    /// When resource servers learn of tokens and of their ends.
    pub lags: Propagation,
    /// The same of a second provider's.
    pub lags_of_second: Option<Box<Propagation>>,
}

/// When the resource servers of a provider learn of tokens and of their ends.
#[derive(Clone, Debug)]
pub struct Propagation {
    /// Until a resource server accepts a new token.
    pub visible_after: Latency,
    /// Until a resource server refuses a superseded or revoked token.
    pub invalidation: Latency,
    /// Resource servers among which attempts are dealt out.
    pub replicas: u16,
}

impl Propagation {
    /// One resource server, which learns of everything at once.
    pub fn none() -> Self {
        Self {
            visible_after: Latency::ZERO,
            invalidation: Latency::ZERO,
            replicas: 1,
        }
    }

    /// Both of them where they are always the same.
    pub fn steady(&self) -> Option<(Duration, Duration)> {
        self.visible_after.as_constant().zip(self.invalidation.as_constant())
    }
}

impl Links {
    /// All at once, and nothing lost.
    pub fn perfect() -> Self {
        Self {
            legs: [const { Link::PERFECT }; LEGS],
            lags: Propagation::none(),
            lags_of_second: None,
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

    /// When the resource servers of a token's provider learn of it.
    #[inline]
    pub fn lags_of(&self, token: Token) -> &Propagation {
        match &self.lags_of_second {
            Some(lags) if is_of_second(token) => lags,
            _ => &self.lags,
        }
    }
}
