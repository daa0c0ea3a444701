//! The ways between the parties, as written: to the store, to the gateway, between nodes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Duration, Share};
use crate::net::Distribution;

/// The store that processes share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StoreSettings {
    /// Node to store.
    pub request: Distribution,
    /// Store to node.
    pub response: Distribution,
    /// Operations lost on their way: nothing happened.
    pub lost_before: Share,
    /// Answers lost on their way back: it happened, nobody knows.
    pub lost_after: Share,
    /// How long a node waits for an answer.
    pub timeout: Duration,
    /// Reads are answered by a replica that has heard of nothing younger than this; left out, by the primary.
    pub replica_lag: Option<Duration>,
}

/// The way between two nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PeerSettings {
    /// Time that a message takes, one way.
    pub latency: Distribution,
    /// Messages lost on their way.
    pub lost: Share,
}

/// The way between a node and its gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GatewaySettings {
    /// Node to gateway.
    pub request: Distribution,
    /// Gateway to node.
    pub response: Distribution,
}

fn one_millisecond() -> Distribution {
    Distribution::constant(Duration::from_millis(1))
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            request: one_millisecond(),
            response: one_millisecond(),
            lost_before: Share::default(),
            lost_after: Share::default(),
            timeout: Duration::SECOND,
            replica_lag: None,
        }
    }
}

impl Default for PeerSettings {
    fn default() -> Self {
        Self {
            latency: one_millisecond(),
            lost: Share::default(),
        }
    }
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self {
            request: one_millisecond(),
            response: one_millisecond(),
        }
    }
}
