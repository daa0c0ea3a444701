//! What holds in every run, whatever strategy, policy, rule, fault or seed: small random plans, their whole traces recorded
//! and audited. Section 5 of the model, "invariants of every run".

mod common;

use std::collections::BTreeMap;

use common::{Nodes, all_legs, constant, every_retry, every_strategy, m0, ms, record};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use tokenstorm::base::{Chance, Dice, Duration, NodeId, Rate, Share, Time};
use tokenstorm::net::Latency;
use tokenstorm::oauth::Token;
use tokenstorm::provider::settings::{
    DepthSettings, Dialect, DialectSettings, OnViolationSettings, Reads, RetireSettings, Wording,
};
use tokenstorm::provider::{
    Ending, Force, Issuance, Life, OnBadSlot, OnExceed, OnFull, Outage, Quota, RotationRule, Scope,
};
use tokenstorm::retry::{Attempts, Breaker, Budget};
use tokenstorm::scenario::plan::{Act, Loop, Pauses, Plan, Replay};
use tokenstorm::strategy::{Coordination, Covers};
use tokenstorm::trace::{CallOutcome, Event};
use tokenstorm::workload::{Diurnal, OnOff, Pattern};
use tokenstorm::world::{DelayPlace, Leg, Party, Steps};

/// A plan in small numbers, so that proptest can shrink it; milliseconds and percent throughout.
#[derive(Clone, Debug)]
struct Case {
    seed: u64,
    strategy: usize,
    fleets: Vec<(u32, u8)>,
    rule: RuleCase,
    client: ClientCase,
    network: NetworkCase,
    token: EndpointCase,
    api: EndpointCase,
    acts: Vec<(u64, u8, u32)>,
    load: LoadCase,
}

/// What is there beside Poisson calls.
#[derive(Clone, Debug)]
struct LoadCase {
    pattern: u8,
    pauses: Option<(u64, u64)>,
    revocations: Option<u64>,
}

#[derive(Clone, Debug)]
struct RuleCase {
    ttl: u64,
    capacity: Option<u32>,
    refuse_when_full: bool,
    overlap: u64,
    depth: Option<u32>,
    threshold: Option<u64>,
    extend: bool,
    force: Option<(u64, u32)>,
    granted: u16,
    ignore_bad_slot: bool,
}

#[derive(Clone, Debug)]
struct ClientCase {
    retry: usize,
    attempts: Option<u32>,
    timeout: Option<u64>,
    store_timeout: Option<u64>,
    after_renewal: bool,
    delay_first: bool,
    per_node: bool,
    budget: Option<(u8, bool, u32)>,
    breaker: Option<(u32, u64)>,
    patience: Option<u64>,
    /// The answers say what they mean, or come as 200 with the error in the body; to a client that reads it or not.
    dialect: Option<bool>,
}

#[derive(Clone, Debug)]
struct NetworkCase {
    latency: u64,
    shape: u8,
    store_latency: u64,
    loss: Option<(usize, u8)>,
    visible_after: u64,
    invalidation: u64,
}

#[derive(Clone, Debug)]
struct EndpointCase {
    errors: u8,
    servers: Option<(u32, u32, u64)>,
    quota: Option<(u32, u64, u8, bool)>,
}

fn rarely<T: std::fmt::Debug + Clone + 'static>(
    strategy: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Option<T>> {
    prop_oneof![2 => Just(None), 1 => strategy.prop_map(Some)]
}

prop_compose! {
    fn rules()(
        ttl in prop_oneof![1 => 1_000u64..5_000, 1 => Just(3_600_000)],
        capacity in prop_oneof![2 => Just(Some(1)), 1 => Just(Some(2)), 1 => Just(Some(3)), 1 => Just(None)],
        refuse_when_full in prop::bool::weighted(0.1),
        overlap in prop_oneof![2 => Just(0), 1 => 1u64..3_000],
        depth in rarely(0u32..3),
        threshold in rarely(0u64..2_000),
        extend: bool,
        force in rarely((0u64..1_000, 0u32..20)),
        granted in 1u16..3,
        ignore_bad_slot: bool,
    ) -> RuleCase {
        RuleCase { ttl, capacity, refuse_when_full, overlap, depth, threshold, extend, force, granted, ignore_bad_slot }
    }
}

