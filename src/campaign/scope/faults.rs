//! The faults that a search of a scenario lets happen: those of which the scenario tells, and those that its clock brings about.

use crate::base::Duration;
use crate::engine::check::{Fault, FaultBudget};
use crate::node::Strategy as _;
use crate::scenario::{EventKind, How, Scenario, StrategySettings};
use crate::world::Leg;

/// One fault of each kind of which the scenario tells, and which a search knows.
pub fn faults(scenario: &Scenario) -> FaultBudget {
    let file = &scenario.file;
    let provider = scenario.provider();
    let mut faults = FaultBudget::NONE;
    let mut add = |fault, told: bool| {
        if told {
            faults = faults.with(fault, 1);
        }
    };
    let endpoints = [&provider.faults.token, &provider.faults.api];
    let lossy = endpoints
        .iter()
        .any(|faults| is_some(faults.lost_before) || is_some(faults.lost_after));
    let store = file.store.as_ref();
    let lossy_store = store.is_some_and(|store| is_some(Some(store.lost_before)) || is_some(Some(store.lost_after)));
    let lossy_peers = file.peers.as_ref().is_some_and(|peers| is_some(Some(peers.lost)));
    let happens = |wanted: fn(&EventKind) -> bool| file.event.iter().any(|event| wanted(&event.what));
    let cut = happens(|what| match what {
        EventKind::Partition(_) => true,
        EventKind::Fail(fail) => fail.how == How::Silent,
        _ => false,
    });
    add(Fault::Drop, lossy || lossy_store || lossy_peers || cut);
    let restarts = |what: &EventKind| {
        matches!(
            what,
            EventKind::Restart(_)
                | EventKind::Redeploy(_)
                | EventKind::Rollout(_)
                | EventKind::Crash(_)
                | EventKind::CrashGateway(_)
        )
    };
    add(Fault::Crash, happens(restarts));
    // A node that stands still hears late what has come meanwhile; what it has under lease ends before it hears.
    let pauses = file.fleet.iter().any(|fleet| fleet.pauses.is_some());
    add(
        Fault::Lapse,
        pauses || happens(|what| matches!(what, EventKind::Pause(_))),
    );
    add(Fault::Late, happens(|what| matches!(what, EventKind::Slow(_))));
    let again = file.login.is_some_and(|login| login.again_after.is_some());
    add(Fault::Login, again && provider.refresh.is_some());
    add(
        Fault::Expiry,
        tokens_end(scenario) || happens(|what| matches!(what, EventKind::Revoke(_))),
    );
    faults
}

/// Whether a token that is issued when a run begins can end before the run does. The clock of a search stands still: there, a token that
/// nobody kills ends by a fault.
pub(super) fn tokens_end(scenario: &Scenario) -> bool {
    let run = &scenario.file.run;
    scenario.provider().issuance().ttl < run.warmup.saturating_add(run.duration)
}

/// These faults, and those that the clock of a strategy brings about: a renewal that it plans falls due; a lease ends under its holder
/// where the work that it covers can outlast it, as a token request and its answer each take as long as but one in a million does.
pub fn with_times_of(faults: FaultBudget, scenario: &Scenario, strategy: &StrategySettings) -> FaultBudget {
    const ONE_IN_A_MILLION: u64 = u64::MAX - u64::MAX / 1_000_000;
    let renews = strategy.parts().any(|part| part.coordination.renews_as_planned());
    let faults = match renews && faults.left(Fault::Renewal) == 0 {
        true => faults.with(Fault::Renewal, 1),
        false => faults,
    };
    let lapses = strategy.parts().filter_map(|part| part.coordination.lapses_after());
    let (Some(ttl), Ok(plan)) = (lapses.min(), scenario.plan(strategy)) else {
        return faults;
    };
    let longest = |leg| plan.links.leg(leg).latency.sample(ONE_IN_A_MILLION);
    let ways = [Leg::TokenRequest, Leg::TokenService, Leg::TokenResponse];
    let works = ways
        .map(longest)
        .into_iter()
        .fold(Duration::ZERO, Duration::saturating_add);
    match works < ttl || faults.left(Fault::Lapse) > 0 {
        true => faults,
        false => faults.with(Fault::Lapse, 1),
    }
}

pub(super) fn is_some<T: Default + PartialEq>(share: Option<T>) -> bool {
    share.is_some_and(|share| share != T::default())
}
