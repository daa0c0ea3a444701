//! Sampling of what nodes hold: one more run of the first replication, in which the plan asks now and then. The measured runs are not
//! touched by it.

use std::sync::atomic::AtomicBool;

use crate::base::{Dice, Time};
use crate::engine::sim;
use crate::metric::Holders;
use crate::plan::Plan;
use crate::record::{HeldState, Holding};
use crate::trace;

/// Samples in a run: as many as a chart has room for.
const SAMPLES: u32 = 320;
/// Nodes that are sampled at most; of a larger fleet one in so many.
const NODES: u32 = 40;

/// What the nodes of a strategy held in the run that has these dice; nothing where `stop` ended it early.
pub(super) fn holdings(strategy: &str, point: &str, plan: &Plan, dice: Dice, stop: &AtomicBool) -> Vec<Holding> {
    let mut holders = Holders::default();
    if sim::run_until(&plan.with_sampling(SAMPLES, NODES), dice, &mut holders, stop).stopped {
        return Vec::new();
    }
    let seconds = |at: Time| at.since(Time::ZERO).as_secs_f64();
    let seen = holders.finish(plan.span.horizon).into_iter();
    seen.map(|seen| {
        let (holds, token) = match seen.holds {
            trace::Holds::Live(token) => (HeldState::Live, Some(token)),
            trace::Holds::Dead(token) => (HeldState::Dead, Some(token)),
            trace::Holds::Nothing => (HeldState::Nothing, None),
            trace::Holds::Down => (HeldState::Down, None),
        };
        Holding {
            strategy: strategy.to_owned(),
            point: point.to_owned(),
            node: seen.node.0,
            from_s: seconds(seen.from),
            until_s: seconds(seen.until),
            holds,
            token: token.map(|token| token.sequence()),
        }
    })
    .collect()
}
