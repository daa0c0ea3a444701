//! What happened, in order: the event log, and counts of it.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::Serialize;
use tokio::sync::watch;

use super::history::{Killed, as_text};
use crate::base::Time;

/// Events that are kept; older ones are forgotten, and the log says how many.
pub(super) const MOST_EVENTS: usize = 100_000;

/// One thing that happened.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Entry {
    /// Its place in the order of events, from 1.
    pub number: u64,
    /// On the emulator's clock.
    #[serde(serialize_with = "as_text")]
    pub at: Time,
    /// The request that it is about, numbered in the order of arrival; none for the control plane.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<u64>,
    pub caller: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<Arc<str>>,
    #[serde(flatten)]
    pub what: Happening,
}

/// A token that somebody's doing ends.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Ended {
    pub token: u32,
    /// Who had got it.
    pub of: Arc<str>,
    /// From when on it is refused.
    #[serde(serialize_with = "as_text")]
    pub ends: Time,
}

#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Happening {
    /// A new token is handed out.
    TokenIssued {
        grant_type: &'static str,
        token: u32,
        fingerprint: String,
        slot: u16,
        expires_in_s: u64,
        /// The caller's own token was still live.
        unnecessary: bool,
        /// Other callers who would have sent a token that it ended.
        blast: u32,
        /// Tokens that it ended.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        kills: Vec<Ended>,
    },
    /// A token that was issued before is handed out once more.
    TokenReturned { grant_type: &'static str, token: u32 },
    /// The token endpoint refuses, or fails.
    TokenRefused {
        grant_type: &'static str,
        status: u16,
        why: &'static str,
        /// Tokens that it ended all the same: a replay can revoke a family.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        kills: Vec<Ended>,
    },
    /// The API accepts a token.
    CallAccepted { token: u32 },
    /// The API refuses a token.
    CallRejected {
        #[serde(skip_serializing_if = "Option::is_none")]
        token: Option<u32>,
        fingerprint: String,
        status: u16,
        cause: &'static str,
        /// Who ended it, when, and by which request.
        #[serde(skip_serializing_if = "Option::is_none")]
        killed_by: Option<Killed>,
    },
    /// The API fails for another reason than the token.
    CallFailed { status: u16, why: &'static str },
    /// A message is lost, or nobody answers.
    Lost { leg: &'static str },
    /// Somebody ends tokens by the control plane, or by the revocation endpoint.
    TokensEnded { how: &'static str, kills: Vec<Ended> },
    /// The clock is moved, stopped or started.
    ClockMoved { advanced_s: f64, frozen: bool },
    /// All tokens, clients and counts are as at the start.
    Reset,
    /// Something is changed by the control plane.
    Changed { what: String },
    /// A request is stopped, and goes on.
    Held { at: &'static str },
    /// A request that was held goes on.
    Released { at: &'static str },
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    TokenRequests,
    Issuances,
    UnnecessaryIssuances,
    Returns,
    TokenRefusals,
    Throttled,
    Refreshes,
    StaleRefreshes,
    Logins,
    GrantsLost,
    TokensKilled,
    Blast,
    Calls,
    Accepted,
    Rejected,
    RejectedSuperseded,
    Lost,
}

/// What assertions and metrics ask for, by name, in the order of [`Count`].
pub(super) const COUNTS: [(&str, &str); 17] = [
    ("token_requests", "Requests that reached the token endpoint"),
    ("issuances", "Tokens issued"),
    (
        "unnecessary_issuances",
        "Tokens issued although the caller's own token was live",
    ),
    ("returns", "Tokens handed out once more instead of a new one"),
    ("token_refusals", "Requests that the token endpoint refused or failed"),
    ("throttled", "Requests beyond a quota, at either endpoint"),
    ("refreshes", "Token requests with a refresh token"),
    ("stale_refreshes", "Refresh tokens refused"),
    ("logins", "Grants begun by a user's login"),
    ("grants_lost", "Grants that were revoked or evicted"),
    ("tokens_killed", "Tokens that ended before their time"),
    ("blast", "Callers whose usable token the request of another ended"),
    ("calls", "Calls that reached the API"),
    ("accepted", "Calls that the API accepted"),
    ("rejected", "Calls that the API refused for their token"),
    (
        "rejected_superseded",
        "Calls refused because a newer token had taken the place of theirs",
    ),
    ("lost", "Messages lost, or not answered"),
];

/// Of one caller, or of all.
pub(super) type Counts = [u64; COUNTS.len()];

/// The ring of the latest events, and counts of all.
pub(super) struct EventLog {
    ring: VecDeque<Entry>,
    last: u64,
    counts: Counts,
    by_caller: Vec<Counts>,
    /// Tells whoever follows the log the number of the latest event.
    news: watch::Sender<u64>,
}

impl EventLog {
    pub fn new() -> Self {
        Self {
            ring: VecDeque::new(),
            last: 0,
            counts: [0; COUNTS.len()],
            by_caller: Vec::new(),
            news: watch::Sender::new(0),
        }
    }

    pub fn push(
        &mut self,
        at: Time,
        request: Option<u64>,
        caller: Arc<str>,
        client: Option<Arc<str>>,
        what: Happening,
    ) {
        self.last += 1;
        if self.ring.len() == MOST_EVENTS {
            self.ring.pop_front();
        }
        self.ring.push_back(Entry {
            number: self.last,
            at,
            request,
            caller,
            client,
            what,
        });
        if self.news.receiver_count() > 0 {
            self.news.send_replace(self.last);
        }
    }

    /// Follows the log from here on.
    pub fn follow(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    pub fn count(&mut self, caller: u32, what: Count, by: u64) {
        let (caller, place) = (caller as usize, what as usize);
        if self.by_caller.len() <= caller {
            self.by_caller.resize(caller + 1, Counts::default());
        }
        self.counts[place] += by;
        self.by_caller[caller][place] += by;
    }

    /// Of all callers, or of one.
    pub fn counts(&self, caller: Option<u32>) -> Counts {
        match caller {
            None => self.counts,
            Some(caller) => self.by_caller.get(caller as usize).copied().unwrap_or_default(),
        }
    }

    /// Number of the latest event.
    pub const fn last(&self) -> u64 {
        self.last
    }

    /// Events after this one, at most so many of them.
    pub fn since(&self, number: u64, most: usize) -> impl Iterator<Item = &Entry> {
        let gone = self.last - self.ring.len() as u64;
        let skip = number.saturating_sub(gone);
        self.ring
            .iter()
            .skip(usize::try_from(skip).unwrap_or(usize::MAX))
            .take(most)
    }

    /// Events that have been forgotten.
    pub fn forgotten(&self) -> u64 {
        self.last - self.ring.len() as u64
    }

    /// Counts begin anew; events stay.
    pub fn reset_counts(&mut self) {
        self.counts = [0; COUNTS.len()];
        self.by_caller.clear();
    }
}
