//! From a scenario to a plan: names become indices, written quantities distributions.

use std::collections::BTreeMap;
use std::ops::Range;

use super::case::PlanCase;
use super::crew::{add_gateways, follows, gateway_of};
use super::error::PlanError;
use super::event::{EventKind, How, Target};
use super::file::{LoginSettings, ScenarioFile};
use super::files::Files;
use super::incident::trigger;
use super::names::Names;
use super::strategy::{self, AgainSettings, DelayGoes, StrategySettings};
use super::timeline::timeline;
use crate::base::{Chance, Duration, Group, Rate, Time};
use crate::net::{Distribution, DistributionError, Latency, Link};
use crate::node::{Again, CallPolicy, DelayPlace, HoldsUp, Steps, Strategy as _, Unretried};
use crate::oauth::Perceptions;
use crate::plan::{Drivers, Links, Loop, Pauses, Plan, ProviderPlan, Replay, Span, Stream};
use crate::provider::settings::{Dialect, EndpointFaults, EndpointLimits, Settings};
use crate::provider::{Endpoint, RotationRule};
use crate::retry::TokenGuard;
use crate::strategy::{Coordination, Mixed};
use crate::workload::{Arrivals, Pattern};
use crate::world::{Fleet, Layout, Leg, StoreLayout};

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
    let (links, store_timeout) = links(file, settings, files)?;
    let (layout, groups) = layout(file, &names, strategy);
    let (workloads, drivers) = workloads(file, settings, &layout, files)?;
    let warmup = Time::ZERO + file.run.warmup;
    let horizon = warmup + file.run.duration;
    let unanswered = [Leg::TokenRequest, Leg::TokenResponse, Leg::ApiRequest, Leg::ApiResponse]
        .iter()
        .any(|&leg| !links.leg(leg).loss.is_never())
        || file.event.iter().any(|event| match &event.what {
            EventKind::Fail(fail) => fail.how == How::Silent,
            EventKind::Partition(partition) => partition.from != Target::Store,
            _ => false,
        });
    let policy = |part: &StrategySettings| CallPolicy {
        timeout: part.timeout.or(unanswered.then_some(DEFAULT_TIMEOUT)),
        store_timeout,
        perceptions: perceptions(settings, part),
        ..call_policy(part)
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
        fleets_apart: match file.strategy.iter().any(StrategySettings::is_mixed) {
            true => file.fleet.iter().map(|fleet| fleet.name.clone()).collect(),
            false => Vec::new(),
        },
        provider: provider(file, settings, &names),
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

type Groups = Vec<(String, String)>;

fn layout(file: &ScenarioFile, names: &Names<'_>, strategy: &StrategySettings) -> (Layout, Groups) {
    let mut domains: BTreeMap<(&str, &str), u16> = BTreeMap::new();
    let mut seats: BTreeMap<&str, u32> = BTreeMap::new();
    let (mut fleets, mut groups, mut patience) = (Vec::new(), Vec::new(), Vec::new());
    let mut jobs = Vec::new();
    let mut logins = LoginNumbers::default();
    for (fleet, nodes) in file.fleet.iter().zip(&names.nodes) {
        let next = domains.len() as u16;
        let domain = fleet.domain.as_deref().unwrap_or_default();
        let store = *domains.entry((domain, &fleet.app)).or_insert(next);
        let seat = seats.entry(&fleet.app).or_default();
        fleets.push(Fleet {
            nodes: nodes.clone(),
            client: names.clients(&fleet.app).start,
            store,
            gateway: None,
            sends_slot: fleet.sends_slot,
            force: fleet.force_renewal,
            first_ordinal: *seat,
            is_gateway: false,
            first_login: logins.of(&fleet.login, store, nodes),
            login_each: fleet.login == LoginSettings::Own,
            clock_spread: fleet.clock_skew,
            clock_drift: fleet.clock_drift_ppm,
        });
        // A fleet that never sends an index is dealt none.
        let is_dealt = |part: &usize| strategy.part(*part).coordination.highest_slot().is_some();
        if fleet.sends_slot || !strategy.ever(fleet, &file.event).iter().any(is_dealt) {
            *seat += nodes.end - nodes.start;
        }
        for workload in &fleet.workload {
            groups.push((fleet.name.clone(), workload.kind.clone()));
            patience.push(workload.patience);
            jobs.push(workload.job);
        }
    }
    let served = file
        .fleet
        .iter()
        .map(|fleet| gateway_of(file, strategy, fleet).is_some())
        .collect();
    add_gateways(&mut fleets, served);
    let loses = file.event.iter().filter_map(|event| match &event.what {
        EventKind::FailOverStore(failover) => Some(failover.loses),
        _ => None,
    });
    let replica_lag = file.store.as_ref().and_then(|store| store.replica_lag);
    let login = file.login.unwrap_or_default();
    if jobs.iter().all(Option::is_none) {
        jobs.clear();
    }
    let layout = Layout {
        fleets,
        patience,
        jobs,
        stores: domains.len() as u16,
        store: StoreLayout {
            replica_lag,
            remembers: loses.chain(replica_lag).max().unwrap_or_default(),
        },
        login_again: login.again_after,
        login_spread: login.spread,
        login_hours: login.hours,
    };
    (layout, groups)
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
    for (fleet, Fleet { nodes, .. }) in file.fleet.iter().zip(&layout.fleets) {
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
                        nodes: nodes.clone(),
                        users: users.users,
                        think: files.latency(&users.think)?,
                    });
                    continue;
                }
                Arrivals::Trace(path) => {
                    let calls = files.calls(path)?;
                    drivers.replays.push(Replay {
                        group,
                        nodes: nodes.clone(),
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
                nodes: nodes.clone(),
                every: pauses.every,
                lasts: files.latency(&pauses.lasts)?,
            });
        }
    }
    all.resize_with(layout.fleets.len(), Vec::new);
    Ok((all, drivers))
}

