//! What happened, in domain words. Metrics and properties read nothing else.
//!
//! Does not know who reads it.

use crate::base::{Duration, Group, NodeId, Time};
use crate::oauth::{Bucket, Cause, Life, Token};

/// One thing that happened, at the instant at which it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A call has arrived at a node.
    CallArrived {
        /// Where.
        node: NodeId,
        /// Its fleet and kind.
        group: Group,
    },
    /// An API attempt leaves its node; `repeat` marks all but a call's first.
    AttemptSent {
        /// Which node sends it.
        node: NodeId,
        /// Fleet and kind of its call.
        group: Group,
        /// The token that it carries.
        token: Token,
        /// Not its call's first attempt.
        repeat: bool,
    },
    /// A resource server accepts a token.
    AttemptAccepted {
        /// The token that was accepted.
        token: Token,
    },
    /// A resource server refuses a token; `first` marks a call's first attempt.
    AttemptRejected {
        /// Fleet and kind of its call.
        group: Group,
        /// When its call arrived.
        arrived: Time,
        /// Its call's first attempt.
        first: bool,
        /// Why the token was refused.
        cause: Cause,
    },
    /// A resource server refuses a token, but the call has given this attempt up: nobody hears of it.
    AttemptRejectedUnheard,
    /// The API fails for another reason than the token.
    AttemptFailed,
    /// A call has ended.
    CallEnded {
        /// The node at which it arrived.
        node: NodeId,
        /// Its fleet and kind.
        group: Group,
        /// When it arrived.
        arrived: Time,
        /// How it ended.
        outcome: CallOutcome,
        /// API attempts, and those that were refused for their token.
        attempts: u16,
        /// Attempts that were refused for their token.
        rejections: u16,
        /// Its first attempt was refused for its token.
        first_rejected: bool,
        /// An attempt was refused although its token was live when it was sent.
        rejected_in_flight: bool,
    },
    /// A request reaches the token endpoint.
    TokenRequested,
    /// The token endpoint refuses a request, or fails it.
    TokenRefused,
    /// It refuses a refresh token: `invalid_grant`. `revokes` when the whole family ends for it.
    GrantRefused {
        /// The whole family ends for it.
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
        /// Until its window ends.
        reset: Duration,
    },
    /// A token has been issued.
    Issued {
        /// The node that asked.
        node: NodeId,
        /// The new token.
        token: Token,
        /// The asking node would have sent a token that was still live.
        unnecessary: bool,
        /// Other nodes whose token this issuance superseded.
        blast: u32,
        /// It ended another token.
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
        /// What lay there was worth more.
        regressed: bool,
    },
    /// A lease had ended while its holder still acted on it.
    LeaseLapsed,
    /// A node serves calls from now on.
    NodeStarted {
        /// Which.
        node: NodeId,
    },
    /// A node takes no more calls.
    NodeStopped {
        /// Which.
        node: NodeId,
    },
    /// A node stands still from now on.
    NodePaused {
        /// Which.
        node: NodeId,
    },
    /// It goes on.
    NodeResumed {
        /// Which.
        node: NodeId,
    },
    /// What a node holds, at an instant at which the plan asks for it.
    Sampled {
        /// Which.
        node: NodeId,
        /// What it would send.
        holds: Holds,
    },
    /// A detail, as the next ones: told only to a host that asks for details. A request leaves its node for the token endpoint;
    /// the bucket is none where the provider will refuse it.
    TokenAsked {
        /// Which node asks.
        node: NodeId,
        /// The slot of a client that the request is for.
        bucket: Option<Bucket>,
    },
    /// A node hears the answer to a token request, or gives it up; `late` marks an answer after that.
    TokenHeard {
        /// Which node.
        node: NodeId,
        /// The node had given the request up.
        late: bool,
    },
    /// A token request commits where nodes take a lease; whether its node, in the same life, holds the lease at this instant.
    CommittedUnderLease {
        /// The node that asked.
        node: NodeId,
        /// It holds the lease.
        held: bool,
    },
    /// A refresh has been answered; `reuse` when the refresh token had been used up before.
    RefreshAnswered {
        /// The refresh token had been used up.
        reuse: bool,
    },
    /// A credential was taken out of the store; `good` when its refresh token would have been accepted.
    CredentialCleared {
        /// Its refresh token would have been accepted.
        good: bool,
    },
    /// A lease has been taken, or has ended in any way.
    LeaseTaken {
        /// The new holder.
        node: NodeId,
    },
    /// A lease has ended.
    LeaseEnded,
    /// A node hears that a token was refused; what it would have sent before, and would send now.
    RefusalHeard {
        /// Which node.
        node: NodeId,
        /// The token that was refused.
        token: Token,
        /// What it would have sent before.
        before: Option<Token>,
        /// What it would send now.
        after: Option<Token>,
    },
    /// A node no longer knows a live token that it knew or has just obtained, and would send a dead one.
    LiveTokenDropped {
        /// Which node.
        node: NodeId,
        /// The live token that it no longer knows.
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
    /// Within the patience of its caller.
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
    /// Something has happened at this instant.
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
