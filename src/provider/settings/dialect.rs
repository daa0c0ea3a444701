//! How a provider words what it refuses, and what a client can tell apart of it.
//!
//! Status codes lie: a throttled request answered with 200 and an error in the body, a stale refresh token with 403, a wait given
//! as a date. A node acts on what it can tell apart, no more; which that is follows from the wording and from how much of an
//! answer the client's code reads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The wording of each answer that is not a success; what is left out is worded as RFC 6749, 6750 and 6585 have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DialectSettings {
    /// The API about a token that is dead or unknown.
    pub rejected: Option<Wording>,
    /// The API about a token that has expired; left out where it says the same as of any dead one.
    pub expired: Option<Wording>,
    /// The token endpoint about a refresh token that is used up, revoked or unknown.
    pub stale_refresh: Option<Wording>,
    /// Either endpoint about a request beyond a quota.
    pub throttled: Option<Wording>,
    /// Either endpoint about a failure of its own.
    pub server_error: Option<Wording>,
    /// The token endpoint where no further token may live.
    pub full: Option<Wording>,
    /// The token endpoint about a slot that was not granted.
    pub bad_slot: Option<Wording>,
    /// How a throttled request learns how long to wait; left out, in seconds.
    pub retry_after: Option<RetryAfter>,
}

/// A status, and the body beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wording {
    #[schemars(range(min = 200, max = 599))]
    pub status: u16,
    /// Left out, it is empty, and the status is all that a client can go by.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
}

/// The form of a `Retry-After`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    #[default]
    Seconds,
    Date,
    Absent,
}

/// How much of an answer a client's code reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reads {
    /// The status, and a `Retry-After` in seconds: what a generic client does.
    Status,
    /// The body too, and a `Retry-After` in either form: code that was written for this provider.
    #[default]
    Body,
}

/// The two endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    Token,
    Api,
}

/// What an answer that is not a success is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerKind {
    Rejected,
    Expired,
    StaleRefresh,
    Throttled,
    /// [`AnswerKind::Throttled`] under HTTP 200, whatever status the dialect has for it.
    ThrottledInBody,
    ServerError,
    Full,
    BadSlot,
}

/// What a node makes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Perceived {
    /// That it was served; it was not.
    Success,
    /// That its access token is dead.
    Rejected,
    /// That its refresh token is.
    InvalidGrant,
    /// That it should come later; `wait` when it also learns how much later.
    Throttled { wait: bool },
    /// That the server failed.
    ServerError,
    /// That it is not to ask so again.
    Refused,
}

/// A complete wording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    answers: [Wording; KINDS],
    retry_after: RetryAfter,
}

const KINDS: usize = 8;

/// What may be answered at each endpoint, what is met most often first.
const API: [AnswerKind; 5] = [
    AnswerKind::Rejected,
    AnswerKind::Expired,
    AnswerKind::Throttled,
    AnswerKind::ThrottledInBody,
    AnswerKind::ServerError,
];
const TOKEN: [AnswerKind; 6] = [
    AnswerKind::StaleRefresh,
    AnswerKind::Throttled,
    AnswerKind::ThrottledInBody,
    AnswerKind::ServerError,
    AnswerKind::Full,
    AnswerKind::BadSlot,
];

