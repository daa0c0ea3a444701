//! How the calls that did not succeed ended; together these shares are the failure rate.

use super::{Better, Metric, ratio};
use crate::trace::CallOutcome;

/// The share of the calls that end so.
macro_rules! ending {
    ($name:literal, $outcome:ident, $about:literal) => {
        Metric {
            name: $name,
            unit: "share",
            about: $about,
            read: |run| ratio(run.total().ended(CallOutcome::$outcome), run.total().calls),
            by_group: Some(|tally| ratio(tally.ended(CallOutcome::$outcome), tally.calls)),
            by_fleet: None,
            better: Some(Better::Low),
        }
    };
}

pub(super) const LATE_RATE: Metric = ending!(
    "failed_late_rate",
    Late,
    "Calls that succeeded only after their caller's patience had ended."
);

pub(super) const GAVE_UP_RATE: Metric = ending!(
    "failed_gave_up_rate",
    GaveUp,
    "Calls that failed because the retry policy allowed no further try."
);

pub(super) const OUT_OF_BUDGET_RATE: Metric = ending!(
    "failed_out_of_budget_rate",
    OutOfBudget,
    "Calls that failed because the retry budget was empty."
);

pub(super) const BROKEN_RATE: Metric = ending!(
    "failed_broken_rate",
    Broken,
    "Calls that their own node turned away: its circuit breaker was open, or its throttle struck."
);

pub(super) const IMPATIENT_RATE: Metric = ending!(
    "failed_impatient_rate",
    Impatient,
    "Calls that failed because their caller's patience ended first."
);

pub(super) const REFUSED_RATE: Metric = ending!(
    "failed_refused_rate",
    Refused,
    "Calls that the provider refused for good."
);

pub(super) const LOGGED_OUT_RATE: Metric = ending!(
    "failed_logged_out_rate",
    LoggedOut,
    "Calls that failed for want of a refresh token that the provider accepts: a user has to log in."
);

pub(super) const LOST_RATE: Metric = ending!(
    "failed_lost_rate",
    Lost,
    "Calls that were lost because their node crashed."
);

pub(super) const UNFINISHED_RATE: Metric = ending!(
    "failed_unfinished_rate",
    Unfinished,
    "Calls that had not ended when the run did."
);

pub(super) const MISREAD_RATE: Metric = ending!(
    "failed_misread_rate",
    Misread,
    "Calls that took an error for a success."
);

pub(super) const NOT_RENEWED_RATE: Metric = ending!(
    "failed_not_renewed_rate",
    NotRenewed,
    "Jobs that failed because the token that they kept was refused, and they take no other."
);
