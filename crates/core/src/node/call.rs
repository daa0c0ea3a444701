//! One call at one node: how far it has come, and what is remembered of it.

use crate::base::{CallId, Duration, Group, NodeId, Time};
use crate::oauth::Token;
use crate::retry::FailureKind;
use crate::trace::Ticket;

/// One call at the node that serves it, from its arrival to its end. A call that was handed to a gateway is two: one at its
/// origin, which waits, and one at the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call {
    /// When the node got it.
    pub arrived: Time,
    /// Token of the attempt under way, or the one that was refused last.
    pub token: Option<Token>,
    /// Grows with every step; a message with an older stamp is about something that is over.
    pub stamp: u32,
    /// The node whose call it is.
    pub node: NodeId,
    /// The other end of the connection over which it was handed on: the gateway's call at its origin, the origin's call at the
    /// gateway. Only who carries messages between nodes looks at where it leads.
    pub(super) peer: Link,
    /// The next parked call of the same node; for a free place the next free one.
    pub(super) next: Link,
    /// Names the call's draws.
    pub draw_key: u32,
    /// Its fleet and kind.
    pub group: Group,
    /// API attempts sent.
    pub attempts: u16,
    /// API attempts that were refused for their token.
    pub rejections: u16,
    /// Tries that failed for any reason.
    pub tries: u16,
    /// How far it has come.
    pub phase: Phase,
    /// What else is remembered of it.
    pub marks: CallMarks,
    /// What its last retry was paid for, where the budget gives back what a retry took.
    pub paid_after: Option<FailureKind>,
}

/// What is remembered of a call in single bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallMarks(u8);

impl CallMarks {
    /// Its first attempt was refused for its token.
    pub const FIRST_REJECTED: Self = Self(1);
    /// An attempt was refused although its token was live when it was sent.
    pub const REJECTED_IN_FLIGHT: Self = Self(2);
    /// The refusal of the attempt under way has been counted.
    const COUNTED: Self = Self(4);
    /// A refusal has been heard of: from the next one on a wait is due.
    pub const HEARD_REJECTION: Self = Self(8);
    /// A wait is due before the next attempt is sent.
    pub const OWES_DELAY: Self = Self(16);
    /// It came from another node, which waits for the answer.
    const FORWARDED: Self = Self(32);
    /// How long it has waited last is [remembered](super::Calls::waited).
    pub(super) const WAITED: Self = Self(64);
    /// A call of its job has succeeded, and further ones follow.
    pub(super) const AMIDST: Self = Self(128);

    /// What decides something that is to come.
    const LASTING: Self =
        Self(Self::HEARD_REJECTION.0 | Self::OWES_DELAY.0 | Self::FORWARDED.0 | Self::WAITED.0 | Self::AMIDST.0);

    /// What decides something that is to come; a policy that is `forgetful` waits no longer the second time.
    pub(super) const fn lasting(self, forgetful: bool) -> Self {
        let forgotten = if forgetful { Self::HEARD_REJECTION.0 } else { 0 };
        Self(self.0 & Self::LASTING.0 & !forgotten)
    }

    /// The same for a call of which no wait is remembered.
    pub(super) const fn without_wait(self) -> Self {
        Self(self.0 & !Self::WAITED.0)
    }

    /// What is told of a call when it ends, without what only decides what is to come.
    pub(super) const fn told(self) -> Self {
        Self(self.0 & !Self::LASTING.0)
    }

    /// The marks of the gateway's own call for one that came with these.
    pub(super) const fn forwarded(self) -> Self {
        Self(self.told().0 | Self::FORWARDED.0)
    }

    /// Whether it has any of these marks.
    #[inline]
    pub const fn has(self, mark: Self) -> bool {
        self.0 & mark.0 != 0
    }

    /// Gives it these marks.
    #[inline]
    pub fn set(&mut self, mark: Self) {
        self.0 |= mark.0;
    }

