//! One second of a run, counted.

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
    pub refused: u32,
}

impl Second {
    pub(super) fn add(&mut self, other: &Self) {
        self.arrivals += other.arrivals;
        self.attempts += other.attempts;
        self.repeats += other.repeats;
        self.rejections += other.rejections;
        self.token_requests += other.token_requests;
        self.issuances += other.issuances;
        self.successes += other.successes;
        self.refused += other.refused;
    }
}
