//! Words for what a story tells.

use crate::node::Timer;

/// What a node does when a timer rings.
pub fn rang(timer: Timer) -> &'static str {
    match timer {
        Timer::Renew => "renews as planned",
        Timer::Wait => "has waited",
        Timer::Extend => "is to extend its lease",
        Timer::Own(_) => "hears a timer of its own",
    }
}
