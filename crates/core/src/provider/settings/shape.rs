//! What tokens look like.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an access token looks like to whoever holds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenShape {
    /// A text that only the provider reads.
    #[default]
    Opaque,
    /// A JSON Web Token (RFC 9068), which whoever has the provider's public key reads and verifies.
    Jwt,
}
