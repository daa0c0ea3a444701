//! The set of states that a search has found, in sixteen bytes each.
//!
//! A state is known by its [fingerprint]. Two different states with the same would be taken for one: with n states the chance of any
//! such pair is below n^2 / 2^97, which for ten million states is 6.4e-16.

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

use crate::base::prefetch;

pub use crate::base::{Fingerprint, fingerprint};

/// A list has room for so many more than it needs, as a part of these.
const SPARE: usize = 16;

/// Appends to a list of which there may be hundreds of millions of entries: it grows by a little, not to twice its size.
pub fn push_tightly<T>(list: &mut Vec<T>, entry: T) {
    if list.len() == list.capacity() {
        list.reserve_exact((list.len() / SPARE).max(64));
    }
    list.push(entry);
}

/// The states seen so far, numbered from zero in the order of insertion. One thread inserts, while others may look.
#[derive(Debug)]
pub struct Visited {
    prints: Vec<[AtomicU64; 2]>,
    /// Open addressing; numbers plus one, zero for free. Half of it is free at least.
    table: Vec<AtomicU32>,
    count: AtomicUsize,
}

impl Default for Visited {
    fn default() -> Self {
        let mut visited = Self {
            prints: Vec::new(),
            table: Vec::new(),
            count: AtomicUsize::new(0),
        };
        visited.reserve(1 << 9);
        visited
    }
}

impl Visited {
    /// How many states have been seen.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// The state of this number, which lies at a place of the table already.
    fn print(&self, number: u32) -> Fingerprint {
        let [low, high] = &self.prints[number as usize];
        Fingerprint::from(high.load(Ordering::Relaxed)) << 64 | Fingerprint::from(low.load(Ordering::Relaxed))
    }

    /// Where a state would lie in the table if no other did.
    fn home(&self, print: Fingerprint) -> usize {
        ((print as u64 as u128 * self.table.len() as u128) >> 64) as usize
    }

    /// Where a state lies in the table, and its number; or the free place where it would lie.
    fn place(&self, print: Fingerprint) -> (usize, Option<u32>) {
        let mut at = self.home(print);
        // Whoever sees a number sees what was written before it.
        while let Some(number) = self.table[at].load(Ordering::Acquire).checked_sub(1) {
            if self.print(number) == print {
                return (at, Some(number));
            }
            at += 1;
            if at == self.table.len() {
                at = 0;
            }
        }
        (at, None)
    }

    /// This state will be inserted before long.
    pub fn expect(&self, print: Fingerprint) {
        prefetch(&self.table, self.home(print));
    }

    /// The number of a state that has been seen.
    pub fn get(&self, print: Fingerprint) -> Option<u32> {
        self.place(print).1
    }

    /// The number of a state, and whether it is new. One thread at a time may ask, and there has to be
    /// [room](Visited::reserve).
    pub fn insert(&self, print: Fingerprint) -> (u32, bool) {
        let (place, known) = self.place(print);
        if let Some(number) = known {
            return (number, false);
        }
        let number = self.count();
        let [low, high] = &self.prints[number];
        low.store(print as u64, Ordering::Relaxed);
        high.store((print >> 64) as u64, Ordering::Relaxed);
        self.table[place].store(number as u32 + 1, Ordering::Release);
        self.count.store(number + 1, Ordering::Relaxed);
        (number as u32, true)
    }

    /// Makes room for so many states more.
    ///
    /// # Panics
    /// With 2^32 - 1 states, for which no memory would do.
    pub fn reserve(&mut self, more: usize) {
        let most = self.count() + more;
        assert!(most < u32::MAX as usize, "fewer than 2^32 states");
        if self.prints.len() < most {
            let more = (most - self.prints.len()).max(most / SPARE);
            self.prints.reserve_exact(more);
            self.prints.resize_with(self.prints.capacity(), Default::default);
        }
        if self.table.len() < 2 * most {
            // A third of it is in use then. The old one is given back first.
            let size = 3 * most;
            self.table = Vec::new();
            self.table = std::iter::repeat_with(AtomicU32::default).take(size).collect();
            for number in 0..self.count() as u32 {
                let (place, _) = self.place(self.print(number));
                self.table[place].store(number + 1, Ordering::Relaxed);
            }
        }
    }

    /// Bytes in use.
    pub fn bytes(&self) -> usize {
        self.prints.capacity() * size_of::<Fingerprint>() + self.table.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_numbered_once() {
        let mut visited = Visited::default();
        visited.reserve(10_000);
        for round in 0..2 {
            for i in 0..10_000u32 {
                assert_eq!(visited.insert(fingerprint(&(i, [i / 7; 3]))), (i, round == 0));
            }
        }
        assert_eq!((visited.count(), visited.get(fingerprint(&1))), (10_000, None));
    }
}
