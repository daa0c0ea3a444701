//! Counts by the second, and what is found in them as the run goes on: peaks, livelock and dispersion, the coarser series of
//! the charts, storms and recovery.

use super::context::RunContext;
use super::recovery::RecoveryWatch;
use super::second::Second;
use super::storms::Storms;
use crate::base::{Duration, Time};

/// Points of a time series at most; longer runs get wider intervals.
const POINTS: u64 = 600;

/// What has been found by the second so far.
#[derive(Clone, Debug)]
pub struct Seconds {
    /// The second that is being counted, and where it ends.
    current: Second,
    until: Time,
    warmup: Time,
    horizon: Time,
    nodes: i64,
    /// The interval that the current second lies in, and how many seconds of it have been closed.
    place: (usize, u64),
    /// Width of an interval of the series in seconds.
    pub width: u64,
    /// Sums by interval of the series.
    pub intervals: Vec<Second>,
    /// Seconds of the measured span.
    pub measured: u64,
    /// Most token requests in one second.
    pub peak_token_requests: u32,
    /// Seconds of livelock.
    pub livelock: u64,
    /// Sum of the issuances of each second, and of their squares.
    pub(super) issuances: (u64, u64),
    /// Storms of retries.
    pub storms: Storms,
    /// Whether and when goodput comes back after the trigger.
    pub recovery: RecoveryWatch,
}

impl Seconds {
    pub fn new(context: &RunContext) -> Self {
        let total = context.end.nanos().div_ceil(Duration::SECOND.nanos()).max(1);
        let width = total.div_ceil(POINTS);
        Self {
            current: Second::default(),
            until: Time::ZERO + Duration::SECOND,
            warmup: context.warmup,
            horizon: context.horizon,
            nodes: 0,
            place: (0, 0),
            width,
            intervals: vec![Second::default(); total.div_ceil(width) as usize + 1],
            measured: 0,
            peak_token_requests: 0,
            livelock: 0,
            issuances: (0, 0),
            storms: Storms::new(context),
            recovery: RecoveryWatch::new(context),
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

    /// So many nodes more are running (fewer, if negative).
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
        self.storms.finish();
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
            self.livelock += u64::from(second.is_livelocked(self.nodes));
            let issuances = u64::from(second.issuances);
            self.issuances.0 += issuances;
            self.issuances.1 += issuances * issuances;
        }
        self.storms.second(from, &second);
        self.recovery.second(from, &second);
        self.until = self.until + Duration::SECOND;
    }

    /// Variance over mean of the issuances in a second: 1 when they are independent of each other, below when they are
    /// coordinated, far above when they come in herds. None without issuances.
    pub fn dispersion(&self) -> Option<f64> {
        let (count, (sum, squares)) = (self.measured as f64, self.issuances);
        if self.measured < 2 || sum == 0 {
            return None;
        }
        let mean = sum as f64 / count;
        let variance = (squares as f64 - mean * sum as f64) / (count - 1.0);
        Some(variance / mean)
    }
}
