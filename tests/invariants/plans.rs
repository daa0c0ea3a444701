//! From small numbers to plans.

use tokenstorm::base::{Chance, Duration, Rate, Share, Time};
use tokenstorm::net::Latency;
use tokenstorm::node::{DelayPlace, HoldsUp, Steps, Unretried};
use tokenstorm::plan::{Act, Loop, Pauses, Plan, Processes, Replay, TenantShare};
use tokenstorm::provider::settings::{Dialect, DialectSettings, Reads, Wording};
use tokenstorm::provider::{Force, Issuance, OnBadSlot, OnExceed, OnFull, Outage, Quota, QuotaKind, Scope};
use tokenstorm::retry::{Attempts, Breaker, Budget};
use tokenstorm::workload::{Diurnal, OnOff, Pattern};
use tokenstorm::world::{Leg, Party};

use crate::cases::{Case, ClientCase, EndpointCase, LoadCase, NetworkCase, RuleCase, TenantsCase};
use crate::common::{Nodes, all_legs, constant, every_retry, every_strategy, m0, ms, with_tenants};

const SECONDS: u64 = 10;

fn endpoint(plan: &mut Plan, case: &EndpointCase, api: bool) {
    if let Some((_, _, service)) = case.servers {
        constant(plan, if api { Leg::ApiService } else { Leg::TokenService }, ms(service));
    }
    let endpoint = if api {
        &mut plan.provider.api_endpoint
    } else {
        &mut plan.provider.token_endpoint
    };
    endpoint.errors = Chance::of(f64::from(case.errors) / 100.0);
    if let Some((servers, queue, _)) = case.servers {
        endpoint.servers = Some(servers);
        endpoint.queue = queue;
    }
    if let Some((count, window, on_exceed, account)) = case.quota {
        *endpoint = endpoint.clone().with_quotas([Quota {
            scope: if account { Scope::Account } else { Scope::Client },
            on_exceed: [
                OnExceed::RetryAfter,
                OnExceed::Throttle,
                OnExceed::ErrorBody,
                OnExceed::NoOp,
            ][usize::from(on_exceed)],
            // What has no more than its count in any window has no more in a fixed one.
            kind: [QuotaKind::Fixed, QuotaKind::SlidingLog][window as usize % 2],
            ..Quota::fixed(count, ms(window))
        }]);
    }
}

fn timeline(plan: &mut Plan, acts: &[(u64, u8, u32)]) {
    let nodes = plan.layout.fleets.last().unwrap().nodes.end;
    let clients = 0..plan.provider.slots.len() as u16;
    let mut timed = Vec::new();
    for &(at, kind, which) in acts {
        let at = Time::ZERO + ms(at);
        let outage = Some(if which % 2 == 0 { Outage::Errors } else { Outage::Silent });
        let over = at + ms(300 * u64::from(which));
        // What happens to a node happens to its whole process.
        let each = plan.provider.tenants;
        let node = which % (nodes / each) * each;
        let clients = clients.clone();
        match kind {
            0 => timed.extend([(at, Act::TokenOutage(outage)), (over, Act::TokenOutage(None))]),
            1 => timed.extend([(at, Act::ApiOutage(outage)), (over, Act::ApiOutage(None))]),
            2 => timed.extend([(at, Act::StoreOutage(outage)), (over, Act::StoreOutage(None))]),
            3..=5 => timed.extend([
                (at, Act::Crash(node..node + each)),
                (over, Act::Start(node..node + each)),
            ]),
            6 => timed.push((at, Act::Stop(node..node + each))),
            7 => timed.push((
                at,
                Act::GrantSlots {
                    clients,
                    slots: which as u16 % 3,
                },
            )),
            8 => timed.push((
                at,
                Act::Slow {
                    legs: vec![Leg::TokenRequest, Leg::ApiResponse],
                    thousandths: 500 * u64::from(which) + 100,
                },
            )),
            9 => timed.extend([
                (
                    at,
                    Act::Pause {
                        nodes: node..nodes,
                        until: over,
                    },
                ),
                (over, Act::Resume(node..nodes)),
            ]),
            10 => timed.extend([
                (
                    at,
                    Act::Cut {
                        nodes: 0..node + each,
                        from: [Party::TokenEndpoint, Party::Api, Party::Store][which as usize % 3],
                        until: over,
                    },
                ),
                (over, Act::Mend),
            ]),
            _ => timed.push((
                at,
                Act::Revoke {
                    second: false,
                    clients,
                    tenant: (each > 1 && which % 3 != 0).then_some(which % each),
                    slot: (which % 2 == 0).then_some(0),
                },
            )),
        }
    }
    timed.sort_by_key(|(at, _)| *at);
    plan.timeline.extend(timed);
}

