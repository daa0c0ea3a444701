//! Hours of the day in which somebody works.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Duration, Time};

const DAY: Duration = Duration::from_secs(86_400);
/// Days of a week.
const WEEK: u8 = 7;

/// Office hours. Time begins at midnight of the first day of a week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// When they begin, from midnight.
    pub from: Duration,
    /// When they end, from midnight.
    pub until: Duration,
    /// On how many days of a week, from its first.
    #[serde(default = "every_day")]
    pub days: u8,
}

const fn every_day() -> u8 {
    WEEK
}

impl Hours {
    /// Whether there is an hour in them.
    pub fn is_possible(&self) -> bool {
        self.from < self.until && self.until <= DAY && (1..=WEEK).contains(&self.days)
    }

    /// When work is done that begins at the earliest now, and rests outside of the hours.
    pub fn done(&self, now: Time, work: Duration) -> Time {
        if !self.is_possible() {
            return now + work;
        }
        let week = DAY.saturating_mul(u64::from(WEEK));
        let done_in_a_week = self
            .until
            .saturating_sub(self.from)
            .saturating_mul(u64::from(self.days));
        let weeks = work.nanos().saturating_sub(1) / done_in_a_week.nanos();
        let mut at = now + week.saturating_mul(weeks);
        let mut left = work.saturating_sub(done_in_a_week.saturating_mul(weeks));
        // Within a week and a day there are all the hours that are left.
        for _ in 0..2 * WEEK {
            let day = at.nanos() / DAY.nanos();
            let midnight = Time::ZERO + DAY.saturating_mul(day);
            let (opens, closes) = (midnight + self.from, midnight + self.until);
            let is_open = day % u64::from(WEEK) < u64::from(self.days);
            at = at.max(opens);
            if is_open && at < closes {
                let today = closes.since(at);
                if left <= today {
                    return at + left;
                }
                left = left.saturating_sub(today);
            }
            at = midnight + DAY;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(day: u64, hour: u64) -> Time {
        Time::ZERO + Duration::from_secs((day * 24 + hour) * 3600)
    }

    #[test]
    fn work_rests_outside_of_the_hours() {
        let hours = |days| Hours {
            from: Duration::from_secs(9 * 3600),
            until: Duration::from_secs(17 * 3600),
            days,
        };
        let work = |count: u64| Duration::from_secs(count * 3600);
        for (days, now, takes, done) in [
            (7, hour(0, 10), 2, hour(0, 12)),
            (7, hour(0, 3), 2, hour(0, 11)),
            (7, hour(0, 16), 2, hour(1, 10)),
            (7, hour(0, 17), 0, hour(1, 9)),
            (7, hour(0, 20), 20, hour(3, 13)),
            (5, hour(4, 16), 2, hour(7, 10)),
            (5, hour(5, 12), 0, hour(7, 9)),
            (1, hour(0, 16), 9, hour(7, 17)),
            (5, hour(2, 12), 400, hour(72, 12)),
        ] {
            assert_eq!(hours(days).done(now, work(takes)), done, "{days} {now:?} {takes}");
        }
        let never = Hours {
            until: Duration::ZERO,
            ..hours(7)
        };
        assert_eq!(never.done(hour(0, 3), work(1)), hour(0, 4));
    }
}
