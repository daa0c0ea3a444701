//! What draws are for: each purpose has a number.

use crate::world::{LEGS, Leg};

/// Purposes of draws. A number once given stays: a new one must not shift the draws of another. The latencies of the first ten legs are
/// named by their place, their losses by it after the losses' own.
///
/// This one is for the gaps between calls: a loop that is to meet the same calls draws from the same stream.
pub const ARRIVALS: u64 = 10;

/// Whether a message of the first leg is lost; the other legs' follow.
pub const LOSS: u64 = 11;

/// How long a timer waits that has a spread.
pub const WAKE: u64 = 21;

/// Whether something happens that has a chance.
pub const HIT: u64 = WAKE + 1;

/// Which replica of the resource server a call meets.
pub const REPLICA: u64 = HIT + 1;

/// How late a replica knows a token, and its end.
pub const LAG: u64 = REPLICA + 1;

/// When within its period a periodic workload begins.
pub const PHASE: u64 = LAG + 1;

/// Think times of users who wait for the end of a call.
pub const USERS: u64 = PHASE + 1;

/// Calls of a recorded trace.
pub const REPLAYS: u64 = USERS + 1;

/// Pauses that come by chance.
pub const PAUSES: u64 = REPLAYS + 1;

/// Revocations that come by chance.
pub const REVOCATIONS: u64 = PAUSES + 1;

/// And the number after it.
pub const PEER: u64 = REVOCATIONS + 1;

/// What tells one call from another, of those beyond the workload's.
pub const CALLS: u64 = PEER + 2;

/// The streams of a run that was split off another, from then on: of the calls that come of themselves.
pub const BRANCH_ARRIVALS: u64 = CALLS + 1;

/// The same of all else that drives a run.
pub const BRANCH_DRIVERS: u64 = BRANCH_ARRIVALS + 1;

/// Latencies of the legs of a second provider, and their losses after them.
const SECOND: u64 = BRANCH_DRIVERS + 1;

const FIRST_OF_SECOND: u64 = Leg::SecondTokenRequest as u64;

const LEGS_OF_SECOND: u64 = LEGS as u64 - FIRST_OF_SECOND;

/// The purpose of a leg's latencies.
pub fn latency_of(leg: Leg) -> u64 {
    match leg {
        Leg::Peer => PEER,
        _ if leg as u64 >= FIRST_OF_SECOND => SECOND + leg as u64 - FIRST_OF_SECOND,
        _ => leg as u64,
    }
}

/// The purpose of a leg's losses.
pub fn loss_of(leg: Leg) -> u64 {
    match leg {
        Leg::Peer => PEER + 1,
        _ if leg as u64 >= FIRST_OF_SECOND => SECOND + LEGS_OF_SECOND + leg as u64 - FIRST_OF_SECOND,
        _ => LOSS + leg as u64,
    }
}