/// Another pattern of calls for the first fleet, and what comes by chance.
fn load(plan: &mut Plan, case: &LoadCase) {
    let at = Processes::of(&plan.layout.fleets[0]);
    plan.drivers.pauses.extend(case.pauses.map(|(every, lasts)| Pauses {
        at,
        every: ms(every),
        lasts: Latency::exponential(ms(lasts)),
    }));
    plan.drivers.revocations = case.revocations.map(ms);
    let Some(stream) = plan.workloads[0].first_mut() else {
        return;
    };
    let group = stream.group;
    match case.pattern {
        0 => {}
        1 => {
            stream.arrivals = Pattern::OnOff(OnOff {
                rate: Rate::of(5, Duration::SECOND),
                on: ms(500),
                off: ms(1500),
                fixed: at.count() > 1,
                aligned: false,
            });
        }
        2 => {
            let wave = Diurnal {
                mean: Rate::of(2, Duration::SECOND),
                amplitude: Share::new(1.0).unwrap(),
                period: ms(4000),
                peak_at: ms(1000),
            };
            stream.arrivals = Pattern::Diurnal(wave.wave());
        }
        3 => {
            plan.workloads[0].clear();
            plan.drivers.loops.push(Loop {
                group,
                at,
                users: 3,
                think: Latency::exponential(ms(300)),
            });
        }
        _ => {
            plan.workloads[0].clear();
            plan.drivers.replays.push(Replay {
                group,
                at,
                calls: (0..80).map(|call| Time::ZERO + ms(100 * (call / 2))).collect(),
            });
        }
    }
}

pub(super) fn rule(case: &RuleCase) -> Issuance {
    let mut rule = Issuance::independent(ms(case.ttl));
    rule.capacity = case.capacity;
    if case.refuse_when_full {
        rule.on_full = OnFull::Refuse;
    }
    rule.overlap = ms(case.overlap);
    rule.overlap_depth = case.depth;
    rule.reuse_threshold = case.threshold.map(ms);
    rule.extend = case.extend;
    rule.force = case.force.map(|(gap, count)| Force {
        min_gap: ms(gap),
        count,
        window: Duration::from_secs(5),
    });
    rule
}

pub(super) fn plan(case: &Case) -> Plan {
    let fleets: Vec<_> = case
        .fleets
        .iter()
        .map(|&(count, rate)| Nodes {
            count,
            per_second: f64::from(rate) / 10.0,
        })
        .collect();
    let mut plan = m0(
        every_strategy()[case.strategy].clone(),
        rule(&case.rule),
        &fleets,
        SECONDS,
    );
    if let Some(case) = case.tenants {
        plan = several(plan, case);
    }
    plan.span.end = plan.span.horizon + Duration::from_secs(5);
    plan.provider
        .slots
        .iter_mut()
        .for_each(|slots| *slots = case.rule.granted.min(plan.provider.stride));
    if case.rule.ignore_bad_slot {
        plan.provider.on_bad_slot = OnBadSlot::Ignore;
    }
    policy(&mut plan, case.client);
    plan.layout.patience.fill(case.client.patience.map(ms));
    plan.layout.fleets[0].force = case.rule.force.is_some();
    network(&mut plan, &case.network);
    endpoint(&mut plan, &case.token, false);
    endpoint(&mut plan, &case.api, true);
    timeline(&mut plan, &case.acts);
    load(&mut plan, &case.load);
    plan
}

