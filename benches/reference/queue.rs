//! The loop's own event queue: a heap with four children and a lazy replace-top while few events are pending, and above
//! that a wheel of buckets whose digits are those of the instant.

/// Instant and class (64 bits), sequence (32), payload (32).
pub type Event = u128;

/// Above this many pending events the wheel takes over.
const FEW: usize = 256;
const DIGIT: u32 = 8;
const SLOTS: usize = 1 << DIGIT;
const LEVELS: usize = 8;
const CHUNK: usize = 15;
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Chunk {
    events: [Event; CHUNK],
    len: u32,
    next: u32,
}

#[derive(Clone, Copy)]
struct Level {
    occupied: [u64; SLOTS / 64],
    heads: [u32; SLOTS],
}

pub struct Queue {
    heap: Vec<Event>,
    /// The top of the heap has been taken and nothing has filled its place yet.
    hole: bool,
    sequence: u32,
    wheel: Option<Box<Wheel>>,
}

struct Wheel {
    shift: u32,
    cursor: u64,
    near: Vec<Event>,
    levels: [Level; LEVELS],
    chunks: Vec<Chunk>,
    free: u32,
}

impl Queue {
    pub fn new() -> Self {
        Self {
            heap: Vec::with_capacity(2 * FEW),
            hole: false,
            sequence: 0,
            wheel: None,
        }
    }

    /// `instant` carries the class in its two lowest bits.
    #[inline]
    pub fn push(&mut self, instant: u64, payload: u32) {
        let event = (Event::from(instant) << 64) | (Event::from(self.sequence) << 32) | Event::from(payload);
        self.sequence += 1;
        match &mut self.wheel {
            Some(wheel) if wheel.bucket(event) > wheel.cursor => wheel.insert(event),
            _ => self.push_heap(event),
        }
    }

    #[inline]
    fn push_heap(&mut self, event: Event) {
        if self.hole {
            self.hole = false;
            self.sift_down(event);
            return;
        }
        let mut hole = self.heap.len();
        if hole >= FEW && self.wheel.is_none() {
            self.heap.push(event);
            self.spread();
            return;
        }
        self.heap.push(event);
        while hole > 0 {
            let parent = (hole - 1) / 4;
            if self.heap[parent] <= event {
                break;
            }
            self.heap[hole] = self.heap[parent];
            hole = parent;
        }
        self.heap[hole] = event;
    }

    #[inline]
    fn sift_down(&mut self, event: Event) {
        let heap = &mut self.heap[..];
        let mut hole = 0;
        loop {
            let from = hole * 4 + 1;
            if from >= heap.len() {
                break;
            }
            let mut least = from;
            for child in from + 1..(from + 4).min(heap.len()) {
                if heap[child] < heap[least] {
                    least = child;
                }
            }
            if event <= heap[least] {
                break;
            }
            heap[hole] = heap[least];
            hole = least;
        }
        heap[hole] = event;
    }

    fn fill(&mut self) {
        if self.hole {
            self.hole = false;
            let last = self.heap.pop().expect("a hole is in a heap");
            if !self.heap.is_empty() {
                self.sift_down(last);
            }
        }
    }

    #[inline]
    pub fn pop(&mut self) -> Option<Event> {
        self.fill();
        let Some(wheel) = &mut self.wheel else {
            let first = *self.heap.first()?;
            self.hole = true;
            return Some(first);
        };
        if wheel.near.is_empty() && self.heap.is_empty() && !wheel.advance() {
            return None;
        }
        match (wheel.near.last(), self.heap.first()) {
            (Some(&near), Some(&first)) if first < near => {
                self.hole = true;
                Some(first)
            }
            (Some(_), _) => wheel.near.pop(),
            (None, Some(&first)) => {
                self.hole = true;
                Some(first)
            }
            (None, None) => None,
        }
    }

    /// What the event after this many others will be, where that is known.
    #[inline]
    pub fn ahead(&self, count: usize) -> Option<u32> {
        let near = &self.wheel.as_ref()?.near;
        near.len().checked_sub(count + 1).map(|at| near[at] as u32)
    }

