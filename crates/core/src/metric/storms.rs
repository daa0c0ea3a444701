//! Storms of retries: when they begin, how high and how long they are, and what they cost.
//!
//! Definitions: section 4 of the model (`src/manual/model.md`).
//!
//! The intensity of an interval is its extra attempts and token requests per arriving
//! call, beyond the requests that a perfect client would need; a refused request counts like a granted one, for it costs the
//! endpoint as much. A storm begins with the first of three intervals in a row above its threshold and ends with the first of
//! three below the middle between threshold and baseline. The baseline is learnt from the measured span before the trigger, or,
//! where the scenario has none, from the warm-up.
//!
//! An interval is as many whole seconds as ten calls take to arrive on average: of fewer calls a few retries by chance would look
//! like a storm.

use super::context::RunContext;
use super::second::Second;
use super::{Better, Metric};
use crate::base::{Duration, Time};

pub(super) const STORM_PROBABILITY: Metric = Metric {
    name: "storm_probability",
    unit: "share",
    about: "Replications with a retry storm.",
    read: |run| run.seconds.storms.known(|storms| f64::from(u8::from(storms.count > 0))),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const STORM_COUNT: Metric = Metric {
    name: "storm_count",
    unit: "count",
    about: "Retry storms.",
    read: |run| run.seconds.storms.known(|storms| storms.count as f64),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const STORM_ONSET: Metric = Metric {
    name: "storm_onset",
    unit: "s",
    about: "From the trigger, or the start of the measured span, to the first storm; the median over all runs, those without a storm as never.",
    read: |run| {
        run.seconds
            .storms
            .known(|storms| storms.onset.map_or(f64::INFINITY, |onset| onset.as_secs_f64()))
    },
    by_group: None,
    by_fleet: None,
    better: None,
};

pub(super) const STORM_SECONDS: Metric = Metric {
    name: "storm_seconds",
    unit: "s",
    about: "Time spent in retry storms.",
    read: |run| run.seconds.storms.known(|storms| storms.seconds as f64),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const STORM_PEAK: Metric = Metric {
    name: "storm_peak",
    unit: "per s",
    about: "Most extra attempts and token requests per second above the baseline, in a storm.",
    read: |run| run.seconds.storms.known(|storms| storms.peak.all),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const STORM_PEAK_TOKEN_REQUESTS: Metric = Metric {
    name: "storm_peak_token_requests",
    unit: "per s",
    about: "Most extra token requests per second above the baseline, in a storm.",
    read: |run| run.seconds.storms.known(|storms| storms.peak.token_requests),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const STORM_AREA: Metric = Metric {
    name: "storm_area",
    unit: "count",
    about: "Extra attempts and token requests above the baseline, in storms.",
    read: |run| run.seconds.storms.known(|storms| storms.area.all),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const STORM_AREA_TOKEN_REQUESTS: Metric = Metric {
    name: "storm_area_token_requests",
    unit: "count",
    about: "Extra token requests above the baseline, in storms.",
    read: |run| run.seconds.storms.known(|storms| storms.area.token_requests),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

/// Calls that an interval expects at least.
const CALLS: f64 = 10.0;

/// Fewer intervals give no deviation worth the name.
const FEWEST_FOR_LEVEL: u64 = 10;

/// Intervals in a row that begin a storm or end it.
const ROW: u32 = 3;

/// Whole seconds in which ten calls arrive on average, one at least and no more than any run has.
pub(super) fn interval_s(context: &RunContext) -> u64 {
    if context.arrivals_per_s <= 0.0 {
        return 1;
    }
    let most = Duration::LONGEST.nanos() / Duration::SECOND.nanos();
    ((CALLS / context.arrivals_per_s).ceil() as u64).clamp(1, most)
}

/// An excess over the baseline: in all, and of it token requests.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Excess {
    /// Extra attempts and token requests.
    pub all: f64,
    /// The token requests among them.
    pub token_requests: f64,
}

impl Excess {
    #[inline]
    fn map(self, change: impl Fn(f64) -> f64) -> Self {
        Self {
            all: change(self.all),
            token_requests: change(self.token_requests),
        }
    }

    fn with(self, other: Self, join: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            all: join(self.all, other.all),
            token_requests: join(self.token_requests, other.token_requests),
        }
    }
}

/// A storm that has begun, or may have.
#[derive(Clone, Copy, Debug, Default)]
struct Storm {
    intervals: u64,
    /// Per second.
    peak: Excess,
    /// Requests.
    area: Excess,
}

impl Storm {
    fn add(&mut self, intervals: u64, peak: Excess, area: Excess) {
        self.intervals += intervals;
        self.peak = self.peak.with(peak, f64::max);
        self.area = self.area.with(area, |sum, more| sum + more);
    }
}

/// What an interval is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    Learning,
    Watching,
}

/// The storms of one run so far.
#[derive(Clone, Debug)]
pub struct Storms {
    warmup: Time,
    horizon: Time,
    trigger: Option<Time>,
    needed_per_s: f64,
    interval_s: u64,
    phase: Phase,
    /// Seconds that the current interval has so far, and their sum.
    sum: (u64, Second),
    // Baseline of the intensity: count, mean, sum of squared deviations; and the mean of the token requests' part.
    learnt: (u64, f64, f64),
    learnt_requests: f64,
    /// Baseline, and the intensity above which a storm may begin, once they are learnt and needed.
    border: Option<(f64, f64)>,
    storm: Option<Storm>,
    /// Intervals in a row beyond the border that would change the state, and the storm they would make.
    turning: (u32, Storm),
    turning_since: Time,
    /// Storms that have ended.
    pub count: u64,
    /// Seconds that they lasted, all together.
    pub seconds: u64,
    /// The highest excess of any of them, per second.
    pub peak: Excess,
    /// Requests in excess, in all of them.
    pub area: Excess,
    /// From the trigger, or from the start of the measured span, to the first storm.
    pub onset: Option<Duration>,
}

impl Storms {
    pub(super) fn new(context: &RunContext) -> Self {
        Self {
            warmup: context.warmup,
            horizon: context.horizon,
            trigger: context.trigger.map(|(begin, _)| begin),
            needed_per_s: context.needed_issuances,
            interval_s: interval_s(context),
            phase: Phase::Idle,
            sum: (0, Second::default()),
            learnt: (0, 0.0, 0.0),
            learnt_requests: 0.0,
            border: None,
            storm: None,
            turning: (0, Storm::default()),
            turning_since: Time::ZERO,
            count: 0,
            seconds: 0,
            peak: Excess::default(),
            area: Excess::default(),
            onset: None,
        }
    }

    /// Whether enough of a level before was seen to call anything a storm.
    pub fn knows_its_level(&self) -> bool {
        self.learnt.0 >= FEWEST_FOR_LEVEL
    }

    /// A reading of the storms; none where no level is known.
    fn known(&self, read: impl Fn(&Self) -> f64) -> Option<f64> {
        self.knows_its_level().then(|| read(self))
    }

    fn phase(&self, from: Time) -> Phase {
        let until = from + Duration::SECOND;
        let whole = from >= self.warmup && until <= self.horizon;
        match self.trigger {
            None if from < self.warmup => Phase::Learning,
            Some(begin) if whole && until <= begin => Phase::Learning,
            _ if whole => Phase::Watching,
            _ => Phase::Idle,
        }
    }

    /// One second is over.
    pub(super) fn second(&mut self, from: Time, second: &Second) {
        let phase = self.phase(from);
        if phase != self.phase {
            // No interval lies astride the trigger.
            self.phase = phase;
            self.sum = (0, Second::default());
        }
        if phase == Phase::Idle {
            return;
        }
        self.sum.0 += 1;
        self.sum.1.add(second);
        if self.sum.0 == self.interval_s {
            let (seconds, sum) = std::mem::take(&mut self.sum);
            let since = Time::ZERO + (from + Duration::SECOND).since(Time::ZERO + Duration::from_secs(seconds));
            self.interval(since, &sum);
        }
    }

    fn interval(&mut self, since: Time, sum: &Second) {
        let width = self.interval_s as f64;
        let requests = (f64::from(sum.token_requests) - self.needed_per_s * width).max(0.0);
        let extra = f64::from(sum.repeats) + requests;
        let arrivals = f64::from(sum.arrivals.max(1));
        let intensity = extra / arrivals;
        let (count, mean, squares) = &mut self.learnt;
        if self.phase == Phase::Learning {
            *count += 1;
            let deviation = intensity - *mean;
            *mean += deviation / *count as f64;
            *squares += deviation * (intensity - *mean);
            self.learnt_requests += (requests / arrivals - self.learnt_requests) / *count as f64;
            return;
        }
        if *count < FEWEST_FOR_LEVEL {
            return;
        }
        let (base, border) = *self.border.get_or_insert_with(|| {
            let (base, deviation) = (*mean, (*squares / (*count - 1) as f64).sqrt());
            (base, (2.0 * base).max(base + 4.0 * deviation).max(base + 0.5))
        });
        let area = Excess {
            all: (extra - base * arrivals).max(0.0),
            token_requests: (requests - self.learnt_requests * arrivals).max(0.0),
        };
        let beyond = match self.storm {
            None => intensity > border,
            Some(_) => intensity < (border + base) / 2.0,
        };
        self.turn(since, beyond, area);
    }

    fn turn(&mut self, since: Time, beyond: bool, area: Excess) {
        let peak = area.map(|count| count / self.interval_s as f64);
        let (row, candidate) = &mut self.turning;
        if !beyond {
            // The intervals that might have turned it belong to the state as it is.
            if let Some(storm) = &mut self.storm {
                storm.add(candidate.intervals, candidate.peak, candidate.area);
                storm.add(1, peak, area);
            }
            self.turning = (0, Storm::default());
            return;
        }
        if *row == 0 {
            self.turning_since = since;
        }
        *row += 1;
        candidate.add(1, peak, area);
        if *row == ROW {
            let candidate = *candidate;
            self.turning = (0, Storm::default());
            match self.storm.take() {
                None => {
                    self.storm = Some(candidate);
                    let begin = self.trigger.unwrap_or(self.warmup);
                    self.onset.get_or_insert(self.turning_since.since(begin));
                }
                Some(storm) => self.pass(&storm),
            }
        }
    }

    /// The run is over, and with it any storm.
    pub(super) fn finish(&mut self) {
        if let Some(storm) = self.storm.take() {
            self.pass(&storm);
        }
    }

    fn pass(&mut self, storm: &Storm) {
        self.count += 1;
        self.seconds += storm.intervals * self.interval_s;
        self.peak = self.peak.with(storm.peak, f64::max);
        self.area = self.area.with(storm.area, |sum, more| sum + more);
    }
}

#[cfg(test)]
mod tests;
