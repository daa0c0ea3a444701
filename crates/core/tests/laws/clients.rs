//! Laws of what a client does after a refusal: its waits, and what becomes of a refused token.

use tokenstorm::base::{Chance, Dice, Duration, Share, Time};
use tokenstorm::node::Unretried;
use tokenstorm::plan::Plan;
use tokenstorm::provider::{Issuance, OnExceed, Quota, RotationRule};
use tokenstorm::retry::{Attempts, Breaker, Budget, DecorrelatedJitter, Immediate, Retry};
use tokenstorm::strategy::Coordination;
use tokenstorm::trace::{CallOutcome, Event};
use tokenstorm::workload::{Job, JobToken, OnRefusal};
use tokenstorm::world::Leg;

use crate::common::{Nodes, constant, fails, holds, m0, mean, ms, observe, over_runs, record};
use crate::settings::{compare_first, day, equal, naive, success};

/// One node whose every try fails, with six tries and so five waits for each call; nothing else takes time.
fn waiting(base: Duration, cap: Duration) -> Plan {
    let fleet = [Nodes {
        count: 1,
        per_second: 100.0,
    }];
    let mut plan = m0(naive(), Issuance::independent(day()), &fleet, 20);
    plan.provider.api_endpoint.errors = Chance::ALWAYS;
    plan.policy.retry = Retry::DecorrelatedJitter(DecorrelatedJitter {
        base,
        cap,
        attempts: Attempts::at_most(6),
    });
    plan
}

/// Mean time from the arrival of a call to its end, in units of the base.
fn time_in_bases(plan: &Plan, base: Duration, seed: u64, index: u64) -> f64 {
    let (mut count, mut sum) = (0.0, 0.0);
    for (now, event) in record(plan, Dice::replication(seed, index)) {
        if let Event::CallEnded { arrived, outcome, .. } = event {
            assert_eq!(outcome, CallOutcome::GaveUp);
            count += 1.0;
            sum += now.since(arrived).as_secs_f64();
        }
    }
    assert!(count > 1000.0, "{count} calls");
    sum / count / base.as_secs_f64()
}

/// Decorrelated jitter without a cap: E s(k) = (b + 3 E s(k-1)) / 2 from s(0) = b, whatever the unit of the base.
#[test]
fn decorrelated_jitter_grows_by_half_as_much_again() {
    let mut law = (1.0, 0.0);
    for _ in 0..5 {
        let next = (1.0 + 3.0 * law.0) / 2.0;
        law = (next, law.1 + next);
    }
    let no_cap = Duration::from_secs(3600);
    for (seed, base) in [(60, Duration::from_nanos(300_000)), (61, Duration::from_millis(10))] {
        let plan = waiting(base, no_cap);
        let measured = over_runs(30, |index| time_in_bases(&plan, base, seed, index));
        // The waits in whole milliseconds would be half as long, and 2.6 % shorter.
        holds(measured, law.1, 0.02 * law.1);
    }
    // Outside: the cap is reached.
    let base = Duration::from_millis(10);
    let capped = waiting(base, base.saturating_mul(6));
    fails(over_runs(30, |index| time_in_bases(&capped, base, 62, index)), law.1);
}

/// M0 with retries from a budget of `share` per call, none where that is zero.
fn budgeted(coordination: Coordination, nodes: u32, share: f64, unretried: Unretried) -> Plan {
    let mut plan = equal(coordination, nodes, 2000);
    plan.policy.unretried = unretried;
    if share == 0.0 {
        plan.policy.retry = Retry::None;
    } else {
        plan.policy.budget = Some(Budget {
            per_call: Share::new(share).unwrap(),
            capacity: 2,
            ..Budget::default()
        });
    }
    plan
}

/// A node that drops a refused token renews with its next call, which no budget pays for: (1 + 1/N + r) / 2 of the calls succeed.
/// One that keeps it renews as its budget allows: 1/N + r. Both as long as the budget r is less than what is wanted of it.
#[test]
fn m0_what_becomes_of_a_refused_token_decides_what_a_budget_is_worth() {
    let (dropping, keeping) = (Unretried::Drop, Unretried::Keep);
    for (seed, n, r) in [(63, 10, 0.1), (64, 10, 0.0), (65, 4, 0.25)] {
        let alone = 1.0 / f64::from(n);
        for strategy in [naive(), compare_first()] {
            let plan = budgeted(strategy.clone(), n, r, dropping);
            holds(mean(&plan, 30, seed, success), (1.0 + alone + r) / 2.0, 0.01);
            let plan = budgeted(strategy, n, r, keeping);
            holds(mean(&plan, 30, seed + 10, success), alone + r, 0.02);
        }
    }
    // Outside: a budget for every call that is refused. Then it does not matter.
    for (unretried, law) in [(dropping, (1.0 + 0.1 + 1.0) / 2.0), (keeping, 0.1 + 1.0)] {
        let plan = budgeted(naive(), 10, 1.0, unretried);
        let all = mean(&plan, 30, 79, success);
        fails(all, law);
        assert_eq!((all.mean, all.standard_error), (1.0, 0.0));
    }
}

