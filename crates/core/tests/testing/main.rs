//! What the author of a strategy outside this crate gets: laws, checker and fuzzer by one call.

extern crate tokenstorm_core as tokenstorm;

mod hedged;
#[path = "../../../../examples/my_strategy.rs"]
mod my_strategy;
mod nameless;
mod phase_lease;
mod queue;

use hedged::Hedged;
use my_strategy::KeepUntilRefused;
use phase_lease::PhaseLease;
use queue::LastComeFirst;
use tokenstorm::engine::check::expected::Expectation;
use tokenstorm::engine::check::{self, FaultBudget, systems};
use tokenstorm::strategy::SharedBlind;
use tokenstorm::testing::{Expect, analyze, assert_strategy};

#[test]
fn the_example_is_as_it_says() {
    let report = my_strategy::account();
    assert!(report.complete && report.objections.is_empty());
    let checked = |property| report.of(property).checked.as_ref().map(|example| example.steps());
    assert_eq!((checked("S4"), checked("S8")), (Some(4), None));
    assert!(report.to_string().contains("no needless kill"));
}

/// What is not expected is told with its shortest run; what is expected and does not come is told as well.
#[test]
fn what_is_not_expected_is_an_objection() {
    let expect = Expect::default().breaks("S2a").breaks("S1").breaks("frugal");
    let report = analyze(KeepUntilRefused, &expect.cases(100, 1));
    let objects = |words: &str| report.objections.iter().any(|objection| objection.contains(words));
    assert!(objects("S4 (no needless kill) is broken:"));
    assert!(objects("t2 is issued, t1 is dead"), "{:?}", report.objections);
    assert!(objects("S1 (store never regresses) is expected to break, and holds"));
    assert!(objects("the law `frugal` is expected to break, and holds"));
    assert!(!objects("S2a"));
}

#[test]
#[should_panic(expected = "L2 (no livelock) is broken")]
fn an_objection_is_a_failed_test() {
    assert_strategy(KeepUntilRefused, &Expect::default().cases(50, 1));
}

#[test]
#[should_panic(expected = "there is neither a property nor a law `S99`")]
fn a_misspelt_expectation_is_told() {
    analyze(KeepUntilRefused, &Expect::default().breaks("S99"));
}

/// A search that was given up decides nothing: what it has not broken is an objection unless one takes it as open.
#[test]
fn what_a_search_has_not_decided_does_not_pass() {
    let expect = Expect::default()
        .with_store()
        .with_faults(FaultBudget::NONE)
        .cases(1, 1);
    let breaks = ["S1", "S2a", "S4", "S6", "B1", "B2", "L2", "books"];
    let expect = breaks.into_iter().fold(expect, Expect::breaks);
    let whole = analyze(SharedBlind::default(), &expect);
    assert!(whole.complete && whole.doubt.is_none(), "{whole}");
    assert_eq!(whole.objections, Vec::<String>::new());
    let some = analyze(SharedBlind::default(), &expect.clone().states(200));
    assert!(!some.complete && some.of("L2").verdict == Expectation::Open, "{some}");
    let objects = |words: &str| some.objections.iter().any(|objection| objection.contains(words));
    assert!(objects("undecided: S2b, S3, S7"), "{:?}", some.objections);
    let open = "L2 (no livelock) is expected to break, and is not broken so far: the search was given up after 20";
    assert!(objects(open), "{:?}", some.objections);
    assert!(
        some.to_string().contains("L1  no deadlock                        ?"),
        "{some}"
    );
    let nearest = Expect::default().with_store().states(3).cases(0, 1).breaks("books");
    let passes = analyze(SharedBlind::default(), &nearest.clone().or_undecided());
    assert_eq!(passes.objections, Vec::<String>::new());
    assert!(!analyze(SharedBlind::default(), &nearest).objections.is_empty());
}

/// What nothing has happened to is not said to hold.
#[test]
fn what_is_not_reached_is_told_apart_from_what_holds() {
    let report = my_strategy::account();
    assert_eq!(report.of("S1").verdict, Expectation::NotReached);
    assert_eq!(report.of("S8").verdict, Expectation::Holds(None));
    assert!(
        report.to_string().contains("S1  store never regresses              -"),
        "{report}"
    );
}

/// One process whose two calls have two reads under way each.
fn hedged() -> Expect {
    Expect::default()
        .with_store()
        .with_nodes(1, 2)
        .with_faults(FaultBudget::NONE)
        .cases(50, 1)
}

