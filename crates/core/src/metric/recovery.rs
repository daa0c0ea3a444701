//! Recovery of goodput after the trigger: it is back with the first ten intervals in which at least 0.9 of its former share of calls
//! succeed. Intervals as in [`storms`](super::storms): as many seconds as ten calls take, so that a hundred calls decide.

use std::collections::VecDeque;

use super::context::RunContext;
use super::second::Second;
use super::storms::interval_s;
use super::{Better, Metric};
use crate::base::{Duration, Time};

pub(super) const TIME_TO_RECOVER: Metric = Metric {
    name: "time_to_recover",
    unit: "s",
    about: "From the end of the trigger until goodput stays back; the median over all runs, those that do not recover as never.",
    read: |run| run.seconds.recovery.after_s(),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const RECOVERY_PROBABILITY: Metric = Metric {
    name: "recovery_probability",
    unit: "share",
    about: "Replications in which goodput came back after the trigger, within the measured span.",
    read: |run| {
        let after = run.seconds.recovery.after_s()?;
        Some(f64::from(u8::from(after.is_finite())))
    },
    by_group: None,
    by_fleet: None,
    better: Some(Better::High),
};

/// How many intervals decide that goodput is back.
const INTERVALS: u64 = 10;

/// Share of the former goodput that counts as back.
pub const BACK: f64 = 0.9;

/// Seconds that decide whether goodput is back: a hundred calls take as long on average, and ten seconds at least.
pub fn window_s(context: &RunContext) -> u64 {
    INTERVALS * interval_s(context)
}

/// Goodput of one run before the trigger and since.
#[derive(Clone, Debug)]
pub struct RecoveryWatch {
    warmup: Time,
    horizon: Time,
    trigger: Option<(Time, Time)>,
    /// Seconds that decide.
    window: usize,
    // Arrivals and successes before the trigger, and of the last seconds since with their sum.
    before: (u64, u64),
    recent: VecDeque<(u32, u32)>,
    sum: (u64, u64),
    after: Option<Duration>,
}

impl RecoveryWatch {
    pub(super) fn new(context: &RunContext) -> Self {
        let window = window_s(context) as usize;
        // Where a window does not fit after the trigger, nothing can be seen, and nothing is kept.
        let fits = |end: Time| context.horizon.since(end) >= Duration::from_secs(window as u64);
        let trigger = context.trigger.filter(|(_, end)| fits(*end));
        let recent = trigger.map_or(0, |_| window);
        Self {
            warmup: context.warmup,
            horizon: context.horizon,
            trigger,
            window,
            before: (0, 0),
            recent: VecDeque::with_capacity(recent),
            sum: (0, 0),
            after: None,
        }
    }

    /// Seconds from the end of the trigger; infinite where goodput had not come back when the run ended, and none where it could
    /// not be seen: without a trigger, without success before it, or with too little time after it.
    pub fn after_s(&self) -> Option<f64> {
        self.trigger?;
        (self.before.1 > 0).then(|| self.after.map_or(f64::INFINITY, Duration::as_secs_f64))
    }

    /// One second is over.
    pub(super) fn second(&mut self, from: Time, second: &Second) {
        let Some((begin, end)) = self.trigger else { return };
        let until = from + Duration::SECOND;
        if from >= self.warmup && until <= begin {
            self.before.0 += u64::from(second.arrivals);
            self.before.1 += u64::from(second.successes);
        }
        if from < end || until > self.horizon || self.after.is_some() {
            return;
        }
        self.recent.push_back((second.arrivals, second.successes));
        self.sum.0 += u64::from(second.arrivals);
        self.sum.1 += u64::from(second.successes);
        if self.recent.len() < self.window {
            return;
        }
        let share = self.before.1 as f64 / self.before.0.max(1) as f64;
        if self.sum.0 > 0 && self.sum.1 as f64 >= BACK * share * self.sum.0 as f64 {
            let window = Duration::from_secs(self.window as u64);
            self.after = Some(until.since(end).saturating_sub(window));
        }
        if let Some((arrivals, successes)) = self.recent.pop_front() {
            self.sum.0 -= u64::from(arrivals);
            self.sum.1 -= u64::from(successes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(successes: impl Fn(u64) -> u32) -> Option<f64> {
        fed_at(10.0, successes)
    }

    fn fed_at(arrivals_per_s: f64, successes: impl Fn(u64) -> u32) -> Option<f64> {
        let at = |s| Time::ZERO + Duration::from_secs(s);
        let mut recovery = RecoveryWatch::new(&RunContext {
            fleets: Default::default(),
            tenants: Default::default(),
            warmup: at(0),
            horizon: at(300),
            end: at(300),
            groups: 1,
            nodes: 1,
            usable_tokens_of: None,
            trigger: Some((at(100), at(110))),
            bare: [Duration::ZERO].into(),
            two_providers: false,
            needed_issuances: 0.0,
            arrivals_per_s,
            known_after: Duration::ZERO,
        });
        for s in 0..300 {
            let second = Second {
                arrivals: 10,
                successes: successes(s),
                ..Second::default()
            };
            recovery.second(at(s), &second);
        }
        recovery.after_s()
    }

    #[test]
    fn the_time_is_from_the_end_of_the_trigger_until_calls_succeed_as_before() {
        assert_eq!(fed(|s| if (100..150).contains(&s) { 0 } else { 10 }), Some(39.0));
        assert_eq!(fed(|_| 10), Some(0.0));
    }

    #[test]
    fn a_run_that_does_not_recover_is_no_run_without_a_value() {
        assert_eq!(fed(|s| if s < 100 { 10 } else { 1 }), Some(f64::INFINITY));
        assert_eq!(fed(|_| 0), None, "nothing had ever succeeded");
        for sparse in [0.1, 1e-9, 1e-300] {
            assert_eq!(fed_at(sparse, |_| 10), None, "a hundred calls take longer than the run");
        }
    }
}
