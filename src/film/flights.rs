//! What is under way: which step has sent it, and for which call.

use std::collections::{BTreeMap, VecDeque};

use crate::base::Time;
use crate::trace::Ticket;
use crate::world::Message;

/// Where something that is under way comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Origin {
    /// The step in which it was sent.
    pub(super) step: Option<u64>,
    /// The call that it is about.
    pub(super) call: Option<u64>,
}

/// Everything that is under way, by what it is and when it arrives: two that are the same in both cannot be told apart, and arrive
/// in the order in which they were sent.
#[derive(Debug, Default)]
pub(super) struct Flights(BTreeMap<(Time, Message), VecDeque<Origin>>);

impl Flights {
    pub(super) fn leaves(&mut self, arrives: Time, message: Message, origin: Origin) {
        self.0.entry((arrives, message)).or_default().push_back(origin);
    }

    /// It arrives now; of what nobody has sent, such as a call, nothing is known.
    pub(super) fn arrives(&mut self, now: Time, message: Message) -> Origin {
        let key = (now, message);
        let Some(origins) = self.0.get_mut(&key) else {
            return Origin::default();
        };
        let origin = origins.pop_front().unwrap_or_default();
        if origins.is_empty() {
            self.0.remove(&key);
        }
        origin
    }
}

/// The call that a message concerns, if it concerns one.
pub(super) fn ticket(message: &Message) -> Option<Ticket> {
    let mut message = *message;
    message.ticket_mut().copied()
}