/// A node that has as many store operations under way as the search allows hears nothing else. Where that matters it is searched
/// again with more: what holds with two of them, though with four it does not, and what never happens with two.
#[test]
fn a_bound_that_decides_a_verdict_is_raised() {
    let right = analyze(Hedged { hasty: false }, &hedged().breaks("S2a"));
    assert_eq!(
        right.of("V").verdict,
        Expectation::Holds(None),
        "with two, no node is seen to have four reads\n{right}"
    );
    assert_eq!(right.of("S9").verdict, Expectation::Holds(None), "{right}");
    let hasty = analyze(Hedged { hasty: true }, &hedged());
    assert!(matches!(hasty.of("S9").verdict, Expectation::Breaks(..)), "{hasty}");
    assert!(
        hasty.of("S9").fuzzed.is_some(),
        "the fuzzer runs under the same bound\n{hasty}"
    );
}

/// A bound that cannot be raised far enough leaves open what it might decide.
#[test]
fn a_bound_that_cannot_be_raised_is_said() {
    let mut system = systems::setup("naive", 1, 2, FaultBudget::NONE)
        .expect("a name of the list")
        .system;
    system.needs.store = true;
    let narrow = check::check_strategy(Hedged { hasty: true }, &system, &()).states;
    let two = analyze(Hedged { hasty: true }, &hedged().states(narrow));
    let doubt = two.doubt.as_ref().expect("the search with three is larger");
    assert!(doubt.contains("at most 2 store operations under way"), "{doubt}");
    assert_eq!(two.of("S9").verdict, Expectation::Open, "{two}");
    assert!(
        two.objections
            .iter()
            .any(|objection| objection.contains("undecided") && objection.contains(doubt))
    );
    let more = analyze(Hedged { hasty: true }, &hedged().store_operations(4));
    assert!(matches!(more.of("S9").verdict, Expectation::Breaks(..)), "{more}");
}

/// Calls that a strategy keeps by their ids are renamed as tokens are: the order in which they are served changes no verdict.
#[test]
fn a_strategy_may_keep_its_calls_itself() {
    for (nodes, calls, faults) in [(1, 3, "none"), (2, 2, "none"), (1, 2, "drop=1,crash=1,late=1")] {
        let expect = || {
            Expect::default()
                .with_nodes(nodes, calls)
                .with_faults(faults.parse().unwrap())
                .cases(100, 1)
        };
        let parks = analyze(KeepUntilRefused, &expect());
        let keeps = analyze(LastComeFirst, &expect());
        assert!(parks.complete && keeps.complete, "{keeps}");
        for (parks, keeps) in parks.rows.iter().zip(&keeps.rows) {
            assert_eq!(
                parks.checked.is_some(),
                keeps.checked.is_some(),
                "{} among {nodes} with {faults}",
                parks.property
            );
        }
        assert_eq!(keeps.laws, Vec::new(), "the simulator does what the checker does");
    }
}

/// The same where nodes that look alike count as one.
#[test]
fn calls_that_are_kept_tell_no_nodes_apart() {
    let mut system = systems::setup("naive", 2, 2, FaultBudget::NONE)
        .expect("a name of the list")
        .system;
    let named = check::check_strategy(LastComeFirst, &system, &());
    system.symmetric = true;
    let nameless = check::check_strategy(LastComeFirst, &system, &());
    assert!(
        nameless.states < named.states * 2 / 3,
        "{} of {}",
        nameless.states,
        named.states
    );
    for (named, nameless) in named.verdicts.iter().zip(&nameless.verdicts) {
        assert_eq!(Expectation::from(named), Expectation::from(nameless));
    }
}

/// A holder that does not keep its fence acts as long as it has anything under way: what a lease prevents, this one prevents, and what it
/// does not for want of a second look breaks.
#[test]
fn a_lease_may_remember_no_more_than_its_phase() {
    let expect = || {
        Expect::default()
            .with_store()
            .with_faults(FaultBudget::NONE)
            .cases(100, 1)
    };
    let right = analyze(PhaseLease { looks_again: true }, &expect());
    assert_eq!(right.objections, Vec::<String>::new(), "{right}");
    assert!(right.complete, "{right}");
    assert_eq!(right.of("L4").verdict, Expectation::Holds(None), "{right}");
    let hasty = analyze(PhaseLease { looks_again: false }, &expect());
    assert!(matches!(hasty.of("S4").verdict, Expectation::Breaks(..)), "{hasty}");
    for property in ["S1", "S2a", "S2b", "L3", "L4"] {
        assert!(hasty.of(property).checked.is_none(), "{property}\n{hasty}");
    }
}
