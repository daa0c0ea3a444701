//! What a listener has to know of a run beforehand, from the plan of it.

use std::collections::BTreeSet;

use crate::base::Duration;
use crate::metric::RunContext;
use crate::plan::Plan;
use crate::world::Leg;

/// What [`Observed`](crate::metric::Observed) has to know of a run of this plan.
pub fn run_context(plan: &Plan) -> RunContext {
    let mean_s = |leg: Leg| plan.links.leg(leg).latency.mean_s();
    let nanos = |s: f64| Duration::from_nanos((s * 1e9).round() as u64);
    let apps: BTreeSet<_> = plan.layout.fleets.iter().map(|fleet| fleet.client).collect();
    RunContext {
        warmup: plan.span.warmup,
        horizon: plan.span.horizon,
        end: plan.span.end,
        groups: plan.groups.len(),
        nodes: plan.nodes(),
        trigger: plan.trigger,
        bare_api: nanos(mean_s(Leg::ApiRequest) + mean_s(Leg::ApiResponse)),
        needed_issuances: apps.len() as f64 / plan.provider.rule.ttl.as_secs_f64().max(1e-9),
        arrivals_per_s: plan.arrivals_per_s(),
        known_after: nanos(mean_s(Leg::TokenRequest) + mean_s(Leg::TokenResponse)),
    }
}
