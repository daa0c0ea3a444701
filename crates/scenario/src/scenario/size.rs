//! How much one plan asks for: nodes, calls, streams, acts.

use std::collections::BTreeMap;

use super::event::EventKind;
use super::file::{FleetSettings, ScenarioFile, WhichProvider};
use super::files::Files;
use super::names::Names;
use super::strategy::StrategySettings;
use crate::base::{Duration, Times};
use crate::net::Distribution;
use crate::node::Strategy as _;
use crate::retry::Retry;
use crate::strategy::Coordination;
use crate::workload::Arrivals;

/// Bytes of one act of the timeline in a plan, and while it is made.
pub(super) const ACT: f64 = 120.0;
/// Bytes that a run has for each node: its memory and state, what waits for it, its counts.
const NODE: f64 = 700.0;
/// Bytes of a stream of arrivals with its next call, or of a user.
const STREAM: f64 = 80.0;
/// Bytes of a call under way with its messages and timers.
const CALL: f64 = 400.0;
/// Bytes of a token of which the provider still knows.
const TOKEN: f64 = 120.0;
/// Bytes of a slot in the provider's book.
const SLOT: f64 = 40.0;
/// Events of a call that is served at once.
const EVENTS_OF_A_CALL: f64 = 6.0;
/// Nobody is waited for longer than this beside what a scenario sets: the default waits of the strategies.
const WAIT_OF_A_STRATEGY: f64 = 120.0;

/// What one plan asks for.
#[derive(Clone, Copy, Default)]
pub(super) struct PlanSize {
    pub(super) nodes: f64,
    pub(super) streams: f64,
    pub(super) acts: f64,
    pub(super) tables: f64,
    pub(super) slots: f64,
    pub(super) calls: f64,
    pub(super) calls_at_once: f64,
    pub(super) tokens: f64,
    pub(super) parts: f64,
    /// Seconds of the run and pauses: they cost a little each.
    pub(super) ticks: f64,
}

impl PlanSize {
    /// Bytes that one run takes.
    pub(super) fn bytes(&self) -> f64 {
        self.nodes * NODE
            + self.streams * STREAM
            + self.slots * SLOT
            + self.calls_at_once * CALL
            + self.tokens * TOKEN
            + self.acts * 60.0
    }

    /// Events of one run.
    pub(super) fn events(&self) -> f64 {
        self.calls * EVENTS_OF_A_CALL + self.nodes * 3.0 + self.acts + self.streams + self.ticks
    }
}

/// What one strategy of a file asks for.
pub(super) fn plan_size(file: &ScenarioFile, strategy: &StrategySettings, files: &Files) -> PlanSize {
    let names = Names::of(file, strategy);
    let span = file.run.warmup.saturating_add(file.run.duration).as_secs_f64();
    let longest = longest_call(file, strategy);
    let mut size = PlanSize {
        ticks: span + file.run.drain.as_secs_f64(),
        acts: acts(file) as f64,
        tables: 14.0,
        ..PlanSize::default()
    };
    let mut per_second = 0.0;
    for ((fleet, nodes), &each) in file.fleet.iter().zip(&names.nodes).zip(&names.credentials) {
        size.nodes += f64::from(nodes.end - nodes.start);
        // Calls arrive at processes, and pauses are theirs.
        let nodes = f64::from((nodes.end - nodes.start) / each);
        size.parts += 1.0 + fleet.workload.len() as f64;
        if let Some(pauses) = &fleet.pauses {
            size.tables += 1.0;
            size.ticks += 4.0 * nodes * span / pauses.every.as_secs_f64().max(1e-9);
        }
        for workload in &fleet.workload {
            let load = load(&workload.arrivals, fleet, files);
            let calls = load.calls(nodes, span);
            let both = if workload.provider == WhichProvider::Both {
                2.0
            } else {
                1.0
            };
            let steps = both * workload.job.map_or(1.0, |job| f64::from(job.calls));
            let gaps = workload.job.map_or(0.0, |job| (steps - 1.0) * job.gap.as_secs_f64());
            let longest = steps * longest + gaps;
            let longest = workload
                .patience
                .map_or(longest, |patience| longest.min(patience.as_secs_f64()));
            size.streams += nodes * load.streams;
            size.tables += 1.0;
            size.calls += calls * steps;
            let peak = load.all.unwrap_or(nodes * load.peak_per_second * longest);
            size.calls_at_once += (peak + nodes * load.together).min(calls + nodes * load.together);
            per_second += calls * steps / span.max(1e-9);
        }
    }
    let spikes = extra_calls(file);
    size.calls += spikes;
    size.calls_at_once += spikes;
    if strategy.any(Coordination::needs_gateway) {
        // The gateway has a call of its own for each.
        size.calls_at_once *= 2.0;
        size.calls *= 2.0;
        size.nodes += names.credentials.iter().map(|&each| f64::from(each)).sum::<f64>();
    }
    size.slots = slots(file, strategy) as f64;
    let providers = [&file.provider].into_iter().chain(&file.second_provider);
    let ttl = providers
        .filter_map(|provider| provider.token_ttl)
        .max()
        .unwrap_or_default();
    let ttl = ttl.as_secs_f64();
    // At worst every call gets a token of its own, and the provider knows of each until it expires.
    size.tokens = size.nodes * 4.0 + (per_second * ttl.min(span)).min(size.calls);
    size
}

