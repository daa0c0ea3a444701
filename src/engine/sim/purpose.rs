//! What draws are for: each purpose has a number.

use crate::world::{LEGS, Leg};

/// Purposes of draws. A number once given stays: a new one must not shift the draws of another. The latencies of the first ten legs are
/// named by their place, their losses by it after the losses' own.
///
/// This one is for the gaps between calls: a loop that is to meet the same calls draws from the same stream.
pub const ARRIVALS: u64 = 10;

pub(in crate::engine) const LOSS: u64 = 11;

pub(in crate::engine) const WAKE: u64 = 21;

pub(in crate::engine) const HIT: u64 = WAKE + 1;

pub(in crate::engine) const REPLICA: u64 = HIT + 1;

pub(in crate::engine) const LAG: u64 = REPLICA + 1;

pub(in crate::engine) const PHASE: u64 = LAG + 1;

pub(in crate::engine) const USERS: u64 = PHASE + 1;

pub(in crate::engine) const REPLAYS: u64 = USERS + 1;

pub(in crate::engine) const PAUSES: u64 = REPLAYS + 1;

pub(in crate::engine) const REVOCATIONS: u64 = PAUSES + 1;

/// And the number after it.
pub(in crate::engine) const PEER: u64 = REVOCATIONS + 1;

pub(in crate::engine) const CALLS: u64 = PEER + 2;

/// The streams of a run that was split off another, from then on: of the calls that come of themselves.
pub(in crate::engine) const BRANCH_ARRIVALS: u64 = CALLS + 1;

/// The same of all else that drives a run.
pub(in crate::engine) const BRANCH_DRIVERS: u64 = BRANCH_ARRIVALS + 1;

/// Latencies of the legs of a second provider, and their losses after them.
const SECOND: u64 = BRANCH_DRIVERS + 1;

const FIRST_OF_SECOND: u64 = Leg::SecondTokenRequest as u64;

const LEGS_OF_SECOND: u64 = LEGS as u64 - FIRST_OF_SECOND;

pub(in crate::engine) fn latency_of(leg: Leg) -> u64 {
    match leg {
        Leg::Peer => PEER,
        _ if leg as u64 >= FIRST_OF_SECOND => SECOND + leg as u64 - FIRST_OF_SECOND,
        _ => leg as u64,
    }
}

pub(in crate::engine) fn loss_of(leg: Leg) -> u64 {
    match leg {
        Leg::Peer => PEER + 1,
        _ if leg as u64 >= FIRST_OF_SECOND => SECOND + LEGS_OF_SECOND + leg as u64 - FIRST_OF_SECOND,
        _ => LOSS + leg as u64,
    }
}
