//! Why attempts were refused for their token, and how often in a row; by cause these are the rejections per call.

use super::tally::TokenRefusal;
use super::{Better, Metric, Observed, ratio};
use crate::oauth::Cause;

/// Attempts per call that were refused for this cause.
macro_rules! cause {
    ($name:literal, $cause:ident, $about:literal) => {
        Metric {
            name: $name,
            unit: "per call",
            about: $about,
            read: |run| because(run, Cause::$cause),
            by_group: None,
            by_fleet: Some(|_, fleet, calls| ratio(fleet.causes[Cause::$cause as usize], calls.calls)),
            better: Some(Better::Low),
        }
    };
}

fn because(run: &Observed, cause: Cause) -> Option<f64> {
    ratio(run.causes[cause as usize], run.total().calls)
}

pub(super) const SUPERSEDED: Metric = cause!(
    "rejections_superseded_per_call",
    Superseded,
    "Attempts refused because a newer token had taken the place of theirs."
);

pub(super) const EXPIRED: Metric = cause!(
    "rejections_expired_per_call",
    Expired,
    "Attempts refused because their token had reached the end of its life."
);

pub(super) const REVOKED: Metric = cause!(
    "rejections_revoked_per_call",
    Revoked,
    "Attempts refused because the provider had taken their token back."
);

pub(super) const IN_FLIGHT: Metric = cause!(
    "rejections_in_flight_per_call",
    InFlight,
    "Attempts refused although their token was live when they were sent."
);

pub(super) const NOT_YET_ACTIVE: Metric = cause!(
    "rejections_not_yet_active_per_call",
    NotYetActive,
    "Attempts refused because the resource server had not heard of their token yet."
);

pub(super) const LONG_DEAD: Metric = cause!(
    "rejections_long_dead_per_call",
    LongDead,
    "Attempts refused because their token was dead for so long that the provider has forgotten why."
);

/// The share of the token requests that were not served for this reason; together these are `token_requests_refused_rate`.
macro_rules! unserved {
    ($name:literal, $why:ident, $about:literal) => {
        Metric {
            name: $name,
            unit: "share",
            about: $about,
            read: |run| ratio(run.refused.refused[TokenRefusal::$why as usize], run.token_requests),
            by_group: None,
            by_fleet: Some(|_, fleet, _| ratio(fleet.refused[TokenRefusal::$why as usize], fleet.requests)),
            better: Some(Better::Low),
        }
    };
}

pub(super) const TOKEN_THROTTLED: Metric = unserved!(
    "token_requests_throttled_rate",
    Throttled,
    "Token requests that the token endpoint turned away as too many."
);

pub(super) const TOKEN_CONFLICT: Metric = unserved!(
    "token_requests_conflict_rate",
    Conflict,
    "Token requests that were refused because another of their grant was under way."
);

pub(super) const TOKEN_FAILED: Metric = unserved!(
    "token_requests_failed_rate",
    Failed,
    "Token requests that the token endpoint answered with an error of its own, a full queue included."
);

pub(super) const TOKEN_INVALID_GRANT: Metric = unserved!(
    "token_requests_invalid_grant_rate",
    DeadGrant,
    "Token requests whose refresh token was refused."
);

pub(super) const TOKEN_DENIED: Metric = unserved!(
    "token_requests_denied_rate",
    Denied,
    "Token requests that were refused for good: no further token may live, or the slot was not granted."
);

pub(super) const TOKEN_PAGE: Metric = unserved!(
    "token_requests_page_rate",
    Page,
    "Token requests that something before the token endpoint answered with a page."
);

pub(super) const REJECTIONS_IN_A_ROW_MAX: Metric = Metric {
    name: "rejections_in_a_row_max",
    unit: "count",
    about: "Most attempts of one call that were refused for their token, one after the other.",
    read: |run| Some(f64::from(run.most_rejections)),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};
