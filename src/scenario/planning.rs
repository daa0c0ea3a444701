//! From a scenario to a plan: names become indices, written quantities distributions, the timeline single acts.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use super::event::{Event, Fail, How, Slow, Target, What};
use super::file::{self, DelayGoes, File, LoginSettings};
use super::plan::{Act, Links, Plan, ProviderPlan, Span, Stream};
use crate::base::{Chance, Duration, Group, NodeId, Time};
use crate::net::{Distribution, DistributionError, Latency, Link};
use crate::provider::settings::{
    BadSlotSettings, EndpointFaults, EndpointLimits, OnFullSettings, RevealsSettings, RuleSettings, Settings,
};
use crate::provider::{Endpoint, Force, Issuance, OnBadSlot, OnFull, Outage, Reveals, RotationRule};
use crate::strategy::Coordination;
use crate::world::{Client, Fleet, Layout, Leg, Place, Steps, StoreLayout};

/// How long a node waits for an answer where answers can be lost and the scenario does not say: what most HTTP clients
/// that have a limit at all begin with.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// The plan of one strategy. `settings` are the provider's, complete; empirical latencies are looked up from `folder`.
///
/// Errors when a distribution cannot be used. Everything else has been checked before.
pub fn plan(
    file: &File,
    settings: &Settings,
    strategy: &file::Strategy,
    folder: &Path,
) -> Result<Plan, DistributionError> {
    let names = Names::of(file, strategy);
    let (links, store_timeout) = links(file, settings, folder)?;
    let coordination = coordination(settings, &strategy.coordination);
    let (layout, workloads, groups) = layout(file, &names, &coordination);
    let warmup = Time::ZERO + file.run.warmup;
    let horizon = warmup + file.run.duration;
    let unanswered = [Leg::TokenRequest, Leg::TokenResponse, Leg::ApiRequest, Leg::ApiResponse]
        .iter()
        .any(|&leg| !links.leg(leg).loss.is_never())
        || file
            .event
            .iter()
            .any(|event| matches!(&event.what, What::Fail(fail) if fail.how == How::Silent));
    Ok(Plan {
        client: Client {
            retry: strategy.retry,
            timeout: strategy.timeout.or(unanswered.then_some(DEFAULT_TIMEOUT)),
            store_timeout,
            place: match strategy.delay_goes {
                DelayGoes::BeforeRenewal => Place::BeforeRenewal,
                DelayGoes::AfterRenewal => Place::AfterRenewal,
            },
            delay_first: strategy.delay_first,
            steps: match strategy.steps {
                file::Steps::PerCall => Steps::PerCall,
                file::Steps::PerNode => Steps::PerNode,
            },
            obey_retry_after: strategy.obey_retry_after,
            budget: strategy.budget,
            breaker: strategy.breaker,
        },
        provider: provider(file, settings, &names),
        timeline: timeline(file, &names, &layout),
        trigger: trigger(file),
        span: Span {
            warmup,
            horizon,
            end: horizon + file.run.drain,
        },
        links,
        layout,
        workloads,
        groups,
        coordination,
    })
}

/// Where things of a file lie in the plan.
struct Names<'a> {
    fleets: BTreeMap<&'a str, usize>,
    apps: BTreeMap<&'a str, usize>,
    /// Registered copies of each app, itself included.
    copies: u16,
    /// First node of each fleet, and how many it can ever have.
    nodes: Vec<Range<u32>>,
}

impl<'a> Names<'a> {
    fn of(file: &'a File, strategy: &file::Strategy) -> Self {
        let mut first = 0;
        let nodes = file.fleet.iter().map(|fleet| {
            let most = file
                .event
                .iter()
                .filter_map(|event| match &event.what {
                    What::Scale(scale) if scale.fleet == fleet.name => Some(scale.nodes),
                    _ => None,
                })
                .fold(fleet.nodes, u32::max);
            first += most;
            first - most..first
        });
        Self {
            nodes: nodes.collect(),
            fleets: file
                .fleet
                .iter()
                .enumerate()
                .map(|(at, fleet)| (fleet.name.as_str(), at))
                .collect(),
            apps: file
                .app
                .iter()
                .enumerate()
                .map(|(at, app)| (app.name.as_str(), at))
                .collect(),
            copies: strategy.coordination.duplicate_apps().max(1),
        }
    }

