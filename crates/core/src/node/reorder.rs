//! Calls in an order that does not tell in which they came: for an engine that compares states, as a checker does.

use crate::base::CallId;

use super::Ticket;
use super::call::{Call, Link};
use super::calls::{Calls, Hold, Parked, Past};

impl Calls {
    /// Puts the calls into an order that does not tell in which they came, and clears what decides nothing that is to
    /// come. Places of calls that have ended are no more.
    ///
    /// A call that is `forgetful` of its failed tries has no use for their number. Of a job, tries count that its present call has had.
    pub fn canonical(&mut self, forgetful: bool, moved: &mut Moved) {
        let Moved { places, order, before } = moved;
        if !forgetful {
            self.forget_spent();
        }
        order.clear();
        order.extend(self.under_way().map(CallId::index));
        order.sort_unstable_by_key(|&id| {
            let call = &self.table[id];
            let from = call.peer().map(|peer| self.table[peer.index()].node);
            let tries = if forgetful { 0 } else { call.tries };
            (
                call.node,
                from,
                call.arrived,
                call.group,
                call.phase,
                call.token,
                tries,
                self.done(CallId(id as u32)),
                id,
            )
        });
        self.reorder_past(order);
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
            // A clock that stands still tells no two waits apart.
            marks: before[id].marks.lasting(forgetful).without_wait(),
            attempts: 0,
            rejections: 0,
            tries: if forgetful { 0 } else { before[id].tries },
            ..before[id]
        }));
        self.free = Link::NONE;
        self.vacant = 0;
    }

    /// Takes from the tries of each call those that the calls of its job took that have succeeded.
    fn forget_spent(&mut self) {
        for place in 0..self.past.len() {
            let spent = self.spent(CallId(place as u32)).tries;
            let call = &mut self.table[place];
            call.tries = call.tries.saturating_sub(spent);
        }
    }

    /// Of what only some policies ask for, how far each job has come is all that is kept.
    fn reorder_past(&mut self, order: &[usize]) {
        if self.past.is_empty() {
            return;
        }
        let past = order.iter().map(|&id| Past {
            done: self.done(CallId(id as u32)),
            ..Past::default()
        });
        let mut past: Vec<_> = past.collect();
        let last = past.iter().rposition(|past| *past != Past::default());
        past.truncate(last.map_or(0, |last| last + 1));
        self.past = past;
    }

    /// The same ticket if it is still good, and else the one that stands for all that are void.
    pub fn good_or_void(&self, ticket: Ticket) -> Ticket {
        if self.is_good(ticket) { ticket } else { VOID }
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

impl Hold {
    /// The same after its calls have moved.
    #[must_use]
    pub fn moved(self, moved: &Moved) -> Self {
        Self {
            by: self.by.moved(&moved.places),
            held: self.held.moved(moved),
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
    /// What a call is called now; none for one that is over.
    pub fn call(&self, call: CallId) -> Option<CallId> {
        self.places.get(call.index()).copied().flatten()
    }

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
