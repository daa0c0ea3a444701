//! The audit of a whole trace.

use std::collections::BTreeMap;

use tokenstorm::base::{Dice, Duration, NodeId, Time};
use tokenstorm::node::Strategy as _;
use tokenstorm::oauth::Token;
use tokenstorm::plan::{Act, Plan};
use tokenstorm::provider::{Ending, Life, Outage};
use tokenstorm::retry::Budget;
use tokenstorm::trace::{CallOutcome, Event, FailedBy};
use tokenstorm::world::Leg;

use crate::cases::{Case, RuleCase};
use crate::common::{every_strategy, ms, record};
use crate::holdings::audit_holdings;
use crate::plans::plan;
use crate::sums::audit_sums;

/// Everything that a trace says, by kind.
#[derive(Default)]
pub(super) struct Account {
    arrived: BTreeMap<(NodeId, u16, Time), i64>,
    pub(super) calls: Vec<(Time, Time, CallOutcome, u16, u16, FailedBy)>,
    sent: BTreeMap<NodeId, (u64, u64)>,
    pub(super) arrivals: BTreeMap<NodeId, u64>,
    accepted: Vec<(Time, Token)>,
    rejected: u64,
    unheard: u64,
    failed: u64,
    requested: u64,
    refused: u64,
    returned: u64,
    issued: BTreeMap<Token, Time>,
    pub(super) lives: BTreeMap<Token, Life>,
    pending_time: u128,
    sent_at: Vec<Time>,
    pub(super) last: Time,
}

impl Account {
    pub(super) fn of(trace: &[(Time, Event)]) -> Self {
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
                    by,
                    attempts,
                    rejections,
                    ..
                } => {
                    pending = pending.checked_sub(1).expect("no call ends that has not arrived");
                    let open = account.arrived.entry((node, group.0, arrived)).or_default();
                    *open -= 1;
                    assert!(*open >= 0, "a call ended twice: {event:?}");
                    account.calls.push((arrived, now, outcome, attempts, rejections, by));
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
                Event::TokenRequested { .. } => account.requested += 1,
                Event::TokenRefused { .. } => account.refused += 1,
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
    // Origin and gateway each count their own tries: each try of the origin may be as many attempts of the gateway's.
    let most = match plan.coordination.needs_gateway() {
        true => most.map(|most| most.saturating_mul(most)),
        false => most,
    };
    for &(arrived, ended, outcome, attempts, rejections, by) in &account.calls {
        assert!(
            most.is_none_or(|most| u32::from(attempts) <= most),
            "{attempts} attempts"
        );
        assert!(rejections <= attempts);
        audit_failure(plan, outcome, rejections, by);
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
            CallOutcome::NotRenewed => panic!("no call of these plans belongs to a job"),
            CallOutcome::Misread => assert!(attempts > 0 && case.client.dialect == Some(false)),
        }
    }
    if let Some(budget) = plan.policy.budget {
        audit_budget(plan, budget, account);
    }
}

/// What failed a call's last try fits how the call ended.
fn audit_failure(plan: &Plan, outcome: CallOutcome, rejections: u16, by: FailedBy) {
    let fits = match outcome {
        CallOutcome::Succeeded
        | CallOutcome::Late
        | CallOutcome::Lost
        | CallOutcome::Unfinished
        | CallOutcome::Misread => by == FailedBy::Nothing,
        CallOutcome::NotRenewed => by == FailedBy::RefusedToken,
        CallOutcome::Refused => matches!(by, FailedBy::ApiError | FailedBy::TokenError),
        CallOutcome::LoggedOut => by == FailedBy::DeadGrant,
        CallOutcome::GaveUp | CallOutcome::OutOfBudget | CallOutcome::Impatient => by != FailedBy::Nothing,
        CallOutcome::Broken => true,
    };
    assert!(fits, "{outcome:?} by {by:?}");
    let gateway = plan.coordination.needs_gateway();
    assert!(
        by != FailedBy::RefusedToken || rejections > 0 || gateway,
        "{outcome:?} by {by:?}"
    );
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
    let answered = account.issued.len() as u64 + account.returned + account.refused;
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
        // Tenant by tenant, client by client, slot by slot: all tenants of a client count together.
        let client = life.bucket.0 / u32::from(plan.provider.stride) % plan.provider.slots.len() as u32;
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

pub(super) fn audit(case: &Case) {
    let plan = plan(case);
    let trace = record(&plan, Dice::new(case.seed));
    let account = Account::of(&trace);
    audit_calls(case, &plan, &account);
    audit_attempts(case, &plan, &account);
    audit_tokens(case, &plan, &account);
    audit_sums(&plan, &trace);
    audit_holdings(&plan, case.seed, &trace);
}
