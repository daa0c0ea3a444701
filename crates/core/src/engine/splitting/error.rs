//! What stands in the way of an estimate.

use crate::base::Time;

/// Why a rare event cannot be estimated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RareError {
    /// Nothing says how near a call is to its failure.
    #[error(
        "strategy `{strategy}` tries a call as often as it takes, for a caller who waits as long: nothing brings a call nearer to its failure. Give its \
         retry policy `attempts` or the workload `patience`, or take another strategy with --only"
    )]
    Unbounded {
        /// Name of the strategy.
        strategy: String,
    },
    /// Each split copies the whole state.
    #[error(
        "{nodes} nodes are too many: each split copies the state of all of them, and the limit is {most}; make the fleet smaller with --set"
    )]
    Large {
        /// Nodes of the plan.
        nodes: usize,
        /// Nodes at most.
        most: usize,
    },
    /// Retries without a wait, at a party that answers without a latency, would go on for ever.
    #[error("time stands still at {}: calls are tried again and again in one instant; give the retry policy a wait or a bound", at.since(Time::ZERO))]
    Stuck {
        /// When.
        at: Time,
    },
    /// One replication alone needs more events than are allowed.
    #[error(
        "one replication took more than {most_events} events: runs are split more often than they end, or the scenario is long. Raise \
         --max-events, or make `run.duration` shorter"
    )]
    Endless {
        /// Events that are allowed.
        most_events: u64,
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
