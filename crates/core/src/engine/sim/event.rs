//! An event of the queue, and the order of events: earliest first, then commits before checks before the rest, then in the
//! order of scheduling.

use crate::base::Time;

/// What comes first within one instant (section 1 of the model, `src/manual/model.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Commit = 0,
    Check = 1,
    Other = 2,
}

/// Instant (62 bits) and class (2 bits) in one word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventTime(u64);

impl EventTime {
    /// Later than every other.
    pub const NEVER: Self = Self(u64::MAX);

    /// The clock ends after 146 years, and no run lasts so long: what a tail of a distribution sends beyond that comes last.
    #[inline]
    pub fn new(at: Time, class: Class) -> Self {
        const END: u64 = (1 << 62) - 2;
        Self((at.nanos().min(END) << 2) | class as u64)
    }

    #[inline]
    pub fn at(self) -> Time {
        Time::from_nanos(self.0 >> 2)
    }

    #[inline]
    pub fn bits(self) -> u64 {
        self.0
    }
}

/// An event in 16 bytes: moment, sequence (32 bits), payload (32), most significant first, so that one comparison orders it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueuedEvent(u128);

impl QueuedEvent {
    /// Later than every other.
    pub const NEVER: Self = Self(u128::MAX);

    #[inline]
    pub fn new(instant: EventTime, sequence: u32, payload: u32) -> Self {
        Self((u128::from(instant.0) << 64) | (u128::from(sequence) << 32) | u128::from(payload))
    }

    #[inline]
    pub fn instant(self) -> EventTime {
        EventTime((self.0 >> 64) as u64)
    }

    #[inline]
    pub fn sequence(self) -> u32 {
        (self.0 >> 32) as u32
    }

    #[inline]
    pub fn payload(self) -> u32 {
        self.0 as u32
    }

    pub fn renumbered(self, sequence: u32) -> Self {
        Self::new(self.instant(), sequence, self.payload())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Duration;

    #[test]
    fn what_comes_after_the_end_of_the_clock_comes_last() {
        let at = |nanos| EventTime::new(Time::from_nanos(nanos), Class::Other);
        let century = Duration::from_secs(100 * 366 * 86_400).nanos();
        assert!(at(0) < at(1) && at(1) < at(century));
        for beyond in [2 * century, 1 << 62, u64::MAX] {
            assert!(at(century) < at(beyond) && at(beyond) < EventTime::NEVER);
        }
    }
}
