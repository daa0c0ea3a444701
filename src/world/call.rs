//! Calls under way: a table whose places are used again, and the lists of parked calls that run through it.

use crate::base::{CallId, Duration, Group, Millis, NodeId, Permutation, Time, clone_in_place, prefetch};
use crate::oauth::Token;
use crate::retry::FailureKind;

use super::message::Ticket;

/// One call, from its arrival to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call {
    pub arrived: Time,
    /// Token of the attempt under way, or the one that was refused last.
    pub token: Option<Token>,
    /// Grows with every step; a message with an older stamp is about something that is over.
    pub stamp: u32,
    /// The node at which it arrived.
    pub origin: NodeId,
    /// The node that serves it: its origin, or the gateway.
    pub at: NodeId,
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
    pub refusals: Refusals,
    /// What its last retry was paid for, where the budget gives back what a retry took.
    pub paid_after: Option<FailureKind>,
    /// A wait is due before the next attempt is sent.
    pub owes_delay: bool,
}

/// What is told of a call's refused attempts when it ends, in one byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Refusals(u8);

impl Refusals {
    const FIRST: u8 = 1;
    const IN_FLIGHT: u8 = 2;

    /// An attempt was refused: the first, or one whose token was live when it was sent.
    #[inline]
    pub fn note(&mut self, first: bool, in_flight: bool) {
        self.0 |= (u8::from(first) * Self::FIRST) | (u8::from(in_flight) * Self::IN_FLIGHT);
    }

    pub const fn first(self) -> bool {
        self.0 & Self::FIRST != 0
    }

    pub const fn in_flight(self) -> bool {
        self.0 & Self::IN_FLIGHT != 0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// With the strategy: parked, or waiting for a token of its own.
    Waiting,
    /// An API attempt is under way.
    InFlight,
    /// On its way to the gateway, in its hands, or on its way back.
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

    /// Whether the caller has gone.
    #[inline]
    pub fn is_overdue(&self, now: Time, patience: Option<Duration>) -> bool {
        patience.is_some_and(|patience| now.since(self.arrived) > patience)
    }
}

/// A seat or none, in the four bytes of a seat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Link(u32);

impl Link {
    const NONE: Self = Self(0);

    #[inline]
    fn to(seat: CallId) -> Self {
        Self(seat.0 + 1)
    }

    #[inline]
    fn seat(self) -> Option<CallId> {
        self.0.checked_sub(1).map(CallId)
    }

    /// Where it leads after the calls have moved.
    fn moved(self, places: &[Option<CallId>]) -> Self {
        self.seat()
            .and_then(|seat| places[seat.index()])
            .map_or(Self::NONE, Self::to)
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
    seats: Vec<Call>,
    /// The place freed last, and how many are free.
    free: Link,
    vacant: usize,
}

clone_in_place!(Calls { seats, free, vacant });

// Half a million calls are under way in a large busy fleet.
const _: () = assert!(size_of::<Call>() == 48);

impl Calls {
    #[inline(always)]
    pub fn insert(&mut self, now: Time, node: NodeId, group: Group, draw_key: u32) -> CallId {
        let call = |stamp| Call {
            arrived: now,
            token: None,
            stamp,
            origin: node,
            at: node,
            next: Link::NONE,
            draw_key,
            previous: Millis::ZERO,
            group,
            attempts: 0,
            rejections: 0,
            tries: 0,
            phase: Phase::Waiting,
            refusals: Refusals::default(),
            paid_after: None,
            owes_delay: false,
        };
        if let Some(seat) = self.free.seat() {
            let place = &mut self.seats[seat.index()];
            debug_assert_eq!(place.phase, Phase::Gone);
            self.free = place.next;
            self.vacant -= 1;
            *place = call(place.stamp);
            seat
        } else {
            let seat = CallId(u32::try_from(self.seats.len() + 1).expect("fewer than 2^32 calls under way") - 1);
            if self.seats.len() == self.seats.capacity() {
                // A little more than the most that were under way so far, rather than twice as much; few at first: a
                // checker holds thousands of worlds.
                let more = self.seats.len().clamp(2, 256);
                self.seats.reserve_exact(more + self.seats.len() / 8);
            }
            self.seats.push(call(0));
            seat
        }
    }

    /// The call has ended: whatever still travels for it no longer concerns it.
    #[inline]
    pub fn remove(&mut self, seat: CallId) {
        let call = &mut self.seats[seat.index()];
        assert_ne!(call.phase, Phase::Gone, "a call ends once");
        call.phase = Phase::Gone;
        call.stamp = call.stamp.wrapping_add(1);
        call.next = self.free;
        self.free = Link::to(seat);
        self.vacant += 1;
    }

    #[inline]
    pub fn get(&self, seat: CallId) -> &Call {
        &self.seats[seat.index()]
    }

    #[inline]
    pub fn get_mut(&mut self, seat: CallId) -> &mut Call {
        &mut self.seats[seat.index()]
    }

