//! A node that spares a token endpoint which answers nothing but errors. One flight at a time: with a cool-down d a node makes at most one
//! token request in each d; with a breaker the times between its requests double from one to the next up to the longest.

use tokenstorm::base::{Dice, Duration, Time};
use tokenstorm::plan::{Act, Plan};
use tokenstorm::provider::{Issuance, Outage};
use tokenstorm::retry::{Breaker, Retry, TokenGuard};
use tokenstorm::strategy::{ClockFirst, Coordination, OnRefused, SingleFlight, WhoAsks};
use tokenstorm::trace::Event;
use tokenstorm::world::Leg;

use crate::common::{Nodes, constant, fails, holds, m0, mean, ms, record};
use crate::settings::failure;

/// Three nodes with twenty calls a second each that are not tried again, and a token endpoint that fails from the start for so many
/// seconds of 200.
fn outage(guard: Option<TokenGuard>, lasts: u64) -> Plan {
    let fleet = Nodes {
        count: 3,
        per_second: 20.0,
    };
    let rule = Issuance::independent(Duration::from_secs(10_000));
    let mut plan = m0(Coordination::SingleFlight(SingleFlight {}), rule, &[fleet], 200);
    plan.policy.retry = Retry::None;
    plan.policy.guard = guard;
    plan.timeline.push((Time::ZERO, Act::TokenOutage(Some(Outage::Errors))));
    plan.timeline
        .push((Time::ZERO + Duration::from_secs(lasts), Act::TokenOutage(None)));
    plan
}

/// When each of three nodes made its token requests, in seconds.
fn requests(plan: &Plan) -> [Vec<f64>; 3] {
    let mut by_node = [const { Vec::new() }; 3];
    for (at, event) in record(plan, Dice::new(7)) {
        if let Event::TokenRequested { node, .. } = event {
            by_node[node.index()].push(at.as_secs_f64());
        }
    }
    by_node
}

fn gaps(requests: &[f64]) -> impl Iterator<Item = f64> {
    requests.windows(2).map(|two| two[1] - two[0])
}

#[test]
fn a_cooldown_makes_one_request_of_many() {
    let guard = TokenGuard {
        cooldown: Some(Duration::from_secs(5)),
        ..TokenGuard::default()
    };
    for node in requests(&outage(Some(guard), 200)) {
        assert!((30..=40).contains(&node.len()), "{}", node.len());
        assert!(gaps(&node).all(|gap| (5.0..6.0).contains(&gap)), "{node:?}");
    }
    // Outside: each call asks.
    assert!(requests(&outage(None, 200)).iter().all(|node| node.len() > 3000));
}

#[test]
fn a_breaker_waits_twice_as_long_after_each_probe_up_to_its_longest() {
    let breaker = Breaker {
        failures: 3,
        open: Duration::SECOND,
        longest: Some(Duration::from_secs(20)),
        refused_tokens: false,
    };
    let guard = TokenGuard {
        breaker: Some(breaker),
        ..TokenGuard::default()
    };
    // Calls come twenty times a second: the first after an open time is the probe.
    for node in requests(&outage(Some(guard), 200)) {
        let found: Vec<f64> = gaps(&node).skip(2).collect();
        let law = [1.0, 2.0, 4.0, 8.0, 16.0].into_iter().chain(std::iter::repeat(20.0));
        assert!(found.len() > 9, "{found:?}");
        for (gap, law) in found.iter().zip(law) {
            assert!((law..law + 0.7).contains(gap), "{found:?}");
        }
    }
    // Outside: always the same.
    let steady = TokenGuard {
        breaker: Some(Breaker {
            longest: None,
            ..breaker
        }),
        ..guard
    };
    let steady = requests(&outage(Some(steady), 200));
    assert!(gaps(&steady[0]).skip(2).all(|gap| gap < 1.7));
    // An outage that ends is over with the next probe, and one token for each node is all from then on.
    let ended = requests(&outage(Some(guard), 50));
    assert!(
        ended
            .iter()
            .all(|node| node.last().is_some_and(|last| (50.0..71.0).contains(last)))
    );
}

/// What never fails is guarded for nothing.
#[test]
fn without_a_failure_a_guard_changes_nothing() {
    let guard = TokenGuard {
        login_after: None,
        cooldown: Some(Duration::from_secs(5)),
        breaker: Some(Breaker {
            failures: 1,
            open: Duration::SECOND,
            longest: None,
            refused_tokens: true,
        }),
        until_login: true,
        use_stale: true,
    };
    let calm = |guard| {
        let mut plan = outage(guard, 200);
        plan.timeline.truncate(1);
        record(&plan, Dice::new(9))
    };
    assert_eq!(calm(Some(guard)), calm(None));
}

/// A client that renews at half of a token's life, at an endpoint that is out for a tenth of the time: with the token that it has, it does not
/// notice; without, every call of the outage fails that comes after half of the life.
#[test]
fn a_token_that_lives_serves_while_none_is_to_be_had() {
    let clock = ClockFirst {
        margin: Duration::from_secs(50),
        flight: WhoAsks::Shared,
        refused: OnRefused::Compare,
        ..ClockFirst::default()
    };
    let plan = |use_stale| {
        let node = Nodes {
            count: 1,
            per_second: 20.0,
        };
        let rule = Issuance::independent(Duration::from_secs(100));
        let mut plan = m0(Coordination::ClockFirst(clock), rule, &[node], 400);
        plan.policy.retry = Retry::None;
        plan.policy.guard = Some(TokenGuard {
            use_stale,
            ..TokenGuard::default()
        });
        constant(&mut plan, Leg::TokenRequest, ms(10));
        // From 90 to 126: the token of 50 s is to be replaced at 100, and lives until 150.
        let at = |second| Time::ZERO + Duration::from_secs(second);
        plan.timeline.push((at(90), Act::TokenOutage(Some(Outage::Errors))));
        plan.timeline.push((at(126), Act::TokenOutage(None)));
        plan
    };
    holds(mean(&plan(true), 30, 500, failure), 0.0, 1e-9);
    holds(mean(&plan(false), 30, 501, failure), 26.0 / 360.0, 0.004);
    fails(mean(&plan(false), 30, 502, failure), 0.0);
}
