//! What refreshing a grant does to its earlier tokens, as a profile or a scenario writes it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{ByName, Duration, by_name_if_any};

/// Rules for refresh tokens; those for tokens that a client obtains for itself or by a login are the provider's `rule`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RefreshSettings {
    /// Whether there are refresh tokens at all; `false` switches those of the profile off. Left out, there are.
    pub issued: Option<bool>,
    /// When a refresh gives a new refresh token; left out, always.
    pub rotate: Option<RotateSettings>,
    /// When the refresh token that was used ends; left out, as its successor is issued.
    pub retire: Option<RetireSettings>,
    /// How old a refresh token may be that is still accepted; left out, the previous one.
    pub depth: Option<DepthSettings>,
    /// What a refresh token gets that is used once more and accepted; left out, a new pair.
    pub replay_answer: Option<ReplayAnswer>,
    /// Access tokens that a refresh ends; left out, none.
    pub kills_access: Option<KillsAccess>,
    /// Grants of one user and app that live at once, the oldest is evicted; left out for any number.
    #[schemars(range(min = 1))]
    pub capacity: Option<u32>,
    /// Whether a grant that is evicted takes its access tokens with it; left out, it does not.
    pub evicts_access: Option<bool>,
    /// What follows when a refresh token is used that is no longer accepted; left out, it is refused.
    #[serde(deserialize_with = "by_name_if_any")]
    #[schemars(with = "Option<ByName<OnViolationSettings>>")]
    pub on_violation: Option<OnViolationSettings>,
    /// Life of a refresh token; left out, it does not expire.
    pub ttl: Option<Duration>,
}

/// When a refresh gives a new refresh token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RotateSettings {
    /// The same refresh token serves for ever.
    Never,
    /// Every refresh gives a new one.
    #[default]
    Always,
    /// Only one that is at least this old is replaced.
    AfterAge(Duration),
}

/// When a refresh token that was used ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetireSettings {
    /// As its successor is issued.
    #[default]
    OnIssue,
    /// So long afterwards.
    Leeway(Duration),
    /// After it was used so many times more.
    Reuses(u32),
    /// Once so many newer access tokens were issued.
    Newer(u32),
    /// Once a successor is first used.
    SuccessorUsed(SuccessorUsedSettings),
}

/// A used refresh token lives until its successor has proved to have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuccessorUsedSettings {
    /// Which token of the new pair must be used.
    pub which: WhichUse,
    /// From that use to the end.
    #[serde(default)]
    pub delay: Duration,
    /// Longest life after its own first use; left out, it waits for ever for the successor's.
    pub cap: Option<Duration>,
}

/// Which token of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhichUse {
    /// The access token.
    Access,
    /// The refresh token.
    Refresh,
    /// Whichever is used first.
    Either,
}

/// How old a refresh token may be that is still accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DepthSettings {
    /// Only the direct predecessor of the newest.
    #[default]
    Previous,
    /// However many newer ones there are.
    AnyAncestor,
}

/// What a refresh token gets that is used once more and accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplayAnswer {
    /// The pair that its first use got.
    SamePair,
    /// A pair of its own: the family branches.
    #[default]
    NewPair,
    /// A pair of its own, and the pairs that earlier uses got end.
    LastWins,
}

/// Access tokens that a refresh ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KillsAccess {
    /// It ends none.
    #[default]
    None,
    /// The one that was issued with the refresh token that is used.
    Paired,
    /// All of the grant.
    All,
}

/// What follows when a refresh token is used that is no longer accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnViolationSettings {
    /// `invalid_grant`, and nothing else.
    #[default]
    Refuse,
    /// `invalid_grant`, and every refresh token of the grant ends.
    RevokeFamily(RevokeFamilySettings),
}

/// What ends with a grant, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RevokeFamilySettings {
    /// Its access tokens end too.
    pub access: bool,
    /// From the violation until they are refused.
    pub takes: Duration,
}

impl RefreshSettings {
    pub(super) fn over(self, profile: Self) -> Self {
        Self {
            issued: self.issued.or(profile.issued),
            rotate: self.rotate.or(profile.rotate),
            retire: self.retire.or(profile.retire),
            depth: self.depth.or(profile.depth),
            replay_answer: self.replay_answer.or(profile.replay_answer),
            kills_access: self.kills_access.or(profile.kills_access),
            capacity: self.capacity.or(profile.capacity),
            evicts_access: self.evicts_access.or(profile.evicts_access),
            on_violation: self.on_violation.or(profile.on_violation),
            ttl: self.ttl.or(profile.ttl),
        }
    }
}
