//! Fingerprints of 128 bits.
//!
//! Two different things differ somewhere by a number that ends in fewer than 32 zero bits, so that their fingerprints are the same for one
//! pair in 2^96 or fewer, over all choices of keys.

use std::hash::{Hash, Hasher};

use super::mix;

/// What stands for something larger.
pub type Fingerprint = u128;

/// The fingerprint of anything that can be hashed.
#[inline]
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
    #[inline]
    fn fingerprint(&self) -> Fingerprint {
        let low = mix(self.of as u64 ^ u64::from(self.at));
        let high = mix(((self.of >> 64) as u64).wrapping_add(low));
        u128::from(high) << 64 | u128::from(low)
    }
}

impl Hasher for Sum {
    #[inline]
    fn finish(&self) -> u64 {
        self.fingerprint() as u64
    }

    #[inline]
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

#[cfg(test)]
mod tests {
    use super::*;

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
