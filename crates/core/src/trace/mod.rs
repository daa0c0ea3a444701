//! Trace events: what happened in a run, in domain words. Metrics and properties read nothing else.
//!
//! Does not know who reads them.

mod asker;

use serde::{Deserialize, Serialize};

use crate::base::{Duration, Group, NodeId, Time};
use crate::oauth::{AnswerKind, At, Bucket, Cause, Failure, Life, Token};

pub use asker::{Asker, Ticket};

/// One thing that happened, at the instant at which it is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A call arrives at a node.
    CallArrived {
        /// The node at which it arrives.
        node: NodeId,
        /// Fleet and kind of the call.
        group: Group,
    },
    /// A call has succeeded at one provider, and goes on at the other.
    CallPassedOn {
        /// The node at which it has succeeded.
        from: NodeId,
        /// The node of the same process that goes on with it.
        to: NodeId,
        /// When the call arrived.
        arrived: Time,
    },
    /// An API attempt leaves its node.
    AttemptSent {
        /// The node that sends it.
        node: NodeId,
        /// Fleet and kind of its call.
        group: Group,
        /// The token that it carries.
        token: Token,
        /// It is not its call's first attempt; of a job, not the first attempt at this of its calls.
        repeat: bool,
    },
    /// A resource server accepts a token.
    AttemptAccepted {
        /// The token that it accepts.
        token: Token,
    },
    /// A resource server refuses a token.
    AttemptRejected {
        /// The node that sent it.
        node: NodeId,
        /// Fleet and kind of the call.
        group: Group,
        /// When the call arrived.
        arrived: Time,
        /// It is the call's first attempt.
        first: bool,
        /// Why the token is refused.
        cause: Cause,
    },
    /// A resource server refuses a token, but the call has given this attempt up: the refusal reaches no one.
    AttemptRejectedUnheard,
    /// The API fails for another reason than the token.
    AttemptFailed,
    /// A call ends.
    CallEnded {
        /// The node at which it arrived.
        node: NodeId,
        /// Fleet and kind of the call.
        group: Group,
        /// When the call arrived.
        arrived: Time,
        /// How it ends.
        outcome: CallOutcome,
        /// What failed its last try.
        by: FailedBy,
        /// Its API attempts.
        attempts: u16,
        /// Those of its attempts that were refused for their token.
        rejections: u16,
        /// Its first attempt was refused for its token.
        first_rejected: bool,
        /// An attempt was refused although its token was live when it was sent.
        rejected_in_flight: bool,
    },
    /// A request reaches the token endpoint.
    TokenRequested {
        /// The node that asks.
        node: NodeId,
    },
    /// A token request is lost on its way, or the token endpoint keeps silent.
    TokenRequestLost,
    /// The answer of the token endpoint is lost on its way.
    TokenAnswerLost,
    /// The token endpoint refuses a request, or fails it.
    TokenRefused {
        /// The node that asks.
        node: NodeId,
        /// What it answers.
        why: AnswerKind,
    },
    /// The token endpoint refuses a refresh token: `invalid_grant`.
    GrantRefused {
        /// The refusal ends the whole family.
        revokes: bool,
    },
    /// A user logs in: a new family of refresh tokens.
    LoggedIn {
        /// It is not the first time.
        again: bool,
    },
    /// A user has been without a grant since then: until now, when a login or the end of the run has come.
    LackedGrant {
        /// The first call that failed for want of it.
        since: Time,
    },
    /// A family of refresh tokens has ended, or no node holds one of it that would be accepted.
    GrantLost {
        /// Where its access tokens lie.
        bucket: Bucket,
    },
    /// A quota of an endpoint is used up.
    QuotaExhausted {
        /// Which endpoint has turned a request away.
        at: At,
        /// How long it stays so.
        reset: Duration,
    },
    /// An endpoint has counted a request.
    QuotaUsed {
        /// Which endpoint.
        at: At,
        /// How much of the fullest of its quotas is used up now, in thousandths.
        thousandths: u16,
    },
    /// The token endpoint issues a token.
    Issued {
        /// The node that asked.
        node: NodeId,
        /// The new token.
        token: Token,
        /// How long the token that the asking node would have sent would still have been accepted: with any time left, the issuance was
        /// unnecessary.
        left: Duration,
        /// Other nodes whose token this issuance superseded.
        blast: u32,
        /// It superseded a token.
        superseded: bool,
        /// The token that had to make room in its slot.
        evicted: Option<Token>,
    },
    /// The token endpoint returns a token that it issued before.
    Returned,
    /// A token's life has come to its end, or the run has (then `ending` is none).
    TokenEnded(Life),
    /// The store's value is replaced or taken away.
    StoreWritten {
        /// A value that was worth something made room for nothing, or for one that was not.
        regressed: bool,
    },
    /// A lease had ended while its holder still acted on it.
    LeaseLapsed,
    /// A node starts, or starts again after a crash.
    NodeStarted {
        /// That node.
        node: NodeId,
    },
    /// A node stops: it crashes, or is taken out of service.
    NodeStopped {
        /// That node.
        node: NodeId,
    },
    /// A node stands still from now on.
    NodePaused {
        /// That node.
        node: NodeId,
    },
    /// A node that stood still goes on.
    NodeResumed {
        /// That node.
        node: NodeId,
    },
    /// What a node holds, at an instant at which the plan asks for it.
    Sampled {
        /// The node that is asked.
        node: NodeId,
        /// What it would send.
        holds: Holds,
    },
    /// A node would send another token than before, or goes down, or the run ends. Recorded only where a host asks for it.
    TokenHeld {
        /// That node.
        node: NodeId,
        /// What it would send from now on, if it is up; none for nothing.
        token: Option<Token>,
        /// When the token that it would have sent until now ends, or has ended, at the provider; none where there was none, or where the
        /// provider has forgotten it.
        before_ends: Option<Time>,
    },
    /// A token request leaves its node. This event and all below are details: recorded only where a host asks for details.
    TokenAsked {
        /// The node that asks.
        node: NodeId,
        /// For whom it asks.
        asker: Asker,
        /// The slot that it asks for; none where the provider will refuse it.
        bucket: Option<Bucket>,
    },
    /// The answer to a token request reaches its node, or the node gives the request up.
    TokenHeard {
        /// The node that asked.
        node: NodeId,
        /// For whom it asked.
        asker: Asker,
        /// The answer comes after the node has given the request up.
        late: bool,
    },
    /// A token request commits where nodes take a lease.
    CommittedUnderLease {
        /// The node that asked.
        node: NodeId,
        /// The node, in the same life, holds the lease at this instant.
        held: bool,
    },
    /// The token endpoint answers a refresh.
    RefreshAnswered {
        /// The refresh token had been used up before.
        reuse: bool,
    },
    /// A credential is taken out of the store.
    CredentialCleared {
        /// Its refresh token would have been accepted.
        good: bool,
    },
    /// A lease is taken.
    LeaseTaken {
        /// Its new holder.
        node: NodeId,
    },
    /// A lease ends, in any way.
    LeaseEnded,
    /// The refusal of a token reaches a node.
    RefusalHeard {
        /// That node.
        node: NodeId,
        /// The token that was refused.
        token: Token,
        /// What the node would have sent before.
        before: Option<Token>,
        /// What the node would send now.
        after: Option<Token>,
    },
    /// A node no longer knows a live token that it knew or has just obtained, and would send a dead one.
    LiveTokenDropped {
        /// That node.
        node: NodeId,
        /// The live token.
        token: Token,
    },
}