/// Numbers logins: one for each domain, and one for each node that has its own.
#[derive(Default)]
struct LoginNumbers {
    shared: BTreeMap<u16, u32>,
    next: u32,
}

impl LoginNumbers {
    fn of(&mut self, login: &LoginSettings, domain: u16, nodes: &Range<u32>) -> u32 {
        let first = self.next;
        let (first, taken) = match login {
            LoginSettings::Own => (first, nodes.end - nodes.start),
            LoginSettings::Shared => match self.shared.get(&domain) {
                Some(&known) => (known, 0),
                None => {
                    self.shared.insert(domain, first);
                    (first, 1)
                }
            },
        };
        self.next += taken;
        first
    }
}

fn links(
    file: &ScenarioFile,
    settings: &Settings,
    files: &Files,
) -> Result<(Links, Option<Duration>), DistributionError> {
    let compile = |written: &Option<Distribution>| match written {
        Some(distribution) => files.latency(distribution),
        None => Ok(Latency::ZERO),
    };
    let store = file.store.clone().unwrap_or_default();
    let gateway = file.gateway.clone().unwrap_or_default();
    let peers = file.peers.clone().unwrap_or_default();
    let EndpointFaults {
        lost_before: token_before,
        lost_after: token_after,
        ..
    } = settings.faults.token;
    let EndpointFaults {
        lost_before: api_before,
        lost_after: api_after,
        ..
    } = settings.faults.api;
    let mut links = Links::perfect();
    for (leg, latency, loss) in [
        (Leg::TokenRequest, compile(&settings.token_request)?, token_before),
        (Leg::TokenResponse, compile(&settings.token_response)?, token_after),
        (Leg::ApiRequest, compile(&settings.api_request)?, api_before),
        (Leg::ApiResponse, compile(&settings.api_response)?, api_after),
        (
            Leg::StoreRequest,
            files.latency(&store.request)?,
            Some(store.lost_before),
        ),
        (
            Leg::StoreResponse,
            files.latency(&store.response)?,
            Some(store.lost_after),
        ),
        (Leg::GatewayRequest, files.latency(&gateway.request)?, None),
        (Leg::GatewayResponse, files.latency(&gateway.response)?, None),
        (Leg::Peer, files.latency(&peers.latency)?, Some(peers.lost)),
        (Leg::TokenService, compile(&settings.limits.token.service)?, None),
        (Leg::ApiService, compile(&settings.limits.api.service)?, None),
    ] {
        *links.leg_mut(leg) = Link {
            latency,
            loss: loss.map_or(Chance::NEVER, |share| Chance::of(share.get())),
        };
    }
    links.visible_after = compile(&settings.lags.visible_after)?;
    links.invalidation = compile(&settings.lags.invalidation)?;
    links.replicas = settings.lags.replicas.unwrap_or(1).max(1);
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
