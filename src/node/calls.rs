//! Calls under way: a table whose places are used again, and the lists of parked calls that run through it.
//!
//! One table may hold the calls of one node or of many: a simulator keeps those of a whole fleet in one.

use crate::base::{CallId, Duration, Group, Millis, NodeId, Permutation, Time, clone_in_place, prefetch};
use crate::oauth::Token;
use crate::retry::FailureKind;

/// A call as a message names it: only while the stamp is the call's, the message concerns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket {
    pub call: CallId,
    pub stamp: u32,
}

/// One call at the node that serves it, from its arrival to its end. A call that was handed to a gateway is two: one at its
/// origin, which waits, and one at the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call {
    pub arrived: Time,
    /// Token of the attempt under way, or the one that was refused last.
    pub token: Option<Token>,
    /// Grows with every step; a message with an older stamp is about something that is over.
    pub stamp: u32,
    /// The node whose call it is.
    pub node: NodeId,
    /// The other end of the connection over which it was handed on: the gateway's call at its origin, the origin's call at the
    /// gateway. Only who carries messages between nodes looks at where it leads.
    peer: Link,
    /// The next parked call of the same node; for a free place the next free one.
    next: Link,
    /// Names the call's draws.
    pub draw_key: u32,
    /// The last backoff.
    pub previous: Millis,
    pub group: Group,
    /// API attempts sent, those refused for their token, and tries that failed for any reason.
    pub attempts: u16,
    pub rejections: u16,
    pub tries: u16,
    pub phase: Phase,
    pub marks: Marks,
    /// What its last retry was paid for, where the budget gives back what a retry took.
    pub paid_after: Option<FailureKind>,
}

/// What is remembered of a call in single bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Marks(u8);

impl Marks {
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

    /// What decides something that is to come.
    const LASTING: Self = Self(Self::HEARD_REJECTION.0 | Self::OWES_DELAY.0 | Self::FORWARDED.0);

    /// What decides something that is to come; a policy that is `forgetful` waits no longer the second time.
    const fn lasting(self, forgetful: bool) -> Self {
        let forgotten = if forgetful { Self::HEARD_REJECTION.0 } else { 0 };
        Self(self.0 & Self::LASTING.0 & !forgotten)
    }

    #[inline]
    pub const fn has(self, mark: Self) -> bool {
        self.0 & mark.0 != 0
    }

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
    /// Free.
    Gone,
}

impl Call {
    /// Names the draws of its next message: each attempt of a call has draw_key of its own.
    #[inline]
    pub fn next_draw_key(&self) -> u32 {
        let steps = u32::from(self.attempts) + u32::from(self.tries);
        self.draw_key.wrapping_add(steps.wrapping_mul(0x9e37_79b9))
    }

    /// Whether it came from another node, which waits for the answer.
    #[inline]
    pub const fn is_forwarded(&self) -> bool {
        self.marks.has(Marks::FORWARDED)
    }

    /// The other end of the connection over which it was handed on, while there is one.
    #[inline]
    pub fn peer(&self) -> Option<CallId> {
        self.peer.id()
    }

    /// An attempt leaves.
    #[inline]
    pub(super) fn attempt_leaves(&mut self) {
        self.attempts = self.attempts.saturating_add(1);
        self.marks.take(Marks::COUNTED);
        self.phase = Phase::InFlight;
    }