/// What a node would send now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holds {
    /// The provider would accept it.
    Live(Token),
    /// The provider would refuse it, which the node does not know.
    Dead(Token),
    /// Nothing: the node has no token, or knows that its token is dead.
    Nothing,
    /// Nothing: the node is down.
    Down,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallOutcome {
    /// It succeeded while its caller waited.
    Succeeded,
    /// It succeeded after its caller's patience had ended.
    Late,
    /// The retry policy allowed no further try.
    GaveUp,
    /// The retry budget was empty.
    OutOfBudget,
    /// Its node refused it: the circuit breaker was open, or the throttle struck.
    Broken,
    /// The caller's patience ended first.
    Impatient,
    /// The provider refused for good.
    Refused,
    /// No refresh token that the provider accepts: a user has to log in.
    LoggedOut,
    /// Its node crashed.
    Lost,
    /// The run ended first.
    Unfinished,
    /// An error was taken for a success.
    Misread,
    /// The token was refused that its job keeps, and the job takes no other.
    NotRenewed,
}

/// What failed a call's last try.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailedBy {
    /// No try has failed, or the call ended for another reason.
    #[default]
    Nothing,
    /// The API refused its token.
    RefusedToken,
    /// The API throttled it.
    ApiThrottle,
    /// The API answered with an error.
    ApiError,
    /// The API did not answer in time.
    ApiSilence,
    /// The token endpoint throttled the request for its token.
    TokenThrottle,
    /// The token endpoint answered with an error.
    TokenError,
    /// The token endpoint did not answer in time.
    TokenSilence,
    /// The token endpoint refused the refresh token.
    DeadGrant,
    /// The store or the gateway did not answer, or the gateway had given up.
    Unreachable,
}

impl FailedBy {
    /// A failure of this endpoint, or of what lies before it.
    pub const fn of(at: At, why: Failure) -> Self {
        match (at, why) {
            (_, Failure::Unreachable) => Self::Unreachable,
            (_, Failure::InvalidGrant) => Self::DeadGrant,
            (At::Api, Failure::Throttled { .. }) => Self::ApiThrottle,
            (At::Api, Failure::Unknown) => Self::ApiSilence,
            (At::Api, Failure::ServerError | Failure::Refused) => Self::ApiError,
            (At::Token, Failure::Throttled { .. }) => Self::TokenThrottle,
            (At::Token, Failure::Unknown) => Self::TokenSilence,
            (At::Token, Failure::ServerError | Failure::Refused) => Self::TokenError,
        }
    }
}

/// Where events are recorded as a run goes on.
pub trait Sink {
    /// Records an event of the instant `now`.
    fn record(&mut self, now: Time, event: &Event);
}

/// The sink that records nothing.
impl Sink for () {
    #[inline]
    fn record(&mut self, _: Time, _: &Event) {}
}

/// Records every event, in order: for tests and for explaining a run.
impl Sink for Vec<(Time, Event)> {
    fn record(&mut self, now: Time, event: &Event) {
        self.push((now, *event));
    }
}
