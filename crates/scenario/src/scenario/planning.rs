//! From a scenario to a plan: names become indices, written quantities distributions.

use super::case::PlanCase;
use super::crew::follows;
use super::error::PlanError;
use super::event::{EventKind, How, Target};
use super::file::{FleetSettings, ScenarioFile, TenantLoad, WhichProvider, WorkloadSettings};
use super::files::Files;
use super::fleets::lay_out;
use super::incident::trigger;
use super::names::Names;
use super::strategy::{self, AgainSettings, DelayGoes, StrategySettings};
use super::timeline::timeline;
use crate::base::{Chance, Duration, Group, Rate, Share, Time};
use crate::net::{Distribution, DistributionError, Latency, Link};
use crate::node::{Again, CallPolicy, DelayPlace, HoldsUp, Steps, Unretried};
use crate::oauth::Perceptions;
use crate::plan::{
    CallShare, Drivers, Links, Loop, Pauses, Plan, Processes, Propagation, ProviderPlan, Replay, SecondProvider, Span,
    Stream, TenantShare,
};
use crate::provider::settings::{Dialect, EndpointFaults, EndpointLimits, Settings};
use crate::provider::{Endpoint, RotationRule};
use crate::retry::TokenGuard;
use crate::strategy::{Coordination, Mixed};
use crate::workload::{Arrivals, Pattern};
use crate::world::{Layout, Leg};

/// How long a node waits for an answer where answers can be lost and the scenario does not say: what most HTTP clients
/// that have a limit at all begin with.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// The plan of one strategy. `settings` are the provider's, complete.
///
/// Errors when a distribution or a file of calls cannot be used. Everything else has been checked before.
pub fn plan(
    file: &ScenarioFile,
    settings: &Settings,
    strategy: &StrategySettings,
    files: &Files,
    case: PlanCase,
) -> Result<Plan, PlanError> {
    let names = Names::of(file, strategy);
    let (mut links, store_timeout) = links(file, settings, files)?;
    if let Some(second) = &file.second_provider {
        links_of_second(&mut links, second, files)?;
    }
    let (layout, groups) = lay_out(file, &names, strategy);
    let (workloads, drivers) = workloads(file, settings, &layout, files)?;
    let warmup = Time::ZERO + file.run.warmup;
    let horizon = warmup + file.run.duration;
    let ways = [Leg::TokenRequest, Leg::TokenResponse, Leg::ApiRequest, Leg::ApiResponse];
    let unanswered = ways
        .iter()
        .flat_map(|leg| [*leg, leg.of_second()])
        .any(|leg| !links.leg(leg).loss.is_never())
        || file.event.iter().any(|event| match &event.what {
            EventKind::Fail(fail) => fail.how == How::Silent,
            EventKind::Partition(partition) => partition.from != Target::Store,
            _ => false,
        });
    let policy_at = |settings: &Settings, part: &StrategySettings| CallPolicy {
        timeout: part.timeout.or(unanswered.then_some(DEFAULT_TIMEOUT)),
        store_timeout,
        perceptions: perceptions(settings, part),
        ..call_policy(part)
    };
    let policy = |part: &StrategySettings| policy_at(settings, part);
    let second = |settings| SecondProvider {
        provider: provider(file, settings, &names),
        policy: policy_at(settings, strategy),
    };
    let mix = strategy.is_mixed().then(|| {
        let versions = strategy.parts().map(|part| coordination(settings, &part.coordination));
        let follows = follows(file, strategy, &layout);
        Mixed::new(versions.collect(), strategy.parts().map(policy).collect(), follows)
    });
    Ok(Plan {
        coordination: coordination(settings, &strategy.coordination),
        policy: policy(strategy),
        mix,
        // Nodes that forward their calls send no token.
        usable_tokens: file.usable_tokens && !strategy.any(|it| matches!(it, Coordination::Gateway(_))),
        fleets_apart: match file.tells_fleets_apart() {
            true => file.fleet.iter().map(|fleet| fleet.name.clone()).collect(),
            false => Vec::new(),
        },
        provider: provider(file, settings, &names),
        second: file.second_provider.as_ref().map(second).map(Box::new),
        shares: shares(file),
        timeline: timeline((file, strategy), &names, &layout, &groups, case),
        trigger: trigger(file),
        span: Span {
            warmup,
            horizon,
            end: horizon + file.run.drain,
        },
        links,
        layout,
        workloads,
        drivers,
        groups,
    })
}

/// Which of the credentials of a process the calls of each kind are for; nothing where every process has one.
fn shares(file: &ScenarioFile) -> Vec<CallShare> {
    if file.second_provider.is_none() && file.app.iter().all(|app| app.tenants == 1) {
        return Vec::new();
    }
    let workloads = file
        .fleet
        .iter()
        .flat_map(|fleet| fleet.workload.iter().map(move |it| (fleet, it)));
    let share = |(fleet, workload): (&FleetSettings, &WorkloadSettings)| {
        let tenants = file.tenants_of(&fleet.app);
        CallShare {
            tenants: match workload.tenants {
                None => TenantShare::Even(tenants),
                Some(TenantLoad::Only(tenant)) => TenantShare::Only(tenant),
                Some(TenantLoad::Zipf(exponent)) => TenantShare::zipf(tenants, exponent),
            },
            providers: file.providers(),
            at_second: workload.provider == WhichProvider::Second,
        }
    };
    workloads.map(share).collect()
}