    fn clients(&self, app: &str) -> Range<u16> {
        let first = self.apps[app] as u16 * self.copies;
        first..first + self.copies
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

fn layout(file: &File, names: &Names<'_>, coordination: &Coordination) -> (Layout, Vec<Vec<Stream>>, Groups) {
    let mut domains: BTreeMap<(&str, &str), u16> = BTreeMap::new();
    let mut seats: BTreeMap<&str, u32> = BTreeMap::new();
    let (mut fleets, mut workloads, mut groups, mut patience) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
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
            first_seat: *seat,
            is_gateway: false,
            first_login: logins.of(&fleet.login, store, nodes),
            login_each: fleet.login == LoginSettings::Own,
            clock_spread: fleet.clock_skew,
        });
        // A fleet that never sends an index is dealt none.
        if fleet.sends_slot || coordination.highest_slot().is_none() {
            *seat += nodes.end - nodes.start;
        }
        let mut streams = Vec::new();
        for workload in &fleet.workload {
            streams.push(Stream {
                group: Group(groups.len() as u16),
                arrivals: workload.arrivals,
            });
            groups.push((fleet.name.clone(), workload.kind.clone()));
            patience.push(workload.patience);
        }
        workloads.push(streams);
    }
    if coordination.needs_gateway() {
        add_gateways(&mut fleets, domains.len() as u16);
        workloads.resize_with(fleets.len(), Vec::new);
    }
    let loses = file.event.iter().filter_map(|event| match &event.what {
        What::FailOverStore(failover) => Some(failover.loses),
        _ => None,
    });
    let replica_lag = file.store.as_ref().and_then(|store| store.replica_lag);
    let layout = Layout {
        fleets,
        patience,
        stores: domains.len() as u16,
        store: StoreLayout {
            replica_lag,
            remembers: loses.chain(replica_lag).max().unwrap_or_default(),
        },
        login_again: file.login.as_ref().and_then(|login| login.again_after),
    };
    (layout, workloads, groups)
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

/// One gateway for each app of a domain, after all nodes.
fn add_gateways(fleets: &mut Vec<Fleet>, domains: u16) {
    let first = fleets.last().map_or(0, |fleet| fleet.nodes.end);
    for fleet in fleets.iter_mut() {
        fleet.gateway = Some(NodeId(first + u32::from(fleet.store)));
    }
    for domain in 0..domains {
        let served = fleets
            .iter()
            .find(|fleet| fleet.store == domain)
            .expect("a domain has a fleet");
        let node = first + u32::from(domain);
        fleets.push(Fleet {
            nodes: node..node + 1,
            is_gateway: true,
            sends_slot: true,
            first_seat: 0,
            login_each: false,
            clock_spread: Duration::ZERO,
            ..served.clone()
        });
    }
}

fn links(file: &File, settings: &Settings, folder: &Path) -> Result<(Links, Option<Duration>), DistributionError> {
    let compile = |written: &Option<Distribution>| match written {
        Some(distribution) => distribution.compile(folder),
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
            store.request.compile(folder)?,
            Some(store.lost_before),
        ),
        (
            Leg::StoreResponse,
            store.response.compile(folder)?,
            Some(store.lost_after),
        ),
        (Leg::GatewayRequest, gateway.request.compile(folder)?, None),
        (Leg::GatewayResponse, gateway.response.compile(folder)?, None),
        (Leg::Peer, peers.latency.compile(folder)?, Some(peers.lost)),
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
        What::Fail(fail) => fail.endpoint == Target::Store,
        What::Slow(slow) => slow.endpoint == Target::Store,
        _ => false,
    });
    // Where every answer comes in time, a timer for each operation would only cost events.
    let may_be_late = !request.loss.is_never() || !response.loss.is_never() || disturbed || slowest > store.timeout;
    Ok((links, may_be_late.then_some(store.timeout)))
}

