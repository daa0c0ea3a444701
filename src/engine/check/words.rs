//! Words for what a story tells.

use crate::node::Timer;
use crate::oauth::Failure;

/// What a node does when a timer rings.
pub fn rang(timer: Timer) -> &'static str {
    match timer {
        Timer::Renew => "renews as planned",
        Timer::Wait => "has waited",
        Timer::Extend => "is to extend its lease",
        Timer::Own(_) => "hears a timer of its own",
    }
}

/// What a failure is called.
pub fn failure(why: Failure) -> &'static str {
    match why {
        Failure::Unknown => "no answer",
        Failure::ServerError => "server error",
        Failure::Throttled { .. } => "too many requests",
        Failure::InvalidGrant => "invalid_grant",
        Failure::Refused => "refused for good",
        Failure::Unreachable => "unreachable",
    }
}
