//! Counts of the calls of one group, and of what the nodes of one fleet ask for.

use super::usable::UsableTime;
use crate::oauth::AnswerKind;
use crate::trace::CallOutcome;

/// How many causes of a rejection are told apart.
pub(super) const CAUSES: usize = 6;

/// How many ways a call can end.
const ENDINGS: usize = 12;

/// How many failures of a last try are told apart.
const FAILURES: usize = 10;

/// How many reasons are told apart for which the token endpoint serves no request.
pub(super) const REFUSALS: usize = 6;

/// Why the token endpoint has not served a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenRefusal {
    /// It was one too many.
    Throttled,
    /// Another request was under way.
    Conflict,
    /// The server failed, or its queue was full.
    Failed,
    /// The refresh token was used up, revoked or unknown.
    DeadGrant,
    /// No further token may live, or the slot was not granted.
    Denied,
    /// Something before the server answered with a page.
    Page,
}

impl TokenRefusal {
    /// What an answer of the token endpoint says.
    pub const fn of(answer: AnswerKind) -> Self {
        match answer {
            AnswerKind::Throttled | AnswerKind::ThrottledInBody => Self::Throttled,
            AnswerKind::Conflict => Self::Conflict,
            AnswerKind::ServerError => Self::Failed,
            AnswerKind::StaleRefresh => Self::DeadGrant,
            AnswerKind::Full | AnswerKind::BadSlot | AnswerKind::Rejected | AnswerKind::Expired => Self::Denied,
            AnswerKind::Forbidden | AnswerKind::LoginPage | AnswerKind::Redirected => Self::Page,
        }
    }
}

/// Counts of the calls of one group: one kind of call of one fleet.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Calls that arrived.
    pub calls: u64,
    /// Calls that succeeded.
    pub succeeded: u64,
    /// Calls whose first attempt was refused for its token.
    pub first_rejected: u64,
    /// Attempts that were refused for their token.
    pub rejections: u64,
    /// API attempts.
    pub attempts: u64,
    /// Calls with an attempt that was refused although its token was live when it was sent.
    pub rejected_in_flight: u64,
    /// Calls that ended so, by [`CallOutcome`].
    pub outcomes: [u64; ENDINGS],
    /// Those that did not succeed, by what failed their last try.
    pub failed_by: [u64; FAILURES],
}

impl Tally {
    pub(super) fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.succeeded += other.succeeded;
        self.first_rejected += other.first_rejected;
        self.rejections += other.rejections;
        self.attempts += other.attempts;
        self.rejected_in_flight += other.rejected_in_flight;
        for (sum, count) in self.outcomes.iter_mut().zip(other.outcomes) {
            *sum += count;
        }
        for (sum, count) in self.failed_by.iter_mut().zip(other.failed_by) {
            *sum += count;
        }
    }

    /// Calls that ended so.
    pub fn ended(&self, outcome: CallOutcome) -> u64 {
        self.outcomes[outcome as usize]
    }
}

/// Counts of what the nodes of one fleet ask for, and are refused for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FleetTally {
    /// Requests that reached the token endpoint.
    pub requests: u64,
    /// Those that it refused or failed.
    pub refusals: u64,
    /// The same by [`TokenRefusal`].
    pub refused: [u64; REFUSALS],
    /// Tokens issued.
    pub issued: u64,
    /// Rejections by [`Cause`](crate::provider::Cause).
    pub causes: [u64; CAUSES],
    /// Time that its nodes were up, and had a usable token, where that is counted.
    pub usable: UsableTime,
}

impl FleetTally {
    /// A token request was not served.
    pub(super) fn refuse(&mut self, answer: AnswerKind) {
        self.refusals += 1;
        self.refused[TokenRefusal::of(answer) as usize] += 1;
    }
}

/// Counts of what is asked for one tenant, and refused.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TenantTally {
    /// Requests that reached the token endpoint.
    pub requests: u32,
    /// Tokens issued.
    pub issued: u32,
    /// Rejections by [`Cause`](crate::provider::Cause).
    pub causes: [u32; CAUSES],
    /// Token requests that were refused or failed, by [`TokenRefusal`].
    pub refused: [u32; REFUSALS],
    /// Refresh families that ended, or that no node can use.
    pub grants_lost: u32,
}

impl TenantTally {
    /// A token request was not served.
    pub(super) fn refuse(&mut self, answer: AnswerKind) {
        self.refused[TokenRefusal::of(answer) as usize] += 1;
    }
}
