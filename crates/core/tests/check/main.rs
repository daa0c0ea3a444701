//! The checker finds what is expected of it, the failing half included: every strategy breaks exactly what it is expected to
//! break, by a shortest run of a known length, among a known number of states.

extern crate tokenstorm_core as tokenstorm;

mod chance;
#[path = "../../../../tests/common/mod.rs"]
mod common;
mod comparison;
mod fairness;
mod findings;
mod logins;
mod mixed;
mod periods;
mod plain;
mod recovery;
mod renewals;
mod second_explorer;
mod slots;
mod small;
mod symmetry;
mod told;
mod witnesses;
mod wrong;

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::Path;

use rayon::prelude::*;
use tokenstorm::base::Duration;
use tokenstorm::engine::check::expected::{
    self, Expectation, Expected, FAULTY, FEW, LAPSING, LATE, LISTS, RENEWING, THROTTLED,
};
use tokenstorm::engine::check::systems::{self, REFRESHERS, SYSTEMS};
use tokenstorm::engine::check::{self, Action, CheckHost, CheckReport, FaultBudget, PropertyVerdict, Setup, State};
use tokenstorm::node::Strategy;
use tokenstorm::property::PROPERTIES;
use tokenstorm::provider::Reveals;
use tokenstorm::strategy::{CompareFirst, Coordination, Lease, Naive, Ttl};

fn place(property: &str) -> usize {
    PROPERTIES
        .iter()
        .position(|known| known.name == property)
        .expect("a property of the list")
}

fn verdict(report: &CheckReport, property: &str) -> Expectation {
    Expectation::from(&report.verdicts[place(property)])
}

fn run(name: &str, nodes: u32, calls: u32, faults: FaultBudget) -> (Setup, CheckReport) {
    let setup = systems::setup(name, nodes, calls, faults).expect("the name of a system");
    let report = check::check(&setup, &());
    assert!(report.complete, "{name}: the search has come to an end");
    (setup, report)
}

/// States of the largest system that is searched again. The ten of more than a million take four fifths of the time of all 191, and say
/// the same of the checker; `TOKENSTORM_STATES=20000000` adds them. Without optimisation smaller ones take minutes too.
const LARGEST: usize = if cfg!(debug_assertions) { 5_000 } else { 1_000_000 };

/// States of the largest system that is searched: so many, or what the variable says.
fn largest(usual: usize) -> usize {
    std::env::var("TOKENSTORM_STATES").map_or(usual, |most| most.parse().expect("a number of states"))
}

/// Set to write what is found into the lists, when an intended change has moved it; the difference is to be read. `1` writes every
/// row, anything else those whose name contains it.
const WRITE: &str = "TOKENSTORM_WRITE_EXPECTED";

/// Every verdict of a list, the lengths of the shortest runs, and the numbers of states.
fn assert_as_expected(file: &str, nodes: u32, faults: FaultBudget, whom: impl Fn(&str, &Coordination) -> bool + Sync) {
    let (.., list) = LISTS
        .iter()
        .find(|(of, with, _)| (*of, *with) == (nodes, faults))
        .expect("a list");
    let written = std::env::var(WRITE).ok();
    let largest = largest(LARGEST);
    let rows: Vec<&str> = SYSTEMS.iter().chain(&REFRESHERS).map(|(name, _)| *name).collect();
    // On all cores, as the largest rows take most of the time.
    let lines = rows.into_par_iter().filter_map(|name| {
        let write = written
            .as_ref()
            .is_some_and(|part| part == "1" || name.contains(part.as_str()));
        let keep = written.is_some() && !write;
        let setup = systems::setup(name, nodes, 1, faults)
            .expect("the name of a system")
            .without_names();
        if !whom(name, &setup.coordination) {
            return None;
        }
        let known = expected::of(name, nodes, faults);
        if keep || !write && known.as_ref().is_some_and(|known| known.states > largest) {
            return Some(expected::line(name, &known.expect("just seen")));
        }
        let report = check::check(&setup, &());
        assert!(
            report.complete || setup.system.most < systems::MOST,
            "{name}: the search has come to an end"
        );
        Some(expected::line(name, &Expected::from(&report)))
    });
    let lines: Vec<String> = lines.collect();
    let found = expected::header() + &lines.concat();
    if written.is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("src/engine/check")
            .join(file);
        std::fs::write(path, &found).unwrap();
        return;
    }
    for (found, expected) in found.lines().zip(list.lines()) {
        assert_eq!(found, expected, "in {file}");
    }
    assert_eq!(found.lines().count(), list.lines().count(), "{file} names everybody");
}

