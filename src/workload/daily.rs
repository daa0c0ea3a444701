//! Calls at a time of day: a Poisson process that is on for a while each day, at the same time for all nodes, and off otherwise.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PatternMoment;
use super::on_off::after_silences;
use crate::base::{Duration, Rate, exponential};

/// Independent calls at a time of day, for a while: a nightly batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Daily {
    /// When the calls begin, counted from the start of the warm-up; the same for all nodes.
    pub at: Duration,
    /// How long they come.
    pub lasts: Duration,
    /// Calls at each node during that time; otherwise there are none.
    pub rate: Rate,
    /// From the beginning of one such time to the next; left out, a day.
    #[serde(default = "one_day")]
    pub period: Duration,
}

fn one_day() -> Duration {
    Duration::from_secs(86_400)
}

impl Daily {
    pub(super) fn next(&self, moment: PatternMoment, draw: u64) -> Option<Duration> {
        let time_on = exponential(self.rate.gap()?, draw);
        let period = u128::from(self.period.nanos());
        let at = u128::from(self.at.nanos()) % period;
        let place = (u128::from(moment.now.nanos()) + period - at) % period;
        Some(after_silences(place, self.lasts.nanos().into(), period, time_on))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Dice, Time};

    /// Ten minutes from 02:00 on, at 2 calls a second, for 2,000 days: as many calls as Poisson's law has within 4.5 deviations
    /// (two-sided error 7e-6), in all and in the first of the ten minutes; and none at any other time.
    #[test]
    fn calls_come_at_the_time_of_day_and_at_no_other() {
        let (days, at, lasts) = (2000u64, 7200.0, 600.0);
        let nightly = Daily {
            at: Duration::from_secs(7200 + 86_400),
            lasts: Duration::from_secs(600),
            rate: Rate::of(2, Duration::SECOND),
            period: one_day(),
        };
        let mut stream = Dice::new(5).stream(0, 0);
        let mut moment = PatternMoment {
            first: true,
            now: Time::ZERO,
            phase: 0,
        };
        let (mut all, mut early) = (0u32, 0u32);
        loop {
            moment.now = moment.now + nightly.next(moment, Dice::next(&mut stream)).unwrap();
            if moment.now.as_secs_f64() >= days as f64 * 86_400.0 {
                break;
            }
            let place = moment.now.as_secs_f64() % 86_400.0 - at;
            assert!((0.0..lasts).contains(&place), "{place} s after 02:00");
            all += 1;
            early += u32::from(place < 60.0);
        }
        for (found, law) in [(all, 1200.0 * days as f64), (early, 120.0 * days as f64)] {
            assert!((f64::from(found) - law).abs() < 4.5 * law.sqrt(), "{found}, not {law}");
        }
    }
}