fn provider(file: &File, settings: &Settings, names: &Names<'_>) -> ProviderPlan {
    let mut stride = 1;
    let mut slots = Vec::new();
    for app in &file.app {
        stride = stride.max(app.slots);
        slots.extend(std::iter::repeat_n(app.slots, names.copies.into()));
    }
    for event in &file.event {
        if let What::GrantSlots(grant) = &event.what {
            stride = stride.max(grant.slots);
        }
    }
    ProviderPlan {
        rule: rule(settings),
        rotation: settings.refresh_tokens().as_ref().map(RotationRule::of),
        reveals: match settings.revealed() {
            RevealsSettings::Nothing => Reveals::Nothing,
            RevealsSettings::Order => Reveals::Order,
            RevealsSettings::IssueTime(granularity) => Reveals::IssueTime(granularity),
        },
        on_bad_slot: match settings.on_bad_slot.unwrap_or_default() {
            BadSlotSettings::Refuse => OnBadSlot::Refuse,
            BadSlotSettings::Ignore => OnBadSlot::Ignore,
        },
        slots,
        stride,
        token_endpoint: endpoint(&settings.limits.token, &settings.faults.token),
        api_endpoint: endpoint(&settings.limits.api, &settings.faults.api),
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

fn rule(settings: &Settings) -> Issuance {
    let mut issuance = Issuance::independent(settings.token_ttl.unwrap_or(Duration::from_secs(3600)));
    match settings.rule {
        None | Some(RuleSettings::Independent(_)) => {}
        Some(RuleSettings::LatestOnly(rule)) => {
            issuance.capacity = Some(1);
            issuance.overlap = rule.overlap;
            issuance.overlap_depth = rule.overlap_depth;
        }
        Some(RuleSettings::Capacity(rule)) => {
            issuance.capacity = Some(rule.live);
            issuance.on_full = match rule.on_full {
                OnFullSettings::EvictOldest => OnFull::EvictOldest,
                OnFullSettings::Refuse => OnFull::Refuse,
            };
            issuance.overlap = rule.overlap;
            issuance.overlap_depth = rule.overlap_depth;
        }
        Some(RuleSettings::Reuse(rule)) => {
            issuance.capacity = rule.live;
            issuance.overlap = rule.overlap;
            issuance.overlap_depth = rule.overlap_depth;
            issuance.reuse_threshold = Some(rule.threshold);
            issuance.extend = rule.extend;
            issuance.force = rule.force.map(|force| Force {
                min_gap: force.min_gap,
                count: force.count,
                window: force.window,
            });
        }
    }
    issuance
}

/// The i-th of `count` things spread evenly over a time, the first at its beginning.
fn spread(over: Duration, index: u32, count: u32) -> Duration {
    over.ratio(index.into(), count.max(1).into())
}

/// What may last at an endpoint.
#[derive(PartialEq)]
enum Spell {
    Outage(Target),
    Slowdown(Target),
}

struct Timeline {
    acts: Vec<(Time, Act)>,
}

impl Timeline {
    fn at(&mut self, at: Duration, act: Act) {
        self.acts.push((Time::ZERO + at, act));
    }

    /// One act for all nodes at once, or one for each in turn.
    fn over(&mut self, at: Duration, over: Duration, nodes: Range<u32>, act: impl Fn(Range<u32>) -> Act) {
        if nodes.is_empty() {
            return;
        }
        if over.is_zero() {
            self.at(at, act(nodes));
            return;
        }
        let count = nodes.end - nodes.start;
        for (index, node) in nodes.enumerate() {
            self.at(
                at.saturating_add(spread(over, index as u32, count)),
                act(node..node + 1),
            );
        }
    }

    fn outage(&mut self, at: Duration, fail: &Fail, covers: &dyn Fn(Spell, Duration) -> bool) {
        let outage = match fail.how {
            How::Errors => Outage::Errors,
            How::Silent => Outage::Silent,
        };
        let act = match fail.endpoint {
            Target::Token => Act::TokenOutage,
            Target::Api => Act::ApiOutage,
            Target::Store => Act::StoreOutage,
        };
        self.at(at, act(Some(outage)));
        let end = at.saturating_add(fail.lasts);
        if !covers(Spell::Outage(fail.endpoint), end) {
            self.at(end, act(None));
        }
    }

    fn slowdown(&mut self, at: Duration, slow: &Slow, covers: &dyn Fn(Spell, Duration) -> bool) {
        let legs = match slow.endpoint {
            Target::Token => [Leg::TokenRequest, Leg::TokenResponse],
            Target::Api => [Leg::ApiRequest, Leg::ApiResponse],
            Target::Store => [Leg::StoreRequest, Leg::StoreResponse],
        };
        let act = |thousandths| Act::Slow {
            legs: legs.to_vec(),
            thousandths,
        };
        self.at(at, act((slow.factor * 1000.0).round() as u64));
        let end = at.saturating_add(slow.lasts);
        if !covers(Spell::Slowdown(slow.endpoint), end) {
            self.at(end, act(1000));
        }
    }
}

fn timeline(file: &File, names: &Names<'_>, layout: &Layout) -> Vec<(Time, Act)> {
    let mut timeline = Timeline { acts: Vec::new() };
    // Gateways are there before the first node.
    for fleet in layout.fleets.iter().filter(|fleet| fleet.is_gateway) {
        timeline.at(Duration::ZERO, Act::Start(fleet.nodes.clone()));
    }
    let first = |fleet: usize| names.nodes[fleet].start;
    // Nodes that each fleet has, as the events go by.
    let mut sizes: Vec<u32> = file.fleet.iter().map(|fleet| fleet.nodes).collect();
    for (at, fleet) in file.fleet.iter().enumerate() {
        let nodes = first(at)..first(at) + fleet.nodes;
        timeline.over(fleet.start.at, fleet.start.over, nodes, Act::Start);
    }
    let mut events: Vec<_> = file.event.iter().collect();
    events.sort_by_key(|event| event.at);
    // A spell that ends while another of its kind goes on ends nothing.
    let covers = |spell: Spell, end: Duration| {
        file.event.iter().any(|event| {
            let (kind, lasts) = match &event.what {
                What::Fail(fail) => (Spell::Outage(fail.endpoint), fail.lasts),
                What::Slow(slow) => (Spell::Slowdown(slow.endpoint), slow.lasts),
                _ => return false,
            };
            kind == spell && event.at <= end && end < event.at.saturating_add(lasts)
        })
    };
    for event in events {
        let at = event.at;
        match &event.what {
            What::Start(which) => {
                let fleet = names.fleets[which.fleet.as_str()];
                timeline.at(at, Act::Start(first(fleet)..first(fleet) + sizes[fleet]));
            }
            What::Stop(which) => {
                let fleet = names.fleets[which.fleet.as_str()];
                timeline.at(at, Act::Stop(first(fleet)..first(fleet) + sizes[fleet]));
            }
            What::Restart(restart) => {
                let fleet = names.fleets[restart.fleet.as_str()];
                let nodes = first(fleet)..first(fleet) + sizes[fleet];
                timeline.over(at, restart.rolling, nodes.clone(), Act::Crash);
                timeline.over(at.saturating_add(restart.down), restart.rolling, nodes, Act::Start);
            }
            What::Scale(scale) => {
                let fleet = names.fleets[scale.fleet.as_str()];
                let (before, after) = (sizes[fleet], scale.nodes);
                sizes[fleet] = after;
                timeline.over(
                    at,
                    scale.over,
                    first(fleet) + before..first(fleet) + after.max(before),
                    Act::Start,
                );
                timeline.over(
                    at,
                    scale.over,
                    first(fleet) + after..first(fleet) + before.max(after),
                    Act::Stop,
                );
            }
            What::Crash(crash) => {
                let node = first(names.fleets[crash.fleet.as_str()]) + crash.node;
                timeline.at(at, Act::Crash(node..node + 1));
                timeline.at(at.saturating_add(crash.down), Act::Start(node..node + 1));
            }
            What::CrashGateway(crash) => {
                let client = names.clients(&crash.app).start;
                for fleet in layout
                    .fleets
                    .iter()
                    .filter(|fleet| fleet.is_gateway && fleet.client == client)
                {
                    timeline.at(at, Act::Crash(fleet.nodes.clone()));
                    timeline.at(at.saturating_add(crash.down), Act::Start(fleet.nodes.clone()));
                }
            }
            What::Fail(fail) => timeline.outage(at, fail, &covers),
            What::Slow(slow) => timeline.slowdown(at, slow, &covers),
            What::FailOverStore(failover) => timeline.at(at, Act::StoreFailover { loses: failover.loses }),
            What::GrantSlots(grant) => {
                let (clients, slots) = (names.clients(&grant.app), grant.slots);
                timeline.at(at, Act::GrantSlots { clients, slots });
            }
            What::Revoke(revoke) => {
                let (clients, slot) = (names.clients(&revoke.app), revoke.slot);
                timeline.at(at, Act::Revoke { clients, slot });
            }
        }
    }
    // Stable: acts of one instant stay in the order in which they were written.
    timeline.acts.sort_by_key(|(at, _)| *at);
    timeline.acts
}

/// When an event begins and when its cause has gone; none for one that disturbs nobody.
fn disturbance(event: &Event) -> Option<(Duration, Duration)> {
    let lasts = match &event.what {
        What::GrantSlots(_) => return None,
        What::Start(_) | What::Stop(_) | What::Revoke(_) | What::FailOverStore(_) => Duration::ZERO,
        What::Restart(restart) => restart.rolling.saturating_add(restart.down),
        What::Scale(scale) => scale.over,
        What::Crash(crash) => crash.down,
        What::CrashGateway(crash) => crash.down,
        What::Fail(fail) => fail.lasts,
        What::Slow(slow) => slow.lasts,
    };
    Some((event.at, event.at.saturating_add(lasts)))
}

fn trigger(file: &File) -> Option<(Time, Time)> {
    let times: Vec<_> = file.event.iter().filter_map(disturbance).collect();
    let begin = times.iter().map(|(begin, _)| *begin).min()?;
    let end = times.iter().map(|(_, end)| *end).max()?;
    Some((Time::ZERO + begin, Time::ZERO + end))
}

/// What a chart says about an event: when it begins, when its cause has gone, and a few words.
pub fn incident(event: &Event) -> (Duration, Duration, String) {
    let (from, until) = disturbance(event).unwrap_or((event.at, event.at));
    let target = |target: Target| match target {
        Target::Token => "token endpoint",
        Target::Api => "API",
        Target::Store => "store",
    };
    let label = match &event.what {
        What::Start(which) => format!("{} starts", which.fleet),
        What::Stop(which) => format!("{} stops", which.fleet),
        What::Restart(restart) => format!("{} restarts", restart.fleet),
        What::Scale(scale) => format!("{} scales to {}", scale.fleet, scale.nodes),
        What::Crash(crash) => format!("{} {} crashes", crash.fleet, crash.node),
        What::CrashGateway(crash) => format!("gateway of {} crashes", crash.app),
        What::Fail(fail) => format!("{} fails", target(fail.endpoint)),
        What::Slow(slow) => format!("{} {} times slower", target(slow.endpoint), slow.factor),
        What::GrantSlots(grant) => format!("{} slots granted to {}", grant.slots, grant.app),
        What::Revoke(revoke) => format!("tokens of {} revoked", revoke.app),
        What::FailOverStore(_) => "store fails over".to_owned(),
    };
    (from, until, label)
}