#[test]
fn two_nodes_do_what_is_expected_of_them() {
    assert_as_expected("expected.txt", 2, FaultBudget::NONE, |_, _| true);
}

#[test]
fn two_nodes_do_so_with_a_lost_message_and_a_crash() {
    assert_as_expected("expected_faults.txt", 2, FAULTY, |_, _| true);
}

#[test]
fn two_nodes_do_so_when_a_lease_lapses() {
    assert_as_expected("expected_lapse.txt", 2, LAPSING, |_, strategy| {
        matches!(
            strategy,
            Coordination::Lease(_) | Coordination::Rotation(_) | Coordination::Leader(_) | Coordination::FileLock(_)
        )
    });
}

/// What is quickly searched, with a time-out that strikes early, a 429, or a planned renewal.
#[test]
fn two_nodes_do_so_with_each_other_fault() {
    for (file, faults) in [
        ("expected_late.txt", LATE),
        ("expected_throttle.txt", THROTTLED),
        ("expected_renewal.txt", RENEWING),
    ] {
        assert_as_expected(file, 2, faults, |name, _| FEW.contains(&name));
    }
}

#[test]
fn three_nodes_do_what_is_expected_of_them() {
    assert_as_expected("expected_three.txt", 3, FaultBudget::NONE, |_, _| true);
}

/// Bytes of memory that a search may say it takes for each state that it has found, those that wait included.
const BYTES: usize = 250;

/// What the search of more than half a million states comes to, and the memory that it says it takes.
#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes without optimisation")]
fn half_a_million_states_are_searched() {
    let mut setup = systems::setup("put_if_newer", 3, 1, FaultBudget::NONE).expect("the name of a system");
    setup.system.most = systems::MOST;
    let report = check::check(&setup, &());
    assert!(report.complete);
    assert_eq!(
        (report.states, report.transitions, report.depth),
        (587_167, 1_522_770, 94)
    );
    assert_eq!(verdict(&report, "L2"), Expectation::Breaks(26, 20));
    assert_eq!(verdict(&report, "L3"), Expectation::Holds(None));
    assert!(report.bytes < BYTES * report.states, "{} bytes", report.bytes);
}

/// States that wait are small too: of those that this search has found when it is given up, most do.
#[test]
fn states_that_wait_take_little_memory() {
    let setup = systems::setup("gossip", 3, 1, FaultBudget::NONE).expect("the name of a system");
    let mut setup = setup.without_names();
    setup.system.most = 40_000;
    let report = check::check(&setup, &());
    assert!(!report.complete);
    assert!(report.bytes < BYTES * report.states, "{} bytes", report.bytes);
}

/// The shortest way to reject each other for ever: both arrive, ask and are answered, and the token of the first is dead by
/// then; then each node's attempt is refused, and it asks again before the other's next attempt is checked.
#[test]
fn two_naive_nodes_can_reject_each_other_for_ever() {
    let (_, report) = run("naive", 2, 1, FaultBudget::NONE);
    assert_eq!((report.states, verdict(&report, "L2")), (88, Expectation::Breaks(6, 8)));
    // Livelock, but no trap: a kind scheduler always ends it.
    assert_eq!(verdict(&report, "L3"), Expectation::Holds(None));
}

#[test]
fn one_node_or_an_app_for_each_cannot() {
    // Six states of one call: it waits to arrive, four messages follow each other, it has ended. Two such side by side
    // make 36, and where both have their token, in either order of issue.
    for (name, nodes, states) in [("naive", 1, 6), ("app_per_node", 2, 36 + 16)] {
        let (_, report) = run(name, nodes, 1, FaultBudget::NONE);
        assert_eq!(report.states, states, "{name}");
        for property in ["L1", "L2", "L3"] {
            assert_eq!(
                verdict(&report, property),
                Expectation::Holds(None),
                "{name} {property}"
            );
        }
    }
}

/// A single process does it too, when it has two calls and no single-flight; comparing first is the cure.
#[test]
fn two_calls_of_one_naive_node_can_too() {
    let (_, naive) = run("naive", 1, 2, FaultBudget::NONE);
    assert!(matches!(verdict(&naive, "L2"), Expectation::Breaks(..)));
    let (_, compare) = run("compare_first", 1, 2, FaultBudget::NONE);
    assert_eq!(verdict(&compare, "L2"), Expectation::Holds(None));
}

