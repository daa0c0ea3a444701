//! How a figure compares with a number.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a figure compares with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Op {
    /// Less than the value.
    #[serde(rename = "<")]
    Less,
    /// At most the value.
    #[serde(rename = "<=")]
    AtMost,
    /// More than the value.
    #[serde(rename = ">")]
    More,
    /// At least the value.
    #[serde(rename = ">=")]
    AtLeast,
    /// The value, but for rounding.
    #[serde(rename = "==")]
    Equal,
}

impl Op {
    /// Equal means equal but for rounding in the twelfth digit: a mean of shares is seldom exact.
    pub fn holds(self, figure: f64, value: f64) -> bool {
        match self {
            Self::Less => figure < value,
            Self::AtMost => figure <= value,
            Self::More => figure > value,
            Self::AtLeast => figure >= value,
            Self::Equal => (figure - value).abs() <= 1e-12 * value.abs().max(1.0),
        }
    }

    /// As it is written.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
            Self::Equal => "==",
        }
    }
}
