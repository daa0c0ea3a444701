//! What failed the last try of calls that did not succeed: together these shares are the failure rate, as those of the endings are.

use super::{Better, Metric, ratio};
use crate::trace::FailedBy;

/// The share of the calls that this has failed.
macro_rules! failed_by {
    ($name:literal, $by:ident, $about:literal) => {
        Metric {
            name: $name,
            unit: "share",
            about: $about,
            read: |run| ratio(run.total().failed_by[FailedBy::$by as usize], run.total().calls),
            by_group: Some(|tally| ratio(tally.failed_by[FailedBy::$by as usize], tally.calls)),
            by_fleet: None,
            better: Some(Better::Low),
        }
    };
}

pub(super) const REFUSED_TOKEN: Metric = failed_by!(
    "failed_by_refused_token_rate",
    RefusedToken,
    "Calls that failed, and of which the API had refused the token at their last try."
);

pub(super) const API_THROTTLE: Metric = failed_by!(
    "failed_by_api_throttle_rate",
    ApiThrottle,
    "Calls that failed, and that the API had throttled at their last try."
);

pub(super) const API_ERROR: Metric = failed_by!(
    "failed_by_api_error_rate",
    ApiError,
    "Calls that failed, and that the API had answered with an error at their last try."
);

pub(super) const API_SILENCE: Metric = failed_by!(
    "failed_by_api_silence_rate",
    ApiSilence,
    "Calls that failed, and that the API had not answered in time at their last try."
);

pub(super) const TOKEN_THROTTLE: Metric = failed_by!(
    "failed_by_token_throttle_rate",
    TokenThrottle,
    "Calls that failed because the token endpoint throttled the request for their token."
);

pub(super) const TOKEN_ERROR: Metric = failed_by!(
    "failed_by_token_error_rate",
    TokenError,
    "Calls that failed because the token endpoint answered the request for their token with an error."
);

pub(super) const TOKEN_SILENCE: Metric = failed_by!(
    "failed_by_token_silence_rate",
    TokenSilence,
    "Calls that failed because the token endpoint did not answer the request for their token in time."
);

pub(super) const DEAD_GRANT: Metric = failed_by!(
    "failed_by_dead_grant_rate",
    DeadGrant,
    "Calls that failed because a refresh token was refused, or what the client takes for that."
);

pub(super) const UNREACHABLE: Metric = failed_by!(
    "failed_by_unreachable_rate",
    Unreachable,
    "Calls that failed because the store or the gateway did not answer, or the gateway had given up."
);

pub(super) const NOTHING: Metric = failed_by!(
    "failed_by_nothing_rate",
    Nothing,
    "Calls that failed though no try had: too late, misread, lost in a crash, unfinished, or turned away by their own node before the first try."
);
