//! What the control plane is asked, as JSON.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::log::COUNTS;
use super::step::{Down, Place};
use crate::base::{Duration, Share};

/// The clock is moved, stopped, or goes on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClockAsked {
    /// How far ahead it is moved.
    #[serde(default)]
    #[schemars(schema_with = "duration_schema")]
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
    /// A client's; beside a token, whose it must be.
    pub client: Option<String>,
    /// Only those of this slot of the client; of no account where a token is named.
    pub slot: Option<u16>,
}

/// A user logs in.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginAsked {
    /// At this client; left out, at `app`.
    pub client: Option<String>,
    /// For this caller.
    #[schemars(regex(pattern = r"^[A-Za-z0-9._-]+$"))]
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
    #[serde(default)]
    #[schemars(schema_with = "share_schema")]
    pub error_rate: Option<Share>,
}

/// What should hold.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AssertAsked {
    /// Counts, each compared with a number: `token_requests <= 1`, or of one caller `token_requests@pod-3 <= 1`.
    #[schemars(inner(regex(pattern = assertion_pattern())))]
    pub that: Vec<String>,
}

/// A count, perhaps of one caller, a comparison, and a number.
fn assertion_pattern() -> String {
    let names: Vec<_> = COUNTS.iter().map(|(name, _)| *name).collect();
    format!(
        r"^({})(@[A-Za-z0-9._-]+)? ?(<=|>=|==|<|>) ?[0-9]{{1,15}}$",
        names.join("|")
    )
}

/// What is always taken for a duration, or for none.
fn duration_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"anyOf": [{"type": "string", "pattern": "^[0-9]{1,3}(ms|s|min|h|d)$"}, {"const": 0}, {"type": "null"}]})
}

fn share_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string", "pattern": "^[0-9]{1,2}%$"}, {"type": "null"}]})
}
