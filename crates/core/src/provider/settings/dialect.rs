//! How a provider words what it refuses, and what a client can tell apart of it.
//!
//! Status codes lie: a throttled request answered with 200 and an error in the body, a stale refresh token with 403, a wait given
//! as a date. A node acts on what it can tell apart, no more; which that is follows from the wording and from how much of an
//! answer the client's code reads.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shape::TokenShape;
use crate::base::{Duration, Millis};
use crate::oauth::{AnswerKind, At};

/// The wording of each answer; what is left out is worded as RFC 6749, 6750 and 6585 have it.
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
    /// The token endpoint about a request beside which another is under way.
    pub conflict: Option<Wording>,
    /// How a throttled request learns how long to wait; left out, in seconds.
    pub retry_after: Option<RetryAfter>,
    /// The token endpoint's body where it hands out a token, with `{access_token}` in it and perhaps `{expires_in}`,
    /// `{refresh_token}`, `{scope}` and `{token_type}`. Only `tokenstorm serve` says it.
    pub granted: Option<String>,
    /// What a token looks like. Only `tokenstorm serve` shows one.
    pub tokens: Option<TokenShape>,
}

/// A status, and the body beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wording {
    /// HTTP status.
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
    /// As a number of seconds.
    #[default]
    Seconds,
    /// As an HTTP date.
    Date,
    /// Not at all.
    Absent,
}

/// An answer as HTTP has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer<'a> {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case, values as they are sent.
    pub headers: Vec<(&'static str, String)>,
    /// The body as it is sent.
    pub body: Cow<'a, str>,
}

/// A complete wording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    answers: [Wording; AnswerKind::COUNT],
    pub(super) retry_after: RetryAfter,
    pub(super) granted: Option<String>,
    /// What a token looks like.
    pub tokens: TokenShape,
}

/// Where a request is sent that is to log in first.
pub const LOGIN_PAGE: &str = "/_login";

/// What may be answered at each endpoint, what is met most often first.
const API: [AnswerKind; 8] = [
    AnswerKind::Rejected,
    AnswerKind::Expired,
    AnswerKind::Throttled,
    AnswerKind::ThrottledInBody,
    AnswerKind::ServerError,
    AnswerKind::Forbidden,
    AnswerKind::LoginPage,
    AnswerKind::Redirected,
];
const TOKEN: [AnswerKind; 10] = [
    AnswerKind::StaleRefresh,
    AnswerKind::Throttled,
    AnswerKind::ThrottledInBody,
    AnswerKind::ServerError,
    AnswerKind::Full,
    AnswerKind::BadSlot,
    AnswerKind::Conflict,
    AnswerKind::Forbidden,
    AnswerKind::LoginPage,
    AnswerKind::Redirected,
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
                or(&settings.conflict, 409, r#"{"error":"conflict"}"#),
                // Not the provider's words, but of what stands before it.
                or(
                    &None,
                    403,
                    "<html><title>403 Forbidden</title><h1>Request blocked</h1></html>",
                ),
                or(
                    &None,
                    200,
                    "<html><title>Sign in</title><h1>Sign in to continue</h1></html>",
                ),
                or(
                    &None,
                    302,
                    "<html><title>302 Found</title><h1>Sign in to continue</h1></html>",
                ),
            ],
            retry_after: settings.retry_after.unwrap_or_default(),
            granted: settings.granted.clone(),
            tokens: settings.tokens.unwrap_or_default(),
        }
    }

    /// How an answer of this kind is worded.
    pub const fn answer(&self, kind: AnswerKind) -> &Wording {
        &self.answers[kind as usize]
    }

    /// How the wait is written that an answer asks for.
    pub const fn retry_after(&self) -> RetryAfter {
        self.retry_after
    }

    /// The answer of this kind as HTTP has it, for any caller of the server. `date` writes the instant that lies so far ahead as an
    /// HTTP date (RFC 9110, section 5.6.7), which only a caller with a wall clock can.
    pub fn respond(
        &self,
        at: At,
        kind: AnswerKind,
        wait: Millis,
        date: impl FnOnce(Millis) -> String,
    ) -> HttpAnswer<'_> {
        let Wording { status, body } = self.answer(kind);
        let mut headers = Vec::new();
        if !body.is_empty() {
            let media_type = match body.as_bytes()[0] {
                b'{' | b'[' => "application/json",
                b'<' => "text/html; charset=utf-8",
                _ => "text/plain; charset=utf-8",
            };
            headers.push(("content-type", media_type.to_owned()));
        }
        match at {
            // RFC 6749, section 5.1 and 5.2.
            At::Token => headers.push(("cache-control", "no-store".to_owned())),
            // RFC 6750, section 3.
            At::Api if *status == 401 => {
                headers.push(("www-authenticate", r#"Bearer error="invalid_token""#.to_owned()));
            }
            At::Api => {}
        }
        if kind == AnswerKind::Redirected {
            headers.push(("location", LOGIN_PAGE.to_owned()));
        }
        if kind == AnswerKind::Throttled && wait > Millis::ZERO {
            match self.retry_after {
                RetryAfter::Seconds => headers.push((
                    "retry-after",
                    Duration::from(wait).nanos().div_ceil(1_000_000_000).to_string(),
                )),
                RetryAfter::Date => headers.push(("retry-after", date(wait))),
                RetryAfter::Absent => {}
            }
        }
        HttpAnswer {
            status: *status,
            headers,
            body: Cow::Borrowed(body),
        }
    }

    /// What may be answered at an endpoint, what is met most often first.
    pub const fn answers_at(at: At) -> &'static [AnswerKind] {
        match at {
            At::Api => &API,
            At::Token => &TOKEN,
        }
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
            conflict: self.conflict.or(profile.conflict),
            retry_after: self.retry_after.or(profile.retry_after),
            granted: self.granted.or(profile.granted),
            tokens: self.tokens.or(profile.tokens),
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
            ("conflict", &self.conflict),
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
    fn an_answer_goes_out_as_http_has_it() {
        let header = |answer: &HttpAnswer<'_>, name| {
            let mut headers = answer.headers.iter();
            headers
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value.clone())
        };
        let date = |_| "Sat, 28 Nov 2026 00:00:30 GMT".to_owned();
        let wait = Millis::new(29_001);
        for (text, retry_after) in [
            ("", Some("30")),
            (r#"retry_after = "date""#, Some("Sat, 28 Nov 2026 00:00:30 GMT")),
            (r#"retry_after = "absent""#, None),
        ] {
            let dialect = dialect(text);
            let answer = dialect.respond(At::Token, AnswerKind::Throttled, wait, date);
            assert_eq!((answer.status, &*answer.body), (429, ""));
            assert_eq!(header(&answer, "retry-after").as_deref(), retry_after);
            assert_eq!(header(&answer, "cache-control").as_deref(), Some("no-store"));
        }
        let dialect = dialect(r#"rejected = { status = 401, body = '{"code":124}' }"#);
        let answer = dialect.respond(At::Api, AnswerKind::Rejected, Millis::ZERO, date);
        assert_eq!((answer.status, &*answer.body), (401, r#"{"code":124}"#));
        assert!(header(&answer, "www-authenticate").is_some_and(|value| value.contains("invalid_token")));
        assert_eq!(header(&answer, "content-type").as_deref(), Some("application/json"));
        assert_eq!(header(&answer, "retry-after"), None);
    }
}
