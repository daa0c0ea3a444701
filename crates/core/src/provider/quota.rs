//! Quotas as they are written: how many requests are let in, whose are counted together, and what a request beyond them gets. None
//! of them ever ends a token.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::Duration;

/// A limit on requests. Without further keys it has fixed windows that follow each other from the start of the run: a window of one
/// day ends at midnight if the run starts there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Requests in each window; of a token bucket the permits that it gains in one, of `concurrency` the requests under way at once.
    pub count: u32,
    /// Length of a window; left out for `concurrency`, which has none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub window: Duration,
    /// How requests are counted.
    #[serde(default, skip_serializing_if = "is_default")]
    pub kind: QuotaKind,
    /// What is counted.
    #[serde(default, skip_serializing_if = "is_default")]
    pub counts: Counts,
    /// Only requests of this grant type are counted; left out, all are. The token endpoint alone has grant types.
    #[serde(default, skip_serializing_if = "is_default")]
    pub grant_type: Option<GrantType>,
    /// Whose requests are counted together.
    #[serde(default)]
    pub scope: Scope,
    /// How long whoever goes beyond the quota is shut out; left out, until there is room again.
    #[serde(default, skip_serializing_if = "is_default")]
    pub penalty: Option<Duration>,
    /// Throttling goes on while it is ignored: a request that is refused begins the penalty anew, or, without a penalty, counts in the
    /// sliding window as one that is let in.
    #[serde(default, skip_serializing_if = "is_default")]
    pub prolongs: bool,
    /// What a request beyond the quota gets.
    #[serde(default)]
    pub on_exceed: OnExceed,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Quota {
    /// So many requests of each app in each fixed window; more are told how long until it ends.
    pub fn fixed(count: u32, window: Duration) -> Self {
        Self {
            count,
            window,
            ..Self::default()
        }
    }
}

/// How requests are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuotaKind {
    /// In windows that follow each other. Twice the count may come within a moment, before and after the end of a window.
    #[default]
    Fixed,
    /// In the window that ends now, exactly: the time of each request that was let in is kept.
    SlidingLog,
    /// In the window that ends now, estimated from two counts: those of this fixed window, and as large a share of those of the
    /// one before as still lies in the sliding one (the sliding window counter of
    /// <https://blog.cloudflare.com/counting-things-a-lot-of-different-things/>).
    SlidingCounter,
    /// In a bucket of permits, full at first, that gains `count` of them in each `window`, evenly; a request takes one.
    TokenBucket(TokenBucket),
    /// At one time: from their arrival until they have been served, those that wait for a server included.
    Concurrency,
}

/// A bucket of permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenBucket {
    /// Permits that it holds: so many requests may come at once.
    pub burst: u32,
}

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    /// Every request, as it arrives, whatever becomes of it afterwards.
    #[default]
    Requests,
    /// Tokens that are issued. A request is looked at when it would commit, and costs nothing where no new token comes of it.
    Issuances,
}

/// What a token request presents (RFC 6749, section 4 and 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// The client's own credentials.
    ClientCredentials,
    /// A user's login.
    AuthorizationCode,
    /// A refresh token.
    RefreshToken,
}

/// Whose requests are counted together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Each app's own.
    #[default]
    Client,
    /// Those of all apps of the account.
    Account,
    /// Those that come from one address: every node has its own, unless its fleet says otherwise (`address`).
    Address,
    /// Those of one grant, that is of one user and app; of an app's own tokens, which no user granted, the app's.
    Grant,
}

/// What a request beyond the quota gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnExceed {
    /// It is throttled, and told how long until there is room, as the dialect has it; of `concurrency` nobody knows how long.
    #[default]
    RetryAfter,
    /// It is throttled without a hint.
    Throttle,
    /// It is throttled without a hint, under HTTP 200 with an error in the body.
    ErrorBody,
    /// The token endpoint returns the current token, where there is one.
    NoOp,
    /// The token endpoint says that another request is under way (409), as the dialect has it.
    Conflict,
    /// The token endpoint says of the refresh token that it is no longer good, though it is.
    InvalidGrant,
}