/// What its code makes of each answer.
fn perceptions(settings: &Settings, strategy: &StrategySettings) -> Perceptions {
    let dialect = Dialect::of(&settings.dialect);
    dialect.logged_out(strategy.logged_out_by, &dialect.perceptions(strategy.reads))
}

/// What a strategy says of how its calls are retried, whatever the provider and the network.
fn call_policy(strategy: &StrategySettings) -> CallPolicy {
    CallPolicy {
        place: match strategy.delay_goes {
            DelayGoes::BeforeRenewal => DelayPlace::BeforeRenewal,
            DelayGoes::AfterRenewal => DelayPlace::AfterRenewal,
            DelayGoes::Nowhere => DelayPlace::Nowhere,
        },
        again: strategy.again_after.map(again),
        delay_first: strategy.delay_first,
        unretried: match strategy.unretried {
            strategy::UnretriedSettings::Drop => Unretried::Drop,
            strategy::UnretriedSettings::Keep => Unretried::Keep,
        },
        holds: match strategy.wait_holds {
            strategy::HoldsSettings::Call => HoldsUp::Call,
            strategy::HoldsSettings::Node => HoldsUp::Node,
        },
        steps: match strategy.steps {
            strategy::StepsSettings::PerCall => Steps::PerCall,
            strategy::StepsSettings::PerNode => Steps::PerNode,
        },
        obey_retry_after: strategy.obey_retry_after,
        retry_after_jitter: (strategy.retry_after_jitter.get() * 1000.0).round() as u16,
        budget: strategy.budget,
        breaker: strategy.breaker,
        throttle: strategy.throttle,
        guard: strategy.token_guard.filter(|guard| *guard != TokenGuard::default()),
        ..CallPolicy::plain(strategy.retry)
    }
}

/// A kind of failure without a bound of its own has one that no call comes to.
fn again(written: AgainSettings) -> Again {
    Again {
        refused: written.refused_token.unwrap_or(u16::MAX),
        call: written.failed_call.unwrap_or(u16::MAX),
        token: written.failed_token_request.unwrap_or(u16::MAX),
    }
}

fn coordination(settings: &Settings, written: &Coordination) -> Coordination {
    let mut coordination = written.clone();
    if let Coordination::SlotPerNode(strategy) = &mut coordination {
        strategy.known = strategy.parameter.is_none() || strategy.parameter == settings.slot_parameter;
    }
    coordination
}

/// What makes calls, and what else drives a run. Groups are numbered as in the layout.
fn workloads(
    file: &ScenarioFile,
    settings: &Settings,
    layout: &Layout,
    files: &Files,
) -> Result<(Vec<Vec<Stream>>, Drivers), PlanError> {
    let mut drivers = Drivers {
        revocations: settings.faults.revocations.and_then(Rate::gap),
        ..Drivers::default()
    };
    let mut groups = (0..).map(Group);
    let mut all = Vec::new();
    for (fleet, laid_out) in file.fleet.iter().zip(&layout.fleets) {
        let mut streams = Vec::new();
        for (workload, group) in fleet.workload.iter().zip(&mut groups) {
            let arrivals = match &workload.arrivals {
                Arrivals::Poisson(rate) => Pattern::Poisson(*rate),
                Arrivals::Periodic(pattern) => Pattern::Periodic(*pattern),
                Arrivals::Burst(pattern) => Pattern::Burst(*pattern),
                Arrivals::OnOff(pattern) => Pattern::OnOff(*pattern),
                Arrivals::Diurnal(pattern) => Pattern::Diurnal(pattern.wave()),
                Arrivals::Daily(pattern) => Pattern::Daily(*pattern),
                Arrivals::ClosedLoop(users) => {
                    drivers.loops.push(Loop {
                        group,
                        at: Processes::of(laid_out),
                        users: users.users,
                        think: files.latency(&users.think)?,
                    });
                    continue;
                }
                Arrivals::Trace(path) => {
                    let calls = files.calls(path)?;
                    drivers.replays.push(Replay {
                        group,
                        at: Processes::of(laid_out),
                        calls: calls.of(&fleet.name).cloned().unwrap_or_default(),
                    });
                    continue;
                }
            };
            streams.push(Stream { group, arrivals });
        }
        all.push(streams);
        if let Some(pauses) = &fleet.pauses {
            drivers.pauses.push(Pauses {
                at: Processes::of(laid_out),
                every: pauses.every,
                lasts: files.latency(&pauses.lasts)?,
            });
        }
    }
    all.resize_with(layout.fleets.len(), Vec::new);
    Ok((all, drivers))
}

