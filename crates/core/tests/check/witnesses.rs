//! Every property is broken by somebody and stands for somebody: neither answer is all that the checker has.

use std::collections::{HashSet, VecDeque};

use tokenstorm::base::NodeId;
use tokenstorm::engine::check::expected::{self, Expectation, Expected, FAULTY, LAPSING, LISTS};
use tokenstorm::engine::check::systems::{self, REFRESHERS, SYSTEMS};
use tokenstorm::engine::check::{self, CheckHost, FaultBudget, State, System};
use tokenstorm::node::{Memory, Strategy};
use tokenstorm::property::PROPERTIES;

use super::verdict;
use super::wrong::{Forgets, Sulks, TellsOnce, system};

fn budget(text: &str) -> FaultBudget {
    text.parse().expect("a budget")
}

/// The lists, and strategies that are wrong on purpose where no strategy of the crate is wrong enough.
#[test]
fn every_property_has_a_witness_on_either_side() {
    let mut all: Vec<(String, Expected)> = Vec::new();
    for (nodes, faults, list) in LISTS {
        for name in expected::names(list) {
            let expected = expected::of(name, nodes, faults).expect("a line of its own");
            all.push((format!("{name} with {faults}"), expected));
        }
    }
    let mut add = |name: &str, report: check::CheckReport| all.push((name.to_owned(), Expected::from(&report)));
    let crashing = budget("crash=1");
    let for_ever = systems::setup("lease_for_ever", 2, 1, crashing).expect("a name of the cast");
    add("lease_for_ever", check::check(&for_ever, &()));
    // A fault that cannot happen: nobody has a lease.
    add(
        "naive",
        check::check(&systems::setup("naive", 2, 1, LAPSING).unwrap(), &()),
    );
    add(
        "tells once",
        check::check_strategy(TellsOnce, &system(budget("drop=1")), &()),
    );
    add(
        "sulks",
        check::check_strategy(Sulks, &system(budget("throttle=1")), &()),
    );
    let two_calls = System {
        calls: 2,
        ..system(FaultBudget::NONE)
    };
    add("forgets", check::check_strategy(Forgets, &two_calls, &()));
    for (place, property) in PROPERTIES.iter().enumerate() {
        let names = |wanted: fn(&Expectation) -> bool| {
            let some = all.iter().filter(|(_, expected)| wanted(&expected.verdicts[place]));
            some.map(|(name, _)| name.as_str()).collect::<Vec<_>>()
        };
        let broken = names(|verdict| matches!(verdict, Expectation::Breaks(..)));
        let stands = names(|verdict| matches!(verdict, Expectation::Holds(_)));
        assert!(!broken.is_empty(), "{} is broken by nobody", property.name);
        assert!(!stands.is_empty(), "{} stands for nobody", property.name);
    }
}

/// What each of the wrong ones breaks, and that it is its one fault that breaks it.
#[test]
fn each_wrong_strategy_breaks_what_it_is_made_for() {
    let holds = Expectation::Holds(None);
    let calm = check::check_strategy(TellsOnce, &system(FaultBudget::NONE), &());
    let lossy = check::check_strategy(TellsOnce, &system(budget("drop=1")), &());
    for property in ["L1", "L3"] {
        assert_eq!(verdict(&calm, property), holds, "{property}");
        assert!(
            matches!(verdict(&lossy, property), Expectation::Breaks(..)),
            "{property}"
        );
    }
    let calm = check::check_strategy(Sulks, &system(FaultBudget::NONE), &());
    let throttled = check::check_strategy(Sulks, &system(budget("throttle=1")), &());
    assert_eq!(verdict(&calm, "L3"), holds);
    assert!(matches!(verdict(&throttled, "L3"), Expectation::Breaks(..)));
    assert_eq!(verdict(&throttled, "L1"), holds, "it is trapped, but not stuck");
    let two_calls = System {
        calls: 2,
        ..system(FaultBudget::NONE)
    };
    let forgets = check::check_strategy(Forgets, &two_calls, &());
    let comparing = systems::setup("compare_first", 2, 2, FaultBudget::NONE).unwrap();
    let comparing = check::check(&comparing, &());
    for property in ["S7", "S9"] {
        assert!(
            matches!(verdict(&forgets, property), Expectation::Breaks(..)),
            "{property}"
        );
        assert_eq!(verdict(&comparing, property), holds, "{property}");
    }
}

/// Strategies with two calls at a node: a late refusal costs the node's fresh token, or each call asks on its own.
#[test]
fn two_calls_at_a_node_show_what_one_does_not() {
    for (name, property) in [("single_flight", "S7"), ("naive", "S9")] {
        let with = |calls| {
            let setup = systems::setup(name, 2, calls, FaultBudget::NONE).unwrap();
            verdict(&check::check(&setup, &()), property)
        };
        assert_eq!(with(1), Expectation::Holds(None), "{name} {property}");
        assert!(matches!(with(2), Expectation::Breaks(..)), "{name} {property}");
    }
}

/// The nearest states in which the memory of the first node tells its phase; that is how the strategy calls it.
fn names_its_phases<S: Strategy>(initial: State<S>) -> usize {
    let (mut seen, mut open) = (HashSet::from([initial.clone()]), VecDeque::from([initial]));
    let (mut host, mut actions, mut told) = (CheckHost::default(), Vec::new(), 0);
    while let Some(state) = open.pop_front() {
        let memory = state.world.memory(NodeId(0));
        let text = format!("{memory:?}");
        if let Some((_, rest)) = text.split_once("phase: ") {
            let phase = rest.split(|c: char| !c.is_alphanumeric()).next().expect("a name");
            assert_eq!(state.world.strategy().phases()[memory.phase()], phase.to_lowercase());
            told += 1;
        }
        if seen.len() > 3_000 {
            continue;
        }
        state.actions(&mut actions);
        for &action in &actions {
            let next = state.next(action, &mut host);
            if seen.insert(next.clone()) {
                open.push_back(next);
            }
        }
    }
    told
}

#[test]
fn phases_are_called_what_they_are() {
    let mut telling = 0;
    for (name, _) in SYSTEMS.iter().chain(&REFRESHERS) {
        let setup = systems::setup(name, 2, 1, FAULTY).expect("a name of the cast");
        let told = names_its_phases(State::initial(setup.coordination, &setup.system));
        telling += usize::from(told > 100);
    }
    assert!(telling >= 20, "only {telling} strategies tell their phase");
}
