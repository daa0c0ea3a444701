//! Answers as they travel: what the server says, before its dialect words it, and what a client makes of it.
//!
//! Which of the answers a client can tell apart follows from the provider's wording and from how much of an answer the
//! client's code reads; `provider::settings::Dialect` works the table out.

use crate::base::{Duration, Millis};

use super::Failure;

/// The two endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum At {
    /// The token endpoint.
    Token,
    /// The API, that is the resource server.
    Api,
}

/// What an answer that is not a success is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnswerKind {
    /// The access token is dead or unknown.
    Rejected,
    /// The access token has expired.
    Expired,
    /// The refresh token is used up, revoked or unknown.
    StaleRefresh,
    /// The request is beyond a quota.
    Throttled,
    /// [`AnswerKind::Throttled`] under HTTP 200, whatever status the dialect has for it.
    ThrottledInBody,
    /// The server failed.
    ServerError,
    /// No further token may live.
    Full,
    /// The slot was not granted.
    BadSlot,
    /// Another request is under way that this one would meddle with.
    Conflict,
    /// What stands before the server turns the request away, with a page: 403.
    Forbidden,
    /// A page to log in on, in place of an answer: 200.
    LoginPage,
    /// The way to such a page: 302.
    Redirected,
}

impl AnswerKind {
    /// How many kinds there are.
    pub const COUNT: usize = 12;

    /// Every kind, in order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Rejected,
        Self::Expired,
        Self::StaleRefresh,
        Self::Throttled,
        Self::ThrottledInBody,
        Self::ServerError,
        Self::Full,
        Self::BadSlot,
        Self::Conflict,
        Self::Forbidden,
        Self::LoginPage,
        Self::Redirected,
    ];
}

/// The answer to a request, as the server gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reply<T> {
    /// The request was served.
    Granted(T),
    /// The request was not served; `wait` is the wait that the answer asks for, in whole seconds, zero where it asks for none.
    Refused {
        /// Why, as the answer has it.
        kind: AnswerKind,
        /// Until it may be tried again.
        wait: Millis,
    },
}

impl AnswerKind {
    /// Its name, as a log has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::StaleRefresh => "stale_refresh",
            Self::Throttled | Self::ThrottledInBody => "throttled",
            Self::ServerError => "server_error",
            Self::Full => "full",
            Self::BadSlot => "bad_slot",
            Self::Conflict => "conflict",
            Self::Forbidden => "forbidden",
            Self::LoginPage => "login_page",
            Self::Redirected => "redirected",
        }
    }
}

impl<T> Reply<T> {
    /// A refusal that asks for no wait.
    #[inline]
    pub const fn refused(kind: AnswerKind) -> Self {
        Self::Refused {
            kind,
            wait: Millis::ZERO,
        }
    }

    /// A refusal that asks for a wait of at least this long: in whole seconds, rounded up, as `Retry-After` has them.
    #[inline]
    pub fn refused_for(kind: AnswerKind, wait: Duration) -> Self {
        Self::Refused {
            kind,
            wait: Duration::from_secs(wait.nanos().div_ceil(1_000_000_000)).into(),
        }
    }

    /// What was granted, where the request was served.
    #[inline]
    pub fn granted(self) -> Option<T> {
        match self {
            Self::Granted(granted) => Some(granted),
            Self::Refused { .. } => None,
        }
    }

    /// Whether the request was served.
    #[inline]
    pub const fn is_granted(&self) -> bool {
        matches!(self, Self::Granted(_))
    }
}

/// What a client makes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Perceived {
    /// That its request was served; it was not.
    Success,
    /// That its access token is dead.
    Rejected,
    /// That its refresh token is.
    InvalidGrant,
    /// That it should come later; `wait` when it also learns how much later.
    Throttled {
        /// It learns how much later.
        wait: bool,
    },
    /// That the server failed.
    ServerError,
    /// That it is not to ask so again.
    Refused,
}

impl Perceived {
    /// The failure that a client sees in it, told to wait for so long.
    pub const fn failure(self, wait: Millis) -> Failure {
        match self {
            Self::Throttled { wait: told } => Failure::Throttled {
                retry_after: if told { wait } else { Millis::ZERO },
            },
            Self::ServerError | Self::Success => Failure::ServerError,
            Self::InvalidGrant => Failure::InvalidGrant,
            Self::Refused | Self::Rejected => Failure::Refused,
        }
    }
}

/// What a client makes of each answer, by endpoint and kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Perceptions([[Perceived; AnswerKind::COUNT]; 2]);

impl Perceptions {
    /// The table in which each answer has this meaning.
    pub fn from_fn(mut perceive: impl FnMut(At, AnswerKind) -> Perceived) -> Self {
        Self([At::Token, At::Api].map(|at| AnswerKind::ALL.map(|kind| perceive(at, kind))))
    }

    /// What a client learns from an answer of this kind.
    #[inline]
    pub const fn of(&self, at: At, kind: AnswerKind) -> Perceived {
        self.0[at as usize][kind as usize]
    }

    /// The same answer for all that a client cannot tell apart: the first of the kinds that mean the same to it, without a wait
    /// that it does not read.
    pub fn indistinct<T>(&self, at: At, reply: Reply<T>) -> Reply<T> {
        let Reply::Refused { kind, wait } = reply else {
            return reply;
        };
        let meaning = self.of(at, kind);
        let alike = |other: &AnswerKind| self.of(at, *other) == meaning;
        Reply::Refused {
            kind: AnswerKind::ALL.into_iter().find(alike).unwrap_or(kind),
            wait: match meaning {
                Perceived::Throttled { wait: true } => wait,
                _ => Millis::ZERO,
            },
        }
    }
}

/// A client that is answered in the standards' words (RFC 6749, 6750, 6585), and reads them.
impl Default for Perceptions {
    fn default() -> Self {
        Self::from_fn(|at, kind| match (at, kind) {
            (At::Api, AnswerKind::Rejected | AnswerKind::Expired) => Perceived::Rejected,
            (At::Token, AnswerKind::StaleRefresh) => Perceived::InvalidGrant,
            (_, AnswerKind::Throttled) => Perceived::Throttled { wait: true },
            (_, AnswerKind::ThrottledInBody) | (At::Token, AnswerKind::Conflict) => {
                Perceived::Throttled { wait: false }
            }
            (_, AnswerKind::ServerError | AnswerKind::Forbidden | AnswerKind::LoginPage | AnswerKind::Redirected) => {
                Perceived::ServerError
            }
            _ => Perceived::Refused,
        })
    }
}