    #[cold]
    fn spread(&mut self) {
        self.fill();
        let mut events = std::mem::take(&mut self.heap);
        let middle = events.len() / 2;
        let least = *events.iter().min().expect("many");
        let (_, &mut median, _) = events.select_nth_unstable(middle);
        let gap = ((median >> 64) as u64 - (least >> 64) as u64) / middle as u64;
        // Some thirty events to a bucket once the latencies come on top.
        let shift = (gap.max(1) * 32).ilog2().saturating_sub(3);
        let mut wheel = Box::new(Wheel {
            shift,
            cursor: (least >> 64) as u64 >> shift,
            near: Vec::with_capacity(1024),
            levels: [Level {
                occupied: [0; SLOTS / 64],
                heads: [NONE; SLOTS],
            }; LEVELS],
            chunks: Vec::new(),
            free: NONE,
        });
        self.heap = Vec::with_capacity(2 * FEW);
        for event in events {
            if wheel.bucket(event) > wheel.cursor {
                wheel.insert(event);
            } else {
                wheel.near.push(event);
            }
        }
        wheel.near.sort_unstable_by(|one, other| other.cmp(one));
        self.wheel = Some(wheel);
    }
}

impl Wheel {
    #[inline]
    fn bucket(&self, event: Event) -> u64 {
        (event >> 64) as u64 >> self.shift
    }

    #[inline]
    fn insert(&mut self, event: Event) {
        let bucket = self.bucket(event);
        let level = ((63 - (bucket ^ self.cursor).leading_zeros()) / DIGIT) as usize;
        let slot = (bucket >> (level as u32 * DIGIT)) as usize % SLOTS;
        let head = self.levels[level].heads[slot];
        if head != NONE {
            let chunk = &mut self.chunks[head as usize];
            if (chunk.len as usize) < CHUNK {
                chunk.events[chunk.len as usize] = event;
                chunk.len += 1;
                return;
            }
        }
        self.levels[level].occupied[slot / 64] |= 1 << (slot % 64);
        let fresh = Chunk {
            events: [event; CHUNK],
            len: 1,
            next: head,
        };
        if self.free == NONE {
            if self.chunks.len() == self.chunks.capacity() {
                self.chunks.reserve_exact(64 + self.chunks.len() / 8);
            }
            self.levels[level].heads[slot] = self.chunks.len() as u32;
            self.chunks.push(fresh);
        } else {
            self.levels[level].heads[slot] = self.free;
            let chunk = &mut self.chunks[self.free as usize];
            self.free = chunk.next;
            *chunk = fresh;
        }
    }

    /// Makes the next occupied bucket the near one; false when there is none.
    fn advance(&mut self) -> bool {
        while self.near.is_empty() {
            let Some((level, slot)) = (0..LEVELS).find_map(|level| {
                let after = (self.cursor >> (level as u32 * DIGIT)) as usize % SLOTS + 1;
                next_bit(&self.levels[level].occupied, after).map(|slot| (level, slot))
            }) else {
                return false;
            };
            let low = level as u32 * DIGIT;
            let above = if low + DIGIT < 64 {
                self.cursor >> (low + DIGIT) << (low + DIGIT)
            } else {
                0
            };
            self.cursor = above | ((slot as u64) << low);
            self.levels[level].occupied[slot / 64] &= !(1 << (slot % 64));
            let mut next = std::mem::replace(&mut self.levels[level].heads[slot], NONE);
            while next != NONE {
                let chunk = self.chunks[next as usize];
                self.chunks[next as usize].next = self.free;
                self.free = next;
                next = chunk.next;
                for &event in &chunk.events[..chunk.len as usize] {
                    if self.bucket(event) > self.cursor {
                        self.insert(event);
                    } else {
                        self.near.push(event);
                    }
                }
            }
        }
        self.near.sort_unstable_by(|one, other| other.cmp(one));
        true
    }
}

#[inline]
fn next_bit(bits: &[u64; SLOTS / 64], from: usize) -> Option<usize> {
    let mut word = from / 64;
    if word >= bits.len() {
        return None;
    }
    let mut rest = bits[word] & (!0 << (from % 64));
    loop {
        if rest != 0 {
            return Some(word * 64 + rest.trailing_zeros() as usize);
        }
        word += 1;
        rest = *bits.get(word)?;
    }
}