/// The same for several tenants.
fn several(plan: Plan, TenantsCase { count, spread }: TenantsCase) -> Plan {
    let share = match spread {
        0 => TenantShare::Even(count),
        1 => TenantShare::Only(count - 1),
        _ => TenantShare::zipf(count, 1.1),
    };
    let shares = vec![share; plan.groups.len()];
    with_tenants(plan, count, shares)
}

fn policy(plan: &mut Plan, case: ClientCase) {
    let ClientCase {
        retry,
        attempts,
        timeout,
        store_timeout,
        after_renewal,
        delay_first,
        per_node,
        budget,
        breaker,
        refused: (holds, keeps),
        patience: _,
        dialect,
    } = case;
    let client = &mut plan.policy;
    let attempts = attempts.map_or(Attempts::UNBOUNDED, Attempts::at_most);
    client.retry = every_retry(ms(20), ms(500), attempts)[retry];
    client.timeout = timeout.map(ms);
    client.store_timeout = store_timeout.map(ms);
    client.place = if after_renewal {
        DelayPlace::AfterRenewal
    } else {
        DelayPlace::BeforeRenewal
    };
    client.delay_first = delay_first;
    client.steps = if per_node { Steps::PerNode } else { Steps::PerCall };
    client.budget = budget.map(|(per_call, per_time, capacity)| Budget {
        per_call: Share::new(f64::from(per_call) / 100.0).unwrap(),
        per_time: per_time.then(budget_rate),
        capacity,
        ..Budget::default()
    });
    client.breaker = breaker.map(|(failures, open, refused_tokens)| Breaker {
        failures,
        open: ms(open),
        longest: None,
        refused_tokens,
    });
    client.holds = if holds { HoldsUp::Node } else { HoldsUp::Call };
    client.unretried = if keeps { Unretried::Keep } else { Unretried::Drop };
    if let Some(reads_body) = dialect {
        client.perceptions = Dialect::of(&errors_in_bodies()).perceptions(match reads_body {
            true => Reads::Body,
            false => Reads::Status,
        });
    }
}

fn errors_in_bodies() -> DialectSettings {
    let answer = |body: &str| {
        Some(Wording {
            status: 200,
            body: body.to_owned(),
        })
    };
    DialectSettings {
        rejected: answer("dead token"),
        throttled: answer("too often"),
        server_error: answer("sorry"),
        ..DialectSettings::default()
    }
}

fn budget_rate() -> Rate {
    "2/s".parse().unwrap()
}

const LEGS: [Leg; 8] = [
    Leg::TokenRequest,
    Leg::TokenResponse,
    Leg::ApiRequest,
    Leg::ApiResponse,
    Leg::StoreRequest,
    Leg::StoreResponse,
    Leg::GatewayRequest,
    Leg::GatewayResponse,
];

pub(super) fn network(plan: &mut Plan, case: &NetworkCase) {
    let latency = |mean: u64| match case.shape {
        0 => Latency::constant(ms(mean)),
        1 => Latency::uniform(ms(mean / 2), ms(mean + mean / 2)),
        _ => Latency::exponential(ms(mean)),
    };
    all_legs(plan, &latency(case.latency));
    for leg in [Leg::StoreRequest, Leg::StoreResponse] {
        plan.links.leg_mut(leg).latency = latency(case.store_latency);
    }
    if let Some((leg, percent)) = case.loss {
        plan.links.leg_mut(LEGS[leg]).loss = Chance::of(f64::from(percent) / 100.0);
    }
    plan.links.lags.visible_after = Latency::constant(ms(case.visible_after));
    plan.links.lags.invalidation = Latency::uniform(Duration::ZERO, ms(case.invalidation));
    plan.links.lags.replicas = 3;
}
