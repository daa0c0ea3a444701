//! Where in a run something is worth a look.

use serde::{Deserialize, Serialize};

use crate::trace::CallOutcome;

/// Failed calls of which the step is kept; more are counted.
pub const MOST_MARKS: usize = 1000;

/// Where in the whole run something is worth a look. All calls count, those of the warm-up too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilmMarks {
    /// Steps of the whole run.
    pub steps: u64,
    /// Calls that arrived.
    pub calls: u64,
    /// Tokens that were issued.
    pub tokens: u64,
    /// Calls that failed, as the metric `failure_rate` has it: that ended other than with a success.
    pub failed: u64,
    /// The first [`MOST_MARKS`] of them, in the order in which they failed.
    pub failures: Vec<CallMark>,
    /// The first attempt that was refused for its token.
    pub first_refusal: Option<CallMark>,
    /// The call with the most attempts; of several, the one that took longest, and then the first.
    pub worst: Option<CallMark>,
    /// Where the first retry storm begins, as the metric `storm_onset` has it: the first step from that second on.
    pub storm: Option<u64>,
}

/// A step of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallMark {
    /// The step.
    pub step: u64,
    /// When it happens; none in a counterexample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ns: Option<u64>,
    /// The call; none for an attempt that nobody waits for any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<u64>,
    /// How it ended, where this is its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<CallOutcome>,
    /// Its attempts so far.
    #[serde(default)]
    pub attempts: u16,
    /// How long it has taken so far.
    #[serde(default)]
    pub lasted_ns: u64,
}

impl FilmMarks {
    /// A call ends.
    pub(super) fn ended(&mut self, mark: CallMark) {
        let Some(outcome) = mark.outcome else { return };
        if is_failure(outcome) {
            self.failed += 1;
            if self.failures.len() < MOST_MARKS {
                self.failures.push(mark.clone());
            }
        }
        let weight = |mark: &CallMark| (mark.attempts, mark.lasted_ns);
        if self.worst.as_ref().is_none_or(|worst| weight(&mark) > weight(worst)) {
            self.worst = Some(mark);
        }
    }

    /// The first call that failed.
    pub fn first_failure(&self) -> Option<&CallMark> {
        self.failures.first()
    }
}

/// Whether a call that ends so counts as failed, as the metric `failure_rate` has it.
pub(super) fn is_failure(outcome: CallOutcome) -> bool {
    outcome != CallOutcome::Succeeded
}
