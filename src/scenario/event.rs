//! What happens during a run, as the file writes it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::Duration;

/// Something that happens at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Counted from the start of the warm-up.
    pub at: Duration,
    pub what: What,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The stopped nodes of a fleet start again, with empty memory.
    Start(OfFleet),
    /// A fleet stops: nothing arrives any more, calls under way are finished.
    Stop(OfFleet),
    /// The nodes of a fleet restart: memory and calls under way are lost.
    Restart(Restart),
    /// A fleet grows or shrinks.
    Scale(Scale),
    /// One node dies and comes back with empty memory.
    Crash(Crash),
    /// The gateway of an app dies and comes back with empty memory.
    CrashGateway(CrashGateway),
    /// An endpoint answers nothing but errors, or nothing at all.
    Fail(Fail),
    /// An endpoint takes longer.
    Slow(Slow),
    /// The shared stores lose their primaries: replicas take over that had not heard of the last writes.
    FailOverStore(FailOverStore),
    /// Support grants an app more slots.
    GrantSlots(GrantSlots),
    /// Somebody revokes an app's live tokens.
    Revoke(Revoke),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfFleet {
    pub fleet: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Restart {
    pub fleet: String,
    /// From the first node's restart to the last one's; zero for all at once.
    #[serde(default)]
    pub rolling: Duration,
    /// How long each node is away.
    #[serde(default)]
    pub down: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    pub fleet: String,
    /// Nodes afterwards.
    #[schemars(range(max = 10_000_000))]
    pub nodes: u32,
    /// The change is spread evenly over this time.
    #[serde(default)]
    pub over: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Crash {
    pub fleet: String,
    /// Which node, from 0.
    pub node: u32,
    /// How long it is away.
    #[serde(default)]
    pub down: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CrashGateway {
    pub app: String,
    /// How long it is away.
    pub down: Duration,
}

/// Where requests go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    Token,
    Api,
    Store,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fail {
    pub endpoint: Target,
    /// How long it lasts.
    #[serde(rename = "for")]
    pub lasts: Duration,
    #[serde(default)]
    pub how: How,
}

/// How an endpoint fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Every request is answered with an error.
    #[default]
    Errors,
    /// No request is answered.
    Silent,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slow {
    pub endpoint: Target,
    /// Times as long as usual; above 1.
    pub factor: f64,
    /// How long it lasts.
    #[serde(rename = "for")]
    pub lasts: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailOverStore {
    /// Writes younger than this are lost, leases included.
    pub loses: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantSlots {
    pub app: String,
    /// Slots that the app has from now on.
    #[schemars(range(min = 1))]
    pub slots: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    pub app: String,
    /// Left out for all slots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<u16>,
}
