//! Which states have been seen, in sixteen bytes each.
//!
//! A state is known by a fingerprint of 128 bits. Two different states with one fingerprint would be taken for the same;
//! with n states the chance of any such pair is below n^2 / 2^129, which for ten million states is 1.5e-25.

use std::hash::{Hash, Hasher};

/// A state's fingerprint.
pub type Fingerprint = u128;

/// The fingerprint of anything that can be hashed.
pub fn fingerprint(of: &impl Hash) -> Fingerprint {
    let mut lanes = Lanes {
        low: 0x243f_6a88_85a3_08d3,
        high: 0x1319_8a2e_0370_7344,
    };
    of.hash(&mut lanes);
    lanes.finish_both()
}

/// Two lanes of multiply-and-fold with different odd constants (digits of pi).
struct Lanes {
    low: u64,
    high: u64,
}

const LOW: u64 = 0xa409_3822_299f_31d1;
const HIGH: u64 = 0x082e_fa98_ec4e_6c89;

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

impl Lanes {
    #[inline]
    fn word(&mut self, word: u64) {
        // A lane that has come to zero would stay there for some words: each adds its constant before it multiplies.
        self.low = fold(self.low.wrapping_add(LOW) ^ word, 0x9e37_79b9_7f4a_7c15).rotate_left(29);
        self.high = fold(
            self.high.wrapping_add(HIGH) ^ word.rotate_left(32),
            0xbf58_476d_1ce4_e5b9,
        )
        .rotate_left(37);
    }

    fn finish_both(&self) -> Fingerprint {
        let low = crate::base::mix(self.low ^ self.high.rotate_left(32));
        let high = crate::base::mix(self.high.wrapping_add(LOW) ^ self.low);
        u128::from(high) << 64 | u128::from(low)
    }
}

impl Hasher for Lanes {
    fn finish(&self) -> u64 {
        self.finish_both() as u64
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.word(u64::from_le_bytes(word.try_into().expect("eight bytes")));
        }
        let mut last = [0; 8];
        last[..words.remainder().len()].copy_from_slice(words.remainder());
        self.word(u64::from_le_bytes(last) ^ (bytes.len() as u64) << 56);
    }

    fn write_u8(&mut self, i: u8) {
        self.word(i.into());
    }
    fn write_u16(&mut self, i: u16) {
        self.word(i.into());
    }
    fn write_u32(&mut self, i: u32) {
        self.word(i.into());
    }
    fn write_u64(&mut self, i: u64) {
        self.word(i);
    }
    fn write_usize(&mut self, i: usize) {
        self.word(i as u64);
    }
}

/// The states seen so far, numbered from zero in the order of insertion.
#[derive(Debug)]
pub struct Visited {
    prints: Vec<Fingerprint>,
    /// Open addressing; numbers plus one, zero for free.
    table: Vec<u32>,
}

impl Default for Visited {
    fn default() -> Self {
        Self {
            prints: Vec::new(),
            table: vec![0; 1 << 10],
        }
    }
}

impl Visited {
    /// How many states have been seen.
    pub fn count(&self) -> usize {
        self.prints.len()
    }

    /// Where it lies, or the free place where it would.
    fn place(&self, print: Fingerprint) -> usize {
        let mask = self.table.len() - 1;
        let mut at = print as usize & mask;
        while let Some(number) = self.table[at].checked_sub(1) {
            if self.prints[number as usize] == print {
                break;
            }
            at = (at + 1) & mask;
        }
        at
    }

    /// The number of a state that has been seen.
    pub fn get(&self, print: Fingerprint) -> Option<u32> {
        self.table[self.place(print)].checked_sub(1)
    }

    /// The number of a state, and whether it is new.
    ///
    /// # Panics
    /// With 2^32 - 1 states, for which no memory would do.
    pub fn insert(&mut self, print: Fingerprint) -> (u32, bool) {
        let place = self.place(print);
        if let Some(number) = self.table[place].checked_sub(1) {
            return (number, false);
        }
        let number = u32::try_from(self.prints.len()).expect("fewer than 2^32 states");
        self.prints.push(print);
        self.table[place] = number + 1;
        if self.prints.len() * 2 > self.table.len() {
            self.grow();
        }
        (number, true)
    }

    fn grow(&mut self) {
        let mut table = vec![0; self.table.len() * 2];
        let mask = table.len() - 1;
        for (number, &print) in (1..).zip(&self.prints) {
            let mut at = print as usize & mask;
            while table[at] != 0 {
                at = (at + 1) & mask;
            }
            table[at] = number;
        }
        self.table = table;
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
                let (word, bit) = (crate::base::mix(i / 64), i % 64);
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
