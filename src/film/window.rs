//! Which steps of a run are kept.

/// Steps that a film keeps at most. Each takes some hundreds of bytes in memory, and about as many in JSON.
pub const MOST_STEPS: u64 = 100_000;

/// The steps that are kept, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilmWindow {
    pub(super) first: u64,
    pub(super) last: u64,
}

impl FilmWindow {
    /// No step.
    pub(super) const NOTHING: Self = Self { first: 1, last: 0 };

    /// From this step to that one, of which the first [`MOST_STEPS`] are kept.
    pub fn from_to(first: u64, last: u64) -> Self {
        let first = first.max(1);
        Self {
            first,
            last: last.min(first.saturating_add(MOST_STEPS - 1)),
        }
    }

    /// This step, so many before it and so many after it.
    pub fn around(step: u64, before: u64, after: u64) -> Self {
        let before = before.min(MOST_STEPS / 2);
        Self::from_to(step.saturating_sub(before), step.saturating_add(after))
    }

    /// This step and those before it, of which the last `most` are kept, and [`MOST_STEPS`] at most.
    pub fn up_to(step: u64, most: u64) -> Self {
        let most = most.clamp(1, MOST_STEPS);
        Self::from_to((step + 1).saturating_sub(most), step)
    }

    pub(super) fn contains(&self, step: u64) -> bool {
        (self.first..=self.last).contains(&step)
    }

    /// Whether no step after this one is in it.
    pub(super) fn is_over(&self, step: u64) -> bool {
        self.first <= self.last && step >= self.last
    }
}
