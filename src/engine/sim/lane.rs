//! Lanes: messages that all take the same time arrive in the order in which they were sent, so a list replaces the heap.
//!
//! All lanes share one store of blocks. Blocks are used again, the latest freed first, so that a quiet run stays within a few
//! cache lines and a busy one within what is under way at once.

use super::event::{Event, Moment};
use crate::base::{Group, NodeId, prefetch};
use crate::world::Message;

/// Messages in a block.
const BLOCK: usize = 32;

#[derive(Clone, Copy, Debug)]
struct Entry {
    instant: Moment,
    sequence: u32,
    message: Message,
}

/// A place that nothing has been written to.
const BLANK: Entry = Entry {
    instant: Moment::NEVER,
    sequence: 0,
    message: Message::Arrival {
        node: NodeId(0),
        group: Group(0),
        luck: 0,
    },
};

/// One list; positions are places in the store.
#[derive(Clone, Copy, Debug)]
struct Lane {
    head: u32,
    tail: u32,
    last: Moment,
    len: usize,
}

/// All lanes.
#[derive(Debug, Default)]
pub struct Lanes {
    lanes: Vec<Lane>,
    entries: Vec<Entry>,
    /// The block after each block in its lane, or in the list of free ones.
    next: Vec<u32>,
    free: Option<u32>,
}

impl Lanes {
    /// Opens a lane for messages from this moment on, and returns its number.
    pub fn open(&mut self, after: Moment) -> usize {
        let block = self.take_block();
        self.lanes.push(Lane {
            head: block * BLOCK as u32,
            tail: block * BLOCK as u32,
            last: after,
            len: 0,
        });
        self.lanes.len() - 1
    }

    /// Whether an event would be the last of its lane.
    #[inline]
    pub fn fits(&self, lane: usize, instant: Moment) -> bool {
        instant >= self.lanes[lane].last
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
    pub fn push(&mut self, number: usize, instant: Moment, sequence: u32, message: Message) -> bool {
        let lane = &mut self.lanes[number];
        self.entries[lane.tail as usize] = Entry {
            instant,
            sequence,
            message,
        };
        lane.last = instant;
        lane.len += 1;
        lane.tail += 1;
        let first = lane.len == 1;
        if lane.tail.is_multiple_of(BLOCK as u32) {
            self.extend(number);
        }
        first
    }

    #[cold]
    fn extend(&mut self, number: usize) {
        let last = self.lanes[number].tail - 1;
        let full = last / BLOCK as u32;
        let block = self.take_block();
        self.next[full as usize] = block;
        self.lanes[number].tail = block * BLOCK as u32;
    }

    fn take_block(&mut self) -> u32 {
        if let Some(block) = self.free {
            let next = self.next[block as usize];
            self.free = (next != u32::MAX).then_some(next);
            return block;
        }
        let block = self.next.len();
        if self.entries.len() + BLOCK > self.entries.capacity() {
            // A little more than the most that were under way so far, rather than twice as much.
            self.entries.reserve_exact((16 + block / 8) * BLOCK);
            self.next.reserve_exact(16 + block / 8);
        }
        self.entries.resize(self.entries.len() + BLOCK, BLANK);
        self.next.push(u32::MAX);
        block as u32
    }

    /// Takes the first message of a lane, and says when the next is due.
    #[inline(always)]
    pub fn pop(&mut self, number: usize) -> (Message, Option<(Moment, u32)>) {
        let lane = &mut self.lanes[number];
        let message = self.entries[lane.head as usize].message;
        lane.len -= 1;
        if lane.len == 0 {
            // The tail's block begins anew.
            let begin = lane.tail / BLOCK as u32 * BLOCK as u32;
            let left = lane.head / BLOCK as u32 * BLOCK as u32;
            lane.head = begin;
            lane.tail = begin;
            if left != begin {
                self.release(left / BLOCK as u32);
            }
            return (message, None);
        }
        lane.head += 1;
        if lane.head.is_multiple_of(BLOCK as u32) {
            let block = lane.head / BLOCK as u32 - 1;
            lane.head = self.next[block as usize] * BLOCK as u32;
            self.release(block);
        }
        let entry = &self.entries[self.lanes[number].head as usize];
        (message, Some((entry.instant, entry.sequence)))
    }

    fn release(&mut self, block: u32) {
        self.next[block as usize] = self.free.unwrap_or(u32::MAX);
        self.free = Some(block);
    }

    /// The message that comes this many places after the first.
    #[inline]
    pub fn ahead(&self, number: usize, places: usize) -> Option<&Message> {
        let at = self.place_ahead(number, places)?;
        self.entries.get(at).map(|entry| &entry.message)
    }

    /// The entry that comes this many places after the first will be looked at before long.
    #[inline]
    pub fn expect(&self, number: usize, places: usize) {
        if let Some(at) = self.place_ahead(number, places) {
            prefetch(&self.entries, at);
        }
    }

    #[inline]
    fn place_ahead(&self, number: usize, places: usize) -> Option<usize> {
        debug_assert!(places < BLOCK);
        let lane = &self.lanes[number];
        if places >= lane.len {
            return None;
        }
        let within = lane.head as usize % BLOCK + places;
        Some(if within < BLOCK {
            lane.head as usize + places
        } else {
            self.next[lane.head as usize / BLOCK] as usize * BLOCK + within - BLOCK
        })
    }

    /// Every pending event of the lanes with its lane as payload, for a renumbering.
    pub fn events(&self) -> impl Iterator<Item = Event> {
        (0..self.lanes.len()).flat_map(move |number| {
            self.places(number).map(move |at| {
                let entry = &self.entries[at];
                Event::new(entry.instant, entry.sequence, number as u32)
            })
        })
    }

    /// Gives every pending event a new sequence number.
    pub fn renumber(&mut self, rank: impl Fn(Event) -> u32) {
        for number in 0..self.lanes.len() {
            let places: Vec<_> = self.places(number).collect();
            for at in places {
                let entry = &mut self.entries[at];
                entry.sequence = rank(Event::new(entry.instant, entry.sequence, 0));
            }
        }
    }

    /// The first event of a lane.
    pub fn first(&self, number: usize) -> Option<(Moment, u32)> {
        let entry = self.places(number).next().map(|at| &self.entries[at])?;
        Some((entry.instant, entry.sequence))
    }

    fn places(&self, number: usize) -> impl Iterator<Item = usize> {
        let lane = self.lanes[number];
        let mut at = lane.head;
        (0..lane.len).map(move |_| {
            let place = at as usize;
            at += 1;
            if at.is_multiple_of(BLOCK as u32) {
                at = self.next[place / BLOCK] * BLOCK as u32;
            }
            place
        })
    }
}
