//! The event queue for many pending events: buckets of time, whose numbers are written in digits. An event lies at the
//! first digit in which its bucket differs from the current one, and moves down as that digit comes up; only the events of the
//! current bucket are ever sorted.
//!
//! Every move writes to the end of a chunk: what a heap of a million events does with scattered accesses, this does with
//! sequential ones.

use super::event::QueuedEvent;

const DIGIT: u32 = 8;
const SLOTS: usize = 1 << DIGIT;
const LEVELS: usize = 64 / DIGIT as usize;
/// Events in a chunk: with its header it fills four cache lines.
const CHUNK: usize = 15;
const NONE: u32 = u32::MAX;

/// How many events a bucket should hold when its turn comes: few enough to sort in the first-level cache, enough that
/// finding the bucket costs nothing.
const CROWD: usize = 32;

#[derive(Clone, Copy, Debug)]
struct Chunk {
    events: [QueuedEvent; CHUNK],
    len: u32,
    next: u32,
}

#[derive(Clone, Copy, Debug)]
struct Level {
    occupied: [u64; SLOTS / 64],
    heads: [u32; SLOTS],
}

/// Events of later buckets than the current one, and those of the current one in order.
#[derive(Clone, Debug)]
pub struct Wheel {
    /// Buckets are so many bits of the instant wide.
    shift: u32,
    current: u64,
    /// Latest first.
    near: Vec<QueuedEvent>,
    levels: [Level; LEVELS],
    chunks: Vec<Chunk>,
    free: u32,
    len: usize,
    /// Buckets opened and events found in them since the wheel was built.
    opened: usize,
    found: usize,
}

impl Wheel {
    /// A wheel with these events, whose buckets fit them.
    pub fn of(mut events: Vec<QueuedEvent>) -> Box<Self> {
        let shift = width(&mut events);
        let first = events.iter().min().map_or(0, |event| event.instant().bits());
        let mut wheel = Box::new(Self {
            shift,
            current: first >> shift,
            near: Vec::with_capacity(8 * CROWD),
            levels: [Level {
                occupied: [0; SLOTS / 64],
                heads: [NONE; SLOTS],
            }; LEVELS],
            chunks: Vec::new(),
            free: NONE,
            len: events.len(),
            opened: 0,
            found: 0,
        });
        for event in events {
            wheel.place(event);
        }
        wheel.near.sort_unstable_by(|one, other| other.cmp(one));
        wheel
    }

    /// Whether an event lies beyond the current bucket; others are not the wheel's.
    #[inline]
    pub fn takes(&self, event: QueuedEvent) -> bool {
        event.instant().bits() >> self.shift > self.current
    }

    #[inline]
    pub fn push(&mut self, event: QueuedEvent) {
        debug_assert!(self.takes(event));
        self.len += 1;
        self.insert(event);
    }

    /// The earliest event, once its bucket is open.
    #[inline]
    pub fn first(&self) -> Option<QueuedEvent> {
        self.near.last().copied()
    }

    #[inline]
    pub fn take_first(&mut self) {
        self.near.pop();
        self.len -= 1;
    }

    /// Whether its buckets have come to hold far more or far fewer events than they should.
    pub fn misfits(&self) -> bool {
        let too_wide = self.found > self.opened * 16 * CROWD && self.shift > 2;
        let too_narrow = self.found < self.opened * 2;
        // The first bucket tells at once whether the wheel was built for other events than have come since.
        self.opened == 1 && too_wide || self.opened >= 1024 && self.found > self.len && (too_wide || too_narrow)
    }

    #[inline]
    fn place(&mut self, event: QueuedEvent) {
        if self.takes(event) {
            self.insert(event);
        } else {
            self.near.push(event);
        }
    }

    #[inline]
    fn insert(&mut self, event: QueuedEvent) {
        let bucket = event.instant().bits() >> self.shift;
        let level = ((63 - (bucket ^ self.current).leading_zeros()) / DIGIT) as usize;
        let slot = (bucket >> (level as u32 * DIGIT)) as usize % SLOTS;
        let level = &mut self.levels[level];
        let head = level.heads[slot];
        if let Some(chunk) = self.chunks.get_mut(head as usize)
            && let Some(place) = chunk.events.get_mut(chunk.len as usize)
        {
            *place = event;
            chunk.len += 1;
            return;
        }
        level.occupied[slot / 64] |= 1 << (slot % 64);
        let fresh = Chunk {
            events: [event; CHUNK],
            len: 1,
            next: head,
        };
        if self.free == NONE {
            if self.chunks.len() == self.chunks.capacity() {
                self.chunks.reserve_exact(64 + self.chunks.len() / 8);
            }
            level.heads[slot] = self.chunks.len() as u32;
            self.chunks.push(fresh);
        } else {
            level.heads[slot] = self.free;
            let chunk = &mut self.chunks[self.free as usize];
            self.free = chunk.next;
            *chunk = fresh;
        }
    }

    /// Opens the next bucket that holds an event, if the current one holds none.
    pub fn advance(&mut self) {
        if !self.near.is_empty() || self.len == 0 {
            return;
        }
        while self.near.is_empty() {
            let (level, slot) = (0..LEVELS)
                .find_map(|level| {
                    let after = (self.current >> (level as u32 * DIGIT)) as usize % SLOTS + 1;
                    next_bit(&self.levels[level].occupied, after).map(|slot| (level, slot))
                })
                .expect("an event that is not near is in a bucket");
            let low = level as u32 * DIGIT;
            let above = self.current.checked_shr(low + DIGIT).unwrap_or(0);
            self.current = above.checked_shl(low + DIGIT).unwrap_or(0) | ((slot as u64) << low);
            self.levels[level].occupied[slot / 64] &= !(1 << (slot % 64));
            let mut next = std::mem::replace(&mut self.levels[level].heads[slot], NONE);
            while next != NONE {
                let chunk = self.chunks[next as usize];
                self.chunks[next as usize].next = self.free;
                self.free = next;
                next = chunk.next;
                for &event in &chunk.events[..chunk.len as usize] {
                    self.place(event);
                }
            }
        }
        self.opened += 1;
        self.found += self.near.len();
        self.near.sort_unstable_by(|one, other| other.cmp(one));
    }

    /// Takes out every event.
    pub fn drain(&mut self) -> Vec<QueuedEvent> {
        let mut events = std::mem::take(&mut self.near);
        events.reserve(self.len - events.len());
        for level in &self.levels {
            for &head in &level.heads {
                let mut next = head;
                while let Some(chunk) = self.chunks.get(next as usize) {
                    events.extend_from_slice(&chunk.events[..chunk.len as usize]);
                    next = chunk.next;
                }
            }
        }
        events
    }
}

/// Bits of a bucket's width, such that as many events as wished lie in one as things stand.
fn width(events: &mut [QueuedEvent]) -> u32 {
    let middle = events.len() / 2;
    let Some(least) = events.iter().min().copied() else {
        return 0;
    };
    let (_, median, _) = events.select_nth_unstable(middle);
    let span = median.instant().bits() - least.instant().bits();
    (span / middle.max(1) as u64 * CROWD as u64).max(1).ilog2()
}

#[inline]
fn next_bit(bits: &[u64; SLOTS / 64], from: usize) -> Option<usize> {
    let mut word = from / 64;
    let mut rest = bits.get(word)? & (!0 << (from % 64));
    loop {
        if rest != 0 {
            return Some(word * 64 + rest.trailing_zeros() as usize);
        }
        word += 1;
        rest = *bits.get(word)?;
    }
}
