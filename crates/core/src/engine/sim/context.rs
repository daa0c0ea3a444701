//! What a listener has to know of a run beforehand, from the plan of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Duration, Group};
use crate::metric::{ControlSetting, FleetsApart, RunContext, TenantsApart};
use crate::plan::{Act, Plan, ProviderPlan};
use crate::workload::Pattern;
use crate::world::Leg;

/// What [`Observed`](crate::metric::Observed) has to know of a run of this plan.
pub fn run_context(plan: &Plan) -> RunContext {
    let mean_s = |leg: Leg| plan.links.leg(leg).latency.mean_s();
    let nanos = |s: f64| Duration::from_nanos((s * 1e9).round() as u64);
    let fleets = plan.layout.fleets.iter();
    let apps: BTreeMap<_, _> = fleets.map(|fleet| (fleet.client, fleet.tenants)).collect();
    let grants: f64 = apps.values().map(|&tenants| f64::from(tenants)).sum();
    RunContext {
        warmup: plan.span.warmup,
        horizon: plan.span.horizon,
        end: plan.span.end,
        groups: plan.groups.len(),
        nodes: plan.nodes(),
        fleets: fleets_apart(plan),
        tenants: tenants_apart(plan),
        usable_tokens_of: plan.usable_tokens.then(|| nodes_without_gateways(plan)),
        trigger: plan.trigger,
        bare: bare(plan).into(),
        two_providers: plan.second.is_some(),
        needed_issuances: providers(plan)
            .map(|it| grants / it.rule.ttl.as_secs_f64().max(1e-9))
            .sum(),
        arrivals_per_s: plan.arrivals_per_s(),
        known_after: nanos(mean_s(Leg::TokenRequest) + mean_s(Leg::TokenResponse)),
    }
}

fn providers(plan: &Plan) -> impl Iterator<Item = &ProviderPlan> {
    let second = plan.second.as_deref().map(|second| &second.provider);
    std::iter::once(&plan.provider).chain(second)
}

/// How long a call of each group takes when nothing goes wrong, on average.
fn bare(plan: &Plan) -> Vec<Duration> {
    let mean_s = |leg: Leg| plan.links.leg(leg).latency.mean_s();
    let first = mean_s(Leg::ApiRequest) + mean_s(Leg::ApiResponse);
    let second = mean_s(Leg::SecondApiRequest) + mean_s(Leg::SecondApiResponse);
    let of_group = |group: usize| {
        let one = if plan.layout.need_both.get(group) == Some(&true) {
            first + second
        } else if plan.shares.get(group).is_some_and(|share| share.at_second) {
            second
        } else {
            first
        };
        let job = plan.layout.jobs.get(group).copied().flatten();
        job.map_or(one, |job| {
            f64::from(job.calls) * one + f64::from(job.calls - 1) * job.gap.as_secs_f64()
        })
    };
    let nanos = |s: f64| Duration::from_nanos((s * 1e9).round() as u64);
    (0..plan.groups.len()).map(|group| nanos(of_group(group))).collect()
}

/// What the controls of a run of this plan have to know; none where no calls come independently of each other.
pub fn control_setting(plan: &Plan) -> Option<ControlSetting> {
    // Their closed forms know one credential of each client.
    if !plan.shares.is_empty() {
        return None;
    }
    let streams = || plan.workloads.iter().flatten();
    let others: BTreeSet<Group> = streams()
        .filter(|stream| !matches!(stream.arrivals, Pattern::Poisson(_)))
        .map(|stream| stream.group)
        .chain(plan.drivers.loops.iter().map(|users| users.group))
        .chain(plan.drivers.replays.iter().map(|replay| replay.group))
        .chain(plan.timeline.iter().filter_map(|(_, act)| match act {
            Act::Calls { group, .. } => Some(*group),
            _ => None,
        }))
        .collect();
    let of_all: BTreeSet<Group> = streams().map(|stream| stream.group).collect();
    let independent = |group: Group| of_all.contains(&group) && !others.contains(&group);
    let (mut rates, mut clients) = (vec![0.0; plan.nodes()], vec![0; plan.nodes()]);
    for (at, fleet) in plan.layout.fleets.iter().enumerate() {
        let own = plan.workloads.get(at).into_iter().flatten();
        let own = own.filter(|stream| independent(stream.group));
        let rate: f64 = own.map(|stream| stream.arrivals.per_second()).sum();
        for node in fleet.nodes.clone() {
            (rates[node as usize], clients[node as usize]) = (rate, fleet.client);
        }
    }
    let mean_s = |leg: Leg| plan.links.leg(leg).latency.mean_s();
    let nanos = |seconds: f64| Duration::from_nanos((seconds * 1e9).round() as u64);
    let used_s = mean_s(Leg::TokenResponse) + mean_s(Leg::ApiRequest);
    let issued_s = mean_s(Leg::ApiResponse) + mean_s(Leg::TokenRequest);
    let refused_s = mean_s(Leg::ApiRequest) + issued_s;
    rates.iter().any(|rate| *rate > 0.0).then(|| ControlSetting {
        warmup: plan.span.warmup,
        horizon: plan.span.horizon,
        rates,
        clients,
        independent: (0..plan.groups.len())
            .map(|group| independent(Group(group as u16)))
            .collect(),
        ttl: plan.provider.rule.ttl,
        overlap: plan.provider.rule.overlap,
        spans: [used_s, refused_s, used_s + issued_s].map(nanos),
    })
}

/// Which nodes are whose, gateways among them; nothing where no app serves several tenants.
fn tenants_apart(plan: &Plan) -> TenantsApart {
    if !plan.has_tenants() {
        return TenantsApart::default();
    }
    let mut first = BTreeMap::new();
    let mut count = 0;
    let fleets = plan.layout.fleets.iter().map(|fleet| {
        let first = *first.entry(fleet.client).or_insert_with(|| {
            count += fleet.tenants;
            count - fleet.tenants
        });
        (fleet.nodes.clone(), fleet.tenants, first)
    });
    let apart = TenantsApart::new(fleets.collect::<Vec<_>>());
    apart.with_apps(first, plan.provider.slots.len() as u32, plan.provider.stride.into())
}

/// How many nodes there are before the first gateway, behind which there are only gateways.
fn nodes_without_gateways(plan: &Plan) -> usize {
    let fleets = plan.layout.fleets.iter();
    fleets
        .take_while(|fleet| !fleet.is_gateway)
        .last()
        .map_or(0, |fleet| fleet.nodes.end as usize)
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
