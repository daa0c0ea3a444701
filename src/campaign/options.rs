//! How a campaign is asked for, what it tells while it goes on, and why it cannot be run after all.

use crate::base::Duration;
use crate::scenario::{PlanError, Scenario};

/// How often, from which seed, on how many threads.
#[derive(Clone, Debug)]
pub struct CampaignOptions {
    /// Only the strategy of this name.
    pub only: Option<String>,
    pub seed: u64,
    pub replications: u32,
    /// Replicate until the half-width of every failure rate's interval is at most this share of its mean.
    pub precision: Option<f64>,
    /// Zero for all cores.
    pub threads: usize,
}

impl CampaignOptions {
    /// As the scenario says, on all cores.
    pub fn of(scenario: &Scenario) -> Self {
        Self {
            only: None,
            seed: scenario.file.run.seed,
            replications: scenario.file.run.replications,
            precision: None,
            threads: 0,
        }
    }
}

/// What is told while it goes on.
pub trait CampaignProgress: Sync {
    /// So many runs are planned in all.
    fn planned(&self, runs: u64);
    /// One run is done.
    fn done(&self);
}

impl CampaignProgress for () {
    fn planned(&self, _: u64) {}
    fn done(&self) {}
}

/// Why a scenario cannot be run after all.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Retries without a wait, at a party that answers without a latency, would go on for ever.
    #[error(
        "strategy `{strategy}`{point}: time stands still at {at}: calls are tried again and again in one instant; \
         give its retry policy a wait or a bound, or the latencies more than zero"
    )]
    Stuck {
        strategy: String,
        point: String,
        at: Duration,
    },
    #[error("cannot start {threads} threads: {reason}")]
    Threads { threads: usize, reason: String },
}
