//! What is measured of each fleet where some strategy's fleets do not all follow the same: who asks for tokens, who gets them, and why
//! attempts are refused.

use super::{FleetTally, Observed, Tally, per_hour, ratio};
use crate::oauth::Cause;

/// The value of a metric for one fleet, from what its nodes asked for and what became of its calls.
pub type ByFleet = fn(&Observed, &FleetTally, &Tally) -> Option<f64>;

/// Metrics, by their names, that have a value for each fleet beside those that have one for each part of the calls. What a gateway asks
/// for is no fleet's own.
pub const BY_FLEET: [(&str, ByFleet); 11] = [
    ("token_requests_per_call", |_, fleet, calls| {
        ratio(fleet.requests, calls.calls)
    }),
    ("token_requests_per_hour", |run, fleet, _| per_hour(run, fleet.requests)),
    ("issuances_per_call", |_, fleet, calls| ratio(fleet.issued, calls.calls)),
    ("issuances_per_hour", |run, fleet, _| per_hour(run, fleet.issued)),
    ("rejections_superseded_per_call", |_, fleet, calls| {
        because(fleet, calls, Cause::Superseded)
    }),
    ("rejections_expired_per_call", |_, fleet, calls| {
        because(fleet, calls, Cause::Expired)
    }),
    ("rejections_revoked_per_call", |_, fleet, calls| {
        because(fleet, calls, Cause::Revoked)
    }),
    ("rejections_in_flight_per_call", |_, fleet, calls| {
        because(fleet, calls, Cause::InFlight)
    }),
    ("rejections_not_yet_active_per_call", |_, fleet, calls| {
        because(fleet, calls, Cause::NotYetActive)
    }),
    ("rejections_long_dead_per_call", |_, fleet, calls| {
        because(fleet, calls, Cause::LongDead)
    }),
    ("token_requests_refused_rate", |_, fleet, _| {
        ratio(fleet.refusals, fleet.requests)
    }),
];

fn because(fleet: &FleetTally, calls: &Tally, cause: Cause) -> Option<f64> {
    ratio(fleet.causes[cause as usize], calls.calls)
}
