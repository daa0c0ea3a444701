//! How far a probe may go, and where a quota stopped it.

use std::fmt;

use super::span::shown;
use crate::base::{Duration, Time};

/// How far a probe may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeBounds {
    /// Requests at most.
    pub requests: u32,
    /// Waits at most, together; none where waiting costs nothing.
    pub patience: Option<Duration>,
    /// Tokens that are issued to see whether the oldest of them ends, unless a known rule asks for more.
    pub tokens: u32,
    /// Logins for the same question about grants.
    pub logins: u32,
    /// There is a parameter that names slots.
    pub slots: bool,
    /// A token may be asked for by force.
    pub force: bool,
}

impl Default for ProbeBounds {
    fn default() -> Self {
        Self {
            requests: 250,
            patience: Some(Duration::from_secs(600)),
            tokens: 17,
            logins: 8,
            slots: false,
            force: true,
        }
    }
}

/// A refusal for want of quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttling {
    /// It was the token endpoint.
    pub token_endpoint: bool,
    /// Requests there since the one before, or since the start.
    pub after: u32,
    /// The wait that it asked for.
    pub hint: Option<Duration>,
    /// When.
    pub at: Time,
    /// How long it went on, where it ended.
    pub lasted: Option<Duration>,
}

impl fmt::Display for Throttling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = if self.token_endpoint {
            "the token endpoint"
        } else {
            "the API"
        };
        write!(
            f,
            "{endpoint} refused for want of quota after {} requests; ",
            self.after
        )?;
        match self.hint {
            Some(hint) => write!(f, "a wait of {} was named", shown(hint))?,
            None => f.write_str("no wait was named")?,
        }
        match self.lasted {
            Some(lasted) => write!(f, "; it let requests in again after {lasted}"),
            None => Ok(()),
        }
    }
}
