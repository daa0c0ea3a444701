//! A second explorer over the same states, written by others (stateright), must find as many.

use stateright::{Checker as _, Model, Property};
use tokenstorm::engine::check::cast::{self, CAST, REFRESHERS};
use tokenstorm::engine::check::expected::{self, FAULTY, LAPSING};
use tokenstorm::engine::check::{Action, Budget, Hands, State};
use tokenstorm::node::Strategy;
use tokenstorm::with_strategy;

/// A small system as stateright wants it.
struct Small<S: Strategy>(State<S>);

impl<S: Strategy> Model for Small<S> {
    type State = State<S>;
    type Action = Action;

    fn init_states(&self) -> Vec<State<S>> {
        vec![self.0.clone()]
    }

    fn actions(&self, state: &State<S>, actions: &mut Vec<Action>) {
        state.actions(actions);
    }

    fn next_state(&self, state: &State<S>, action: Action) -> Option<State<S>> {
        Some(state.next(action, &mut Hands::default()))
    }

    /// Without a property that stands for ever it would not begin to look.
    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("there is a state", |_, _| true)]
    }
}

fn unique_states(name: &str, faults: Budget) -> usize {
    let setup = cast::setup(name, 2, 1, faults).expect("a name of the cast");
    with_strategy!(&setup.coordination, strategy => {
        #[allow(clippy::clone_on_copy)] // Most strategies are `Copy`, not all.
        let small = Small(State::initial(strategy.clone(), &setup.system));
        small.checker().threads(2).spawn_bfs().join().unique_state_count()
    })
}

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
                assert_eq!(unique_states(name, faults), expected.states, "{name} with {faults}");
                compared += 1;
            }
        }
    }
    assert!(compared > 40, "only {compared} systems were small enough");
}
