//! The life of a token as its issuer knows it: from its issue to its end, and why it was refused after that.

use super::Token;
use crate::base::{Duration, Time};

/// One slot of one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(pub u32);

/// How a token ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ending {
    /// At the end of its life.
    Expired,
    /// A newer token took its place.
    Superseded,
    /// The provider took it back.
    Revoked,
}

/// One token's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Life {
    /// The token itself.
    pub token: Token,
    /// The app's slot that it was issued in.
    pub bucket: Bucket,
    /// When the provider committed it.
    pub issued: Time,
    /// From this instant on it is not accepted: its expiry, or earlier when it was superseded or revoked.
    pub end: Time,
    /// End of its full life, which any resource server can see for itself.
    pub expires: Time,
    /// What shortened its life; `None` while only its expiry is to come.
    pub ending: Option<Ending>,
    /// Last time a call was accepted with it.
    pub last_use: Option<Time>,
    /// Nodes that would send it now.
    pub holders: u32,
    /// The token that its bucket issued next.
    pub newer: Option<Token>,
}

impl Life {
    /// Whether it would be accepted at this instant.
    #[inline]
    pub fn is_live(&self, now: Time) -> bool {
        now < self.end
    }

    /// How long it would still be accepted.
    #[inline]
    pub fn remaining(&self, now: Time) -> Duration {
        self.end.since(now)
    }

    /// A call was accepted with it.
    #[inline]
    pub fn accepted(&mut self, now: Time) {
        self.last_use = Some(now);
    }
}

/// Why a token was refused, as the model knows and a node does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// It was live when the attempt left its node: beyond any client's reach.
    InFlight,
    /// A newer token has taken its place.
    Superseded,
    /// It has reached the end of its life.
    Expired,
    /// The provider has taken it back.
    Revoked,
    /// Issued, but this replica has not heard of it yet.
    NotYetActive,
    /// Dead for so long that the ledger has forgotten it.
    LongDead,
}

impl Cause {
    /// Its name, as a log has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InFlight => "in_flight",
            Self::Superseded => "superseded",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::NotYetActive => "not_yet_active",
            Self::LongDead => "unknown",
        }
    }
}
