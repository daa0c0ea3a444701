//! What the control plane is asked, as JSON.

use schemars::JsonSchema;
use serde::Deserialize;

use super::step::{Down, Place};
use crate::base::{Duration, Share};

/// The clock is moved, stopped, or goes on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClockAsked {
    /// How far ahead it is moved.
    pub advance: Option<Duration>,
    /// It stands still from now on, or goes on.
    pub frozen: Option<bool>,
}

/// Which tokens end: one, a client's, or all.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EndAsked {
    /// A token, its number, or a refresh token for all of its grant.
    pub token: Option<String>,
    /// A client's.
    pub client: Option<String>,
    /// Only those of this slot of the client.
    pub slot: Option<u16>,
}

/// A user logs in.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginAsked {
    /// At this client; left out, at `app`.
    pub client: Option<String>,
    /// For this caller.
    pub caller: Option<String>,
    /// With this scope.
    pub scope: Option<String>,
}

/// A client is granted slots.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SlotsAsked {
    /// The client's id.
    pub client: String,
    /// How many it has from now on.
    pub slots: u16,
}

/// How an endpoint fails from now on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultAsked {
    /// Which endpoint.
    pub at: Place,
    /// It is down; left out, it is not.
    pub outage: Option<Down>,
    /// Share of requests that it fails; left out, as it was.
    pub error_rate: Option<Share>,
}

/// What should hold.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AssertAsked {
    /// Counts, each compared with a number: `token_requests <= 1`, or of one caller `token_requests@pod-3 <= 1`.
    pub that: Vec<String>,
}
