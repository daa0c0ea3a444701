//! What nodes share: what lies in their store, and what they say to each other.

use std::num::NonZeroU32;

use super::Names;
use crate::base::{Millis, NodeId, Rough};
use crate::oauth::{Failure, Grant, Token};
use crate::store;

/// What the nodes of one domain put into their shared store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shared {
    /// The token itself.
    pub token: Token,
    /// Life that was left when it was issued.
    pub life: Millis,
    /// What it reveals about when it was issued.
    pub rank: Option<NonZeroU32>,
    /// Which of the apps or slots that take turns it came from; 0 where there is one.
    pub turn: u8,
    /// How long it took to obtain, where the strategy measures that.
    pub took: Rough,
}

impl Shared {
    /// What a node puts into the store when it has obtained this.
    pub const fn of(grant: Grant, turn: u8) -> Self {
        Self {
            token: grant.token,
            life: grant.life,
            rank: grant.rank,
            turn,
            took: Rough::ZERO,
        }
    }

    /// The same under new names.
    #[must_use]
    pub fn renamed(self, names: &mut dyn Names) -> Self {
        Self {
            token: names.token(self.token),
            rank: self.rank.map(|rank| names.rank(rank)),
            ..self
        }
    }
}

impl store::Stored for Shared {
    fn name(&self) -> NonZeroU32 {
        self.token.0
    }

    fn rank(&self) -> u32 {
        self.rank.map_or(0, NonZeroU32::get)
    }
}

/// What nodes say to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Note {
    /// Here is a token.
    Token(Shared),
    /// This token (none: I have none) will not do: please get me another.
    Wanted(Option<Token>),
    /// There is none to be had.
    Failed(Failure),
}

/// Whom a node tells something: nodes of its own domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whom {
    /// This node.
    One(NodeId),
    /// The gateway.
    Gateway,
    /// Every other node but the gateway.
    All,
    /// The nodes 1, 2, 4, 8 ... places after it, this many of them: what is passed on so reaches everybody in few steps.
    Some(u8),
}

/// What a node asks of the shared store.
pub type StoreOperation = store::Operation<Shared>;
/// What the shared store answers.
pub type StoreAnswer = store::Answer<Shared>;