    /// The call of a ticket, if the ticket is still good.
    #[inline]
    pub fn holder(&mut self, ticket: Ticket) -> Option<&mut Call> {
        let call = self.seats.get_mut(ticket.call.index())?;
        (call.stamp == ticket.stamp).then_some(call)
    }

    /// A new ticket for a call; all earlier ones are void.
    #[inline]
    pub fn ticket(&mut self, seat: CallId) -> Ticket {
        let call = &mut self.seats[seat.index()];
        call.stamp = call.stamp.wrapping_add(1);
        Ticket {
            call: seat,
            stamp: call.stamp,
        }
    }

    #[inline]
    pub fn park(&mut self, parked: &mut Parked, seat: CallId) {
        self.seats[seat.index()].next = Link::NONE;
        match std::mem::replace(&mut parked.last, Link::to(seat)).seat() {
            Some(last) => self.seats[last.index()].next = Link::to(seat),
            None => parked.first = Link::to(seat),
        }
    }

    /// The first parked call, if there is one, will be needed before long.
    #[inline]
    pub fn expect_parked(&self, parked: Parked) {
        if let Some(seat) = parked.first.seat() {
            self.expect(seat);
        }
    }

    /// Takes the first parked call off the list.
    #[inline]
    pub fn unpark(&mut self, parked: &mut Parked) -> Option<CallId> {
        let seat = parked.first.seat()?;
        parked.first = std::mem::take(&mut self.seats[seat.index()].next);
        if parked.first == Link::NONE {
            parked.last = Link::NONE;
        }
        Some(seat)
    }

    /// Takes a call off the list, wherever in it; nothing if it is not there.
    pub fn withdraw(&mut self, parked: &mut Parked, seat: CallId) {
        let (mut before, mut next) = (Link::NONE, parked.first);
        while let Some(place) = next.seat() {
            let after = self.seats[place.index()].next;
            if place == seat {
                match before.seat() {
                    None => parked.first = after,
                    Some(before) => self.get_mut(before).next = after,
                }
                if parked.last == next {
                    parked.last = before;
                }
                self.get_mut(seat).next = Link::NONE;
                return;
            }
            (before, next) = (next, after);
        }
    }

    /// The call will be needed before long.
    #[inline]
    pub fn expect(&self, seat: CallId) {
        prefetch(&self.seats, seat.index());
    }

    /// Places of all calls that have not ended.
    pub fn under_way(&self) -> impl Iterator<Item = CallId> + '_ {
        (0..)
            .map(CallId)
            .zip(&self.seats)
            .filter(|(_, call)| call.phase != Phase::Gone)
            .map(|(seat, _)| seat)
    }

    /// How many calls are under way.
    pub fn len(&self) -> usize {
        self.seats.len() - self.vacant
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Clears the tokens that no phase to come will look at.
    pub fn forget_tokens(&mut self) {
        for call in &mut self.seats {
            if !matches!(call.phase, Phase::BackoffThenSend | Phase::BackoffThenRejected) {
                call.token = None;
            }
        }
    }

    /// Every call that has not ended.
    pub fn iter(&self) -> impl Iterator<Item = &Call> {
        self.seats.iter().filter(|call| call.phase != Phase::Gone)
    }

    /// Nodes have changed places, and their calls with them.
    pub fn move_nodes(&mut self, places: Permutation) {
        for call in &mut self.seats {
            (call.origin, call.at) = (places.of(call.origin), places.of(call.at));
        }
    }

    /// Renames every token that a call carries.
    pub fn rename(&mut self, name: &mut dyn FnMut(Token) -> Token) {
        for call in &mut self.seats {
            call.token = call.token.map(&mut *name);
        }
    }

    /// Puts the calls into an order that does not tell in which they came, and clears what decides nothing that is to
    /// come. Seats of calls that have ended are no more.
    ///
    /// A call that is `forgetful` of its failed tries has no use for their number.
    pub fn canonical(&mut self, forgetful: bool, moved: &mut Moved) {
        let Moved { places, order, before } = moved;
        order.clear();
        order.extend(self.under_way().map(CallId::index));
        order.sort_unstable_by_key(|&seat| {
            let call = &self.seats[seat];
            (
                call.origin,
                call.arrived,
                call.group,
                call.at,
                call.phase,
                call.token,
                seat,
            )
        });
        places.clear();
        places.resize(self.seats.len(), None);
        for (place, &seat) in order.iter().enumerate() {
            places[seat] = Some(CallId(place as u32));
        }
        std::mem::swap(&mut self.seats, before);
        self.seats.clear();
        self.seats.extend(order.iter().map(|&seat| Call {
            stamp: GOOD,
            next: before[seat].next.moved(places),
            draw_key: 0,
            refusals: Refusals::default(),
            attempts: 0,
            // The wait is due from the second one on.
            rejections: if forgetful { 0 } else { before[seat].rejections.min(2) },
            tries: if forgetful { 0 } else { before[seat].tries },
            ..before[seat]
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
        self.seats
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

/// Where each seat has gone in [`Calls::canonical`], and memory that it uses again.
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