/// With refresh tokens too a node that is not retried has learnt that its token is dead: of each token's calls the last fails.
#[test]
fn a_refused_token_with_a_refresh_token_is_dropped_as_well() {
    let life = 20.0;
    let fleet = [Nodes {
        count: 1,
        per_second: 1.0,
    }];
    // The life, and the mean wait for the call that meets the dead token.
    let law = 1.0 - 1.0 / (life + 2.0);
    for (seed, strategy) in [(80, naive()), (81, compare_first())] {
        let mut plan = m0(strategy, Issuance::independent(Duration::from_secs(20)), &fleet, 2000);
        plan.provider.rotation = Some(RotationRule::default());
        plan.policy.retry = Retry::None;
        holds(mean(&plan, 40, seed, success), law, 0.01);
        // Outside: the token is kept, and never refreshed.
        plan.policy.unretried = Unretried::Keep;
        fails(mean(&plan, 30, seed, success), law);
    }
}

/// Refused tokens are how a client learns that it has to renew: they open no breaker, unless it is told so.
#[test]
fn a_breaker_does_not_open_at_refused_tokens() {
    let mut plan = equal(naive(), 10, 1000);
    plan.policy.retry = Retry::Immediate(Immediate {
        attempts: Attempts::at_most(5),
    });
    let breaker = |refused_tokens| Breaker {
        failures: 1,
        open: Duration::SECOND,
        longest: None,
        refused_tokens,
    };
    plan.policy.breaker = Some(breaker(false));
    assert_eq!(success(&observe(&plan, Dice::new(82))), 1.0);
    // Outside: each counts, and nine of ten calls meet one.
    plan.policy.breaker = Some(breaker(true));
    assert!(success(&observe(&plan, Dice::new(82))) < 0.5);
}

/// A user who logs in again asks the token endpoint, where the quota is used up.
#[test]
fn a_login_does_not_pass_a_quota() {
    let fleet = [Nodes {
        count: 1,
        per_second: 0.1,
    }];
    let mut plan = m0(
        compare_first(),
        Issuance::independent(Duration::from_secs(300)),
        &fleet,
        7200,
    );
    plan.provider.rotation = Some(RotationRule {
        ttl: Some(Duration::from_secs(60)),
        ..RotationRule::default()
    });
    plan.policy.retry = Retry::None;
    plan.layout.login_again = Some(Duration::from_secs(60));
    plan.span.warmup = Time::ZERO;
    let free = observe(&plan, Dice::new(83));
    assert!(
        free.logins >= 10,
        "a token of five minutes, a refresh token of one: {}",
        free.logins
    );
    let quota = Quota {
        on_exceed: OnExceed::Throttle,
        ..Quota::fixed(3, day())
    };
    plan.provider.token_endpoint = plan.provider.token_endpoint.clone().with_quotas([quota]);
    let bound = observe(&plan, Dice::new(83));
    assert!(
        bound.logins <= 2 && bound.token_quota.exhausted > Duration::from_secs(3600),
        "{}",
        bound.logins
    );
}

/// A job is one call: five calls of 100 ms and four gaps of a second take 4.5 s. Each of them is an attempt of its own, and repeats none.
#[test]
fn a_job_takes_as_long_as_all_its_calls() {
    let fleet = [Nodes {
        count: 3,
        per_second: 2.0,
    }];
    let mut plan = m0(naive(), Issuance::independent(day()), &fleet, 600);
    constant(&mut plan, Leg::ApiRequest, ms(50));
    constant(&mut plan, Leg::ApiResponse, ms(50));
    plan.layout.jobs = vec![Some(Job {
        calls: 5,
        gap: Duration::SECOND,
        token: JobToken::Kept,
        on_refusal: OnRefusal::Renews,
    })];
    let (mut jobs, mut sent, mut taken) = (0, 0, 0);
    for (now, event) in record(&plan, Dice::new(1)) {
        match event {
            Event::AttemptSent { repeat, .. } => {
                assert!(!repeat, "nothing is tried again");
                sent += 1;
            }
            Event::CallEnded {
                arrived,
                outcome,
                attempts,
                ..
            } => {
                taken += usize::from(attempts);
                // Those that come first wait for a token too.
                if outcome == CallOutcome::Succeeded && arrived > Time::ZERO + Duration::from_secs(30) {
                    assert_eq!((attempts, now.since(arrived)), (5, ms(4500)));
                    jobs += 1;
                }
            }
            _ => {}
        }
    }
    assert!(jobs > 1000, "{jobs} jobs");
    assert_eq!(sent, taken);
}
