//! The nouns of OAuth 2.0 as data: tokens, requests for them, and the answers of both endpoints (RFC 6749, RFC 6750).
//!
//! Knows neither who issues nor who asks.

mod life;
mod reply;

use crate::base::Millis;

pub use life::{Bucket, Cause, Ending, Life};
pub use reply::{AnswerKind, At, Perceived, Perceptions, Reply};

/// An access token, named by the issuer's sequence number; where a refresh token came with it, the number names the pair.
///
/// The number orders tokens by their commit at the provider. The model may look at it; a strategy may only compare
/// tokens for equality, as with an opaque string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub std::num::NonZeroU32);

impl Token {
    /// The token with this sequence number, from 1.
    ///
    /// # Panics
    /// When `sequence` is zero.
    #[inline]
    pub fn numbered(sequence: u32) -> Self {
        Self(std::num::NonZeroU32::new(sequence).expect("sequence numbers begin at 1"))
    }

    /// Its place in the order of issue, from 1.
    #[inline]
    pub const fn sequence(self) -> u32 {
        self.0.get()
    }
}

/// Which of its client's tokens a node asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenSlot {
    /// Which of several registered copies of the app signs the request; the app itself is 0.
    pub app_copy: u16,
    /// Which slot of that client.
    pub index: Slot,
}

/// The slot index of a token request, as it is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// No parameter: the provider's default, slot 0.
    #[default]
    Unnamed,
    /// `token_index=n` (or whatever the provider calls it).
    Index(u16),
    /// The index under a name that the provider does not know, and ignores.
    Misnamed(u16),
}

/// What the token endpoint reveals about a token that it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grant {
    /// The access token; it also names the pair where a refresh token came with it.
    pub token: Token,
    /// `expires_in`: remaining life at the commit.
    pub life: Millis,
    /// What it reveals about when it was issued, where it reveals anything: its place in the order of issue, or its issue
    /// time in units of the provider's granularity.
    pub rank: Option<std::num::NonZeroU32>,
}

/// Why a token request or a call brought nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failure {
    /// No answer within the time the caller waits; it may or may not have happened.
    Unknown,
    /// A 5xx answer: nothing happened.
    ServerError,
    /// A 429 answer, with the wait that it asks for (zero when it names none): nothing happened.
    Throttled {
        /// How long the client is to wait.
        retry_after: Millis,
    },
    /// `invalid_grant`: the refresh token was used up, superseded or revoked, or there is none.
    InvalidGrant,
    /// The provider refuses for good: `invalid_request`, a slot out of range, or no room for another live token.
    Refused,
    /// The shared store or the gateway did not answer.
    Unreachable,
}

impl Failure {
    /// What it is called.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unknown => "no answer",
            Self::ServerError => "server error",
            Self::Throttled { .. } => "too many requests",
            Self::InvalidGrant => "invalid_grant",
            Self::Refused => "refused for good",
            Self::Unreachable => "unreachable",
        }
    }
}