fn links(
    file: &ScenarioFile,
    settings: &Settings,
    files: &Files,
) -> Result<(Links, Option<Duration>), DistributionError> {
    let store = file.store.clone().unwrap_or_default();
    let gateway = file.gateway.clone().unwrap_or_default();
    let peers = file.peers.clone().unwrap_or_default();
    let mut links = Links::perfect();
    let others = [
        (Leg::StoreRequest, &store.request, Some(store.lost_before)),
        (Leg::StoreResponse, &store.response, Some(store.lost_after)),
        (Leg::GatewayRequest, &gateway.request, None),
        (Leg::GatewayResponse, &gateway.response, None),
        (Leg::Peer, &peers.latency, Some(peers.lost)),
    ];
    let others = others.map(|(leg, takes, loss)| (leg, Some(takes), loss));
    for (leg, takes, loss) in ways_of(settings).into_iter().chain(others) {
        *links.leg_mut(leg) = link(takes, loss, files)?;
    }
    links.lags = lags(settings, files)?;
    let (request, response) = (links.leg(Leg::StoreRequest), links.leg(Leg::StoreResponse));
    let slowest = request.latency.longest().saturating_add(response.latency.longest());
    let disturbed = file.event.iter().any(|event| match &event.what {
        EventKind::Fail(fail) => fail.endpoint == Target::Store,
        EventKind::Slow(slow) => slow.endpoint == Target::Store,
        EventKind::Partition(partition) => partition.from == Target::Store,
        _ => false,
    });
    // Where every answer comes in time, a timer for each operation would only cost events.
    let may_be_late = !request.loss.is_never() || !response.loss.is_never() || disturbed || slowest > store.timeout;
    Ok((links, may_be_late.then_some(store.timeout)))
}

/// The ways to a second provider and from it.
fn links_of_second(links: &mut Links, settings: &Settings, files: &Files) -> Result<(), DistributionError> {
    for (leg, takes, loss) in ways_of(settings) {
        *links.leg_mut(leg.of_second()) = link(takes, loss, files)?;
    }
    links.lags_of_second = Some(Box::new(lags(settings, files)?));
    Ok(())
}

type Way<'a> = (Leg, Option<&'a Distribution>, Option<Share>);

/// Each way to a provider and from it: how long it takes, and how much is lost.
fn ways_of(settings: &Settings) -> [Way<'_>; 6] {
    let (token, api) = (settings.faults.token, settings.faults.api);
    let limits = &settings.limits;
    [
        (Leg::TokenRequest, settings.token_request.as_ref(), token.lost_before),
        (Leg::TokenResponse, settings.token_response.as_ref(), token.lost_after),
        (Leg::ApiRequest, settings.api_request.as_ref(), api.lost_before),
        (Leg::ApiResponse, settings.api_response.as_ref(), api.lost_after),
        (Leg::TokenService, limits.token.service.as_ref(), None),
        (Leg::ApiService, limits.api.service.as_ref(), None),
    ]
}

fn link(takes: Option<&Distribution>, loss: Option<Share>, files: &Files) -> Result<Link, DistributionError> {
    Ok(Link {
        latency: latency(takes, files)?,
        loss: loss.map_or(Chance::NEVER, |share| Chance::of(share.get())),
    })
}

/// When the resource servers of a provider learn of tokens.
fn lags(settings: &Settings, files: &Files) -> Result<Propagation, DistributionError> {
    Ok(Propagation {
        visible_after: latency(settings.lags.visible_after.as_ref(), files)?,
        invalidation: latency(settings.lags.invalidation.as_ref(), files)?,
        replicas: settings.lags.replicas.unwrap_or(1).max(1),
    })
}

fn latency(written: Option<&Distribution>, files: &Files) -> Result<Latency, DistributionError> {
    match written {
        Some(distribution) => files.latency(distribution),
        None => Ok(Latency::ZERO),
    }
}

fn provider(file: &ScenarioFile, settings: &Settings, names: &Names<'_>) -> ProviderPlan {
    let mut stride = 1;
    let mut slots = Vec::new();
    for app in &file.app {
        stride = stride.max(app.slots);
        slots.extend(std::iter::repeat_n(app.slots, names.copies.into()));
    }
    for event in &file.event {
        if let EventKind::GrantSlots(grant) = &event.what {
            stride = stride.max(grant.slots);
        }
    }
    ProviderPlan {
        rule: settings.issuance(),
        rotation: settings.refresh_tokens().as_ref().map(RotationRule::of),
        reveals: settings.revealed(),
        on_bad_slot: settings.bad_slot(),
        slots,
        stride,
        tenants: file.app.iter().map(|app| app.tenants).max().unwrap_or(1),
        token_endpoint: endpoint(&settings.limits.token, &settings.faults.token),
        api_endpoint: endpoint(&settings.limits.api, &settings.faults.api),
        pool: settings.limits.pool.clone().unwrap_or_default(),
        addresses: names.addresses(file),
    }
}

fn endpoint(limits: &EndpointLimits, faults: &EndpointFaults) -> Endpoint {
    Endpoint {
        errors: faults.error_rate.map_or(Chance::NEVER, |share| Chance::of(share.get())),
        servers: limits.servers,
        queue: limits.queue.unwrap_or(u32::MAX),
        ..Endpoint::default()
    }
    .with_quotas(limits.quotas.clone().unwrap_or_default())
}