prop_compose! {
    fn clients()(
        retry in 0usize..7,
        attempts in prop_oneof![1 => (1u32..6).prop_map(Some), 1 => Just(None)],
        timeout in prop_oneof![1 => Just(None), 1 => (5u64..2_000).prop_map(Some)],
        store_timeout in rarely(2u64..500),
        after_renewal: bool,
        delay_first: bool,
        per_node: bool,
        budget in rarely((0u8..50, any::<bool>(), 0u32..20)),
        breaker in rarely((1u32..5, 100u64..2_000)),
        patience in rarely(10u64..2_000),
        dialect in rarely(any::<bool>()),
    ) -> ClientCase {
        ClientCase {
            retry, attempts, timeout, store_timeout, after_renewal, delay_first, per_node, budget, breaker, patience, dialect,
        }
    }
}

prop_compose! {
    fn networks()(
        latency in 5u64..100,
        shape in 0u8..3,
        store_latency in 2u64..30,
        loss in rarely((0usize..8, 1u8..40)),
        visible_after in prop_oneof![3 => Just(0), 1 => 1u64..200],
        invalidation in prop_oneof![3 => Just(0), 1 => 1u64..3_000],
    ) -> NetworkCase {
        NetworkCase { latency, shape, store_latency, loss, visible_after, invalidation }
    }
}

prop_compose! {
    fn endpoints()(
        errors in prop_oneof![3 => Just(0), 1 => 1u8..50],
        servers in rarely((1u32..3, 0u32..10, 1u64..60)),
        quota in rarely((0u32..30, 500u64..20_000, 0u8..4, any::<bool>())),
    ) -> EndpointCase {
        EndpointCase { errors, servers, quota }
    }
}

prop_compose! {
    fn loads()(
        pattern in prop_oneof![2 => Just(0), 1 => 1u8..5],
        pauses in prop_oneof![3 => Just(None), 1 => (500u64..5_000, 1u64..3_000).prop_map(Some)],
        revocations in prop_oneof![3 => Just(None), 1 => (200u64..5_000).prop_map(Some)],
    ) -> LoadCase {
        LoadCase { pattern, pauses, revocations }
    }
}

