//! A second explorer over the same states, written by others (stateright), must find as many.

use tokenstorm::engine::check::Budget;
use tokenstorm::engine::check::cast::{self, CAST, REFRESHERS};
use tokenstorm::engine::check::expected::{self, FAULTY, LAPSING};

use super::small::unique_states;

#[test]
fn stateright_finds_as_many_states() {
    // Larger ones take it too long for every day.
    const MOST: usize = if cfg!(debug_assertions) { 2_000 } else { 40_000 };
    let mut compared = 0;
    for faults in [Budget::NONE, FAULTY, LAPSING] {
        for (name, _) in CAST.iter().chain(&REFRESHERS) {
            let Some(expected) = expected::of(name, 2, faults) else {
                continue;
            };
            if expected.states <= MOST {
                let setup = cast::setup(name, 2, 1, faults).expect("a name of the cast");
                assert_eq!(unique_states(&setup, 2), expected.states, "{name} with {faults}");
                compared += 1;
            }
        }
    }
    assert!(compared > 40, "only {compared} systems were small enough");
}
