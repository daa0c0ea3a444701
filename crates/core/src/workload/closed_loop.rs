//! Closed loops: users who each wait for the end of one call before they think of the next, so that the load follows how fast
//! calls end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::net::Distribution;

/// What arrives depends on how fast calls end, so strategies under one seed do not meet the same arrivals: a slow one is asked
/// less. The n-th think time at a node is the same for all of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosedLoop {
    /// Users of each node; each has at most one call under way.
    #[schemars(range(min = 1, max = 100_000))]
    pub users: u32,
    /// From the end of a user's call, however it ended, to the user's next call; also before the first.
    pub think: Distribution,
}
