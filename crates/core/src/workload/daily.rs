//! Calls at times of day: a Poisson process that is on for a while each day, once or several times, the same for all nodes, and off otherwise.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PatternMoment;
use super::on_off::after_silences;
use crate::base::{Duration, Rate, Time, Times, exponential};

/// Independent calls at a time of day, for a while: a nightly batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Daily {
    /// When the calls begin, once or at several times, counted from the start of the warm-up; the same for all nodes.
    pub at: Times,
    /// How long they come each time.
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
        if self.at.count() > 1 {
            return Some(self.after_several(moment.now, time_on));
        }
        let at = u128::from(self.at.last().nanos()) % period;
        let place = (u128::from(moment.now.nanos()) + period - at) % period;
        Some(after_silences(place, self.lasts.nanos().into(), period, time_on))
    }

    /// When a call comes after so much of the time in which calls come, which is the same in each whole period.
    fn after_several(&self, now: Time, time_on: Duration) -> Duration {
        let all = self.lasts.saturating_mul(self.at.count().into()).nanos();
        let mut rest = Duration::from_nanos(time_on.nanos() % all);
        let begin = now + self.period.saturating_mul(time_on.nanos() / all);
        let mut at = begin;
        loop {
            let left = self.left(at);
            if rest < left {
                return (at + rest).since(now);
            }
            rest = rest.saturating_sub(left);
            at = at + left;
            if self.left(at).is_zero() {
                at = at + self.at.until(at, self.period, false);
            }
        }
    }

    /// How long calls still come, where they do now.
    fn left(&self, now: Time) -> Duration {
        let period = self.period.nanos();
        let since = |begin: Duration| (now.nanos() % period + period - begin.nanos() % period) % period;
        let since = self.at.all().map(since).min().unwrap_or(period);
        self.lasts.saturating_sub(Duration::from_nanos(since))
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
            at: Duration::from_secs(7200 + 86_400).into(),
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

    /// The same at several times, the last of which goes on beyond midnight: in each open hour as many calls as Poisson's law has
    /// within 4.5 deviations, and none at any other time; and where calls come all the time, as many as without a list.
    #[test]
    fn calls_come_at_several_times_of_day() {
        let hours = |all: &[u64]| {
            let all: Vec<_> = all.iter().map(|hour| Duration::from_secs(3600 * hour)).collect();
            Times::several(&all).unwrap()
        };
        let (days, a_day, per_hour) = (1000, 86_400.0, 3.0);
        for (at, lasts, open) in [
            (hours(&[2, 7, 23]), 2, vec![2, 3, 7, 8, 23, 0]),
            (hours(&[0, 8, 16]), 8, (0..24).collect()),
        ] {
            let pattern = Daily {
                at,
                lasts: Duration::from_secs(3600 * lasts),
                rate: Rate::of(3, Duration::from_secs(3600)),
                period: one_day(),
            };
            let mut stream = Dice::new(6).stream(0, 0);
            let mut moment = PatternMoment {
                first: true,
                now: Time::ZERO,
                phase: 0,
            };
            let mut found = [0u32; 24];
            loop {
                moment.now = moment.now + pattern.next(moment, Dice::next(&mut stream)).unwrap();
                let now = moment.now.as_secs_f64();
                if now >= f64::from(days) * a_day {
                    break;
                }
                found[(now % a_day / 3600.0) as usize] += 1;
            }
            let law = per_hour * f64::from(days);
            for (hour, found) in found.into_iter().enumerate() {
                let law = if open.contains(&hour) { law } else { 0.0 };
                assert!(
                    (f64::from(found) - law).abs() <= 4.5 * law.sqrt(),
                    "{hour}: {found}, not {law}"
                );
            }
        }
    }
}
