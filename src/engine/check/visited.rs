//! The set of states that a search has found, in sixteen bytes each.
//!
//! A state is known by a fingerprint of 128 bits. Two different states with one fingerprint would be taken for the same. They
//! differ somewhere by a number that ends in fewer than 32 zero bits, so that befalls one pair in 2^96 or fewer, over all
//! choices of keys; with n states the chance of any such pair is below n^2 / 2^97, which for ten million states is 6.4e-16.

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

use crate::base::{mix, prefetch};

/// A state's fingerprint.
pub type Fingerprint = u128;

/// The fingerprint of anything that can be hashed.
pub fn fingerprint(of: &impl Hash) -> Fingerprint {
    let mut sum = Sum { of: 0, at: 0 };
    of.hash(&mut sum);
    sum.fingerprint()
}

/// The sum of all words, each times the key of its place: a multilinear hash (Carter and Wegman, "Universal classes of hash
/// functions", 1979). No word waits for the one before, so it costs little more than to walk over the state.
struct Sum {
    of: u128,
    /// Place of the next word.
    at: u8,
}

/// Odd numbers without a pattern, one for each place of a round.
static KEYS: [u128; 256] = {
    let mut keys = [0; 256];
    let mut at = 0;
    while at < keys.len() {
        let place = 2 * at as u64;
        keys[at] = (mix(place) as u128) << 64 | mix(place + 1) as u128 | 1;
        at += 1;
    }
    keys
};

impl Sum {
    #[inline]
    fn word(&mut self, word: u64) {
        let key = KEYS[usize::from(self.at)];
        self.of = self.of.wrapping_add(u128::from(word).wrapping_mul(key));
        self.at = self.at.wrapping_add(1);
        if self.at == 0 {
            self.of = self.fingerprint();
        }
    }

    /// Different sums have different ones.
    fn fingerprint(&self) -> Fingerprint {
        let low = mix(self.of as u64 ^ u64::from(self.at));
        let high = mix(((self.of >> 64) as u64).wrapping_add(low));
        u128::from(high) << 64 | u128::from(low)
    }
}

impl Hasher for Sum {
    fn finish(&self) -> u64 {
        self.fingerprint() as u64
    }

    fn write(&mut self, bytes: &[u8]) {
        for some in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..some.len()].copy_from_slice(some);
            self.word(u64::from_le_bytes(word));
        }
    }

    #[inline]
    fn write_u8(&mut self, i: u8) {
        self.word(i.into());
    }
    #[inline]
    fn write_u16(&mut self, i: u16) {
        self.word(i.into());
    }
    #[inline]
    fn write_u32(&mut self, i: u32) {
        self.word(i.into());
    }
    #[inline]
    fn write_u64(&mut self, i: u64) {
        self.word(i);
    }
    #[inline]
    fn write_usize(&mut self, i: usize) {
        self.word(i as u64);
    }
}

/// The states seen so far, numbered from zero in the order of insertion. One thread inserts, while others may look.
#[derive(Debug)]
pub struct Visited {
    prints: Vec<[AtomicU64; 2]>,
    /// Open addressing; numbers plus one, zero for free.
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

    /// Where a state lies in the table, and its number; or the free place where it would lie.
    fn place(&self, print: Fingerprint) -> (usize, Option<u32>) {
        let mask = self.table.len() - 1;
        let mut at = print as usize & mask;
        // Whoever sees a number sees what was written before it.
        while let Some(number) = self.table[at].load(Ordering::Acquire).checked_sub(1) {
            if self.print(number) == print {
                return (at, Some(number));
            }
            at = (at + 1) & mask;
        }
        (at, None)
    }

    /// This state will be inserted before long.
    pub fn expect(&self, print: Fingerprint) {
        prefetch(&self.table, print as usize & (self.table.len() - 1));
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
            self.prints.reserve(most - self.prints.len());
            self.prints.resize_with(self.prints.capacity(), Default::default);
        }
        if self.table.len() < 2 * most {
            let size = (2 * most).next_power_of_two();
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

    /// Inputs that differ in one bit differ in about half of the bits of both lanes: over 64 x 64 flips the mean is within
    /// five standard deviations (two-sided error 6e-7) of 64 of 128.
    #[test]
    fn each_bit_reaches_both_lanes() {
        let n = 64 * 64;
        let flipped: u32 = (0..n)
            .map(|i| {
                let (word, bit) = (mix(i / 64), i % 64);
                let one = fingerprint(&(word, 1u8));
                let other = fingerprint(&(word ^ 1 << bit, 1u8));
                assert!(one as u64 != other as u64 && one >> 64 != other >> 64);
                (one ^ other).count_ones()
            })
            .sum();
        let (mean, deviation) = (64.0 * n as f64, (32.0 * n as f64).sqrt());
        assert!((f64::from(flipped) - mean).abs() < 5.0 * deviation, "{flipped}");
    }
}
