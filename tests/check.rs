//! The checker finds what is expected of it, the failing half included: every strategy breaks exactly what it is expected to
//! break, by a shortest run of a known length, among a known number of states.

use std::collections::{HashMap, HashSet, VecDeque};

use tokenstorm::base::Duration;
use tokenstorm::engine::check::cast::{self, CAST};
use tokenstorm::engine::check::expected::{self, Expectation, Expected, FAULTY};
use tokenstorm::engine::check::{self, Action, Budget, Hands, Report, Setup, State, Verdict};
use tokenstorm::node::Strategy;
use tokenstorm::property::PROPERTIES;
use tokenstorm::strategy::{CompareFirst, Coordination, Lease, Naive, Ttl};

fn place(property: &str) -> usize {
    PROPERTIES
        .iter()
        .position(|known| known.name == property)
        .expect("a property of the list")
}

fn found(report: &Report) -> Expected {
    Expected {
        verdicts: report.verdicts.iter().map(Expectation::from).collect(),
        states: report.states,
        transitions: report.transitions,
    }
}

fn verdict(report: &Report, property: &str) -> Expectation {
    Expectation::from(&report.verdicts[place(property)])
}

fn run(name: &str, nodes: u32, calls: u32, faults: Budget) -> (Setup, Report) {
    let setup = cast::setup(name, nodes, calls, faults).expect("a name of the cast");
    let report = check::check(&setup, &());
    assert!(report.complete, "{name}: the search has come to an end");
    (setup, report)
}

/// Every verdict of a list, the lengths of the shortest runs, and the numbers of states.
fn assert_as_expected(names: &[&str], faults: Budget) {
    let mut wrong = Vec::new();
    for name in names {
        let (_, report) = run(name, 2, 1, faults);
        let found = found(&report);
        if expected::of(name, faults).as_ref() != Some(&found) {
            wrong.push(format!("{name}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn two_nodes_do_what_is_expected_of_them() {
    assert_as_expected(&CAST.map(|(name, _)| name), Budget::NONE);
}

#[test]
fn two_nodes_do_so_with_a_lost_message_and_a_crash() {
    let names: Vec<_> = CAST.map(|(name, _)| name).to_vec();
    let listed: Vec<_> = names
        .into_iter()
        .filter(|name| expected::of(name, FAULTY).is_some())
        .collect();
    assert_eq!(
        listed.len(),
        11,
        "those whose search with these faults was run to its end"
    );
    assert_as_expected(&listed, FAULTY);
}

/// Every claim is broken by a strategy of the list and stands for another, so that neither answer is all that the checker has.
#[test]
fn every_claim_has_a_witness_on_either_side() {
    let lists: Vec<_> = CAST
        .iter()
        .filter_map(|(name, _)| expected::of(name, Budget::NONE))
        .collect();
    // Without faults nothing locks for ever, gives up for ever, loses a token, or asks twice.
    let never_broken = ["S3", "S7", "S9", "L1", "L3", "L4", "V"];
    for (place, property) in PROPERTIES.iter().enumerate() {
        let broken = lists
            .iter()
            .any(|list| matches!(list.verdicts[place], Expectation::Breaks(..)));
        let stands = lists
            .iter()
            .any(|list| matches!(list.verdicts[place], Expectation::Holds(_)));
        assert!(stands, "{} stands for nobody", property.name);
        assert_eq!(broken, !never_broken.contains(&property.name), "{}", property.name);
    }
}

/// The shortest way to reject each other for ever: both arrive, ask and are answered, and the token of the first is dead by
/// then; then each node's attempt is refused, and it asks again before the other's next attempt is checked.
#[test]
fn two_naive_nodes_can_reject_each_other_for_ever() {
    let (_, report) = run("naive", 2, 1, Budget::NONE);
    assert_eq!((report.states, verdict(&report, "L2")), (88, Expectation::Breaks(6, 8)));
    // Livelock, but no trap: a kind scheduler always ends it.
    assert_eq!(verdict(&report, "L3"), Expectation::Holds(None));
}

#[test]
fn one_node_or_an_app_for_each_cannot() {
    // Six states of one call: it waits to arrive, four messages follow each other, it has ended. Two such side by side
    // make 36, and where both have their token, in either order of issue.
    for (name, nodes, states) in [("naive", 1, 6), ("app_per_node", 2, 36 + 16)] {
        let (_, report) = run(name, nodes, 1, Budget::NONE);
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
    let (_, naive) = run("naive", 1, 2, Budget::NONE);
    assert!(matches!(verdict(&naive, "L2"), Expectation::Breaks(..)));
    let (_, compare) = run("compare_first", 1, 2, Budget::NONE);
    assert_eq!(verdict(&compare, "L2"), Expectation::Holds(None));
}

/// All states by themselves, in the plainest way there is.
fn plainly<S: Strategy>(initial: State<S>) -> (usize, usize) {
    let mut seen = HashSet::from([initial.clone()]);
    let mut open = VecDeque::from([initial]);
    let (mut hands, mut actions, mut steps) = (Hands::default(), Vec::new(), 0);
    while let Some(state) = open.pop_front() {
        state.actions(&mut actions);
        for &action in &actions {
            steps += 1;
            let next = state.next(action, &mut hands);
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
    let faults: Budget = "drop=1,crash=1".parse().unwrap();
    let (setup, report) = run("naive", 2, 1, faults);
    assert_eq!(
        plainly(State::initial(Naive {}, &setup.system)),
        (report.states, report.transitions)
    );
    let (setup, report) = run("lease", 2, 1, Budget::NONE);
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
    let (setup, report) = run("lease", 2, 1, Budget::NONE);
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
    assert_eq!(found(&check::check(&other, &())), found(&report));
}

/// The same run again, in states of its own: a counterexample is a list of steps that anybody can take.
#[test]
fn a_counterexample_can_be_replayed() {
    let (setup, report) = run("compare_first", 2, 1, Budget::NONE);
    let Verdict::Breaks(example) = &report.verdicts[place("L2")] else {
        panic!("two caches on one slot livelock")
    };
    let (mut hands, mut actions) = (Hands::default(), Vec::new());
    let mut state = State::initial(CompareFirst {}, &setup.system);
    let mut seen: HashMap<State<CompareFirst>, usize> = HashMap::new();
    for (step, &action) in example.way.iter().enumerate() {
        seen.insert(state.clone(), step);
        state.actions(&mut actions);
        assert!(actions.contains(&action), "step {step} can be taken");
        assert!(matches!(action, Action::Deliver(_)), "without any fault");
        state = state.next(action, &mut hands);
    }
    assert_eq!(seen[&state], example.steps(), "around and back");
    let story = check::tell(&setup, example);
    assert_eq!(story.lines.len(), example.way.len());
    insta::assert_snapshot!(check::text(&story));
}
