//! The event queue: earliest first, then commits before checks before the rest, then in the order of scheduling.

use crate::base::Time;

/// What comes first within one instant (section 1 of the model).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Commit = 0,
    Check = 1,
    Other = 2,
}

/// An event in 16 bytes: instant (62 bits), class (2), sequence (32), payload (32), most significant first, so that one
/// comparison orders it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Event(u128);

impl Event {
    fn new(at: Time, class: Class, sequence: u32, payload: u32) -> Self {
        debug_assert!(at.nanos() < 1 << 62, "the clock ends after 146 years");
        let instant = (at.nanos() << 2) | class as u64;
        Self((u128::from(instant) << 64) | (u128::from(sequence) << 32) | u128::from(payload))
    }

    fn at(self) -> Time {
        Time::from_nanos((self.0 >> 66) as u64)
    }

    fn payload(self) -> u32 {
        self.0 as u32
    }

    fn renumbered(self, sequence: u32) -> Self {
        Self((self.0 & !(0xffff_ffff << 32)) | (u128::from(sequence) << 32))
    }
}

/// A heap with four children to a parent: half the levels of a binary one, and siblings share a cache line.
#[derive(Debug, Default)]
pub struct Queue {
    heap: Vec<Event>,
    sequence: u32,
}

const CHILDREN: usize = 4;

impl Queue {
    pub fn with_capacity(events: usize) -> Self {
        Self {
            heap: Vec::with_capacity(events),
            sequence: 0,
        }
    }

    pub fn len(&self) -> usize {
        self.heap.len()
    }

    #[inline]
    pub fn push(&mut self, at: Time, class: Class, payload: u32) {
        if self.sequence == u32::MAX {
            self.renumber();
        }
        let event = Event::new(at, class, self.sequence, payload);
        self.sequence += 1;
        let mut hole = self.heap.len();
        self.heap.push(event);
        while hole > 0 {
            let parent = (hole - 1) / CHILDREN;
            if self.heap[parent] <= event {
                break;
            }
            self.heap[hole] = self.heap[parent];
            hole = parent;
        }
        self.heap[hole] = event;
    }

    /// Instant of the first event.
    #[inline]
    pub fn next_at(&self) -> Option<Time> {
        self.heap.first().map(|event| event.at())
    }

    #[inline]
    pub fn pop(&mut self) -> Option<(Time, u32)> {
        let first = *self.heap.first()?;
        let last = self.heap.pop().expect("there is a first");
        let len = self.heap.len();
        if len > 0 {
            let mut hole = 0;
            loop {
                let from = hole * CHILDREN + 1;
                if from >= len {
                    break;
                }
                let mut least = from;
                for child in from + 1..(from + CHILDREN).min(len) {
                    if self.heap[child] < self.heap[least] {
                        least = child;
                    }
                }
                if last <= self.heap[least] {
                    break;
                }
                self.heap[hole] = self.heap[least];
                hole = least;
            }
            self.heap[hole] = last;
        }
        Some((first.at(), first.payload()))
    }

    /// Starts the sequence anew in the order of the events; a sorted array is a heap.
    #[cold]
    fn renumber(&mut self) {
        self.heap.sort_unstable();
        for (sequence, event) in self.heap.iter_mut().enumerate() {
            *event = event.renumbered(sequence as u32);
        }
        self.sequence = self.heap.len() as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(nanos: u64) -> Time {
        Time::from_nanos(nanos)
    }

    proptest! {
        /// Comes out sorted by instant and class, first come first within; a renumbering in between changes nothing.
        #[test]
        fn comes_out_in_order(steps in prop::collection::vec((0u64..50, 0u8..3, any::<bool>(), any::<bool>()), 1..300)) {
            let mut queue = Queue::default();
            let mut model = std::collections::BTreeSet::new();
            for (payload, (instant, class, pop, renumber)) in steps.into_iter().enumerate() {
                let class = [Class::Commit, Class::Check, Class::Other][usize::from(class)];
                queue.push(at(instant), class, payload as u32);
                model.insert((instant, class, payload as u32));
                if renumber {
                    queue.renumber();
                }
                if pop {
                    let (instant, _, payload) = model.pop_first().unwrap();
                    prop_assert_eq!(queue.pop(), Some((at(instant), payload)));
                }
            }
            while let Some((instant, _, payload)) = model.pop_first() {
                prop_assert_eq!(queue.next_at(), Some(at(instant)));
                prop_assert_eq!(queue.pop(), Some((at(instant), payload)));
            }
            prop_assert_eq!(queue.pop(), None);
        }
    }
}
