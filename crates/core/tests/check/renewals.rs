//! Renewals that a strategy plans: `check` lets one fall due for a scenario's strategies that say of themselves that they plan some.

use std::collections::{HashSet, VecDeque};

use tokenstorm::engine::check::expected::RENEWING;
use tokenstorm::engine::check::{Action, CheckHost, State, systems};
use tokenstorm::node::Strategy;
use tokenstorm::strategy::{self, CentralRefresher, ClockFirst, Coordination, Leader, Lease};

/// Whether a planned renewal falls due in the nearest states.
fn renews(coordination: &Coordination) -> bool {
    let setup = systems::system_for(coordination.clone(), 2, 1, RENEWING);
    let initial = State::initial(setup.coordination.clone(), &setup.system);
    let mut seen = HashSet::from([initial.clone()]);
    let mut open = VecDeque::from([initial]);
    let (mut host, mut actions) = (CheckHost::default(), Vec::new());
    while let Some(state) = open.pop_front().filter(|_| seen.len() < 2_000) {
        state.actions(&mut actions);
        if actions.iter().any(|action| matches!(action, Action::Renew(_))) {
            return true;
        }
        for &action in &actions {
            let next = state.next(action, &mut host);
            if seen.insert(next.clone()) {
                open.push_back(next);
            }
        }
    }
    false
}

fn written<T: serde::de::DeserializeOwned>(settings: &str) -> T {
    toml::from_str(settings).expect("settings of a strategy")
}

#[test]
fn strategies_that_renew_as_planned_say_so() {
    let mut all: Vec<(String, Coordination)> = strategy::small(2)
        .into_iter()
        .map(|small| (small.name.to_owned(), small.strategy))
        .collect();
    let more = [
        (
            "lease ahead",
            Coordination::Lease(written::<Lease>("renew_ahead = '1min'")),
        ),
        (
            "leader ahead",
            Coordination::Leader(written::<Leader>("renew_ahead = '1min'")),
        ),
        (
            "refresher ahead",
            Coordination::CentralRefresher(written::<CentralRefresher>("renew_ahead = '1min'")),
        ),
        (
            "no clock",
            Coordination::ClockFirst(written::<ClockFirst>("margin = '1min'\nbelieves = 'forever'")),
        ),
    ];
    all.extend(more.map(|(name, coordination)| (name.to_owned(), coordination)));
    let mut both = [false; 2];
    for (name, coordination) in &all {
        let says = coordination.renews_as_planned();
        assert_eq!(renews(coordination), says, "{name}");
        both[usize::from(says)] = true;
    }
    assert_eq!(both, [true, true], "some renew as planned, and some do not");
}
