//! What happened, in domain words. Metrics and properties read nothing else.
//!
//! Does not know who reads it.

use crate::base::{Duration, Group, NodeId, Time};
use crate::oauth::Token;
use crate::provider::{Bucket, Cause, Life};

/// One thing that happened, at the instant at which it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    CallArrived {
        node: NodeId,
        group: Group,
    },
    /// An API attempt leaves its node; `repeat` marks all but a call's first.
    AttemptSent {
        node: NodeId,
        group: Group,
        token: Token,
        repeat: bool,
    },
    /// A resource server accepts a token.
    AttemptAccepted {
        token: Token,
    },
    /// A resource server refuses a token; `first` marks a call's first attempt.
    AttemptRejected {
        group: Group,
        arrived: Time,
        first: bool,
        cause: Cause,
    },
    /// A resource server refuses a token, but the call has given this attempt up: nobody hears of it.
    AttemptRejectedUnheard,
    /// The API fails for another reason than the token.
    AttemptFailed,
    CallEnded {
        node: NodeId,
        group: Group,
        arrived: Time,
        outcome: CallOutcome,
        /// API attempts, and those that were refused for their token.
        attempts: u16,
        rejections: u16,
        first_rejected: bool,
        /// An attempt was refused although its token was live when it was sent.
        rejected_in_flight: bool,
    },
    /// A request reaches the token endpoint.
    TokenRequested,
    /// The token endpoint refuses a request, or fails it.
    TokenDenied,
    /// It refuses a refresh token: `invalid_grant`. `revokes` when the whole family ends for it.
    GrantDenied {
        revokes: bool,
    },
    /// A user has logged in: a new family of refresh tokens.
    LoggedIn {
        /// Not for the first time.
        again: bool,
    },
    /// A family of refresh tokens has ended, or nobody holds one of it that would be accepted.
    GrantLost,
    /// A quota of the token endpoint is used up for this long.
    QuotaExhausted {
        reset: Duration,
    },
    Issued {
        node: NodeId,
        token: Token,
        /// The asking node would have sent a token that was still live.
        unnecessary: bool,
        /// Other nodes whose token this issuance superseded.
        blast: u32,
        superseded: bool,
        /// The token that had to make room in its slot.
        evicted: Option<Token>,
    },
    /// The token endpoint returns a token that it issued before.
    Returned,
    /// A token's life has come to its end, or the run has (then `ending` is none).
    TokenEnded(Life),
    /// The store's value was replaced or taken away; `regressed` when one that was worth something made room for nothing or for
    /// one that was not.
    StoreWritten {
        regressed: bool,
    },
    /// A lease had ended while its holder still acted on it.
    LeaseLapsed,
    NodeStarted {
        node: NodeId,
    },
    NodeStopped {
        node: NodeId,
    },
    /// A node stands still from now on.
    NodePaused {
        node: NodeId,
    },
    /// It goes on.
    NodeResumed {
        node: NodeId,
    },
    /// What a node holds, at an instant at which the plan asks for it.
    Sampled {
        node: NodeId,
        holds: Holds,
    },
    /// A detail, as the next ones: told only to a host that asks for details. A request leaves its node for the token endpoint;
    /// the bucket is none where the provider will refuse it.
    TokenAsked {
        node: NodeId,
        bucket: Option<Bucket>,
    },
    /// A node hears the answer to a token request, or gives it up; `late` marks an answer after that.
    TokenHeard {
        node: NodeId,
        late: bool,
    },
    /// A token request commits where nodes take a lease; whether its node, in the same life, holds the lease at this instant.
    CommittedUnderLease {
        node: NodeId,
        held: bool,
    },
    /// A refresh has been answered; `reuse` when the refresh token had been used up before.
    RefreshAnswered {
        reuse: bool,
    },
    /// A credential was taken out of the store; `good` when its refresh token would have been accepted.
    CredentialCleared {
        good: bool,
    },
    /// A lease has been taken, or has ended in any way.
    LeaseTaken {
        node: NodeId,
    },
    LeaseEnded,
    /// A node hears that a token was refused; what it would have sent before, and would send now.
    RefusalHeard {
        node: NodeId,
        token: Token,
        before: Option<Token>,
        after: Option<Token>,
    },
    /// A node no longer knows a live token that it knew or has just obtained, and would send a dead one.
    LiveTokenDropped {
        node: NodeId,
        token: Token,
    },
}

/// What a node would send now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holds {
    /// The provider would accept it.
    Live(Token),
    /// The provider would refuse it; the node does not know.
    Dead(Token),
    /// It has none, or knows that it is dead.
    Nothing,
    /// It is down.
    Down,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallOutcome {
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
}

/// Who listens.
pub trait Sink {
    fn hear(&mut self, now: Time, event: &Event);
}

/// Nobody.
impl Sink for () {
    #[inline]
    fn hear(&mut self, _: Time, _: &Event) {}
}

/// Everything, in order: for tests and for explaining a run.
impl Sink for Vec<(Time, Event)> {
    fn hear(&mut self, now: Time, event: &Event) {
        self.push((now, *event));
    }
}
