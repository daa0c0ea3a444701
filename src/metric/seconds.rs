//! What happens by the second: peaks, storms, livelock and recovery, found as the run goes on; and the coarser series of
//! the charts.
//!
//! Definitions: section 4 of the model. Intensity of retries in a second is extra attempts and issuances per arriving call;
//! a storm begins with the first of three seconds in a row above its threshold and ends with the first of three below the
//! middle between threshold and baseline. The baseline is learnt from the measured span before the trigger, or, where the
//! scenario has none, from the warm-up.

use std::collections::VecDeque;

use super::observed::Setting;
use crate::base::{Duration, Time};

/// Counts of one second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Second {
    pub arrivals: u32,
    pub attempts: u32,
    /// Attempts that were not a call's first.
    pub repeats: u32,
    pub rejections: u32,
    pub token_requests: u32,
    pub issuances: u32,
    pub successes: u32,
    /// Requests that an endpoint failed or refused.
    pub denied: u32,
}

impl Second {
    fn add(&mut self, other: &Self) {
        self.arrivals += other.arrivals;
        self.attempts += other.attempts;
        self.repeats += other.repeats;
        self.rejections += other.rejections;
        self.token_requests += other.token_requests;
        self.issuances += other.issuances;
        self.successes += other.successes;
        self.denied += other.denied;
    }
}

/// Points of a time series at most; longer runs get wider intervals.
const POINTS: u64 = 600;

/// How many seconds decide that goodput is back.
const RECOVERY_S: usize = 10;

/// Fewer seconds give no deviation worth the name.
const FEWEST_FOR_LEVEL: u64 = 10;

/// A storm that has begun.
#[derive(Clone, Copy, Debug, Default)]
struct Storm {
    seconds: u64,
    peak: f64,
    area: f64,
}

/// The running account.
#[derive(Clone, Debug)]
pub struct Seconds {
    /// The second that is being counted, and where it ends.
    current: Second,
    until: Time,
    warmup: Time,
    horizon: Time,
    trigger: Option<(Time, Time)>,
    needed: f64,
    nodes: i64,
    /// The interval that the current second lies in, and how many seconds of it have been closed.
    place: (usize, u64),
    /// Width of an interval of the series in seconds, and the sums by interval.
    pub width: u64,
    pub intervals: Vec<Second>,
    /// Seconds of the measured span.
    pub measured: u64,
    pub peak_token_requests: u32,
    pub livelock: u64,
    // Baseline of the intensity: count, mean, sum of squared deviations.
    learnt: (u64, f64, f64),
    /// Baseline, and the intensity above which a storm may begin, once they are learnt and needed.
    border: Option<(f64, f64)>,
    storm: Option<Storm>,
    /// Seconds in a row beyond the border that would change the state, and the storm they would make.
    turning: (u32, Storm),
    pub storms: u64,
    pub storm_seconds: u64,
    pub storm_peak: f64,
    pub storm_area: f64,
    // Recovery: arrivals and successes before the trigger, and of the last seconds since.
    before: (u64, u64),
    recent: VecDeque<(u64, u64)>,
    pub recovered_after: Option<f64>,
}

impl Seconds {
    pub fn new(setting: &Setting) -> Self {
        let total = setting.end.nanos().div_ceil(Duration::SECOND.nanos()).max(1);
        let width = total.div_ceil(POINTS);
        Self {
            current: Second::default(),
            until: Time::ZERO + Duration::SECOND,
            warmup: setting.warmup,
            horizon: setting.horizon,
            trigger: setting.trigger,
            needed: setting.needed_issuances,
            nodes: 0,
            place: (0, 0),
            width,
            intervals: vec![Second::default(); total.div_ceil(width) as usize + 1],
            measured: 0,
            peak_token_requests: 0,
            livelock: 0,
            learnt: (0, 0.0, 0.0),
            border: None,
            storm: None,
            turning: (0, Storm::default()),
            storms: 0,
            storm_seconds: 0,
            storm_peak: 0.0,
            storm_area: 0.0,
            before: (0, 0),
            recent: VecDeque::with_capacity(RECOVERY_S),
            recovered_after: None,
        }
    }

    /// The second that `now` lies in.
    #[inline]
    pub fn at(&mut self, now: Time) -> &mut Second {
        while now >= self.until {
            self.turn();
        }
        &mut self.current
    }

    /// So many more nodes are running.
    pub fn running(&mut self, more: i64) {
        self.nodes += more;
    }

    /// Closes the last second that was whole.
    pub fn finish(&mut self) {
        while self.until <= self.horizon {
            self.turn();
        }
        let last = self.current;
        self.interval(&last);
        if let Some(storm) = self.storm.take() {
            self.pass(storm);
        }
    }

