//! A picture of everybody at one time, and how a step changes it.

use serde::{Deserialize, Serialize};

use super::life::TokenLife;

/// Everybody at one time. What the provider would accept follows from the lives of the tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Every node, in the order of the parties.
    pub nodes: Vec<NodePicture>,
    /// Tokens that the provider would accept, in the order of issue.
    pub tokens: Vec<TokenLife>,
    /// Calls under way, in the order of arrival.
    pub calls: Vec<CallPicture>,
    /// Shared stores, in the order of the parties; none where the strategy uses none.
    pub stores: Vec<StorePicture>,
    /// Slots that each client has.
    pub slots: Vec<SlotsPicture>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodePicture {
    /// Which party it is.
    pub party: usize,
    /// It serves calls.
    pub up: bool,
    /// It stands still.
    pub paused: bool,
    /// The token that it would send now; none where it has none, or knows that its token is dead.
    pub token: Option<u64>,
}

/// A call under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallPicture {
    /// Which call.
    pub call: u64,
    /// The node at which it arrived.
    pub party: usize,
    /// When it arrived; none in a counterexample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrived_ns: Option<u64>,
    /// How far it has come.
    pub phase: CallPhase,
    /// The token that it was sent with last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<u64>,
    /// Attempts so far.
    pub attempts: u16,
    /// Those of them that were refused for their token.
    pub refused: u16,
}

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallPhase {
    /// It waits for a token.
    WaitsForToken,
    /// An attempt is under way.
    AtApi,
    /// The gateway has it.
    AtGateway,
    /// It waits before another try.
    WaitsToRetry,
    /// Its node stands still, and has not heard of it.
    Unheard,
    /// It waits before the next call of its job.
    BetweenCalls,
}

/// A shared store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorePicture {
    /// Which party it is.
    pub party: usize,
    /// The token that lies there.
    pub token: Option<u64>,
    /// The node that holds the lease.
    pub lease: Option<usize>,
}

/// The slots of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotsPicture {
    /// Which registered client, from 0.
    pub client: u16,
    /// How many slots it has.
    pub slots: u16,
}
