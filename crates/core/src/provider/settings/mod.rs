//! A provider as a profile or a scenario writes it. A scenario's settings lie over its profile's, key by key.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod dialect;
mod granted;
mod issuance;
mod perception;
mod refresh;
mod shape;
mod words;

pub use dialect::{Dialect, DialectSettings, HttpAnswer, LOGIN_PAGE, RetryAfter, Wording};
pub use granted::TokenWords;
pub use perception::{LoggedOutBy, Reads};
pub use refresh::{
    DepthSettings, KillsAccess, OnViolationSettings, RefreshSettings, ReplayAnswer, RetireSettings,
    RevokeFamilySettings, RotateSettings, SuccessorUsedSettings, WhichUse,
};
pub use shape::TokenShape;

use super::quota::Quota;
use crate::base::{ByName, Duration, Rate, Share, by_name_if_any};
use crate::net::Distribution;

/// Everything about a provider; what is left out comes from the profile, then from [`Settings::neutral`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Profile that fills in what is left out here; `tokenstorm list providers` names them.
    pub profile: Option<String>,
    /// What issuing a token does to earlier ones, where a client obtains it for itself or by a login.
    #[serde(deserialize_with = "by_name_if_any")]
    #[schemars(with = "Option<ByName<RuleSettings>>")]
    pub rule: Option<RuleSettings>,
    /// Refresh tokens; left out where there are none and clients obtain tokens for themselves.
    pub refresh: Option<RefreshSettings>,
    /// Life of a token.
    pub token_ttl: Option<Duration>,
    /// What two tokens reveal about which is newer; left out, nothing.
    pub reveals: Option<Reveals>,
    /// Name of the request parameter that selects a slot; left out where there are no slots.
    pub slot_parameter: Option<String>,
    /// What an index gets that was not granted.
    pub on_bad_slot: Option<OnBadSlot>,
    /// Node to token endpoint, until the commit (u).
    pub token_request: Option<Distribution>,
    /// Commit until the node has the token (v).
    pub token_response: Option<Distribution>,
    /// Node to API, until the token is checked (c).
    pub api_request: Option<Distribution>,
    /// Check until the node knows (r).
    pub api_response: Option<Distribution>,
    /// How it words what it answers.
    pub dialect: DialectSettings,
    /// What its endpoints can take.
    pub limits: Limits,
    /// What goes wrong at random.
    pub faults: Faults,
    /// How late its resource servers hear of tokens.
    pub lags: Lags,
}

/// What issuing a token does to earlier ones in the same slot of the same app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RuleSettings {
    /// Nothing.
    Independent(IndependentSettings),
    /// It ends the one before.
    LatestOnly(OverlapSettings),
    /// So many may live.
    Capacity(CapacitySettings),
    /// The current token is returned until it is near its end.
    Reuse(ReuseSettings),
}

/// Tokens do not end one another: there is nothing to set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IndependentSettings {}

/// A new token ends the one before it in the same slot, after a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OverlapSettings {
    /// How long a superseded token lives on.
    pub overlap: Duration,
    /// How many superseded tokens enjoy the overlap; left out for all.
    pub overlap_depth: Option<u32>,
}

/// So many tokens of a slot live at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapacitySettings {
    /// Live tokens per slot.
    #[schemars(range(min = 1))]
    pub live: u32,
    /// What a request gets when the slot is full.
    #[serde(default)]
    pub on_full: OnFullSettings,
    /// How long a superseded token lives on.
    #[serde(default)]
    pub overlap: Duration,
    /// How many superseded tokens enjoy the overlap; left out for all.
    pub overlap_depth: Option<u32>,
}

/// What a request gets when the slot is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnFullSettings {
    /// The oldest live token ends.
    #[default]
    EvictOldest,
    /// The request is refused.
    Refuse,
}

/// The current token is returned while enough of its life is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReuseSettings {
    /// The current token is returned while it has at least this long to live.
    pub threshold: Duration,
    /// A token that is returned gets its full life again.
    #[serde(default)]
    pub extend: bool,
    /// Live tokens per slot once a new one is issued; left out for any number.
    pub live: Option<u32>,
    /// How long a superseded token lives on.
    #[serde(default)]
    pub overlap: Duration,
    /// How many superseded tokens enjoy the overlap; left out for all.
    pub overlap_depth: Option<u32>,
    /// Limits of forced renewal; a forced request beyond them gets the current token.
    pub force: Option<ForceSettings>,
}

/// Limits on requests that ask for a new token where the current one would be returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForceSettings {
    /// Forced renewals in each window.
    pub count: u32,
    /// Length of a window.
    pub window: Duration,
    /// Least time between two of them.
    #[serde(default)]
    pub min_gap: Duration,
}

/// What two tokens reveal about which is newer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reveals {
    /// They are opaque.
    #[default]
    Nothing,
    /// Which of them was issued later.
    Order,
    /// When each was issued, in units of this length.
    IssueTime(Duration),
}

/// What a slot index gets that was not granted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnBadSlot {
    /// `400 invalid_request`.
    #[default]
    Refuse,
    /// The index is ignored: slot 0.
    Ignore,
}

