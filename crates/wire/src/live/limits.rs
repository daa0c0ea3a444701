//! What can be run live, what cannot, and what of a plan is left out.

use super::{LiveError, LiveOptions};
use crate::plan::{Act, Plan};
use crate::provider::Outage;
use crate::world::Leg;

/// Nodes of a live run at most: each has sockets and timers of its own.
pub const MOST_LIVE_NODES: usize = 512;

/// Calls per second of the wall clock at most, all nodes together: two cores serve some thousands, emulator included.
pub const MOST_LIVE_CALLS_PER_S: f64 = 2000.0;

/// What of a plan a live run does not do, in words.
pub fn left_out(plan: &Plan, options: &LiveOptions) -> Vec<String> {
    let (redis, emulated) = (options.redis.is_some(), options.provider.emulated);
    let mut out = Vec::new();
    let acts = |wanted: fn(&Act) -> bool| plan.timeline.iter().any(|(_, act)| wanted(act));
    if redis && plan.needs_store() {
        if plan.layout.store.replica_lag.is_some() {
            out.push("reads go to the Redis itself, not to a replica that lags".to_owned());
        }
        let outages: Vec<_> = plan
            .timeline
            .iter()
            .filter(|(_, act)| matches!(act, Act::StoreOutage(Some(Outage::Errors))))
            .map(|(at, _)| *at)
            .collect();
        // A Redis that is killed forgets.
        let forgets = |at| options.own_redis.is_some() && outages.contains(at);
        let failovers = plan
            .timeline
            .iter()
            .filter(|(at, act)| matches!(act, Act::StoreFailover { .. }) && !forgets(at));
        match (failovers.count(), &options.replica) {
            (0, _) | (1, Some(_)) => {}
            (_, None) => {
                out.push("the Redis does not fail over: name a second, empty one by --redis-replica".to_owned())
            }
            (_, Some(_)) => out.push("the Redis fails over once, and no more".to_owned()),
        }
    }
    if plan.usable_tokens {
        out.push("for how long a node's token is good is not measured: the provider knows when it ends, and the node that it holds it".to_owned());
    }
    if !emulated {
        let provider = acts(|act| {
            matches!(
                act,
                Act::TokenOutage(_) | Act::ApiOutage(_) | Act::GrantSlots { .. } | Act::Revoke { .. }
            )
        });
        if provider || plan.drivers.revocations.is_some() {
            out.push(
                "nothing is done to a provider that is not tokenstorm's own: outages, slots, revocations".to_owned(),
            );
        }
    }
    if [Leg::TokenRequest, Leg::TokenResponse]
        .iter()
        .any(|&leg| !plan.links.leg(leg).loss.is_never())
    {
        out.push("a token request that is lost on its way is counted, as its node counts it".to_owned());
    }
    out
}

/// Refuses what one machine cannot play.
pub(super) fn allow(plan: &Plan, options: &LiveOptions) -> Result<(), LiveError> {
    if plan.layout.fleets.iter().any(|fleet| fleet.tenants > 1) {
        return Err(LiveError::Tenants);
    }
    if plan.second.is_some() {
        return Err(LiveError::SecondProvider);
    }
    let nodes = plan.nodes();
    if nodes > MOST_LIVE_NODES {
        return Err(LiveError::TooManyNodes { nodes });
    }
    let calls = plan.arrivals_per_s() * options.clock.pace();
    if calls > MOST_LIVE_CALLS_PER_S {
        let scale = options.clock.pace() * MOST_LIVE_CALLS_PER_S / calls;
        return Err(LiveError::TooManyCalls {
            calls,
            scale: format!("{scale:.3}"),
        });
    }
    Ok(())
}
