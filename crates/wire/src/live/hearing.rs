//! From an HTTP answer to what a node hears: which of the provider's answers it is, by its status, its headers and its body.
//!
//! What the node makes of it is the node's own matter (`node::CallPolicy`): a client that reads only the status takes an error under
//! 200 for a success, and this page of the code still knows the error by its wording.

use std::num::NonZeroU32;
use std::time::SystemTime;

use serde::Deserialize;

use super::texts::Texts;
use crate::base::{Duration, Millis, Time};
use crate::oauth::{AnswerKind, At, Grant, Reply};
use crate::provider::settings::Dialect;

/// An answer, as far as a client looks at it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answered {
    pub status: u16,
    pub retry_after: Option<String>,
    /// When the provider decided, by the clock that it shares with this process.
    pub decided: Option<Time>,
    /// What the token reveals about its issue.
    pub rank: Option<NonZeroU32>,
    pub body: String,
}

/// What a token endpoint says of a token.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    expires_in: Option<f64>,
}

/// A token that says nothing of its life is taken to live so long, as many clients do.
const USUAL_LIFE_MS: u32 = 3_600_000;

/// The API's answer.
pub(super) fn api(dialect: &Dialect, answered: &Answered) -> Reply<()> {
    match kind(dialect, At::Api, answered) {
        None => Reply::Granted(()),
        Some(kind) => refused(kind, answered),
    }
}

/// The token endpoint's answer.
pub(super) fn token(dialect: &Dialect, answered: &Answered, texts: &Texts) -> Reply<Grant> {
    let kind = kind(dialect, At::Token, answered);
    match (kind, serde_json::from_str::<TokenAnswer>(&answered.body)) {
        (None, Ok(granted)) => {
            let token = texts.number(&granted.access_token, granted.refresh_token.as_deref());
            let life = granted
                .expires_in
                .map(|seconds| (seconds * 1e3).clamp(0.0, f64::from(u32::MAX)) as u32);
            Reply::Granted(Grant {
                token,
                life: Millis::new(life.unwrap_or(USUAL_LIFE_MS)),
                rank: answered.rank,
            })
        }
        // A success without a token in it cannot be read.
        (kind, _) => refused(kind.unwrap_or(AnswerKind::ServerError), answered),
    }
}

fn refused<T>(kind: AnswerKind, answered: &Answered) -> Reply<T> {
    Reply::Refused {
        kind,
        wait: answered
            .retry_after
            .as_deref()
            .and_then(retry_after)
            .unwrap_or_default(),
    }
}

/// A `Retry-After`, in seconds or as a date (RFC 9110, section 10.2.3).
pub(crate) fn retry_after(text: &str) -> Option<Millis> {
    if let Ok(seconds) = text.trim().parse::<u32>() {
        return Some(Duration::from_secs(u64::from(seconds)).into());
    }
    let at = httpdate::parse_http_date(text.trim()).ok()?;
    let wait = at.duration_since(SystemTime::now()).unwrap_or_default();
    // A date has whole seconds: what is left of the one that has begun belongs to it.
    Some(Duration::from_secs(wait.as_millis().div_ceil(1000) as u64).into())
}