prop_compose! {
    fn cases()(
        seed: u64,
        strategy in 0..every_strategy().len(),
        fleets in prop::collection::vec((1u32..4, 0u8..40), 1..3),
        rule in rules(),
        client in clients(),
        network in networks(),
        token in endpoints(),
        api in endpoints(),
        acts in prop_oneof![1 => Just(Vec::new()), 1 => prop::collection::vec((0u64..9_000, 0u8..12, 0u32..8), 0..6)],
        load in loads(),
    ) -> Case {
        Case { seed, strategy, fleets, rule, client, network, token, api, acts, load }
    }
}

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
            count,
            window: ms(window),
            scope: if account { Scope::Account } else { Scope::Client },
            on_exceed: [
                OnExceed::RetryAfter,
                OnExceed::Throttle,
                OnExceed::ErrorBody,
                OnExceed::NoOp,
            ][usize::from(on_exceed)],
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
        let node = which % nodes;
        let clients = clients.clone();
        match kind {
            0 => timed.extend([(at, Act::TokenOutage(outage)), (over, Act::TokenOutage(None))]),
            1 => timed.extend([(at, Act::ApiOutage(outage)), (over, Act::ApiOutage(None))]),
            2 => timed.extend([(at, Act::StoreOutage(outage)), (over, Act::StoreOutage(None))]),
            3..=5 => timed.extend([(at, Act::Crash(node..node + 1)), (over, Act::Start(node..node + 1))]),
            6 => timed.push((at, Act::Stop(node..node + 1))),
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
                        nodes: 0..node + 1,
                        from: [Party::TokenEndpoint, Party::Api, Party::Store][which as usize % 3],
                        until: over,
                    },
                ),
                (over, Act::Mend),
            ]),
            _ => timed.push((
                at,
                Act::Revoke {
                    clients,
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
    let nodes = plan.layout.fleets[0].nodes.clone();
    plan.drivers.pauses.extend(case.pauses.map(|(every, lasts)| Pauses {
        nodes: nodes.clone(),
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
                fixed: nodes.end > 1,
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
                nodes,
                users: 3,
                think: Latency::exponential(ms(300)),
            });
        }
        _ => {
            plan.workloads[0].clear();
            plan.drivers.replays.push(Replay {
                group,
                nodes,
                calls: (0..80).map(|call| Time::ZERO + ms(100 * (call / 2))).collect(),
            });
        }
    }
}

fn rule(case: &RuleCase) -> Issuance {
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

fn plan(case: &Case) -> Plan {
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
    plan.span.end = plan.span.horizon + Duration::from_secs(5);
    plan.provider
        .slots
        .iter_mut()
        .for_each(|slots| *slots = case.rule.granted.min(plan.provider.stride));
    if case.rule.ignore_bad_slot {
        plan.provider.on_bad_slot = OnBadSlot::Ignore;
    }
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
        patience,
        dialect,
    } = case.client;
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
    client.breaker = breaker.map(|(failures, open)| Breaker {
        failures,
        open: ms(open),
    });
    if let Some(reads_body) = dialect {
        client.perceptions = Dialect::of(&errors_in_bodies()).perceptions(match reads_body {
            true => Reads::Body,
            false => Reads::Status,
        });
    }
    plan.layout.patience.fill(patience.map(ms));
    plan.layout.fleets[0].force = case.rule.force.is_some();
    network(&mut plan, &case.network);
    endpoint(&mut plan, &case.token, false);
    endpoint(&mut plan, &case.api, true);
    timeline(&mut plan, &case.acts);
    load(&mut plan, &case.load);
    plan
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

fn network(plan: &mut Plan, case: &NetworkCase) {
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
    plan.links.visible_after = Latency::constant(ms(case.visible_after));
    plan.links.invalidation = Latency::uniform(Duration::ZERO, ms(case.invalidation));
    plan.links.replicas = 3;
}

/// Everything that a trace says, by kind.
#[derive(Default)]
struct Account {
    arrived: BTreeMap<(NodeId, u16, Time), i64>,
    calls: Vec<(Time, Time, CallOutcome, u16, u16)>,
    sent: BTreeMap<NodeId, (u64, u64)>,
    arrivals: BTreeMap<NodeId, u64>,
    accepted: Vec<(Time, Token)>,
    rejected: u64,
    unheard: u64,
    failed: u64,
    requested: u64,
    denied: u64,
    returned: u64,
    issued: BTreeMap<Token, Time>,
    lives: BTreeMap<Token, Life>,
    pending_time: u128,
    sent_at: Vec<Time>,
    last: Time,
}

impl Account {
    fn of(trace: &[(Time, Event)]) -> Self {
        let mut account = Self::default();
        let (mut last, mut pending) = (Time::ZERO, 0u128);
        for &(now, event) in trace {
            assert!(now >= last, "time does not run backwards");
            account.pending_time += pending * u128::from(now.since(last).nanos());
            last = now;
            match event {
                Event::CallArrived { node, group } => {
                    pending += 1;
                    *account.arrived.entry((node, group.0, now)).or_default() += 1;
                    *account.arrivals.entry(node).or_default() += 1;
                }
                Event::CallEnded {
                    node,
                    group,
                    arrived,
                    outcome,
                    attempts,
                    rejections,
                    ..
                } => {
                    pending = pending.checked_sub(1).expect("no call ends that has not arrived");
                    let open = account.arrived.entry((node, group.0, arrived)).or_default();
                    *open -= 1;
                    assert!(*open >= 0, "a call ended twice: {event:?}");
                    account.calls.push((arrived, now, outcome, attempts, rejections));
                }
                Event::AttemptSent { node, repeat, .. } => {
                    let (sent, repeats) = account.sent.entry(node).or_default();
                    *sent += 1;
                    account.sent_at.push(now);
                    *repeats += u64::from(repeat);
                }
                Event::AttemptAccepted { token } => account.accepted.push((now, token)),
                Event::AttemptRejected { .. } => account.rejected += 1,
                Event::AttemptRejectedUnheard => account.unheard += 1,
                Event::AttemptFailed => account.failed += 1,
                Event::TokenRequested => account.requested += 1,
                Event::TokenDenied => account.denied += 1,
                Event::Returned => account.returned += 1,
                Event::Issued { token, .. } => assert_eq!(account.issued.insert(token, now), None),
                Event::TokenEnded(life) => assert_eq!(account.lives.insert(life.token, life), None),
                _ => {}
            }
        }
        account.last = last;
        account
    }
}

/// Calls: each ends once, within what the policy allows, and Little's law holds by the path.
fn audit_calls(case: &Case, plan: &Plan, account: &Account) {
    assert!(account.arrived.values().all(|&open| open == 0), "every call ends");
    // Little's law as an identity of one path: the integral of the pending calls is the sum of the times in the system.
    let in_system: u128 = account
        .calls
        .iter()
        .map(|(arrived, ended, ..)| u128::from(ended.since(*arrived).nanos()))
        .sum();
    assert_eq!(account.pending_time, in_system);
    let sent: u64 = account.sent.values().map(|(sent, _)| sent).sum();
    let repeats: u64 = account.sent.values().map(|(_, repeats)| repeats).sum();
    let of_calls: u64 = account.calls.iter().map(|call| u64::from(call.3)).sum();
    assert_eq!(sent, of_calls, "attempts of calls are those that were sent");
    let begun = account.calls.iter().filter(|call| call.3 > 0).count() as u64;
    assert_eq!(sent - repeats, begun, "each call has one first attempt");
    let rejections: u64 = account.calls.iter().map(|call| u64::from(call.4)).sum();
    assert_eq!(account.rejected, rejections);
    let most = match case.client.retry {
        0 => Some(1),
        _ => case.client.attempts,
    };
    for &(arrived, ended, outcome, attempts, rejections) in &account.calls {
        assert!(
            most.is_none_or(|most| u32::from(attempts) <= most),
            "{attempts} attempts"
        );
        assert!(rejections <= attempts);
        let took = ended.since(arrived);
        let patience = case.client.patience.map(ms);
        let gateway = plan.coordination.needs_gateway();
        match outcome {
            CallOutcome::Succeeded => assert!(attempts > 0 && patience.is_none_or(|patience| took <= patience)),
            CallOutcome::Late => assert!(patience.is_some_and(|patience| took > patience)),
            CallOutcome::GaveUp => assert!(most.is_some() || gateway),
            CallOutcome::OutOfBudget => assert!(case.client.budget.is_some()),
            CallOutcome::Broken => assert!(case.client.breaker.is_some()),
            CallOutcome::Impatient => assert!(patience.is_some_and(|patience| took > patience)),
            CallOutcome::Refused => assert!(
                case.rule.refuse_when_full || matches!(every_strategy()[case.strategy].highest_slot(), Some(1..))
            ),
            CallOutcome::Lost => assert!(plan.timeline.iter().any(|(_, act)| matches!(act, Act::Crash(_)))),
            CallOutcome::LoggedOut => assert!(plan.provider.rotation.is_some()),
            CallOutcome::Unfinished => assert!(ended >= plan.span.horizon),
            CallOutcome::Misread => assert!(attempts > 0 && case.client.dialect == Some(false)),
        }
    }
    if let Some(budget) = plan.policy.budget {
        audit_budget(plan, budget, account);
    }
}

/// A node repeats no more attempts than its capacity held at first and has earned since. With a gateway a call is paid for by
/// two nodes, its origin and the gateway: then all count together.
fn audit_budget(plan: &Plan, budget: Budget, account: &Account) {
    let lives = plan
        .timeline
        .iter()
        .filter(|(_, act)| matches!(act, Act::Start(_)))
        .count() as f64;
    let earned = |calls: u64, nodes: f64| {
        let by_time = budget.per_time.map_or(0.0, |_| 2.0 * plan.span.end.as_secs_f64());
        budget.per_call.get() * calls as f64 + nodes * (by_time + f64::from(budget.capacity) * lives)
    };
    if plan.coordination.needs_gateway() {
        let calls: u64 = account.arrivals.values().sum();
        let repeats: u64 = account.sent.values().map(|(_, repeats)| repeats).sum();
        let nodes = plan.layout.fleets.last().unwrap().nodes.end;
        assert!(repeats as f64 <= earned(2 * calls + repeats, f64::from(nodes)));
        return;
    }
    for (node, &(_, repeats)) in &account.sent {
        let earned = earned(account.arrivals.get(node).copied().unwrap_or(0), 1.0);
        assert!(
            repeats as f64 <= earned,
            "{repeats} repeats at {node:?}, earned {earned}"
        );
    }
}

/// Attempts: what was sent was accepted, rejected, failed, or lost on a way that loses.
fn audit_attempts(case: &Case, plan: &Plan, account: &Account) {
    let sent: u64 = account.sent.values().map(|(sent, _)| sent).sum();
    let checked = account.accepted.len() as u64 + account.rejected + account.unheard + account.failed;
    assert!(checked <= sent, "{checked} answers to {sent} attempts");
    let silent = plan.timeline.iter().any(|(_, act)| {
        matches!(
            act,
            Act::ApiOutage(Some(Outage::Silent)) | Act::Crash(_) | Act::Cut { .. }
        )
    });
    let loss = !plan.links.leg(Leg::ApiRequest).loss.is_never();
    let unfinished = account.calls.iter().any(|call| call.2 == CallOutcome::Unfinished);
    let slowed = plan.timeline.iter().any(|(_, act)| matches!(act, Act::Slow { .. }));
    let longest = ms(150);
    if !(silent || loss || slowed || case.api.servers.is_some() || case.network.shape == 2) {
        // What was given up is checked all the same; only the run's end can forestall it.
        let due = account
            .sent_at
            .iter()
            .filter(|&&at| at + longest <= account.last)
            .count() as u64;
        assert!(checked >= due, "{checked} answers to {due} attempts");
    }
    if !(silent || loss || unfinished || plan.policy.timeout.is_some()) {
        assert_eq!(checked, sent);
        let succeeded = account
            .calls
            .iter()
            .filter(|call| matches!(call.2, CallOutcome::Succeeded | CallOutcome::Late))
            .count();
        let answers_arrive =
            plan.links.leg(Leg::ApiResponse).loss.is_never() && plan.links.leg(Leg::GatewayResponse).loss.is_never();
        if answers_arrive {
            assert_eq!(succeeded, account.accepted.len());
        }
    }
}

/// Tokens: each ends once; lives tile their slot under latest-only; none is accepted outside its life.
fn audit_tokens(case: &Case, plan: &Plan, account: &Account) {
    assert_eq!(
        account.issued.keys().collect::<Vec<_>>(),
        account.lives.keys().collect::<Vec<_>>(),
        "issuances = superseded + expired + revoked + live"
    );
    let answered = account.issued.len() as u64 + account.returned + account.denied;
    assert!(answered <= account.requested);
    let silent = plan
        .timeline
        .iter()
        .any(|(_, act)| matches!(act, Act::TokenOutage(Some(Outage::Silent))));
    if !silent && case.token.servers.is_none() {
        assert_eq!(answered, account.requested, "every request is answered");
    }
    let (rule, ttl) = (&case.rule, ms(case.rule.ttl));
    let mut by_bucket: BTreeMap<_, Vec<Life>> = BTreeMap::new();
    for (token, life) in &account.lives {
        assert_eq!(life.issued, account.issued[token]);
        assert!(life.end >= life.issued);
        if !rule.extend {
            assert!(life.end <= life.issued + ttl);
        }
        if life.ending == Some(Ending::Expired) && !rule.extend {
            assert_eq!(life.end, life.issued + ttl);
        }
        by_bucket.entry(life.bucket).or_default().push(*life);
    }
    for lives in by_bucket.values() {
        audit_slot(rule, lives);
    }
    for &(now, token) in &account.accepted {
        let life = account.lives[&token];
        assert!(
            now >= life.issued + ms(case.network.visible_after),
            "{life:?} accepted at {now:?}"
        );
        let lag = match life.ending {
            Some(Ending::Superseded | Ending::Revoked) => ms(case.network.invalidation),
            _ => Duration::ZERO,
        };
        let latest = if rule.extend {
            life.end + lag
        } else {
            (life.end + lag).min(life.issued + ttl)
        };
        assert!(now < latest, "{life:?} accepted at {now:?}");
        assert!(life.last_use.is_none_or(|last| last < life.end + lag));
    }
    audit_quota(case, plan, account);
}

fn audit_slot(rule: &RuleCase, lives: &[Life]) {
    let Some(capacity) = rule.capacity else { return };
    for (place, life) in lives.iter().enumerate() {
        let before = &lives[..place];
        if rule.overlap == 0 {
            let live = before.iter().filter(|old| old.end > life.issued).count();
            assert!(live < capacity as usize, "{live} tokens lived on beside {life:?}");
        }
        // What lives to its expiry was never made to go.
        let kept = before
            .iter()
            .filter(|old| old.end > life.issued && matches!(old.ending, None | Some(Ending::Expired)))
            .count();
        assert!(kept < capacity as usize, "{kept} tokens were kept beside {life:?}");
        if let Some(depth) = rule.depth {
            let live = before.iter().filter(|old| old.end > life.issued).count() + 1;
            assert!(live <= (capacity + depth) as usize, "{live} live tokens at {life:?}");
        }
    }
    if capacity == 1 && rule.overlap == 0 {
        for pair in lives.windows(2) {
            assert!(pair[0].end <= pair[1].issued, "{pair:?} live side by side");
            if pair[0].ending == Some(Ending::Superseded) {
                assert_eq!(
                    pair[0].end, pair[1].issued,
                    "the next token begins where the last one ends"
                );
            }
        }
    }
}

/// A request beyond the quota issues nothing: no window sees more issuances than its quota has permits.
fn audit_quota(case: &Case, plan: &Plan, account: &Account) {
    let Some((count, window, _, account_wide)) = case.token.quota else {
        return;
    };
    let mut used: BTreeMap<(u32, u64), u64> = BTreeMap::new();
    for life in account.lives.values() {
        let client = life.bucket.0 / u32::from(plan.provider.stride);
        let key = if account_wide { 0 } else { client };
        // With a queue an admitted request may commit in a later window: then all windows count together.
        let window = if case.token.servers.is_some() {
            0
        } else {
            life.issued.nanos() / ms(window).nanos()
        };
        *used.entry((key, window)).or_default() += 1;
    }
    let windows = if case.token.servers.is_some() {
        plan.span.end.nanos() / ms(window).nanos() + 1
    } else {
        1
    };
    for (key, used) in used {
        assert!(
            used <= u64::from(count) * windows,
            "{used} issuances in {key:?} with a quota of {count}"
        );
    }
}

fn audit(case: &Case) {
    let plan = plan(case);
    let trace = record(&plan, Dice::new(case.seed));
    let account = Account::of(&trace);
    audit_calls(case, &plan, &account);
    audit_attempts(case, &plan, &account);
    audit_tokens(case, &plan, &account);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 6_000,
        rng_seed: RngSeed::Fixed(20_221),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_run_keeps_its_books(case in cases()) {
        audit(&case);
    }
}

/// Three nodes behind a gateway, 5 ms everywhere, three tries and a time-out; how the calls of a minute end.
fn behind_a_gateway(change: impl FnOnce(&mut Plan)) -> BTreeMap<CallOutcome, usize> {
    let fleets = [Nodes {
        count: 3,
        per_second: 5.0,
    }];
    let rule = Issuance::latest_only(Duration::from_secs(3600));
    let mut plan = m0(every_strategy()[7].clone(), rule, &fleets, 60);
    assert!(plan.coordination.needs_gateway());
    all_legs(&mut plan, &Latency::constant(ms(5)));
    plan.policy.retry = every_retry(ms(20), ms(500), Attempts::at_most(3))[1];
    plan.policy.timeout = Some(ms(200));
    change(&mut plan);
    let mut ends = BTreeMap::new();
    for (_, outcome) in Account::of(&record(&plan, Dice::new(1)))
        .calls
        .iter()
        .map(|call| (call.0, call.2))
    {
        *ends.entry(outcome).or_default() += 1;
    }
    ends
}

#[test]
fn an_answer_that_a_gateway_lost_is_not_waited_for_for_ever() {
    let ends = behind_a_gateway(|plan| plan.links.leg_mut(Leg::GatewayResponse).loss = Chance::ALWAYS);
    assert_eq!(ends.keys().copied().collect::<Vec<_>>(), [CallOutcome::GaveUp]);
}

/// One call in ten is lost on its way there: five such in a row are rare, five in all are not.
#[test]
fn what_a_gateway_answers_ends_a_row_of_failures() {
    let ends = behind_a_gateway(|plan| {
        plan.links.leg_mut(Leg::GatewayRequest).loss = Chance::of(0.1);
        plan.policy.breaker = Some(Breaker {
            failures: 5,
            open: Duration::SECOND,
        });
    });
    let broken = ends.get(&CallOutcome::Broken).copied().unwrap_or(0);
    assert!(ends[&CallOutcome::Succeeded] > 800 && broken < 10, "{ends:?}");
}

/// One attempt in five fails, one retry is earned by every two calls: enough for nearly all, at the gateway too.
#[test]
fn a_gateway_earns_by_the_calls_that_it_makes() {
    let ends = behind_a_gateway(|plan| {
        plan.provider.api_endpoint.errors = Chance::of(0.2);
        plan.policy.budget = Some(Budget {
            per_call: Share::new(0.5).unwrap(),
            capacity: 5,
            ..Budget::default()
        });
    });
    let gave_up = ends.get(&CallOutcome::GaveUp).copied().unwrap_or(0);
    assert!(ends[&CallOutcome::Succeeded] > 40 * gave_up.max(10), "{ends:?}");
}

/// Unbounded retries without a wait, at a store that fails without a latency: the run is ended, and says where.
#[test]
fn a_run_in_which_time_stands_still_is_ended() {
    let lease = Coordination::Lease(toml::from_str("").unwrap());
    let fleet = [Nodes {
        count: 2,
        per_second: 1.0,
    }];
    let mut plan = m0(lease, Issuance::latest_only(Duration::from_secs(3600)), &fleet, 60);
    plan.timeline
        .insert(0, (Time::ZERO, Act::StoreOutage(Some(Outage::Errors))));
    let effort = tokenstorm::engine::sim::run(&plan, Dice::new(1), &mut ());
    assert!(effort.stuck_at.is_some());
    plan.timeline.remove(0);
    assert_eq!(
        tokenstorm::engine::sim::run(&plan, Dice::new(1), &mut ()).stuck_at,
        None
    );
}

/// Three nodes that share one login, tokens of 20 s, and a minute of calls: how many did not succeed, and grants lost.
fn with_refresh_tokens(coordination: Coordination, rotation: RotationRule, seed: u64) -> (usize, usize) {
    let fleets = [Nodes {
        count: 3,
        per_second: 3.0,
    }];
    let mut plan = m0(
        coordination,
        Issuance::independent(Duration::from_secs(20)),
        &fleets,
        120,
    );
    all_legs(&mut plan, &Latency::exponential(ms(20)));
    plan.policy.retry = every_retry(ms(20), ms(500), Attempts::at_most(5))[1];
    plan.provider.rotation = Some(rotation);
    let trace = record(&plan, Dice::new(seed));
    let count = |is: &dyn Fn(&Event) -> bool| trace.iter().filter(|(_, event)| is(event)).count();
    let failed = count(
        &|event| matches!(event, Event::CallEnded { outcome, .. } if !matches!(outcome, CallOutcome::Succeeded | CallOutcome::Late)),
    );
    (failed, count(&|event| matches!(event, Event::GrantLost)))
}

#[test]
fn every_strategy_refreshes_where_a_refresh_token_may_be_used_again() {
    let tolerant = RotationRule {
        retire: RetireSettings::Leeway(Duration::from_secs(3600)),
        depth: DepthSettings::AnyAncestor,
        ..RotationRule::default()
    };
    for coordination in every_strategy() {
        let what = format!("{coordination:?}");
        assert_eq!(with_refresh_tokens(coordination, tolerant, 3), (0, 0), "{what}");
    }
}

/// A refresh token may be used once, and the whole family falls for a second use: who refreshes one at a time loses nothing, and
/// all others lose the grant.
#[test]
fn a_grant_survives_the_strategies_that_refresh_one_at_a_time() {
    let strict = RotationRule {
        on_violation: OnViolationSettings::RevokeFamily(Default::default()),
        ..RotationRule::default()
    };
    // Whether two draws of XFetch come within a renewal of each other is a matter of chance.
    let by_luck = |coordination: &Coordination| matches!(coordination, Coordination::Xfetch(_));
    for coordination in every_strategy().into_iter().filter(|it| !by_luck(it)) {
        let one_at_a_time = match &coordination {
            Coordination::Gateway(_) => true,
            Coordination::Lease(lease) => !lease.read_before_lock,
            Coordination::Rotation(_) | Coordination::CentralRefresher(_) | Coordination::Leader(_) => true,
            Coordination::FileLock(lock) => lock.covers == Covers::Renewal,
            _ => false,
        };
        let what = format!("{coordination:?}");
        // Whether two of three nodes meet is a matter of chance; that none do in six runs is not.
        let runs = (1..=6).map(|seed| with_refresh_tokens(coordination.clone(), strict, seed));
        let (failed, lost) = runs.fold((0, 0), |sum, run| (sum.0 + run.0, sum.1 + run.1));
        assert_eq!(
            (failed > 0, lost > 0),
            (!one_at_a_time, !one_at_a_time),
            "{what}: {failed} failed, {lost} lost"
        );
    }
}
