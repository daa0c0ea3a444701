//! What a queued event carries, and where messages under way wait.

use crate::world::Message;

/// What a payload is: a place in the table of messages, a stream of arrivals, the next timeline act, or a lane.
pub(super) const KIND: u32 = 0b11 << 30;

pub(super) const MESSAGE: u32 = 0;

pub(super) const ARRIVAL: u32 = 0b01 << 30;

pub(super) const TIMELINE: u32 = 0b10 << 30;

pub(super) const LANE: u32 = 0b11 << 30;

/// Streams of arrivals and messages under way are fewer than this.
pub const LIMIT: u32 = !KIND;

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// A message, for [`Queue::take`].
    Message(QueuePlace),
    /// The next call of this stream.
    Arrival(u32),
    /// The next act of the timeline.
    Act,
}

/// Where a message that is due waits to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueuePlace(pub(super) u32);

/// Where a message lies that has been taken, until anything is pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    FromLane(u32),
    FromRest(u32),
}

/// Messages under way outside the lanes; places are used again.
#[derive(Clone, Debug, Default)]
pub(super) struct Flights {
    pub(super) messages: Vec<Message>,
    pub(super) free: Vec<u32>,
}

impl Flights {
    #[inline(always)]
    pub(super) fn insert(&mut self, message: Message) -> u32 {
        if let Some(place) = self.free.pop() {
            self.messages[place as usize] = message;
            place
        } else {
            self.messages.push(message);
            let place = self.messages.len() as u32 - 1;
            assert!(place < LIMIT, "fewer than 2^30 messages under way");
            place
        }
    }
}
