//! What a client makes of a provider's answers, by how much of them its code reads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::dialect::{Dialect, RetryAfter};
use crate::oauth::{AnswerKind, At, Perceived, Perceptions};

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

/// What a client takes for the end of its login, so that it drops its refresh token.
///
/// A table of what one client did by each answer is in xikhar/persona#47; juspay/neurolink#1345 and planningcenter/developers#1310 are others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoggedOutBy {
    /// `invalid_grant`, as RFC 6749, section 5.2, has it.
    #[default]
    InvalidGrant,
    /// Every 4xx status of the token endpoint, a 429 among them.
    ClientErrors,
    /// Every status of the token endpoint from 400 on.
    Errors,
}

impl Dialect {
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
                // A client follows to where it is sent, and finds a page there.
                (300..400, At::Api, _) => Perceived::Success,
                (300..400, At::Token, _) => Perceived::ServerError,
                (400 | 401, At::Token, AnswerKind::StaleRefresh) => Perceived::InvalidGrant,
                (429, ..) => Perceived::Throttled {
                    wait: wait && kind == AnswerKind::Throttled,
                },
                (500.., ..) => Perceived::ServerError,
                _ => Perceived::Refused,
            };
        }
        // Of answers worded alike, the one that is met most often is believed.
        let mut possible = Self::answers_at(at).iter();
        let believed = possible.find(|other| self.answer(**other) == answer);
        match believed.unwrap_or(&kind) {
            AnswerKind::Rejected | AnswerKind::Expired => Perceived::Rejected,
            AnswerKind::StaleRefresh => Perceived::InvalidGrant,
            AnswerKind::Throttled => Perceived::Throttled { wait },
            AnswerKind::ThrottledInBody | AnswerKind::Conflict => Perceived::Throttled { wait: false },
            // A page is no error that the provider is known to have.
            AnswerKind::ServerError | AnswerKind::Forbidden | AnswerKind::LoginPage | AnswerKind::Redirected => {
                Perceived::ServerError
            }
            AnswerKind::Full | AnswerKind::BadSlot => Perceived::Refused,
        }
    }

    /// All that a client can meet, looked up beforehand.
    pub fn perceptions(&self, reads: Reads) -> Perceptions {
        let possible = |at, kind| Self::answers_at(at).contains(&kind);
        Perceptions::from_fn(|at, kind| match possible(at, kind) {
            true => self.perceive(at, kind, reads),
            false => Perceived::Refused,
        })
    }

    /// The same for a client that takes more than `invalid_grant` for the end of its login.
    pub fn logged_out(&self, by: LoggedOutBy, perceptions: &Perceptions) -> Perceptions {
        Perceptions::from_fn(|at, kind| {
            let status = self.answer(kind).status;
            let ends = match by {
                LoggedOutBy::InvalidGrant => false,
                LoggedOutBy::ClientErrors => (400..500).contains(&status),
                LoggedOutBy::Errors => status >= 400,
            };
            match at == At::Token && ends {
                true => Perceived::InvalidGrant,
                false => perceptions.of(at, kind),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::settings::DialectSettings;

    fn dialect(text: &str) -> Dialect {
        Dialect::of(&toml::from_str(text).unwrap())
    }

    /// A client without a dialect of its own perceives what the standards' wording says.
    #[test]
    fn the_standards_are_what_a_client_expects() {
        let standard = Dialect::of(&DialectSettings::default());
        assert_eq!(standard.perceptions(Reads::Body), Perceptions::default());
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

    #[test]
    fn a_page_is_a_success_only_to_who_looks_at_the_status_of_a_call() {
        use Perceived::{Refused, ServerError, Success};
        let dialect = dialect("");
        for (kind, at, status) in [
            (AnswerKind::Forbidden, At::Api, Refused),
            (AnswerKind::Forbidden, At::Token, Refused),
            (AnswerKind::LoginPage, At::Api, Success),
            (AnswerKind::LoginPage, At::Token, ServerError),
            (AnswerKind::Redirected, At::Api, Success),
            (AnswerKind::Redirected, At::Token, ServerError),
        ] {
            assert_eq!(
                dialect.perceptions(Reads::Status).of(at, kind),
                status,
                "{at:?} {kind:?}"
            );
            assert_eq!(
                dialect.perceptions(Reads::Body).of(at, kind),
                ServerError,
                "{at:?} {kind:?}"
            );
        }
    }

    /// Each row is a row of the table in xikhar/persona#47, before and after, and the rule of juspay/neurolink#1345.
    #[test]
    fn what_ends_a_login_by_mistake() {
        use AnswerKind::{Forbidden, LoginPage, ServerError, StaleRefresh, Throttled};
        let dialect = dialect("");
        for (kind, standard, client_errors, errors) in [
            (StaleRefresh, true, true, true),
            (Throttled, false, true, true),
            (Forbidden, false, true, true),
            (ServerError, false, false, true),
            (LoginPage, false, false, false),
        ] {
            for (by, expected) in [
                (LoggedOutBy::InvalidGrant, standard),
                (LoggedOutBy::ClientErrors, client_errors),
                (LoggedOutBy::Errors, errors),
            ] {
                let heard = dialect.logged_out(by, &dialect.perceptions(Reads::Status));
                assert_eq!(
                    heard.of(At::Token, kind) == Perceived::InvalidGrant,
                    expected,
                    "{kind:?} {by:?}"
                );
                assert_ne!(heard.of(At::Api, kind), Perceived::InvalidGrant, "{kind:?} {by:?}");
            }
        }
    }
}
