//! How a node spares a token endpoint that fails, whatever its strategy and its calls are: a cool-down, a breaker for token requests alone,
//! a refusal that is final, and what calls are sent with meanwhile. What people came to who had hammered theirs: a cool-down of 15 minutes
//! (BoldGrid/w3-total-cache#1387), a wait that doubles from 60 s to 30 min (dam-agents/dam#2881), a breaker of three failures and 30 s with one probe
//! (NousResearch/hermes-agent#103663), another that a blink of the network opened, too (vellum-ai/vellum-assistant#26924).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Breaker;
use crate::base::Duration;

/// A node asks a failing token endpoint less often, whatever its strategy is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TokenGuard {
    /// After a token request that failed the node makes no other for so long, or as long as a 429 says where `obey_retry_after` is set.
    /// Whoever asks meanwhile is given the same failure: a negative cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<Duration>,
    /// After failures in a row of its token requests the node makes none for a while, then one as a probe. A refused grant is an answer, and
    /// closes it; with `refused_tokens` it is a failure like any other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaker: Option<Breaker>,
    /// After `invalid_grant` the node makes no token request until somebody has logged in.
    pub until_login: bool,
    /// Token requests that have failed for so long, without a success in between, are taken for the end of the login, as `invalid_grant` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_after: Option<Duration>,
    /// Calls for which no new token is to be had are sent with the last one that the node has had, unless they have been refused with it.
    pub use_stale: bool,
}
