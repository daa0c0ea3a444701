//! Where runs are split, and into how many.

use std::ops::Range;

/// Thresholds from the lowest up, each with the number of runs that one becomes when its level rises to it or beyond.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels(Vec<SplitLevel>);

/// One threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SplitLevel {
    /// Runs at this level or above are beyond the threshold.
    pub level: u32,
    /// So many runs go on from there, the one that came there included.
    pub runs: u32,
}

/// A rise that leads to the event with this chance needs no help.
const LIKELY: f64 = 0.2;

/// Into no more runs is one split at one threshold: what needs more needs other levels.
const MOST_RUNS: f64 = 10_000.0;

impl Levels {
    /// No run is ever split: crude simulation.
    pub fn none() -> Self {
        Self::default()
    }

    /// These thresholds, which rise from one; each splits a run into at least one.
    pub fn new(levels: Vec<SplitLevel>) -> Option<Self> {
        let rise = levels.windows(2).all(|pair| pair[0].level < pair[1].level);
        let sound = levels.iter().all(|split| split.level > 0 && split.runs > 0);
        (rise && sound).then_some(Self(levels))
    }

    /// Thresholds such that about `aim` runs go on from each, given how often the unsplit run rises to each level, from level 1 up, and how
    /// often it sees the event. Where a rise leads to the event as likely as that anyway, no run is split any more.
    ///
    /// Where a run goes on to the next threshold with chance p, that is the rule R = 1/p: M. Villén-Altamirano and J. Villén-Altamirano,
    /// "RESTART: a method for accelerating rare event simulations", 1991; M. J. J. Garvels, "The splitting method in rare event
    /// simulation", thesis, University of Twente, 2000.
    pub(super) fn fitting(rises: &[f64], hits: f64, aim: f64) -> Self {
        let (mut levels, mut so_far) = (Vec::new(), 1.0);
        for (level, &often) in (1..).zip(rises) {
            if often <= 0.0 || hits > LIKELY * often {
                break;
            }
            let runs = (aim / often / so_far).round().min(MOST_RUNS);
            if runs >= 2.0 {
                so_far *= runs;
                levels.push(SplitLevel {
                    level,
                    runs: runs as u32,
                });
            }
        }
        Self(levels)
    }

    /// From the lowest up.
    pub fn splits(&self) -> &[SplitLevel] {
        &self.0
    }

    /// How many thresholds a level is beyond.
    pub(super) fn region(&self, level: u32) -> usize {
        self.0.partition_point(|split| split.level <= level)
    }

    /// The levels that are beyond so many thresholds and no more.
    pub(super) fn range(&self, region: usize) -> Range<u32> {
        let threshold = |index: usize| self.0.get(index).map(|split| split.level);
        let low = region.checked_sub(1).and_then(threshold).unwrap_or(0);
        low..threshold(region).unwrap_or(u32::MAX)
    }

    /// What each run counts for that is beyond so many thresholds.
    pub(super) fn weight(&self, region: usize) -> f64 {
        self.0[..region]
            .iter()
            .fold(1.0, |weight, split| weight / f64::from(split.runs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_bring_each_level_to_the_same_number_of_runs() {
        let levels = Levels::fitting(&[500.0, 50.0, 5.0, 0.5], 0.0, 500.0);
        let splits: Vec<_> = levels.splits().iter().map(|split| (split.level, split.runs)).collect();
        assert_eq!(splits, [(2, 10), (3, 10), (4, 10)]);
        assert_eq!(levels.weight(3), 0.001);
        // What has never been seen is no threshold, and a level that adds nothing neither.
        assert_eq!(Levels::fitting(&[500.0, 499.0, 0.0], 0.0, 500.0), Levels::none());
        // Beyond the third level the event comes by itself.
        let fewer = Levels::fitting(&[500.0, 50.0, 5.0, 0.5], 0.2, 500.0);
        assert_eq!(fewer.splits(), &levels.splits()[..2]);
    }

    #[test]
    fn every_level_is_in_one_region() {
        let split = |level, runs| SplitLevel { level, runs };
        let levels = Levels::new(vec![split(2, 3), split(5, 2)]).unwrap();
        for level in 0..9 {
            let region = levels.region(level);
            assert!(levels.range(region).contains(&level));
        }
        assert_eq!([0, 1, 2, 4, 5].map(|level| levels.region(level)), [0, 0, 1, 1, 2]);
        assert_eq!(Levels::new(vec![split(2, 3), split(2, 3)]), None);
        assert_eq!(Levels::new(vec![split(2, 0)]), None);
    }
}