/// Slots of all tenants and registered copies of all apps, as many as events ever grant.
pub(super) fn slots(file: &ScenarioFile, strategy: &StrategySettings) -> u64 {
    let granted = file.event.iter().filter_map(|event| match &event.what {
        EventKind::GrantSlots(grant) => Some(grant.slots),
        _ => None,
    });
    let stride = file.app.iter().map(|app| app.slots).chain(granted).max().unwrap_or(1);
    let copies = u64::from(strategy.duplicate_apps());
    let tenants = file.app.iter().map(|app| u64::from(app.tenants)).max().unwrap_or(1);
    (file.app.len() as u64 * copies * u64::from(stride)).saturating_mul(tenants)
}

/// Calls that events and a hot start add.
fn extra_calls(file: &ScenarioFile) -> f64 {
    let size = |name: &str| {
        let fleets = file.fleet.iter().filter(|fleet| fleet.name == name);
        fleets.map(|fleet| f64::from(fleet.nodes)).sum::<f64>()
    };
    let most = f64::from(file.most_nodes().values().copied().max().unwrap_or(0));
    let spikes = file.event.iter().filter_map(|event| match &event.what {
        EventKind::Spike(spike) => Some(f64::from(spike.calls) * size(&spike.fleet).max(most)),
        _ => None,
    });
    let hot = file.trigger.map_or(0.0, |trigger| {
        let nodes: f64 = file.fleet.iter().map(|fleet| f64::from(fleet.nodes)).sum();
        f64::from(trigger.hot_calls) * nodes
    });
    spikes.sum::<f64>() + hot
}

/// How much a workload asks of one node.
pub(super) struct Load {
    per_second: f64,
    peak_per_second: f64,
    /// Calls that arrive in one instant.
    together: f64,
    streams: f64,
    /// Calls in all, where they are counted rather than drawn.
    all: Option<f64>,
}

impl Load {
    /// Calls of so many nodes in so many seconds.
    pub(super) fn calls(&self, nodes: f64, seconds: f64) -> f64 {
        self.all.unwrap_or(nodes * self.per_second * seconds)
    }
}

pub(super) fn load(arrivals: &Arrivals, fleet: &FleetSettings, files: &Files) -> Load {
    let steady = |rate: f64| Load {
        per_second: rate,
        peak_per_second: rate,
        together: 0.0,
        streams: 1.0,
        all: None,
    };
    let times = |at: Option<Times>| at.map_or(1.0, |at| f64::from(at.count()));
    let each = |every: Duration| 1.0 / every.as_secs_f64().max(1e-9);
    match arrivals {
        Arrivals::Poisson(rate) => steady(rate.per_second()),
        Arrivals::Periodic(it) => Load {
            together: 1.0,
            ..steady(each(it.every) * times(it.at))
        },
        Arrivals::Burst(it) => Load {
            together: f64::from(it.calls),
            ..steady(each(it.every) * times(it.at) * f64::from(it.calls))
        },
        Arrivals::OnOff(it) => {
            let (on, off) = (it.on.as_secs_f64(), it.off.as_secs_f64());
            Load {
                peak_per_second: it.rate.per_second(),
                ..steady(it.rate.per_second() * on / (on + off).max(1e-9))
            }
        }
        Arrivals::Diurnal(it) => Load {
            peak_per_second: 2.0 * it.mean.per_second(),
            ..steady(it.mean.per_second())
        },
        Arrivals::Daily(it) => {
            let share = f64::from(it.at.count()) * it.lasts.as_secs_f64() / it.period.as_secs_f64().max(1e-9);
            Load {
                peak_per_second: it.rate.per_second(),
                ..steady(it.rate.per_second() * share)
            }
        }
        Arrivals::ClosedLoop(it) => {
            let users = f64::from(it.users);
            Load {
                peak_per_second: 0.0,
                together: users,
                streams: users,
                ..steady(users / typical(&it.think).max(1e-3))
            }
        }
        Arrivals::Trace(path) => Load {
            streams: 0.0,
            all: files
                .calls(path)
                .ok()
                .and_then(|calls| Some(calls.of(&fleet.name)?.len() as f64)),
            ..steady(0.0)
        },
    }
}

/// A length, in seconds, that a draw seldom falls short of by much.
fn typical(written: &Distribution) -> f64 {
    match written {
        Distribution::Constant(span) => span.as_secs_f64(),
        Distribution::Uniform([one, other]) => (one.as_secs_f64() + other.as_secs_f64()) / 2.0,
        Distribution::Exponential { mean } => mean.as_secs_f64(),
        Distribution::Lognormal(law) => law.median.as_secs_f64(),
        Distribution::Empirical(_) => 1.0,
    }
}

