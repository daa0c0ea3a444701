//! The life of a token as a film tells it.

use serde::{Deserialize, Serialize};

/// How a token died.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Death {
    /// It reached the end of its life.
    Expired,
    /// A newer token took its place.
    Superseded,
    /// The provider took it back.
    Revoked,
}

/// The life of a token, as far as it is known at the time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenLife {
    /// Its place in the order of issue, from 1.
    pub token: u64,
    /// The party whose request it was issued for; none where a user logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<usize>,
    /// Which registered client it belongs to, from 0.
    pub client: u16,
    /// Which of the client's slots, from 0.
    pub slot: u16,
    /// The step in which it was issued.
    pub born: u64,
    /// When it was issued; none in a counterexample, as all instants below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub born_ns: Option<u64>,
    /// End of its full life, which its holder is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_ns: Option<u64>,
    /// From then on the provider refuses it: its expiry, or earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_ns: Option<u64>,
    /// The step in which its end was decided; none while only its expiry is to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doomed: Option<u64>,
    /// How it died, or will before its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub death: Option<Death>,
    /// The token that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub killer: Option<u64>,
    /// The party whose request that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub killed_by: Option<usize>,
}

impl TokenLife {
    /// Whether the provider refuses it at this instant, as far as its life is known; where there are no instants, whether its end has
    /// been decided.
    pub fn is_over(&self, at_ns: Option<u64>) -> bool {
        match (at_ns, self.ends_ns) {
            (Some(at), Some(ends)) => at >= ends,
            _ => self.doomed.is_some(),
        }
    }
}
