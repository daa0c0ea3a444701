//! Which rule does a provider follow? Found out from outside, over HTTP alone, by few requests.
//!
//! The rules that are possible are hypotheses: the profiles, and the neighbours of what has been found so far. A question is a script of
//! requests and waits; [`provider::Server`](crate::provider::Server), run by each hypothesis, says beforehand what would come of it. The
//! question is asked next that tells most of them apart for the fewest requests, until none does. What is left cannot be told apart from
//! outside, and is named. Numbers are measured by themselves: counted, or bracketed in time. `manual::probe` is the page
//! about it.
//!
//! Knows no text of a token but in the file that speaks HTTP, and no way to print one.

mod addresses;
mod boundary;
mod bounds;
mod conclude;
mod finding;
mod forcing;
mod grants;
mod http;
mod interview;
mod neighbours;
mod opening;
mod pivots;
pub mod profile;
mod quotas;
mod reading;
mod session;
mod simulated;
mod slots;
mod span;
mod subject;
mod target;
mod tokens;
mod topics;
mod wording;

pub use bounds::{ProbeBounds, Throttling};
pub use conclude::{conclude, parts};
pub use finding::{Findings, ProbeFinding};
pub use http::HttpSubject;
pub use interview::{Interview, interview};
pub use quotas::LimitHeader;
pub use subject::{About, ApiAnswered, AskBy, Halt, HandedOut, NOBODYS, Question, Seen, Subject, TokenAnswered};
pub use target::{ClientAuth, Logins, ProbeTarget, TokenPlace};
pub use wording::{HeardWords, Worded};
