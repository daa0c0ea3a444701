//! A second explorer over the same states, written by others (stateright), must find as many: on every row of the lists whose
//! search comes to its end, but for a dozen of the largest, where it takes four fifths of the time and says the same.
//! `TOKENSTORM_STATES=20000000 cargo test --release --test check stateright` compares those too.

use tokenstorm::engine::check::expected::{self, Expectation, LISTS};
use tokenstorm::engine::check::systems;

use super::small::unique_states;

#[test]
fn stateright_finds_as_many_states() {
    // Without optimisation larger ones take minutes.
    const LARGEST: usize = if cfg!(debug_assertions) { 2_500 } else { 200_000 };
    let largest = super::largest(LARGEST);
    let (mut compared, mut given_up, mut larger) = (0, 0, 0);
    for (nodes, faults, list) in LISTS {
        for name in expected::names(list) {
            let expected = expected::of(name, nodes, faults).expect("a line of the list");
            if expected.verdicts.contains(&Expectation::Open) {
                given_up += 1;
            } else if expected.states > largest {
                larger += 1;
            } else {
                let setup = systems::setup(name, nodes, 1, faults).expect("the name of a system");
                let found = unique_states(&setup.without_names(), 2);
                assert_eq!(found, expected.states, "{name} among {nodes} with {faults}");
                compared += 1;
            }
        }
    }
    assert_eq!(given_up, 6);
    let rows: usize = LISTS.iter().map(|(.., list)| expected::names(list).count()).sum();
    assert_eq!(compared + larger, rows - given_up, "all that end");
    println!("{compared} compared, {larger} of more than {largest} states left out");
    if cfg!(debug_assertions) {
        assert!(compared > 60, "{compared} compared");
    } else {
        assert!(larger <= 16, "{larger} left out");
    }
}