    /// Counts the refusal of the attempt under way, once: when it happens, by whoever sees both sides of the network, or else when
    /// the node hears of it. Says whether the attempt was the call's first.
    #[inline]
    pub fn count_rejection(&mut self, in_flight: bool) -> bool {
        let first = self.attempts == 1;
        if !self.marks.has(Marks::COUNTED) {
            self.marks.set(Marks::COUNTED);
            self.rejections = self.rejections.saturating_add(1);
            if first {
                self.marks.set(Marks::FIRST_REJECTED);
            }
            if in_flight {
                self.marks.set(Marks::REJECTED_IN_FLIGHT);
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
struct Link(u32);

impl Link {
    const NONE: Self = Self(0);

    #[inline]
    fn to(id: CallId) -> Self {
        Self(id.0 + 1)
    }

    #[inline]
    fn id(self) -> Option<CallId> {
        self.0.checked_sub(1).map(CallId)
    }

    /// Where it leads after the calls have moved.
    fn moved(self, places: &[Option<CallId>]) -> Self {
        self.id().and_then(|id| places[id.index()]).map_or(Self::NONE, Self::to)
    }
}

/// The parked calls of one node, first come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Parked {
    first: Link,
    last: Link,
}

/// All calls under way.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub struct Calls {
    table: Vec<Call>,
    /// The place freed last, and how many are free.
    free: Link,
    vacant: usize,
}

clone_in_place!(Calls { table, free, vacant });

// Half a million calls are under way in a large busy fleet.
const _: () = assert!(size_of::<Call>() == 48);

impl Calls {
    #[inline(always)]
    pub fn insert(&mut self, now: Time, node: NodeId, group: Group, draw_key: u32) -> CallId {
        let call = |stamp| Call {
            arrived: now,
            token: None,
            stamp,
            node,
            peer: Link::NONE,
            next: Link::NONE,
            draw_key,
            previous: Millis::ZERO,
            group,
            attempts: 0,
            rejections: 0,
            tries: 0,
            phase: Phase::Waiting,
            marks: Marks::default(),
            paid_after: None,
        };
        self.occupy(call)
    }

    /// Takes in a call that another node hands over, as it comes over the wire: the gateway's own call, joined to the one that waits
    /// for its answer.
    pub fn insert_forwarded(&mut self, origin: CallId, gateway: NodeId) -> CallId {
        let waits = *self.get(origin);
        let id = self.occupy(|stamp| Call {
            stamp,
            node: gateway,
            peer: Link::to(origin),
            next: Link::NONE,
            token: None,
            previous: Millis::ZERO,
            phase: Phase::Waiting,
            marks: Marks(waits.marks.0 & !Marks::LASTING.0 | Marks::FORWARDED.0),
            paid_after: None,
            ..waits
        });
        self.get_mut(origin).peer = Link::to(id);
        id
    }

    /// The connection of a forwarded call ends: what it came to is entered in the books of the call that has waited, whose ticket
    /// is returned. The gateway's call stays until it is [removed](Self::remove).
    pub fn part(&mut self, forwarded: CallId) -> Ticket {
        let served = *self.get(forwarded);
        let origin = served.peer().expect("a forwarded call has an origin");
        self.get_mut(forwarded).peer = Link::NONE;
        let call = self.get_mut(origin);
        call.peer = Link::NONE;
        (call.attempts, call.rejections) = (served.attempts, served.rejections);
        call.marks.set(Marks(served.marks.0 & !Marks::LASTING.0));
        Ticket {
            call: origin,
            stamp: call.stamp,
        }
    }

    #[inline(always)]
    fn occupy(&mut self, call: impl Fn(u32) -> Call) -> CallId {
        if let Some(id) = self.free.id() {
            let place = &mut self.table[id.index()];
            debug_assert_eq!(place.phase, Phase::Gone);
            self.free = place.next;
            self.vacant -= 1;
            *place = call(place.stamp);
            id
        } else {
            let id = CallId(u32::try_from(self.table.len() + 1).expect("fewer than 2^32 calls under way") - 1);
            if self.table.len() == self.table.capacity() {
                // A little more than the most that were under way so far, rather than twice as much; few at first: a
                // checker holds thousands of worlds.
                let more = self.table.len().clamp(2, 256);
                self.table.reserve_exact(more + self.table.len() / 8);
            }
            self.table.push(call(0));
            id
        }
    }

    /// The call has ended: whatever still travels for it no longer concerns it.
    #[inline]
    pub fn remove(&mut self, id: CallId) {
        let call = &mut self.table[id.index()];
        assert_ne!(call.phase, Phase::Gone, "a call ends once");
        call.phase = Phase::Gone;
        call.stamp = call.stamp.wrapping_add(1);
        call.next = self.free;
        self.free = Link::to(id);
        self.vacant += 1;
    }

    #[inline]
    pub fn get(&self, id: CallId) -> &Call {
        &self.table[id.index()]
    }

    #[inline]
    pub fn get_mut(&mut self, id: CallId) -> &mut Call {
        &mut self.table[id.index()]
    }

    /// The call of a ticket, if the ticket is still good.
    #[inline]
    pub fn holder(&mut self, ticket: Ticket) -> Option<&mut Call> {
        let call = self.table.get_mut(ticket.call.index())?;
        (call.stamp == ticket.stamp).then_some(call)
    }

    /// A new ticket for a call; all earlier ones are void.
    #[inline]
    pub fn ticket(&mut self, id: CallId) -> Ticket {
        let call = &mut self.table[id.index()];
        call.stamp = call.stamp.wrapping_add(1);
        Ticket {
            call: id,
            stamp: call.stamp,
        }
    }

    #[inline]
    pub fn park(&mut self, parked: &mut Parked, id: CallId) {
        self.table[id.index()].next = Link::NONE;
        match std::mem::replace(&mut parked.last, Link::to(id)).id() {
            Some(last) => self.table[last.index()].next = Link::to(id),
            None => parked.first = Link::to(id),
        }
    }

    /// The first parked call, if there is one, will be needed before long.
    #[inline]
    pub fn expect_parked(&self, parked: Parked) {
        if let Some(id) = parked.first.id() {
            self.expect(id);
        }
    }

    /// Takes the first parked call off the list.
    #[inline]
    pub fn unpark(&mut self, parked: &mut Parked) -> Option<CallId> {
        let id = parked.first.id()?;
        parked.first = std::mem::take(&mut self.table[id.index()].next);
        if parked.first == Link::NONE {
            parked.last = Link::NONE;
        }
        Some(id)
    }

    /// Takes a call off the list, wherever in it; nothing if it is not there.
    pub fn withdraw(&mut self, parked: &mut Parked, id: CallId) {
        let (mut before, mut next) = (Link::NONE, parked.first);
        while let Some(place) = next.id() {
            let after = self.table[place.index()].next;
            if place == id {
                match before.id() {
                    None => parked.first = after,
                    Some(before) => self.get_mut(before).next = after,
                }
                if parked.last == next {
                    parked.last = before;
                }
                self.get_mut(id).next = Link::NONE;
                return;
            }
            (before, next) = (next, after);
        }
    }

    /// The call will be needed before long.
    #[inline]
    pub fn expect(&self, id: CallId) {
        prefetch(&self.table, id.index());
    }

    /// Places of all calls that have not ended.
    pub fn under_way(&self) -> impl Iterator<Item = CallId> + '_ {
        (0..)
            .map(CallId)
            .zip(&self.table)
            .filter(|(_, call)| call.phase != Phase::Gone)
            .map(|(id, _)| id)
    }

    /// How many calls are under way.
    pub fn len(&self) -> usize {
        self.table.len() - self.vacant
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Clears the tokens that no phase to come will look at.
    pub fn forget_tokens(&mut self) {
        for call in &mut self.table {
            if !matches!(call.phase, Phase::BackoffThenSend | Phase::BackoffThenRejected) {
                call.token = None;
            }
        }
    }

    /// Every call that has not ended.
    pub fn iter(&self) -> impl Iterator<Item = &Call> {
        self.table.iter().filter(|call| call.phase != Phase::Gone)
    }

    /// Nodes have changed places, and their calls with them.
    pub fn move_nodes(&mut self, places: Permutation) {
        for call in &mut self.table {
            call.node = places.of(call.node);
        }
    }

    /// Renames every token that a call carries.
    pub fn rename(&mut self, name: &mut dyn FnMut(Token) -> Token) {
        for call in &mut self.table {
            call.token = call.token.map(&mut *name);
        }
    }

    /// Puts the calls into an order that does not tell in which they came, and clears what decides nothing that is to
    /// come. Places of calls that have ended are no more.
    ///
    /// A call that is `forgetful` of its failed tries has no use for their number.
    pub fn canonical(&mut self, forgetful: bool, moved: &mut Moved) {
        let Moved { places, order, before } = moved;
        order.clear();
        order.extend(self.under_way().map(CallId::index));
        order.sort_unstable_by_key(|&id| {
            let call = &self.table[id];
            let from = call.peer().map(|peer| self.table[peer.index()].node);
            (call.node, from, call.arrived, call.group, call.phase, call.token, id)
        });
        places.clear();
        places.resize(self.table.len(), None);
        for (place, &id) in order.iter().enumerate() {
            places[id] = Some(CallId(place as u32));
        }
        std::mem::swap(&mut self.table, before);
        self.table.clear();
        self.table.extend(order.iter().map(|&id| Call {
            stamp: GOOD,
            next: before[id].next.moved(places),
            draw_key: 0,
            peer: before[id].peer.moved(places),
            marks: before[id].marks.lasting(forgetful),
            attempts: 0,
            rejections: 0,
            tries: if forgetful { 0 } else { before[id].tries },
            ..before[id]
        }));
        self.free = Link::NONE;
        self.vacant = 0;
    }

    /// The same ticket if it is still good, and else the one that stands for all that are void.
    pub fn good_or_void(&self, ticket: Ticket) -> Ticket {
        if self.is_good(ticket) { ticket } else { VOID }
    }

    /// Whether the message with this ticket still concerns its call.
    pub fn is_good(&self, ticket: Ticket) -> bool {
        self.table
            .get(ticket.call.index())
            .is_some_and(|call| call.stamp == ticket.stamp)
    }
}

impl Parked {
    /// The list after its calls have moved.
    pub fn moved(self, moved: &Moved) -> Self {
        Self {
            first: self.first.moved(&moved.places),
            last: self.last.moved(&moved.places),
        }
    }
}

/// Where each id has gone in [`Calls::canonical`], and memory that it uses again.
#[derive(Clone, Debug, Default)]
pub struct Moved {
    places: Vec<Option<CallId>>,
    order: Vec<usize>,
    before: Vec<Call>,
}

impl Moved {
    /// What a ticket is called now that was [good or void](Calls::good_or_void).
    pub fn ticket(&self, ticket: Ticket) -> Ticket {
        match self.places.get(ticket.call.index()) {
            Some(&Some(call)) if ticket != VOID => Ticket { call, stamp: GOOD },
            _ => VOID,
        }
    }
}

/// Stamp of good tickets in a canonical state.
const GOOD: u32 = 1;

/// No call can have come to its stamp by counting.
const VOID: Ticket = Ticket {
    call: CallId(0),
    stamp: u32::MAX,
};