/// How much the endpoints can take.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Of the token endpoint.
    pub token: EndpointLimits,
    /// Of the API.
    pub api: EndpointLimits,
    /// Limits on the requests of both endpoints together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<Vec<Quota>>,
}

/// What one endpoint can take.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EndpointLimits {
    /// Requests served at once; left out for any number.
    pub servers: Option<u32>,
    /// How long a server is busy with one request.
    pub service: Option<Distribution>,
    /// Requests that may wait for a server; more get a 503.
    pub queue: Option<u32>,
    /// Limits on requests; each counts every request that it is about, and the first that is used up answers.
    pub quotas: Option<Vec<Quota>>,
}

/// What goes wrong at the provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// Of the token endpoint.
    pub token: EndpointFaults,
    /// Of the API.
    pub api: EndpointFaults,
    /// How often the provider, of its own accord and at random times, revokes all live tokens of an app chosen at random.
    pub revocations: Option<Rate>,
}

/// What goes wrong at one endpoint, as shares of its requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EndpointFaults {
    /// Requests lost on their way: nothing happened.
    pub lost_before: Option<Share>,
    /// Answers lost on their way back: it happened, nobody knows.
    pub lost_after: Option<Share>,
    /// Requests answered with a 5xx: nothing happened.
    pub error_rate: Option<Share>,
}

/// How late resource servers hear of the authorization server's doings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Lags {
    /// Until a new token is accepted, drawn for each token and replica.
    pub visible_after: Option<Distribution>,
    /// Until a superseded or revoked token is refused, drawn for each token and replica.
    pub invalidation: Option<Distribution>,
    /// Resource servers among which attempts are dealt out at random.
    pub replicas: Option<u16>,
}

impl Settings {
    /// These settings, and the profile's where they say nothing.
    #[must_use]
    pub fn over(self, profile: Self) -> Self {
        Self {
            profile: self.profile.or(profile.profile),
            rule: self.rule.or(profile.rule),
            refresh: match (self.refresh, profile.refresh) {
                (Some(own), Some(theirs)) => Some(own.over(theirs)),
                (own, theirs) => own.or(theirs),
            },
            token_ttl: self.token_ttl.or(profile.token_ttl),
            reveals: self.reveals.or(profile.reveals),
            slot_parameter: self.slot_parameter.or(profile.slot_parameter),
            on_bad_slot: self.on_bad_slot.or(profile.on_bad_slot),
            token_request: self.token_request.or(profile.token_request),
            token_response: self.token_response.or(profile.token_response),
            api_request: self.api_request.or(profile.api_request),
            api_response: self.api_response.or(profile.api_response),
            dialect: self.dialect.over(profile.dialect),
            limits: Limits {
                token: self.limits.token.over(profile.limits.token),
                api: self.limits.api.over(profile.limits.api),
                pool: self.limits.pool.or(profile.limits.pool),
            },
            faults: Faults {
                token: self.faults.token.over(profile.faults.token),
                api: self.faults.api.over(profile.faults.api),
                revocations: self.faults.revocations.or(profile.faults.revocations),
            },
            lags: Lags {
                visible_after: self.lags.visible_after.or(profile.lags.visible_after),
                invalidation: self.lags.invalidation.or(profile.lags.invalidation),
                replicas: self.lags.replicas.or(profile.lags.replicas),
            },
        }
    }

    /// Rules for refresh tokens, where there are any.
    pub fn refresh_tokens(&self) -> Option<RefreshSettings> {
        self.refresh.filter(|refresh| refresh.issued != Some(false))
    }

    /// What two tokens reveal about which is newer.
    pub fn revealed(&self) -> Reveals {
        self.reveals.unwrap_or_default()
    }

    /// What becomes of a slot index that a client was not granted.
    pub fn bad_slot(&self) -> OnBadSlot {
        self.on_bad_slot.unwrap_or_default()
    }

    /// A provider that a scenario describes from nothing: tokens that live an hour and know nothing of each other, and
    /// latencies of a call within one continent.
    pub fn neutral() -> Self {
        let ms = |ms| Some(Distribution::Constant(Duration::from_millis(ms)));
        Self {
            rule: Some(RuleSettings::Independent(IndependentSettings {})),
            token_ttl: Some(Duration::from_secs(3600)),
            token_request: ms(40),
            token_response: ms(40),
            api_request: ms(20),
            api_response: ms(20),
            ..Self::default()
        }
    }
}

impl EndpointLimits {
    fn over(self, profile: Self) -> Self {
        Self {
            servers: self.servers.or(profile.servers),
            service: self.service.or(profile.service),
            queue: self.queue.or(profile.queue),
            quotas: self.quotas.or(profile.quotas),
        }
    }
}

impl EndpointFaults {
    fn over(self, profile: Self) -> Self {
        Self {
            lost_before: self.lost_before.or(profile.lost_before),
            lost_after: self.lost_after.or(profile.lost_after),
            error_rate: self.error_rate.or(profile.error_rate),
        }
    }
}