/// A length, in seconds, that a draw hardly ever exceeds.
fn long(written: Option<&Distribution>) -> f64 {
    match written {
        None => 0.0,
        Some(Distribution::Constant(span)) => span.as_secs_f64(),
        Some(Distribution::Uniform(ends)) => ends.iter().copied().max().unwrap_or_default().as_secs_f64(),
        Some(Distribution::Exponential { mean }) => 10.0 * mean.as_secs_f64(),
        Some(Distribution::Lognormal(law)) => 3.0 * law.p99.as_secs_f64(),
        Some(Distribution::Empirical(_)) => 600.0,
    }
}

/// How long a call can be under way, in seconds; without end where nothing bounds it.
fn longest_call(file: &ScenarioFile, strategy: &StrategySettings) -> f64 {
    let providers = || [&file.provider].into_iter().chain(&file.second_provider);
    let queues = providers().any(|it| it.limits.api.servers.is_some() || it.limits.token.servers.is_some());
    let disturbed = file.event.iter().any(|event| {
        !matches!(
            event.what,
            EventKind::Start(_) | EventKind::Stop(_) | EventKind::Scale(_) | EventKind::Autoscale(_)
        )
    });
    let Some(tries) = strategy.retry.attempts().most() else {
        return f64::INFINITY;
    };
    if queues || disturbed || file.fleet.iter().any(|fleet| fleet.pauses.is_some()) {
        return f64::INFINITY;
    }
    let ways = providers().flat_map(|it| [&it.api_request, &it.api_response, &it.token_request, &it.token_response]);
    let ways: f64 = ways.map(|way| long(way.as_ref())).sum();
    let timeout = strategy.timeout.map_or(30.0, Duration::as_secs_f64);
    let store = file.store.as_ref().map_or(0.0, |store| store.timeout.as_secs_f64());
    let one = ways + 2.0 * timeout + 4.0 * store + longest_wait(&strategy.retry).as_secs_f64() + WAIT_OF_A_STRATEGY;
    f64::from(tries) * one
}

fn longest_wait(retry: &Retry) -> Duration {
    match retry {
        Retry::None | Retry::Immediate(_) => Duration::ZERO,
        Retry::Fixed(it) => it.delay,
        Retry::Exponential(it) => it.cap,
        Retry::FullJitter(it) => it.cap,
        Retry::EqualJitter(it) => it.cap,
        Retry::DecorrelatedJitter(it) => it.cap,
    }
}

/// Single acts that the events of a file become, at most.
pub(super) fn acts(file: &ScenarioFile) -> u64 {
    let most = file.most_nodes();
    let nodes_of = |fleet: &str| u64::from(most.get(fleet).copied().unwrap_or(0));
    let one_by_one = |over: Duration, nodes: u64| if over.is_zero() { 1 } else { nodes };
    // What a fleet's events do to its nodes one by one, any later event of the fleet may find apart.
    let mut pieces: BTreeMap<&str, u64> = BTreeMap::new();
    let mut own = 0u64;
    for fleet in &file.fleet {
        *pieces.entry(&fleet.name).or_default() += one_by_one(fleet.start.over, nodes_of(&fleet.name)) + 1;
    }
    for event in &file.event {
        let (fleet, count) = match &event.what {
            EventKind::Start(it) | EventKind::Stop(it) => (it.fleet.as_str(), 1),
            EventKind::Restart(it) => (it.fleet.as_str(), 2 * one_by_one(it.rolling, nodes_of(&it.fleet))),
            EventKind::Rollout(it) => (it.fleet.as_str(), 3 * one_by_one(it.over, nodes_of(&it.fleet)) + 1),
            EventKind::Redeploy(it) => (it.fleet.as_str(), 2 * u64::from(it.waves)),
            EventKind::Scale(it) => (it.fleet.as_str(), 2 * one_by_one(it.over, nodes_of(&it.fleet))),
            EventKind::Autoscale(it) => (it.fleet.as_str(), 2 * it.steps.len() as u64),
            EventKind::Crash(it) => (it.fleet.as_str(), 2),
            EventKind::Spike(it) if !it.over.is_zero() => {
                own = own.saturating_add(u64::from(it.calls).saturating_mul(nodes_of(&it.fleet)));
                continue;
            }
            EventKind::Pause(it) => {
                own += 2 * it.nodes.as_ref().map_or(1, Vec::len) as u64;
                continue;
            }
            EventKind::Partition(it) => {
                own += 2 * it.nodes.as_ref().map_or(1, Vec::len) as u64;
                continue;
            }
            _ => {
                own += 2;
                continue;
            }
        };
        own = own.saturating_add(count);
        *pieces.entry(fleet).or_default() += count;
    }
    let met = file.event.iter().filter_map(|event| event.what.fleet());
    let apart = met.map(|fleet| pieces.get(fleet).copied().unwrap_or(0).min(2 * nodes_of(fleet) + 1));
    let begun: u64 = file
        .fleet
        .iter()
        .map(|fleet| one_by_one(fleet.start.over, nodes_of(&fleet.name)))
        .sum();
    apart.fold(own.saturating_add(begun), u64::saturating_add)
}