impl Dialect {
    /// The wording of a provider, the standards' where it has none of its own.
    pub fn of(settings: &DialectSettings) -> Self {
        let or = |own: &Option<Wording>, status, body: &str| {
            own.clone().unwrap_or(Wording {
                status,
                body: body.to_owned(),
            })
        };
        let rejected = or(&settings.rejected, 401, r#"{"error":"invalid_token"}"#);
        let throttled = or(&settings.throttled, 429, "");
        let invalid_request = r#"{"error":"invalid_request"}"#;
        Self {
            // In the order of the kinds.
            answers: [
                rejected.clone(),
                settings.expired.clone().unwrap_or(rejected),
                or(&settings.stale_refresh, 400, r#"{"error":"invalid_grant"}"#),
                throttled.clone(),
                Wording {
                    status: 200,
                    body: match throttled.body.is_empty() {
                        true => r#"{"error":"slow_down"}"#.to_owned(),
                        false => throttled.body,
                    },
                },
                or(&settings.server_error, 503, ""),
                or(&settings.full, 400, invalid_request),
                or(&settings.bad_slot, 400, invalid_request),
            ],
            retry_after: settings.retry_after.unwrap_or_default(),
        }
    }

    pub const fn answer(&self, kind: AnswerKind) -> &Wording {
        &self.answers[kind as usize]
    }

    pub const fn retry_after(&self) -> RetryAfter {
        self.retry_after
    }

    /// What a node makes of an answer of this kind, from as much of it as its code reads.
    pub fn perceive(&self, at: At, kind: AnswerKind, reads: Reads) -> Perceived {
        let answer = self.answer(kind);
        let wait = match (self.retry_after, reads) {
            (RetryAfter::Absent, _) | (RetryAfter::Date, Reads::Status) => false,
            (RetryAfter::Seconds, _) | (RetryAfter::Date, Reads::Body) => true,
        };
        if reads == Reads::Status || answer.body.is_empty() {
            return match (answer.status, at, kind) {
                (200..300, At::Api, _) => Perceived::Success,
                // A success without a token in it cannot be read.
                (200..300, At::Token, _) => Perceived::ServerError,
                (401, At::Api, _) => Perceived::Rejected,
                (400 | 401, At::Token, AnswerKind::StaleRefresh) => Perceived::InvalidGrant,
                (429, ..) => Perceived::Throttled {
                    wait: wait && kind == AnswerKind::Throttled,
                },
                (500.., ..) => Perceived::ServerError,
                _ => Perceived::Refused,
            };
        }
        // Of answers worded alike, the one that is met most often is believed.
        let possible: &[AnswerKind] = match at {
            At::Api => &API,
            At::Token => &TOKEN,
        };
        let believed = possible.iter().find(|other| self.answer(**other) == answer);
        match believed.unwrap_or(&kind) {
            AnswerKind::Rejected | AnswerKind::Expired => Perceived::Rejected,
            AnswerKind::StaleRefresh => Perceived::InvalidGrant,
            AnswerKind::Throttled => Perceived::Throttled { wait },
            AnswerKind::ThrottledInBody => Perceived::Throttled { wait: false },
            AnswerKind::ServerError => Perceived::ServerError,
            AnswerKind::Full | AnswerKind::BadSlot => Perceived::Refused,
        }
    }

    /// All that a client can meet, looked up beforehand.
    pub fn perceptions(&self, reads: Reads) -> Perceptions {
        let mut table = [[Perceived::Refused; KINDS]; 2];
        for (at, kinds) in [(At::Token, TOKEN.as_slice()), (At::Api, API.as_slice())] {
            for &kind in kinds {
                table[at as usize][kind as usize] = self.perceive(at, kind, reads);
            }
        }
        Perceptions(table)
    }
}

/// What a client makes of each answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Perceptions([[Perceived; KINDS]; 2]);

impl Perceptions {
    #[inline]
    pub const fn of(&self, at: At, kind: AnswerKind) -> Perceived {
        self.0[at as usize][kind as usize]
    }
}

/// A client that is told in the standards' words, and reads them.
impl Default for Perceptions {
    fn default() -> Self {
        Dialect::of(&DialectSettings::default()).perceptions(Reads::Body)
    }
}

impl DialectSettings {
    pub(super) fn over(self, profile: Self) -> Self {
        Self {
            rejected: self.rejected.or(profile.rejected),
            expired: self.expired.or(profile.expired),
            stale_refresh: self.stale_refresh.or(profile.stale_refresh),
            throttled: self.throttled.or(profile.throttled),
            server_error: self.server_error.or(profile.server_error),
            full: self.full.or(profile.full),
            bad_slot: self.bad_slot.or(profile.bad_slot),
            retry_after: self.retry_after.or(profile.retry_after),
        }
    }

    /// Every answer that is worded here, with its key.
    pub fn written(&self) -> impl Iterator<Item = (&'static str, &Wording)> {
        [
            ("rejected", &self.rejected),
            ("expired", &self.expired),
            ("stale_refresh", &self.stale_refresh),
            ("throttled", &self.throttled),
            ("server_error", &self.server_error),
            ("full", &self.full),
            ("bad_slot", &self.bad_slot),
        ]
        .into_iter()
        .filter_map(|(key, answer)| Some((key, answer.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(text: &str) -> Dialect {
        Dialect::of(&toml::from_str(text).unwrap())
    }

    #[test]
    fn what_can_be_told_apart() {
        use Perceived::{InvalidGrant, Refused, Rejected, ServerError, Success, Throttled};
        const STANDARD: &str = "";
        const CODE_124: &str =
            r#"rejected = { status = 401, body = '{"code":124,"message":"Invalid access token."}' }"#;
        const ERRCODE: &str = r#"rejected = { status = 200, body = '{"errcode":40001}' }
            throttled = { status = 200, body = '{"errcode":45009}' }"#;
        const ALIKE: &str = r#"rejected = { status = 200, body = "no" }
            server_error = { status = 200, body = "no" }"#;
        const FORBIDDEN: &str = r#"stale_refresh = { status = 403, body = "Unknown or invalid refresh token" }"#;
        const BARE: &str = "stale_refresh = { status = 403 }";
        const DATE: &str = r#"retry_after = "date""#;
        const ABSENT: &str = r#"retry_after = "absent""#;
        let (waits, soon) = (Throttled { wait: true }, Throttled { wait: false });
        for (text, at, kind, status, body) in [
            (STANDARD, At::Api, AnswerKind::Rejected, Rejected, Rejected),
            (STANDARD, At::Api, AnswerKind::Throttled, waits, waits),
            (STANDARD, At::Api, AnswerKind::ThrottledInBody, Success, soon),
            (STANDARD, At::Api, AnswerKind::ServerError, ServerError, ServerError),
            (
                STANDARD,
                At::Token,
                AnswerKind::StaleRefresh,
                InvalidGrant,
                InvalidGrant,
            ),
            (STANDARD, At::Token, AnswerKind::ThrottledInBody, ServerError, soon),
            (STANDARD, At::Token, AnswerKind::Full, Refused, Refused),
            (STANDARD, At::Token, AnswerKind::BadSlot, Refused, Refused),
            (CODE_124, At::Api, AnswerKind::Rejected, Rejected, Rejected),
            (CODE_124, At::Api, AnswerKind::Expired, Rejected, Rejected),
            (ERRCODE, At::Api, AnswerKind::Rejected, Success, Rejected),
            (ERRCODE, At::Api, AnswerKind::Throttled, Success, waits),
            (ERRCODE, At::Token, AnswerKind::Throttled, ServerError, waits),
            (ALIKE, At::Api, AnswerKind::ServerError, Success, Rejected),
            (FORBIDDEN, At::Token, AnswerKind::StaleRefresh, Refused, InvalidGrant),
            (BARE, At::Token, AnswerKind::StaleRefresh, Refused, Refused),
            (DATE, At::Token, AnswerKind::Throttled, soon, waits),
            (ABSENT, At::Token, AnswerKind::Throttled, soon, soon),
        ] {
            let dialect = dialect(text);
            for (reads, expected) in [(Reads::Status, status), (Reads::Body, body)] {
                let perceived = dialect.perceive(at, kind, reads);
                assert_eq!(perceived, expected, "{text} {at:?} {kind:?} {reads:?}");
                assert_eq!(dialect.perceptions(reads).of(at, kind), expected);
            }
        }
    }
}