    fn interval(&mut self, second: &Second) {
        let (at, closed) = &mut self.place;
        self.intervals[*at].add(second);
        *closed += 1;
        if *closed == self.width && *at + 1 < self.intervals.len() {
            *at += 1;
            *closed = 0;
        }
    }

    #[cold]
    fn turn(&mut self) {
        let second = std::mem::take(&mut self.current);
        self.interval(&second);
        let from = self.until - Duration::SECOND;
        let whole = from >= self.warmup && self.until <= self.horizon;
        if whole {
            self.measured += 1;
            self.peak_token_requests = self.peak_token_requests.max(second.token_requests);
            self.livelock += u64::from(self.is_livelocked(&second));
        }
        self.watch_storm(from, &second, whole);
        self.watch_recovery(from, &second, whole);
        self.until = self.until + Duration::SECOND;
    }

    /// Attempts go on, nothing succeeds, nothing is overloaded.
    fn is_livelocked(&self, second: &Second) -> bool {
        self.nodes > 0
            && i64::from(second.issuances) >= 3 * self.nodes
            && u64::from(second.successes) * 20 <= u64::from(second.arrivals)
            && second.denied == 0
    }

    fn watch_storm(&mut self, from: Time, second: &Second, whole: bool) {
        let extra = f64::from(second.repeats) + (f64::from(second.issuances) - self.needed).max(0.0);
        let arrivals = f64::from(second.arrivals.max(1));
        let intensity = extra / arrivals;
        let learning = match self.trigger {
            Some((begin, _)) => whole && from + Duration::SECOND <= begin,
            None => from < self.warmup,
        };
        let (count, mean, squares) = &mut self.learnt;
        if learning {
            *count += 1;
            let deviation = intensity - *mean;
            *mean += deviation / *count as f64;
            *squares += deviation * (intensity - *mean);
            self.border = None;
            return;
        }
        // Three seconds give no deviation worth the name.
        if !whole || *count < FEWEST_FOR_LEVEL {
            return;
        }
        let (base, border) = *self.border.get_or_insert_with(|| {
            let (base, deviation) = (*mean, (*squares / (*count - 1) as f64).sqrt());
            (base, (2.0 * base).max(base + 4.0 * deviation).max(base + 0.5))
        });
        let above = (extra - base * arrivals).max(0.0);
        let beyond = match self.storm {
            None => intensity > border,
            Some(_) => intensity < (border + base) / 2.0,
        };
        let (run, candidate) = &mut self.turning;
        if beyond {
            *run += 1;
            candidate.seconds += 1;
            candidate.peak = candidate.peak.max(above);
            candidate.area += above;
        } else {
            // The seconds that might have turned it belong to the state as it is.
            if let Some(storm) = &mut self.storm {
                storm.seconds += candidate.seconds + 1;
                storm.peak = storm.peak.max(candidate.peak).max(above);
                storm.area += candidate.area + above;
            }
            self.turning = (0, Storm::default());
            return;
        }
        if *run == 3 {
            let candidate = *candidate;
            self.turning = (0, Storm::default());
            match self.storm.take() {
                None => self.storm = Some(candidate),
                Some(storm) => self.pass(storm),
            }
        }
    }

    /// Whether enough seconds of a level before were seen to call anything a storm.
    pub fn knows_its_level(&self) -> bool {
        self.learnt.0 >= FEWEST_FOR_LEVEL
    }

    fn pass(&mut self, storm: Storm) {
        self.storms += 1;
        self.storm_seconds += storm.seconds;
        self.storm_peak = self.storm_peak.max(storm.peak);
        self.storm_area += storm.area;
    }

    /// Goodput is back with the first ten seconds in which at least 0.9 of its former share of calls succeed.
    fn watch_recovery(&mut self, from: Time, second: &Second, whole: bool) {
        let Some((begin, end)) = self.trigger else { return };
        let counts = (u64::from(second.arrivals), u64::from(second.successes));
        if whole && from + Duration::SECOND <= begin {
            self.before.0 += counts.0;
            self.before.1 += counts.1;
        }
        if from < end || self.recovered_after.is_some() || self.before.1 == 0 {
            return;
        }
        self.recent.push_back(counts);
        if self.recent.len() < RECOVERY_S {
            return;
        }
        let (arrivals, successes) = self
            .recent
            .iter()
            .fold((0, 0), |sum, next| (sum.0 + next.0, sum.1 + next.1));
        let share = self.before.1 as f64 / self.before.0.max(1) as f64;
        if arrivals > 0 && successes as f64 >= 0.9 * share * arrivals as f64 {
            let since = (from + Duration::SECOND).since(end).as_secs_f64();
            self.recovered_after = Some((since - RECOVERY_S as f64).max(0.0));
        }
        self.recent.pop_front();
    }
}