/// Which answer it is; none for a success.
fn kind(dialect: &Dialect, at: At, answered: &Answered) -> Option<AnswerKind> {
    let worded = |kind: &&AnswerKind| {
        let wording = dialect.answer(**kind);
        wording.status == answered.status && wording.body == answered.body
    };
    if let Some(&kind) = Dialect::answers_at(at).iter().find(worded) {
        return Some(kind);
    }
    // In other words than the profile's: by the status, as the standards have it.
    match (answered.status, at) {
        (200..300, _) => None,
        (401, At::Api) => Some(AnswerKind::Rejected),
        (400 | 401, At::Token) if answered.body.contains("invalid_grant") => Some(AnswerKind::StaleRefresh),
        (429, _) => Some(AnswerKind::Throttled),
        (500.., _) => Some(AnswerKind::ServerError),
        _ => Some(AnswerKind::BadSlot),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::Perceived;
    use crate::provider::settings::{DialectSettings, Reads};

    fn dialect(text: &str) -> Dialect {
        Dialect::of(&toml::from_str::<DialectSettings>(text).unwrap())
    }

    fn answered(dialect: &Dialect, at: At, kind: AnswerKind) -> Answered {
        let date = |_| "Sat, 28 Nov 2026 00:00:30 GMT".to_owned();
        let answer = dialect.respond(at, kind, Millis::new(2000), date);
        let header = answer.headers.iter().find(|(name, _)| *name == "retry-after");
        Answered {
            status: answer.status,
            retry_after: header.map(|(_, value)| value.clone()),
            body: answer.body.into_owned(),
            ..Answered::default()
        }
    }

    /// Whatever a dialect says, a node makes of the HTTP answer what the simulator has it make of the kind.
    #[test]
    fn an_answer_that_came_over_http_means_the_same() {
        for text in [
            "",
            r#"rejected = { status = 200, body = '{"errcode":40001}' }
               throttled = { status = 200, body = '{"errcode":45009}' }"#,
            r#"stale_refresh = { status = 403, body = "Unknown or invalid refresh token" }"#,
            r#"rejected = { status = 401, body = '{"code":124}' }"#,
        ] {
            let dialect = dialect(text);
            for at in [At::Api, At::Token] {
                for kind in AnswerKind::ALL {
                    let possible = matches!(kind, AnswerKind::Rejected | AnswerKind::Expired) == (at == At::Api);
                    let one_sided = !matches!(
                        kind,
                        AnswerKind::Throttled
                            | AnswerKind::ThrottledInBody
                            | AnswerKind::ServerError
                            | AnswerKind::Forbidden
                            | AnswerKind::LoginPage
                            | AnswerKind::Redirected
                    );
                    if one_sided && !possible {
                        continue;
                    }
                    let heard = super::kind(&dialect, at, &answered(&dialect, at, kind)).expect("no success");
                    for reads in [Reads::Body, Reads::Status] {
                        let perceptions = dialect.perceptions(reads);
                        let (ours, theirs) = (perceptions.of(at, heard), perceptions.of(at, kind));
                        let alike = ours == theirs
                            || matches!(
                                (ours, theirs),
                                (Perceived::Throttled { .. }, Perceived::Throttled { .. })
                            );
                        assert!(
                            alike,
                            "{text}: {at:?} {kind:?} was heard as {heard:?}: {ours:?}, not {theirs:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn words_that_no_profile_has_are_read_by_their_status() {
        let dialect = dialect("");
        let heard = |status, body: &str| {
            let answered = Answered {
                status,
                body: body.to_owned(),
                ..Answered::default()
            };
            api(&dialect, &answered)
        };
        assert_eq!(heard(200, "hello"), Reply::Granted(()));
        assert_eq!(heard(401, "go away"), Reply::refused(AnswerKind::Rejected));
        assert_eq!(heard(502, ""), Reply::refused(AnswerKind::ServerError));
        assert_eq!(heard(404, ""), Reply::refused(AnswerKind::BadSlot));
    }

    #[test]
    fn a_grant_is_read() {
        let (dialect, texts) = (dialect(""), Texts::default());
        let granted = Answered {
            status: 200,
            body: r#"{"access_token":"a","token_type":"bearer","expires_in":3599,"refresh_token":"r"}"#.to_owned(),
            ..Answered::default()
        };
        let Reply::Granted(grant) = token(&dialect, &granted, &texts) else {
            panic!("it is granted")
        };
        assert_eq!(grant.life, Millis::new(3_599_000));
        assert_eq!(texts.text(grant.token).refresh.as_deref(), Some("r"));
        let page = Answered {
            status: 200,
            body: "<html>".to_owned(),
            ..Answered::default()
        };
        assert_eq!(token(&dialect, &page, &texts), Reply::refused(AnswerKind::ServerError));
    }

    #[test]
    fn a_wait_is_read_in_seconds_and_as_a_date() {
        assert_eq!(retry_after(" 30 "), Some(Millis::new(30_000)));
        let soon = httpdate::fmt_http_date(SystemTime::now() + std::time::Duration::from_secs(10));
        let read = retry_after(&soon).unwrap();
        assert!((9_000..=10_000).contains(&read.get()), "{read:?}");
        assert_eq!(retry_after("soon"), None);
    }
}