    /// Clears a mark, and says whether it was there.
    #[inline]
    pub fn take(&mut self, mark: Self) -> bool {
        let had = self.has(mark);
        self.0 &= !mark.0;
        had
    }
}

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// With the strategy: parked, or waiting for a token of its own.
    Waiting,
    /// An API attempt is under way.
    InFlight,
    /// Handed to the gateway, and not answered yet.
    Forwarded,
    /// It has arrived at a node that stands still.
    Unheard,
    /// Waiting before the strategy hears of it again as a call.
    BackoffThenCall,
    /// Waiting before the strategy hears that `token` was refused.
    BackoffThenRejected,
    /// Waiting before it is sent with `token`.
    BackoffThenSend,
    /// Held up by another call's wait before the strategy hears of it as a call.
    HeldThenCall,
    /// Held up by another call's wait before the strategy hears that `token` was refused.
    HeldThenRejected,
    /// Free.
    Gone,
    /// With the strategy: its token request was not made, and it has not heard so yet.
    Withheld,
    /// Waiting before the next call of its job, which is sent with `token` where there is one.
    Between,
    /// Held up by another call's wait before it is sent with `token`.
    HeldThenSend,
}

impl Call {
    /// Names the draws of its next message: each attempt of a call has draws of its own.
    #[inline]
    pub fn next_draw_key(&self) -> u32 {
        let steps = u32::from(self.attempts) + u32::from(self.tries);
        self.draw_key.wrapping_add(steps.wrapping_mul(0x9e37_79b9))
    }

    /// The next call of its job is to begin, as a new one does: what came of the tries so far decides nothing any more.
    pub(super) fn await_next(&mut self, token: Option<Token>) {
        (self.token, self.paid_after, self.phase) = (token, None, Phase::Between);
        for mark in [CallMarks::HEARD_REJECTION, CallMarks::OWES_DELAY, CallMarks::WAITED] {
            self.marks.take(mark);
        }
    }

    /// The token that its job has in hand for the next attempt.
    pub fn kept(&self) -> Option<Token> {
        let waits = matches!(self.phase, Phase::Between | Phase::BackoffThenSend);
        self.token.filter(|_| waits && self.marks.has(CallMarks::AMIDST))
    }

    /// Whether it came from another node, which waits for the answer.
    #[inline]
    pub const fn is_forwarded(&self) -> bool {
        self.marks.has(CallMarks::FORWARDED)
    }

    /// The other end of the connection over which it was handed on, while there is one.
    #[inline]
    pub fn peer(&self) -> Option<CallId> {
        self.peer.id()
    }

    /// A new ticket for this call, whose number is `id`; all earlier ones are void.
    #[inline]
    pub(super) fn ticket(&mut self, id: CallId) -> Ticket {
        self.stamp = self.stamp.wrapping_add(1);
        Ticket {
            call: id,
            stamp: self.stamp,
        }
    }

    /// An attempt leaves.
    #[inline]
    pub(super) fn attempt_leaves(&mut self) {
        self.attempts = self.attempts.saturating_add(1);
        self.marks.take(CallMarks::COUNTED);
        self.phase = Phase::InFlight;
    }

    /// Counts the refusal of the attempt under way, once: when it happens, by whoever sees both sides of the network, or else when
    /// the node hears of it. Says whether the attempt was the call's first.
    #[inline]
    pub fn count_rejection(&mut self, in_flight: bool) -> bool {
        let first = self.attempts == 1;
        if !self.marks.has(CallMarks::COUNTED) {
            self.marks.set(CallMarks::COUNTED);
            self.rejections = self.rejections.saturating_add(1);
            if first {
                self.marks.set(CallMarks::FIRST_REJECTED);
            }
            if in_flight {
                self.marks.set(CallMarks::REJECTED_IN_FLIGHT);
            }
        }
        first
    }

    /// Whether the caller has gone.
    #[inline]
    pub fn is_overdue(&self, now: Time, patience: Option<Duration>) -> bool {
        patience.is_some_and(|patience| now.since(self.arrived) > patience)
    }
}

/// A call or none, in the four bytes of its id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Link(u32);

impl Link {
    pub(super) const NONE: Self = Self(0);

    #[inline]
    pub(super) fn to(id: CallId) -> Self {
        Self(id.0 + 1)
    }

    #[inline]
    pub(super) fn id(self) -> Option<CallId> {
        self.0.checked_sub(1).map(CallId)
    }

    /// Where it leads after the calls have moved.
    pub(super) fn moved(self, places: &[Option<CallId>]) -> Self {
        self.id().and_then(|id| places[id.index()]).map_or(Self::NONE, Self::to)
    }
}
