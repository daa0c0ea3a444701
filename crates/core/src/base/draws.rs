//! Chance without a hidden state: a draw is a function of the seed, of what it is for, and of how many came before.
//!
//! Two runs that ask for the same draw get the same number, whatever else they ask for in between. That is what lets
//! strategies be compared under common random numbers.

/// Stafford's thirteenth mixer, the finalizer of SplitMix64: a bijection in which every input bit reaches every output
/// bit. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
#[inline]
pub const fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// A family of streams under one seed; each draw is uniform on all of `u64`.
#[derive(Clone, Copy, Debug)]
pub struct Dice {
    seed: u64,
}

impl Dice {
    /// The dice of this seed.
    pub const fn new(seed: u64) -> Self {
        Self {
            seed: mix(seed.wrapping_add(GOLDEN)),
        }
    }

    /// The dice of one replication of a run: as good as another seed.
    pub const fn replication(seed: u64, index: u64) -> Self {
        Self {
            seed: mix(Self::new(seed).seed ^ mix(index.wrapping_mul(GOLDEN))),
        }
    }

    /// The dice of the `index`-th run that is split off one with these: as good as another seed.
    #[inline]
    pub const fn branch(self, index: u64) -> Self {
        Self {
            seed: mix(self.seed.wrapping_add(GOLDEN) ^ mix(index.wrapping_add(1).wrapping_mul(GOLDEN))),
        }
    }

    /// Where the stream of one party for one purpose begins; [`Dice::draw`] says what to do with it.
    #[inline]
    pub const fn stream(self, purpose: u64, party: u64) -> u64 {
        mix(self.seed ^ mix((purpose << 48) ^ party.wrapping_mul(GOLDEN)))
    }

    /// The `count`-th draw of `party` for `purpose`.
    #[inline]
    pub const fn draw(self, purpose: u64, party: u64, count: u64) -> u64 {
        mix(self
            .stream(purpose, party)
            .wrapping_add(count.wrapping_add(1).wrapping_mul(GOLDEN)))
    }

    /// The next draw of a stream that is kept as one word.
    #[inline]
    pub const fn next(stream: &mut u64) -> u64 {
        *stream = stream.wrapping_add(GOLDEN);
        mix(*stream)
    }
}

/// A probability as an integer threshold: exact at 0 and at 1, and to 2^-53 between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chance(u64);

impl Chance {
    /// It never happens.
    pub const NEVER: Self = Self(0);
    /// It always happens.
    pub const ALWAYS: Self = Self(1 << 53);

    /// From a share between 0 and 1; values outside are clamped.
    pub fn of(share: f64) -> Self {
        Self((share.clamp(0.0, 1.0) * (1u64 << 53) as f64) as u64)
    }

    /// A part of a whole; a whole of none is never.
    pub const fn ratio(part: u64, whole: u64) -> Self {
        if whole == 0 {
            return Self::NEVER;
        }
        let share = ((part as u128) << 53) / whole as u128;
        Self(if share > 1 << 53 { 1 << 53 } else { share as u64 })
    }

    /// Whether it cannot happen.
    #[inline]
    pub const fn is_never(self) -> bool {
        self.0 == 0
    }

    /// Whether a uniform draw hits.
    #[inline]
    pub const fn hit(self, draw: u64) -> bool {
        (draw >> 11) < self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_stream_and_a_counted_one_agree() {
        let dice = Dice::new(7);
        let mut stream = dice.stream(3, 12);
        for count in 0..100 {
            assert_eq!(Dice::next(&mut stream), dice.draw(3, 12, count));
        }
    }

    #[test]
    fn streams_of_neighbours_share_no_draw() {
        let dice = Dice::new(1);
        let mut seen = std::collections::BTreeSet::new();
        for purpose in 0..4 {
            for party in 0..50 {
                for count in 0..50 {
                    assert!(seen.insert(dice.draw(purpose, party, count)));
                }
            }
        }
    }

    #[test]
    fn chance_is_exact_at_both_ends() {
        assert!(!Chance::of(0.0).hit(0));
        assert!(Chance::of(1.0).hit(u64::MAX));
        assert_eq!(
            (Chance::ratio(3, 2), Chance::ratio(1, 2)),
            (Chance::ALWAYS, Chance::of(0.5))
        );
        let half = Chance::of(0.5);
        assert!(half.hit(u64::MAX / 2) && !half.hit(u64::MAX / 2 + 1));
    }

    /// With 200,000 draws at 0.3 the count is within 4.5 standard deviations (two-sided error 7e-6) of its mean.
    #[test]
    fn chance_hits_at_its_rate() {
        let (dice, chance, n) = (Dice::new(99), Chance::of(0.3), 200_000u32);
        let hits = (0..n).filter(|&i| chance.hit(dice.draw(0, 0, u64::from(i)))).count() as f64;
        let (mean, deviation) = (0.3 * f64::from(n), (0.21 * f64::from(n)).sqrt());
        assert!((hits - mean).abs() < 4.5 * deviation, "{hits}");
    }
}
