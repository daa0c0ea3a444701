//! Calls under way: a table whose places are used again, and the lists of parked calls that run through it.
//!
//! One table may hold the calls of one node or of many: a simulator keeps those of a whole fleet in one.

use crate::base::{CallId, Duration, Group, NodeId, Permutation, Time, clone_in_place, prefetch};
use crate::oauth::Token;

use super::Ticket;
use super::call::{Call, CallMarks, Link, Phase};

/// The parked calls of one node, first come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Parked {
    pub(super) first: Link,
    pub(super) last: Link,
}

/// The wait that holds up a node's calls, where one does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hold {
    /// The call that waits.
    pub(super) by: Link,
    /// Those that it holds up, first come first.
    pub(super) held: Parked,
}

/// All calls under way.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub struct Calls {
    pub(super) table: Vec<Call>,
    /// The place freed last, and how many are free.
    pub(super) free: Link,
    pub(super) vacant: usize,
    /// What is remembered of each call, by its place, where a policy or a strategy asks for it.
    pub(super) past: Vec<Past>,
}

clone_in_place!(Calls {
    table,
    free,
    vacant,
    past
});

/// What only some policies and strategies ask of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Past {
    /// How long it has waited last.
    pub(super) waited: Duration,
    /// When it has asked for a token last.
    pub(super) asked: Time,
    /// Calls of its job that have succeeded.
    pub(super) done: u32,
    /// What those calls took.
    pub(super) spent: Spent,
}

/// What the calls of a job took that have succeeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Spent {
    /// API attempts.
    pub attempts: u16,
    /// API attempts that were refused for their token.
    pub rejections: u16,
    /// Tries that failed for any reason.
    pub tries: u16,
}

// Half a million calls are under way in a large busy fleet.
const _: () = assert!(size_of::<Call>() == 48);

impl Calls {
    /// Takes in a call that arrives now; `draw_key` names its draws.
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
            group,
            attempts: 0,
            rejections: 0,
            tries: 0,
            phase: Phase::Waiting,
            marks: CallMarks::default(),
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
            phase: Phase::Waiting,
            marks: waits.marks.forwarded(),
            paid_after: None,
            ..waits
        });
        self.get_mut(origin).peer = Link::to(id);
        id
    }

    /// The same where the origin's calls lie in another table: whoever carries messages knows which call waits, and since when.
    pub fn insert_remote(&mut self, arrived: Time, gateway: NodeId, group: Group, draw_key: u32) -> CallId {
        let id = self.insert(arrived, gateway, group, draw_key);
        self.get_mut(id).marks = CallMarks::default().forwarded();
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
        call.marks.set(served.marks.told());
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

    /// The call has ended, and is returned as it was: whatever still travels for it no longer concerns it.
    #[inline]
    pub fn remove(&mut self, id: CallId) -> Call {
        let call = &mut self.table[id.index()];
        assert_ne!(call.phase, Phase::Gone, "a call ends once");
        let ended = *call;
        call.phase = Phase::Gone;
        call.stamp = call.stamp.wrapping_add(1);
        call.next = self.free;
        self.free = Link::to(id);
        self.vacant += 1;
        ended
    }

    /// A call has waited so long, which decides how long it waits next.
    pub fn remember_wait(&mut self, id: CallId, wait: Duration) {
        self.past_of(id).waited = wait;
        self.get_mut(id).marks.set(CallMarks::WAITED);
    }

    /// How long a call has waited last; zero where that was not remembered.
    #[inline]
    pub fn waited(&self, id: CallId) -> Duration {
        match self.get(id).marks.has(CallMarks::WAITED) {
            true => self.past[id.index()].waited,
            false => Duration::ZERO,
        }
    }

    /// A call asks for a token of its own.
    pub fn remember_request(&mut self, id: CallId, now: Time) {
        self.past_of(id).asked = now;
    }

    /// When a call has asked for a token of its own last, where that was remembered.
    pub fn asked(&self, id: CallId) -> Option<Time> {
        self.past.get(id.index()).map(|past| past.asked)
    }

    /// Another call of a job has succeeded: how many of them have.
    pub(super) fn count_done(&mut self, id: CallId) -> u32 {
        let done = self.done(id).saturating_add(1);
        let call = self.get_mut(id);
        let spent = Spent {
            attempts: call.attempts,
            rejections: call.rejections,
            tries: call.tries,
        };
        call.marks.set(CallMarks::AMIDST);
        let past = self.past_of(id);
        (past.done, past.spent) = (done, spent);
        done
    }

    /// How many calls of its job have succeeded; none of a call that is alone.
    pub fn done(&self, id: CallId) -> u32 {
        match self.get(id).marks.has(CallMarks::AMIDST) {
            true => self.past.get(id.index()).map_or(0, |past| past.done),
            false => 0,
        }
    }

    /// What the calls of its job took that have succeeded.
    #[inline]
    pub(super) fn spent(&self, id: CallId) -> Spent {
        match self.get(id).marks.has(CallMarks::AMIDST) {
            true => self.past.get(id.index()).map_or(Spent::default(), |past| past.spent),
            false => Spent::default(),
        }
    }

    fn past_of(&mut self, id: CallId) -> &mut Past {
        if self.past.len() <= id.index() {
            self.past.resize(id.index() + 1, Past::default());
        }
        &mut self.past[id.index()]
    }

    /// The call of this number.
    #[inline]
    pub fn get(&self, id: CallId) -> &Call {
        &self.table[id.index()]
    }

    /// The place that the next call will have.
    pub fn next_place(&self) -> CallId {
        self.free.id().unwrap_or(CallId(self.table.len() as u32))
    }

    /// The call of this number, if that place is taken.
    pub fn find(&self, id: CallId) -> Option<&Call> {
        self.table.get(id.index()).filter(|call| call.phase != Phase::Gone)
    }

    /// The call of this number, to be changed.
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

    /// Where the call of a ticket is, or another one that has its place now.
    #[inline]
    pub fn node_of(&self, ticket: Ticket) -> Option<NodeId> {
        self.table.get(ticket.call.index()).map(|call| call.node)
    }

    /// A new ticket for a call; all earlier ones are void.
    #[inline]
    pub fn ticket(&mut self, id: CallId) -> Ticket {
        self.get_mut(id).ticket(id)
    }

    /// Puts a call last among those that its node has parked.
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

    /// Whether no call is under way.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Clears the tokens that no phase to come will look at.
    pub fn forget_tokens(&mut self) {
        for call in &mut self.table {
            if !matches!(
                call.phase,
                Phase::BackoffThenSend
                    | Phase::BackoffThenRejected
                    | Phase::HeldThenRejected
                    | Phase::Between
                    | Phase::HeldThenSend
            ) {
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

    /// Whether the message with this ticket still concerns its call.
    pub fn is_good(&self, ticket: Ticket) -> bool {
        self.table
            .get(ticket.call.index())
            .is_some_and(|call| call.stamp == ticket.stamp)
    }
}
