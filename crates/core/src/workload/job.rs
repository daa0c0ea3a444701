//! Jobs: a call that arrives is the first of several, which a program makes one after another, as an export or a listing of many pages does.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::Duration;

/// What follows the first call of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// Calls of one job, the first among them.
    pub calls: u32,
    /// From the answer to one call to the next call; left out, none.
    #[serde(default)]
    pub gap: Duration,
    /// What each further call is sent with.
    #[serde(default)]
    pub token: JobToken,
    /// What becomes of a job whose kept token is refused.
    #[serde(default)]
    pub on_refusal: OnRefusal,
}

impl Job {
    /// A call that is alone.
    pub const fn of_one() -> Self {
        Self {
            calls: 1,
            gap: Duration::ZERO,
            token: JobToken::Asked,
            on_refusal: OnRefusal::Renews,
        }
    }
}

/// What each further call of a job is sent with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobToken {
    /// The token with which the call before it succeeded; nobody is asked.
    #[default]
    Kept,
    /// The token that the strategy gives at that time, as for any call that arrives.
    Asked,
}

/// What becomes of a job whose kept token is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnRefusal {
    /// What becomes of any refused call: it is tried again with another token as the retry policy says, and the job goes on with that.
    #[default]
    Renews,
    /// It fails: the program holds its token in a variable, and knows no other.
    Fails,
}
