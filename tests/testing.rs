//! What the author of a strategy outside this crate gets: laws, checker and fuzzer by one call.

#[path = "../examples/my_strategy.rs"]
mod my_strategy;

use my_strategy::KeepUntilRefused;
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
