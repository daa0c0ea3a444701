//! What is probed, as far as it can be seen from outside: two URLs that are asked, and time that passes.
//!
//! Tokens have numbers here, in the order in which their texts were first seen. The texts stay with whoever speaks to the provider, so
//! that nothing above can print one.

use super::span::shown;
use crate::base::{Duration, Time};

/// A text of a token that was seen, by its number.
pub type Seen = u32;

/// A token that nobody issued.
pub const NOBODYS: Seen = 0;

/// What a refusal is about that comes next, for the dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// A token that nobody issued.
    Unknown,
    /// A token that may have been superseded or revoked.
    Ended,
    /// A token whose life is over.
    Expired,
    /// A refresh token that was used before, or whose grant is over.
    Refresh,
    /// A slot that may not be granted.
    Slot,
    /// A token beyond those that may live.
    Full,
}

/// How a token is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskBy {
    /// As client credentials (RFC 6749, section 4.4).
    Client,
    /// By a login: a new grant.
    Login,
    /// With this refresh token (RFC 6749, section 6).
    Refresh(Seen),
}

/// A token request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// What it shows.
    pub by: AskBy,
    /// The slot that it names.
    pub slot: Option<u16>,
    /// It asks for a new token even where the current one would be returned.
    pub force: bool,
}

impl Question {
    /// A request that names no slot and forces nothing.
    pub const fn plain(by: AskBy) -> Self {
        Self {
            by,
            slot: None,
            force: false,
        }
    }
}

/// What a token endpoint handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandedOut {
    /// The access token.
    pub access: Seen,
    /// The refresh token that came with it.
    pub refresh: Option<Seen>,
    /// How long the access token lives, as the answer says.
    pub life: Option<Duration>,
}

/// The token endpoint's answer, as far as the probe looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenAnswered {
    /// A token.
    Granted(HandedOut),
    /// None; the way of asking is none that the provider or the client has.
    Unsupported,
    /// None, for another reason.
    Refused,
    /// None for now, with the wait that the answer asks for.
    Throttled(Option<Duration>),
}

/// The API's answer to a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiAnswered {
    /// The token is good.
    Accepted,
    /// It is not.
    Rejected,
    /// The call is beyond a quota, with the wait that the answer asks for.
    Throttled(Option<Duration>),
}

/// Why a probe goes no further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    /// So many requests were made as may be.
    #[error("the bound of {0} requests is reached; --max-requests raises it")]
    Requests(u32),
    /// What is asked next takes longer than may be waited.
    #[error("it takes another {}; --patience allows for longer waits", shown(*.0))]
    Patience(Duration),
    /// No further grant is at hand.
    #[error("no further login is at hand; give more refresh tokens, one a line, each of a login of its own")]
    Grants,
    /// No further token may live until one of them has expired.
    #[error("no further token is issued for now")]
    Full,
    /// Somebody interrupted it.
    #[error("it was interrupted")]
    Interrupted,
    /// The provider cannot be probed so.
    #[error("{0}")]
    Broken(String),
}

/// A provider from outside.
pub trait Subject {
    /// The time that the provider goes by, as far as it can be known, since 1970.
    fn now(&self) -> Time;

    /// Another one in the same state, where that can be had.
    fn twin(&self) -> Option<Box<dyn Subject>> {
        None
    }

    /// What a refusal would be about from now on.
    fn about(&mut self, about: About) {
        let _ = about;
    }

    /// Lets so much time pass.
    ///
    /// # Errors
    /// When time cannot be let pass.
    fn pass(&mut self, span: Duration) -> Result<(), Halt>;

    /// A token request.
    ///
    /// # Errors
    /// When there is no answer, or none that can be read.
    fn ask(&mut self, question: Question) -> Result<TokenAnswered, Halt>;

    /// A call of the API with this token.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    fn call(&mut self, token: Seen) -> Result<ApiAnswered, Halt>;
}
