//! What is done to the provider, and what comes of it: plain data that can be written down.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Duration, Millis};
use crate::oauth::{AnswerKind, At, Cause, Grant};
use crate::provider::{GrantType, Outage};

/// Something that reaches the provider. Tokens are named by their number; `request` names the draws of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// A client registers, with so many slots.
    AddClient { slots: u16 },
    /// A token request reaches the endpoint.
    TokenArrives {
        request: u64,
        client: u16,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Sender>,
    },
    /// A server of the token endpoint has served a request.
    TokenServed,
    /// The commit of a token request.
    TokenCommits(Commit),
    /// A call reaches the API.
    ApiArrives {
        request: u64,
        client: u16,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Sender>,
    },
    /// A server of the API has served a call.
    ApiServed,
    /// A request that was let in has been served, where those under way are counted.
    Leaves {
        at: Place,
        client: u16,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Sender>,
    },
    /// The API checks a token.
    ApiChecks { request: u64, token: u32 },
    /// A caller begins, or ceases, to hold a token as the one that it would send.
    Holds { token: u32, held: bool },
    /// Somebody ends a token before its time.
    EndToken { token: u32, expired: bool },
    /// Somebody revokes the grant of a pair.
    RevokeGrant { of: u32 },
    /// Somebody revokes all tokens and grants of a client, or of one of its slots.
    Revoke { client: u16, slot: Option<u16> },
    /// A client has so many slots from now on.
    GrantSlots { client: u16, slots: u16 },
    /// Everything is as at the start.
    Reset,
    /// How an endpoint fails from now on.
    Fails {
        at: Place,
        outage: Option<Down>,
        error_rate: Option<u64>,
    },
}

/// Who sends a request, where a quota tells senders apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sender {
    /// The number of the caller.
    pub address: u32,
    /// The token of a call, or of the pair whose refresh token is presented.
    pub token: Option<u32>,
    /// What a token request presents.
    pub grant_type: Option<GrantType>,
}

/// A token request, when its turn has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Commit {
    pub client: u16,
    pub how: How,
    pub slot: SlotName,
    pub force: bool,
    pub no_op: bool,
    pub asker: u32,
    /// The token that the asker would send now.
    pub held: Option<u32>,
}

/// What a token request presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum How {
    /// The client's own credentials.
    Client,
    /// A user's login.
    Login,
    /// The refresh token that came with this token; none where it is unknown.
    Refresh(Option<u32>),
}

/// The slot that a request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SlotName {
    Unnamed,
    Index(u16),
}

/// One of the two endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Place {
    Token,
    Api,
}

impl From<Place> for At {
    fn from(place: Place) -> Self {
        match place {
            Place::Token => Self::Token,
            Place::Api => Self::Api,
        }
    }
}

/// How an endpoint is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Down {
    Errors,
    Silent,
    /// 429, with a wait of so many milliseconds; zero for none.
    Throttled(u64),
    /// 403, with a page.
    Forbidden,
    /// A page to log in on.
    LoginPage,
    /// 302 to such a page.
    Redirect,
}

impl From<Down> for Outage {
    fn from(down: Down) -> Self {
        match down {
            Down::Errors => Self::Errors,
            Down::Silent => Self::Silent,
            Down::Throttled(wait) => Self::Throttled(Duration::from_millis(wait).into()),
            Down::Forbidden => Self::Forbidden,
            Down::LoginPage => Self::LoginPage,
            Down::Redirect => Self::Redirected,
        }
    }
}

impl From<Outage> for Down {
    fn from(outage: Outage) -> Self {
        match outage {
            Outage::Errors => Self::Errors,
            Outage::Silent => Self::Silent,
            Outage::Throttled(wait) => Self::Throttled(wait.get().into()),
            Outage::Forbidden => Self::Forbidden,
            Outage::LoginPage => Self::LoginPage,
            Outage::Redirected => Self::Redirect,
        }
    }
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// It was not there, or not alive.
    Nothing,
    Client(u16),
    Silent,
    Refused(AnswerKind, Millis),
    Now {
        no_op: bool,
    },
    Serve,
    Waits,
    /// The request that is served next, if one waits.
    Next(Option<u64>),
    Granted(Granted),
    Accepted,
    Rejected(Cause),
}

/// A token that is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Granted {
    pub grant: Grant,
    /// The number of the refresh token that goes with it, where there are refresh tokens.
    pub refresh: Option<u32>,
}
