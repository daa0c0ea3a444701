//! A share of the points of a sweep, for one machine of several.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Shards that can be merged at once: each has a file open.
pub const MOST_SHARDS: u64 = 500;

/// Every so many-th point: shard 2 of 8, written `2/8`, has the points 1, 9, 17 and so on, counted from 0. Points that take long often lie
/// side by side, and so all shards have some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SweepShard {
    /// From 1.
    pub number: u64,
    /// How many there are.
    pub of: u64,
}

impl SweepShard {
    /// All points.
    pub const ALL: Self = Self { number: 1, of: 1 };

    /// How many of so many points are its own.
    pub fn len(self, points: u64) -> u64 {
        let first = self.number - 1;
        points.saturating_sub(first).div_ceil(self.of)
    }

    /// The point at a place of its own.
    pub fn point(self, place: u64) -> u64 {
        place * self.of + (self.number - 1)
    }

    /// The place of a point; none where it belongs to another shard.
    pub fn place(self, point: u64) -> Option<u64> {
        (point % self.of == self.number - 1).then_some(point / self.of)
    }

    /// Whether some point may belong to both.
    pub fn overlaps(self, other: Self) -> bool {
        fn common(one: u64, other: u64) -> u64 {
            if other == 0 { one } else { common(other, one % other) }
        }
        self.number
            .abs_diff(other.number)
            .is_multiple_of(common(self.of, other.of))
    }
}

impl fmt::Display for SweepShard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for SweepShard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let number = |text: &str| text.trim().parse::<u64>().ok().filter(|number| *number > 0);
        let wrong = || format!("`{text}` is no shard; write I/N with I from 1 to N, such as 2/8");
        let (one, of) = parts
            .and_then(|(one, of)| number(one).zip(number(of)))
            .ok_or_else(wrong)?;
        match (one <= of, of <= MOST_SHARDS) {
            (true, true) => Ok(Self { number: one, of }),
            (false, _) => Err(wrong()),
            _ => Err(format!(
                "{of} shards are too many to merge at once; there can be {MOST_SHARDS}, and each uses all cores of its machine"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_have_every_point_once() {
        for points in [0, 1, 7, 8, 9, 100] {
            for of in [1, 2, 3, 7, 8] {
                let shards = (1..=of).map(|number| SweepShard { number, of });
                let mut all: Vec<u64> = shards
                    .flat_map(|shard| (0..shard.len(points)).map(move |place| shard.point(place)))
                    .collect();
                all.sort_unstable();
                assert!(all.into_iter().eq(0..points), "{points} points, {of} shards");
            }
        }
        let shard: SweepShard = "2/8".parse().unwrap();
        assert_eq!((shard.point(3), shard.place(25), shard.place(24)), (25, Some(3), None));
    }

    #[test]
    fn shards_of_different_partitions_may_overlap() {
        let overlap = |one: &str, other: &str| one.parse::<SweepShard>().unwrap().overlaps(other.parse().unwrap());
        assert!(overlap("1/2", "1/2") && overlap("1/2", "3/4") && overlap("1/2", "1/3"));
        assert!(!overlap("1/2", "2/2") && !overlap("1/2", "2/4") && !overlap("2/6", "3/9"));
    }

    #[test]
    fn what_is_no_shard_says_so() {
        for text in ["", "3", "0/4", "5/4", "1/0", "a/b", "1/501"] {
            let error = text.parse::<SweepShard>().unwrap_err();
            assert!(
                error.contains("such as 2/8") || error.contains("there can be 500"),
                "{text}: {error}"
            );
        }
    }
}
