//! How a campaign is asked for, what it tells while it goes on, and why it cannot be run after all.

use super::precision::Precision;
use crate::base::Duration;
use crate::scenario::{PlanError, Scenario};

/// Options of a campaign: how often, from which seed, on how many threads.
#[derive(Clone, Debug)]
pub struct CampaignOptions {
    /// Only the strategy of this name.
    pub only: Option<String>,
    /// Every draw follows from it.
    pub seed: u64,
    /// Runs of each strategy at each point.
    pub replications: u32,
    /// Replicate until figures are known as well as this; `replications` are then the fewest.
    pub precision: Option<Precision>,
    /// What is done to know figures better than by their plain means.
    pub variance: VarianceReduction,
    /// Zero for all cores.
    pub threads: usize,
}

/// What is done to know figures better from the same replications.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VarianceReduction {
    /// Nothing: a figure is the mean over replications.
    #[default]
    Plain,
    /// Control variates: luck that is known is taken off.
    Controls,
}

impl CampaignOptions {
    /// As the scenario says, on all cores.
    pub fn of(scenario: &Scenario) -> Self {
        Self {
            only: None,
            seed: scenario.file.run.seed,
            replications: scenario.file.run.replications,
            precision: None,
            variance: VarianceReduction::Plain,
            threads: 0,
        }
    }
}

/// Receives the progress of a campaign.
pub trait CampaignProgress: Sync {
    /// This many runs are planned in all.
    fn planned(&self, runs: u64);
    /// One run is done.
    fn done(&self);
    /// Whether more replications, for the sake of precision, would take longer than they may: the clock is not the campaign's.
    fn is_late(&self) -> bool {
        false
    }
}

impl CampaignProgress for () {
    fn planned(&self, _: u64) {}
    fn done(&self) {}
}

/// Why a scenario cannot be run after all.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// A file that the scenario names has changed since it was read.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Retries without a wait, at a party that answers without a latency, would go on for ever.
    #[error(
        "strategy `{strategy}`{point}: time stands still at {at}: calls are tried again and again in one instant; \
         give its retry policy a wait or a bound, or the latencies more than zero"
    )]
    Stuck {
        /// Name of the strategy.
        strategy: String,
        /// The sweep point, in words.
        point: String,
        /// From the start of the run until time stands still.
        at: Duration,
    },
    /// The threads cannot be started.
    #[error("cannot start {threads} threads: {reason}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// What the operating system says.
        reason: String,
    },
}
