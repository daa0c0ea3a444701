//! Lanes: messages that all take the same time arrive in the order in which they were sent, so a list replaces the heap.
//!
//! All lanes share one store of blocks. Blocks are used again, the latest freed first, so that a quiet run stays within a few
//! cache lines and a busy one within what is under way at once.

use super::event::{EventTime, QueuedEvent};
use crate::base::{Group, NodeId, prefetch};
use crate::world::Message;

/// Messages in a block.
const BLOCK: u32 = 32;

/// How many lanes there may be; a power of two, so that no number of a lane leads outside.
pub const LANES: usize = 16;

#[derive(Clone, Copy, Debug)]
struct Entry {
    event: QueuedEvent,
    message: Message,
}

/// A place that nothing has been written to.
const BLANK: Entry = Entry {
    event: QueuedEvent::NEVER,
    message: Message::Arrival {
        node: NodeId(0),
        group: Group(0),
        draw_key: 0,
    },
};

/// One list; positions are places in the store. The place at the tail is free, and its event is [`QueuedEvent::NEVER`]: so the event at
/// the head is the first of the lane, whether there is any or not.
#[derive(Clone, Copy, Debug, Default)]
struct Lane {
    head: u32,
    tail: u32,
    last: EventTime,
}

/// All lanes.
#[derive(Clone, Debug, Default)]
pub struct Lanes {
    lanes: [Lane; LANES],
    open: usize,
    entries: Vec<Entry>,
    /// The block after each block in its lane, or in the list of free ones.
    next: Vec<u32>,
    free: Option<u32>,
}

impl Lanes {
    /// Opens a lane for messages from this moment on, and returns its number.
    pub fn open(&mut self, after: EventTime) -> usize {
        let begin = self.take_block() * BLOCK;
        self.lanes[self.open] = Lane {
            head: begin,
            tail: begin,
            last: after,
        };
        self.open += 1;
        self.open - 1
    }

    #[inline(always)]
    fn lane(&mut self, number: usize) -> &mut Lane {
        &mut self.lanes[number % LANES]
    }

    /// Whether an event would be the last of its lane.
    #[inline(always)]
    pub fn fits(&self, number: usize, instant: EventTime) -> bool {
        instant >= self.lanes[number % LANES].last
    }

    /// Writes a message to the end of a lane, where the next one will take its place.
    #[inline(always)]
    pub fn write(&mut self, number: usize, message: Message) {
        self.entries[self.lanes[number].tail as usize].message = message;
    }

    /// The message that was written to the end of a lane.
    pub fn written(&self, number: usize) -> Message {
        self.entries[self.lanes[number].tail as usize].message
    }

    /// Appends a message; whether it is the first of its lane now.
    #[inline(always)]
    pub fn push(&mut self, number: usize, event: QueuedEvent, message: Message) -> bool {
        let lane = &mut self.lanes[number % LANES];
        lane.last = event.instant();
        let tail = lane.tail as usize;
        lane.tail += 1;
        let (first, after) = (lane.head as usize == tail, lane.tail);
        self.entries[tail] = Entry { event, message };
        if after.is_multiple_of(BLOCK) {
            self.extend(number);
        } else if let Some(free) = self.entries.get_mut(after as usize) {
            free.event = QueuedEvent::NEVER;
        }
        first
    }

    #[cold]
    fn extend(&mut self, number: usize) {
        let full = self.lane(number).tail / BLOCK - 1;
        let block = self.take_block();
        self.next[full as usize] = block;
        self.lane(number).tail = block * BLOCK;
    }

    /// A block whose first place is free.
    fn take_block(&mut self) -> u32 {
        if let Some(block) = self.free {
            let next = self.next[block as usize];
            self.free = (next != u32::MAX).then_some(next);
            self.entries[(block * BLOCK) as usize].event = QueuedEvent::NEVER;
            return block;
        }
        let (block, more) = (self.next.len(), BLOCK as usize);
        if self.entries.len() + more > self.entries.capacity() {
            // A little more than the most that were under way so far, rather than twice as much.
            self.entries.reserve_exact((16 + block / 8) * more);
            self.next.reserve_exact(16 + block / 8);
        }
        self.entries.resize(self.entries.len() + more, BLANK);
        self.next.push(u32::MAX);
        block as u32
    }

    /// Takes the first message of a lane: says where it lies until the next one is sent, and the lane's first event then.
    #[inline(always)]
    pub fn pop(&mut self, number: usize) -> (u32, QueuedEvent) {
        let lane = &mut self.lanes[number % LANES];
        let taken = lane.head;
        lane.head += 1;
        if lane.head.is_multiple_of(BLOCK) {
            self.advance(number);
        }
        let head = self.lanes[number % LANES].head;
        (taken, self.entries[head as usize].event)
    }

    /// The message that lies there.
    #[inline(always)]
    pub fn message(&self, at: u32) -> &Message {
        &self.entries[at as usize].message
    }

    /// The head has come to the end of its block.
    #[cold]
    fn advance(&mut self, number: usize) {
        let block = self.lane(number).head / BLOCK - 1;
        self.lane(number).head = self.next[block as usize] * BLOCK;
        self.next[block as usize] = self.free.unwrap_or(u32::MAX);
        self.free = Some(block);
    }

    /// The message that comes this many places after the first.
    #[inline]
    pub fn ahead(&self, number: usize, places: u32) -> Option<&Message> {
        let at = self.place_ahead(number, places)?;
        self.entries.get(at as usize).map(|entry| &entry.message)
    }

    /// The entry that comes this many places after the first will be looked at before long.
    #[inline]
    pub fn expect(&self, number: usize, places: u32) {
        if let Some(at) = self.place_ahead(number, places) {
            prefetch(&self.entries, at as usize);
        }
    }

    #[inline]
    fn place_ahead(&self, number: usize, places: u32) -> Option<u32> {
        debug_assert!(places < BLOCK);
        let lane = &self.lanes[number % LANES];
        let (here, last) = (lane.head / BLOCK, lane.tail / BLOCK);
        let place = lane.head + places;
        if place / BLOCK == here {
            return (here != last || place < lane.tail).then_some(place);
        }
        if here == last {
            return None;
        }
        let next = self.next[here as usize];
        let place = next * BLOCK + place % BLOCK;
        (next != last || place < lane.tail).then_some(place)
    }

    /// Every pending event of the lanes, for a renumbering.
    pub fn events(&self) -> impl Iterator<Item = QueuedEvent> {
        (0..self.open).flat_map(move |number| self.places(number).map(move |at| self.entries[at].event))
    }

    /// Gives every pending event a new sequence number.
    pub fn renumber(&mut self, rank: impl Fn(QueuedEvent) -> u32) {
        for number in 0..self.open {
            let places: Vec<_> = self.places(number).collect();
            for at in places {
                let event = &mut self.entries[at].event;
                *event = event.renumbered(rank(*event));
            }
        }
    }

    /// The first event of a lane, or [`QueuedEvent::NEVER`].
    pub fn first(&self, number: usize) -> QueuedEvent {
        self.entries[self.lanes[number].head as usize].event
    }

    fn places(&self, number: usize) -> impl Iterator<Item = usize> {
        let lane = self.lanes[number];
        let mut at = lane.head;
        std::iter::from_fn(move || {
            let place = at;
            if place == lane.tail {
                return None;
            }
            at += 1;
            if at.is_multiple_of(BLOCK) {
                at = self.next[(place / BLOCK) as usize] * BLOCK;
            }
            Some(place as usize)
        })
    }
}