/// All states by themselves, in the plainest way there is.
fn plainly<S: Strategy>(initial: State<S>) -> (usize, usize) {
    let mut seen = HashSet::from([initial.clone()]);
    let mut open = VecDeque::from([initial]);
    let (mut host, mut actions, mut steps) = (CheckHost::default(), Vec::new(), 0);
    while let Some(state) = open.pop_front() {
        state.actions(&mut actions);
        for &action in &actions {
            steps += 1;
            let next = state.next(action, &mut host);
            if seen.insert(next.clone()) {
                open.push_back(next);
            }
        }
    }
    (seen.len(), steps)
}

/// Fingerprints confuse no two states: whole states make the same number.
#[test]
fn fingerprints_stand_for_whole_states() {
    let faults: FaultBudget = "drop=1,crash=1".parse().unwrap();
    let (setup, report) = run("naive", 2, 1, faults);
    assert_eq!(
        plainly(State::initial(Naive {}, &setup.system)),
        (report.states, report.transitions)
    );
    let (setup, report) = run("lease", 2, 1, FaultBudget::NONE);
    let Coordination::Lease(lease) = setup.coordination else {
        unreachable!()
    };
    assert_eq!(
        plainly(State::initial(lease, &setup.system)),
        (report.states, report.transitions)
    );
}

/// How long a lease, a poll or a wait lasts decides nothing here, as long as a node looks as often.
#[test]
fn lengths_of_time_do_not_matter() {
    let (setup, report) = run("lease", 2, 1, FaultBudget::NONE);
    let Coordination::Lease(lease) = setup.coordination else {
        unreachable!()
    };
    let slow = |span: Duration| span.saturating_mul(7);
    let other = Setup {
        coordination: Coordination::Lease(Lease {
            ttl: Ttl::After(Duration::from_secs(7)),
            poll: slow(lease.poll),
            wait: slow(lease.wait),
            ..lease
        }),
        ..setup
    };
    assert_eq!(Expected::from(&check::check(&other, &())), Expected::from(&report));
}

/// An issue time in whole seconds tells two tokens of one second apart no better than nothing does.
#[test]
fn whole_seconds_reveal_no_order_within_one() {
    let (mut setup, report) = run("put_if_newer", 2, 1, FaultBudget::NONE);
    setup.system.reveals = Reveals::IssueTime(Duration::SECOND);
    assert_eq!(Expected::from(&check::check(&setup, &())), Expected::from(&report));
}

/// The same run again, in states of its own: a counterexample is a list of steps that anybody can take.
#[test]
fn a_counterexample_can_be_replayed() {
    let (setup, report) = run("compare_first", 2, 1, FaultBudget::NONE);
    let PropertyVerdict::Breaks(example) = &report.verdicts[place("L2")] else {
        panic!("two caches on one slot livelock")
    };
    let (mut host, mut actions) = (CheckHost::default(), Vec::new());
    let mut state = State::initial(CompareFirst {}, &setup.system);
    let mut seen: HashMap<State<CompareFirst>, usize> = HashMap::new();
    for (step, &action) in example.way.iter().enumerate() {
        seen.insert(state.clone(), step);
        state.actions(&mut actions);
        assert!(actions.contains(&action), "step {step} can be taken");
        assert!(matches!(action, Action::Deliver(_)), "without any fault");
        state = state.next(action, &mut host);
    }
    assert_eq!(seen[&state], example.steps(), "around and back");
    let story = check::narrate(&setup, example);
    assert_eq!(story.lines.len(), example.way.len());
    insta::assert_snapshot!(check::text(&story));
}

/// Whether one more store operation under way at a node tells anything that two do not: no verdict changes, though there are
/// more states and some ways are shorter.
#[test]
fn a_third_store_operation_under_way_changes_no_verdict() {
    let kind = |verdict: &PropertyVerdict| match verdict {
        PropertyVerdict::Holds(_) => "holds",
        PropertyVerdict::NotReached => "is not reached",
        PropertyVerdict::Open(_) => "is open",
        PropertyVerdict::Breaks(_) => "breaks",
    };
    let mut more = 0;
    for (nodes, faults, list) in LISTS {
        for name in expected::names(list) {
            if nodes > 2 || expected::of(name, nodes, faults).is_some_and(|expected| expected.states > 5_000) {
                continue;
            }
            let (mut setup, two) = run(name, nodes, 1, faults);
            setup.system.store_operations = 3;
            let three = check::check(&setup, &());
            assert!(three.complete);
            for ((property, two), three) in PROPERTIES.iter().zip(&two.verdicts).zip(&three.verdicts) {
                assert_eq!(kind(two), kind(three), "{name} with {faults}: {}", property.name);
            }
            more += usize::from(three.states > two.states);
        }
    }
    assert!(more > 0, "the bound binds nobody");
}
