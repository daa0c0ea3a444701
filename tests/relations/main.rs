//! Relations between runs (section 5 of the model): what a change of the plan may and may not change. Most hold exactly and
//! event by event, because the draws are named by what they are for.

#[path = "../common/mod.rs"]
mod common;
mod mixed;
mod neutral;
mod order;
mod plans;
mod tenants;

use tokenstorm::base::{Dice, Duration, Time};
use tokenstorm::net::Latency;
use tokenstorm::provider::Issuance;
use tokenstorm::retry::Retry;
use tokenstorm::strategy::{Coordination, TokenPerCall, WaitAndLook};
use tokenstorm::trace::Event;
use tokenstorm::workload::{Jitters, Pattern, Periodic};

use crate::common::{Nodes, a_lease, all_legs, every_strategy, m0, ms, observe, record};
use crate::plans::{naive, usual};

#[test]
fn all_strategies_meet_the_same_arrivals() {
    let arrivals = |strategy| -> Vec<_> {
        record(&usual(strategy), Dice::new(11))
            .into_iter()
            .filter(|(_, event)| matches!(event, Event::CallArrived { .. }))
            .collect()
    };
    let first = arrivals(naive());
    assert!(first.len() > 200);
    for strategy in every_strategy() {
        assert!(first == arrivals(strategy));
    }
}

/// Calls one after another, so that a trace shows how long each attempt took to be checked: by call, then by attempt.
fn ways(strategy: Coordination) -> Vec<Vec<Duration>> {
    let fleets = [Nodes {
        count: 1,
        per_second: 1.0,
    }];
    let mut plan = m0(strategy, Issuance::latest_only(Duration::SECOND), &fleets, 4000);
    plan.workloads[0][0].arrivals = Pattern::Periodic(Periodic {
        every: Duration::from_secs(20),
        jitter: Duration::ZERO,
        jitters: Jitters::Gaps,
        aligned: true,
        at: None,
    });
    all_legs(&mut plan, &Latency::exponential(ms(20)));
    let (mut calls, mut sent) = (Vec::new(), Time::ZERO);
    for (now, event) in record(&plan, Dice::new(12)) {
        match event {
            Event::CallArrived { .. } => calls.push(Vec::new()),
            Event::AttemptSent { .. } => sent = now,
            Event::AttemptAccepted { .. } | Event::AttemptRejected { .. } => {
                calls.last_mut().expect("a call").push(now.since(sent));
            }
            _ => {}
        }
    }
    calls
}

#[test]
fn the_same_attempt_of_a_call_takes_as_long_under_every_strategy() {
    let naive = ways(naive());
    assert!(naive.iter().any(|attempts| attempts.len() == 2), "some calls try twice");
    let others = [
        Coordination::WaitAndLook(WaitAndLook { spread: ms(300) }),
        Coordination::TokenPerCall(TokenPerCall {}),
        Coordination::Lease(a_lease()),
    ];
    for other in others {
        let other = ways(other);
        assert_eq!(naive.len(), other.len());
        for (one, other) in naive.iter().zip(&other) {
            let both = one.len().min(other.len());
            assert!(both > 0 && one[..both] == other[..both], "{one:?} {other:?}");
        }
    }
}

/// A node learns of a refused token even from a call that is not tried again: with every strategy, one call is lost for each
/// token that expires, not all that follow.
#[test]
fn a_call_without_retries_still_tells_its_node() {
    for coordination in every_strategy() {
        let fleet = [Nodes {
            count: 1,
            per_second: 1.0,
        }];
        let rule = Issuance::latest_only(Duration::from_secs(20));
        let mut plan = m0(coordination, rule, &fleet, 1000);
        plan.policy.retry = Retry::None;
        let total = observe(&plan, Dice::new(5)).total();
        let lost = (total.calls - total.succeeded) as f64 / total.calls as f64;
        // A token serves 20 s and then meets one call that dies of it: 1 in 21, or none where each call has a token of its own. One that a
        // schedule replaces sooner meets its call then.
        let most = match &plan.coordination {
            Coordination::ScheduledRefresher(it) => 1.0 / it.every.as_secs_f64(),
            _ => 0.09,
        };
        assert!(lost < most, "{:?}: {lost}", plan.coordination);
    }
}
