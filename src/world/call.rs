//! Calls under way: a table whose places are used again, and the lists of parked calls that run through it.

use crate::base::{Duration, Group, Millis, NodeId, Seat, Time};
use crate::oauth::Token;

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
    /// The next parked call of the same node.
    next: Option<Seat>,
    /// Names the call's draws.
    pub luck: u32,
    /// The last backoff.
    pub previous: Millis,
    pub group: Group,
    /// API attempts sent, those refused for their token, and tries that failed for any reason.
    pub attempts: u16,
    pub rejections: u16,
    pub tries: u16,
    pub phase: Phase,
    pub first_rejected: bool,
    /// An attempt was refused although its token was live when it was sent.
    pub rejected_in_flight: bool,
    /// A wait is due before the next attempt is sent.
    pub owes_delay: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// With the strategy: parked, or waiting for a token of its own.
    Waiting,
    /// An API attempt is under way.
    InFlight,
    /// On its way to the gateway, in its hands, or on its way back.
    Forwarded,
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
    /// Names the draws of its next message: each attempt of a call has luck of its own.
    pub fn next_luck(&self) -> u32 {
        let steps = u32::from(self.attempts) + u32::from(self.tries);
        self.luck.wrapping_add(steps.wrapping_mul(0x9e37_79b9))
    }

    /// Whether the caller has gone.
    pub fn is_overdue(&self, now: Time, patience: Option<Duration>) -> bool {
        patience.is_some_and(|patience| now.since(self.arrived) > patience)
    }
}

/// The parked calls of one node, first come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Parked {
    first: Option<Seat>,
    last: Option<Seat>,
}

/// All calls under way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Calls {
    seats: Vec<Call>,
    free: Vec<Seat>,
}

impl Calls {
    pub fn insert(&mut self, now: Time, node: NodeId, group: Group, luck: u32) -> Seat {
        let call = |stamp| Call {
            arrived: now,
            token: None,
            stamp,
            origin: node,
            at: node,
            next: None,
            luck,
            previous: Millis::ZERO,
            group,
            attempts: 0,
            rejections: 0,
            tries: 0,
            phase: Phase::Waiting,
            first_rejected: false,
            rejected_in_flight: false,
            owes_delay: false,
        };
        if let Some(seat) = self.free.pop() {
            let place = &mut self.seats[seat.index()];
            debug_assert_eq!(place.phase, Phase::Gone);
            *place = call(place.stamp);
            seat
        } else {
            let seat = Seat(u32::try_from(self.seats.len()).expect("fewer than 2^32 calls under way"));
            self.seats.push(call(0));
            seat
        }
    }

    /// The call has ended: whatever still travels for it no longer concerns it.
    pub fn remove(&mut self, seat: Seat) {
        let call = &mut self.seats[seat.index()];
        assert_ne!(call.phase, Phase::Gone, "a call ends once");
        call.phase = Phase::Gone;
        call.stamp = call.stamp.wrapping_add(1);
        self.free.push(seat);
    }

    #[inline]
    pub fn get(&self, seat: Seat) -> &Call {
        &self.seats[seat.index()]
    }

    #[inline]
    pub fn get_mut(&mut self, seat: Seat) -> &mut Call {
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
    pub fn ticket(&mut self, seat: Seat) -> Ticket {
        let call = &mut self.seats[seat.index()];
        call.stamp = call.stamp.wrapping_add(1);
        Ticket {
            call: seat,
            stamp: call.stamp,
        }
    }

    pub fn park(&mut self, parked: &mut Parked, seat: Seat) {
        self.seats[seat.index()].next = None;
        match parked.last.replace(seat) {
            Some(last) => self.seats[last.index()].next = Some(seat),
            None => parked.first = Some(seat),
        }
    }

    /// Takes the first parked call off the list.
    pub fn unpark(&mut self, parked: &mut Parked) -> Option<Seat> {
        let seat = parked.first?;
        parked.first = self.seats[seat.index()].next.take();
        if parked.first.is_none() {
            parked.last = None;
        }
        Some(seat)
    }

    /// Takes a call off the list, wherever in it; nothing if it is not there.
    pub fn withdraw(&mut self, parked: &mut Parked, seat: Seat) {
        let (mut before, mut next) = (None, parked.first);
        while let Some(place) = next {
            let after = self.seats[place.index()].next;
            if place == seat {
                match before {
                    None => parked.first = after,
                    Some(before) => self.get_mut(before).next = after,
                }
                if parked.last == Some(seat) {
                    parked.last = before;
                }
                self.get_mut(seat).next = None;
                return;
            }
            (before, next) = (next, after);
        }
    }

    /// Places of all calls that have not ended.
    pub fn under_way(&self) -> impl Iterator<Item = Seat> + '_ {
        (0..)
            .map(Seat)
            .zip(&self.seats)
            .filter(|(_, call)| call.phase != Phase::Gone)
            .map(|(seat, _)| seat)
    }

    /// How many calls are under way.
    pub fn len(&self) -> usize {
        self.seats.len() - self.free.len()
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

    /// Renames every token that a call carries.
    pub fn rename(&mut self, name: &mut dyn FnMut(Token) -> Token) {
        for call in &mut self.seats {
            call.token = call.token.map(&mut *name);
        }
    }

    /// Puts the calls into an order that does not tell in which they came, and clears what decides nothing that is to
    /// come. Returns where each seat has gone; seats of calls that have ended are no more.
    ///
    /// A call that is `forgetful` of its failed tries has no use for their number.
    pub fn canonical(&mut self, forgetful: bool) -> Vec<Option<Seat>> {
        let mut order: Vec<usize> = self.under_way().map(Seat::index).collect();
        order.sort_by_key(|&seat| {
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
        let mut places = vec![None; self.seats.len()];
        for (place, &seat) in order.iter().enumerate() {
            places[seat] = Some(Seat(place as u32));
        }
        let calls = order.iter().map(|&seat| Call {
            stamp: GOOD,
            next: self.seats[seat].next.and_then(|next| places[next.index()]),
            luck: 0,
            first_rejected: false,
            attempts: 0,
            // The wait is due from the second one on.
            rejections: if forgetful {
                0
            } else {
                self.seats[seat].rejections.min(2)
            },
            tries: if forgetful { 0 } else { self.seats[seat].tries },
            ..self.seats[seat]
        });
        self.seats = calls.collect();
        self.free.clear();
        places
    }

    /// What a ticket is called after [`Calls::canonical`] has moved the calls; `good` is whether it was good before.
    pub fn moved(places: &[Option<Seat>], ticket: Ticket, good: bool) -> Ticket {
        match places[ticket.call.index()] {
            Some(call) if good => Ticket { call, stamp: GOOD },
            _ => Ticket {
                call: Seat(0),
                stamp: VOID,
            },
        }
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
    pub fn moved(self, places: &[Option<Seat>]) -> Self {
        Self {
            first: self.first.and_then(|seat| places[seat.index()]),
            last: self.last.and_then(|seat| places[seat.index()]),
        }
    }
}

/// Stamps of good and of void tickets in a canonical state. No call can have come to a void one by counting.
const GOOD: u32 = 1;
const VOID: u32 = u32::MAX;
