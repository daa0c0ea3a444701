//! Phrases that steps are told with.

use super::numbering::NamedCall;
use super::tokens::number;
use crate::base::Duration;
use crate::node::{Asker, Note, StoreAnswer, StoreOperation};
use crate::oauth::{AnswerKind, Reply, Token};
use crate::store::{Answer, Operation};
use crate::trace::CallOutcome;
use crate::world::Message;

/// A span of time as it is told: three digits that count.
pub fn span(span: Duration) -> String {
    let nanos = span.nanos() as f64;
    let (value, unit) = match span.nanos() {
        0 => return "no time".to_owned(),
        1..1_000 => (nanos, "ns"),
        1_000..1_000_000 => (nanos / 1e3, "µs"),
        1_000_000..1_000_000_000 => (nanos / 1e6, "ms"),
        1_000_000_000..120_000_000_000 => (nanos / 1e9, "s"),
        120_000_000_000..7_200_000_000_000 => (nanos / 60e9, "min"),
        7_200_000_000_000..172_800_000_000_000 => (nanos / 3600e9, "h"),
        _ => (nanos / 86_400e9, "d"),
    };
    let digits = match value {
        value if value < 10.0 => 2,
        value if value < 100.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.digits$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    };
    format!("{text} {unit}")
}

/// How a call ended, in words.
pub fn outcome(outcome: CallOutcome) -> &'static str {
    match outcome {
        CallOutcome::Succeeded => "succeeds",
        CallOutcome::Late => "succeeds too late: its caller has gone",
        CallOutcome::GaveUp => "fails: its retry policy allows no further try",
        CallOutcome::OutOfBudget => "fails: the retry budget is empty",
        CallOutcome::Broken => "fails: its own node turns it away",
        CallOutcome::Impatient => "fails: its caller's patience is over",
        CallOutcome::Refused => "fails: the provider refuses for good",
        CallOutcome::LoggedOut => "fails: a user has to log in",
        CallOutcome::Lost => "is lost with its node",
        CallOutcome::Unfinished => "is still under way when the run ends",
        CallOutcome::Misread => "fails: an error is taken for a success",
        CallOutcome::NotRenewed => "fails: its job takes no other token in the place of the refused one",
    }
}

/// What a node reads in an answer that is no success.
pub(super) fn answer(kind: AnswerKind) -> &'static str {
    match kind {
        AnswerKind::Rejected | AnswerKind::Expired => "401",
        AnswerKind::StaleRefresh => "invalid_grant",
        AnswerKind::Throttled | AnswerKind::ThrottledInBody => "too many requests",
        AnswerKind::ServerError => "a server error",
        AnswerKind::Full => "no room for another token",
        AnswerKind::BadSlot => "a slot that was not granted",
        AnswerKind::Conflict => "another request is under way",
        AnswerKind::Forbidden => "a page that says 403",
        AnswerKind::LoginPage => "a page to log in on",
        AnswerKind::Redirected => "the way to a page to log in on",
    }
}

/// A token's name.
pub(super) fn name(token: Token) -> String {
    format!("token {}", number(token))
}

/// For which call a token request is made.
pub(super) fn for_whom(asker: Asker, call: Option<NamedCall>) -> String {
    match (asker, call) {
        (Asker::Call(_), Some(call)) => format!(" for {call}"),
        _ => String::new(),
    }
}

/// What a node does with the store.
pub(super) fn operation_of(operation: &StoreOperation) -> String {
    match operation {
        Operation::Read => "looks into the store".to_owned(),
        Operation::Write { value, .. } => format!("writes {} into the store", name(value.token)),
        Operation::Clear { .. } => "clears the store".to_owned(),
        Operation::Acquire { .. } | Operation::Lock => "asks for the lease".to_owned(),
        Operation::Extend { .. } => "extends the lease".to_owned(),
        Operation::Release { .. } | Operation::Unlock => "gives the lease back".to_owned(),
    }
}

/// The token that an operation writes.
pub(super) fn written(operation: &StoreOperation) -> Option<Token> {
    match operation {
        Operation::Write { value, .. } => Some(value.token),
        _ => None,
    }
}

/// What a node says to another, and which token it names.
pub(super) fn note_of(note: &Note) -> (String, Option<Token>) {
    match note {
        Note::Token(shared) => (format!("here is {}", name(shared.token)), Some(shared.token)),
        Note::Wanted(Some(token)) => (format!("{} will not do", name(*token)), Some(*token)),
        Note::Wanted(None) => ("a token is wanted".to_owned(), None),
        Note::Failed(why) => (why.words().to_owned(), None),
    }
}

/// What a node learns from the store's answer, and which token it names.
pub(super) fn store_answer(node: &str, answer: &StoreAnswer) -> (String, Option<Token>) {
    let text = match answer {
        Answer::Value(Some(entry)) => {
            let token = entry.value.token;
            return (format!("{node} finds {} in the store", name(token)), Some(token));
        }
        Answer::Kept(Some(entry)) => {
            let token = entry.value.token;
            return (
                format!("{node} hears that {} lies in the store instead", name(token)),
                Some(token),
            );
        }
        Answer::Value(None) | Answer::Kept(None) => "finds nothing in the store".to_owned(),
        Answer::Written => "hears that it is written".to_owned(),
        Answer::Acquired { .. } => "has the lease".to_owned(),
        Answer::Busy => "hears that the lease is taken".to_owned(),
        Answer::Extended { held } | Answer::Released { held } => {
            format!("hears that it was {}", if *held { "in time" } else { "too late" })
        }
        Answer::Failed(_) => "hears an error of the store".to_owned(),
    };
    (format!("{node} {text}"), None)
}

/// What never arrives, as a noun.
pub(super) fn lost(node: &str, message: &Message, call: Option<NamedCall>) -> String {
    let call = call.map_or("a call".to_owned(), |call| call.to_string());
    match message {
        Message::ApiRequest { token, .. } => format!("lost: {node}'s attempt of {call} with {}", name(*token)),
        Message::ApiResponse { .. } => format!("lost: the API's answer to {node} about {call}"),
        Message::TokenRequest { .. } => format!("lost: {node}'s token request"),
        Message::TokenResponse {
            reply: Reply::Granted(grant),
            ..
        } => {
            format!("lost: the answer that brings {} to {node}", name(grant.token))
        }
        Message::TokenResponse { .. } => format!("lost: the token endpoint's answer to {node}"),
        Message::StoreRequest { operation, .. } => format!("lost: {node} {}", operation_of(operation)),
        Message::StoreResponse { .. } => format!("lost: the store's answer to {node}"),
        Message::Note { note, .. } => format!("lost: what {node} is told: {}", note_of(note).0),
        _ => format!("lost: a message for {node}"),
    }
}

/// An instant as it is told.
pub fn instant(at_ns: u64) -> String {
    let (seconds, rest) = (at_ns / 1_000_000_000, at_ns % 1_000_000_000);
    match rest % 1_000_000 {
        0 => format!("{seconds}.{:03} s", rest / 1_000_000),
        _ => format!("{seconds}.{:06} s", rest / 1_000),
    }
}
