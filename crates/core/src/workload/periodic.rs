//! Periodic arrivals, as of a timer: one call each period, jittered in one of two ways.
//!
//! A timer that is set anew after each call drifts: what one gap is too long stays, and nodes that began together are apart
//! after a while. Jobs of a schedule do not drift: each is late by a jitter of its own, and the next is counted from the
//! schedule again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Arrival, PatternMoment};
use crate::base::{Duration, Times};

/// One call each period, jittered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Periodic {
    /// The period.
    pub every: Duration,
    /// How much is drawn for each call; `jitters` says of what.
    #[serde(default)]
    pub jitter: Duration,
    /// Whether the jitter adds up from call to call.
    #[serde(default)]
    pub jitters: Jitters,
    /// All nodes call in the same instant, as jobs of a common schedule do; otherwise each has a phase of its own.
    #[serde(default)]
    pub aligned: bool,
    /// When the schedule calls within each period, the first of which begins with the warm-up, as a day does at midnight; the same for
    /// all nodes; once, or at several times. Only with `jitters = "calls"`, or without a jitter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Times>,
}

/// What a timer's jitter is applied to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Jitters {
    /// Each gap is off by up to half of the jitter, early or late: a timer that is set anew after each call. Nodes that call
    /// together drift apart.
    #[default]
    Gaps,
    /// Each call is up to the whole jitter late against a schedule that stands, as of cron with a random delay. Nodes that call
    /// together stay together, but for the jitter.
    Calls,
}

impl Periodic {
    pub(super) fn next(&self, moment: PatternMoment, draw: u64) -> Arrival {
        let gap = match self.jitters {
            _ if self.at.is_some() => self.until_scheduled(moment).saturating_add(part(self.jitter, draw)),
            Jitters::Gaps if moment.first && !self.aligned => part(self.every, draw),
            Jitters::Gaps => self
                .every
                .saturating_sub(self.jitter.ratio(1, 2))
                .saturating_add(part(self.jitter, draw)),
            Jitters::Calls => self.until_scheduled(moment).saturating_add(part(self.jitter, draw)),
        };
        Arrival { gap, calls: 1 }
    }

    /// How long until the schedule's next time. The call before was late by less than what lies between two, so it belongs to the last one.
    fn until_scheduled(&self, moment: PatternMoment) -> Duration {
        let times = self.at.unwrap_or_else(|| {
            let offset = if self.aligned {
                Duration::ZERO
            } else {
                part(self.every, moment.phase)
            };
            offset.into()
        });
        // A node that starts at the very time of its schedule is not too late for it.
        times.until(moment.now, self.every, moment.first && self.at.is_some())
    }

    /// Calls of each period.
    pub(super) fn calls_of_a_period(&self) -> u32 {
        self.at.map_or(1, |times| times.count())
    }
}

/// The part of a span that a uniform draw stands for.
fn part(span: Duration, draw: u64) -> Duration {
    Duration::from_nanos(((u128::from(span.nanos()) * u128::from(draw)) >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Dice, Time};

    fn pattern(jitters: Jitters, aligned: bool) -> Periodic {
        Periodic {
            every: Duration::from_secs(60),
            jitter: Duration::from_secs(10),
            jitters,
            aligned,
            at: None,
        }
    }

    fn moment(first: bool, now: Time) -> PatternMoment {
        PatternMoment {
            first,
            now,
            phase: 1 << 62,
        }
    }

    #[test]
    fn gaps_stay_within_the_jitter_and_the_first_is_a_phase() {
        let pattern = pattern(Jitters::Gaps, false);
        let gap = |first, draw| pattern.next(moment(first, Time::ZERO), draw).gap;
        assert_eq!(gap(true, 0), Duration::ZERO);
        assert!(gap(true, u64::MAX) < Duration::from_secs(60));
        assert_eq!(gap(false, 0), Duration::from_secs(55));
        assert_eq!(gap(false, 1 << 63), Duration::from_secs(60));
        assert!(gap(false, u64::MAX) < Duration::from_secs(65));
    }

    /// The calls of a node in the order in which an engine asks for them.
    fn calls(pattern: Periodic, seed: u64) -> impl Iterator<Item = Time> {
        let dice = Dice::new(seed);
        let mut now = Time::ZERO;
        (0..).map(move |count| {
            now = now + pattern.next(moment(count == 0, now), dice.draw(0, 0, count)).gap;
            now
        })
    }

    /// A thousand calls of one schedule are each late by less than the jitter; outside, as gaps, they are a random walk away
    /// from it (standard deviation 10 s / sqrt(12) * sqrt(1000) = 91 s), and two nodes away from each other.
    #[test]
    fn a_schedule_stands_and_a_timer_drifts() {
        let (minute, jitter) = (60_000_000_000, 10_000_000_000);
        for (count, call) in (1..).zip(calls(pattern(Jitters::Calls, true), 1).take(1000)) {
            let late = call.nanos() - count * minute;
            assert!(late < jitter, "call {count} is {late} ns late");
        }
        // A phase of a quarter of the period, which the schedule keeps.
        for (count, call) in (0..).zip(calls(pattern(Jitters::Calls, false), 1).take(1000)) {
            assert!(call.nanos() - count * minute - minute / 4 < jitter);
        }
        let last = |jitters, seed| calls(pattern(jitters, true), seed).nth(999).unwrap().nanos();
        // At a quarter of an hour past: the same for all nodes.
        let past = Periodic {
            at: Some(Duration::from_secs(15).into()),
            ..pattern(Jitters::Calls, false)
        };
        for (count, call) in (0..).zip(calls(past, 1).take(1000)) {
            assert!(call.nanos() - count * minute - minute / 4 < jitter);
        }
        // At several times of day, each call late by up to the jitter.
        let times = [2, 26, 90].map(|minutes| Duration::from_secs(60 * minutes));
        let irregular = Periodic {
            every: Duration::from_secs(7200),
            at: Some(Times::several(&times).unwrap()),
            ..pattern(Jitters::Calls, false)
        };
        for (count, call) in (0..).zip(calls(irregular, 1).take(1000)) {
            let planned = times[count % 3].nanos() + count as u64 / 3 * 120 * minute;
            assert!(call.nanos() - planned < jitter, "call {count} at {call:?}");
        }
        let apart = |jitters| last(jitters, 1).abs_diff(last(jitters, 2));
        assert!(apart(Jitters::Calls) < jitter && apart(Jitters::Gaps) > jitter);
    }
}
