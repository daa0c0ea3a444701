//! What a listener has to know of a run beforehand, from the plan of it.

use std::collections::BTreeSet;

use crate::base::Duration;
use crate::metric::{FleetsApart, RunContext};
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
        fleets: fleets_apart(plan),
        trigger: plan.trigger,
        bare_api: nanos(mean_s(Leg::ApiRequest) + mean_s(Leg::ApiResponse)),
        needed_issuances: apps.len() as f64 / plan.provider.rule.ttl.as_secs_f64().max(1e-9),
        arrivals_per_s: plan.arrivals_per_s(),
        known_after: nanos(mean_s(Leg::TokenRequest) + mean_s(Leg::TokenResponse)),
    }
}

fn fleets_apart(plan: &Plan) -> FleetsApart {
    let place = |name: &str| plan.fleets_apart.iter().position(|known| known == name);
    let groups = plan
        .groups
        .iter()
        .filter_map(|(fleet, _)| place(fleet))
        .map(|fleet| fleet as u16);
    let fleets = plan.layout.fleets.iter().take(plan.fleets_apart.len());
    FleetsApart::new(fleets.map(|fleet| fleet.nodes.end).collect(), groups.collect())
}
