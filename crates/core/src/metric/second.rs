//! One second of a run, counted.

/// Counts of one second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Second {
    /// Calls that arrived.
    pub arrivals: u32,
    /// API attempts that left their nodes.
    pub attempts: u32,
    /// Attempts that were not a call's first.
    pub repeats: u32,
    /// Attempts that were refused for their token.
    pub rejections: u32,
    /// Requests that reached the token endpoint.
    pub token_requests: u32,
    /// Tokens issued.
    pub issuances: u32,
    /// Calls that ended with success.
    pub successes: u32,
    /// Requests that an endpoint failed or refused.
    pub refused: u32,
}

impl Second {
    /// Whether so many running nodes are in a livelock: attempts go on, nothing succeeds, nothing is overloaded.
    #[inline]
    pub fn is_livelocked(&self, nodes: i64) -> bool {
        nodes > 0
            && i64::from(self.issuances) >= 3 * nodes
            && u64::from(self.successes) * 20 <= u64::from(self.arrivals)
            && self.refused == 0
    }

    #[inline]
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
