//! A small system as stateright wants it: the very states of the checker, under an explorer that others have written.

use std::cell::RefCell;

use stateright::{Checker as _, Model, Property};
use tokenstorm::engine::check::{Action, CheckHost, Setup, State};
use tokenstorm::node::Strategy;

struct Small<S: Strategy>(State<S>);

thread_local! {
    /// Memory that one step leaves to the next, as the checker's own threads have it.
    static HOST: RefCell<CheckHost> = RefCell::default();
}

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
        HOST.with_borrow_mut(|host| Some(state.next(action, host)))
    }

    /// Without a property that stands for ever it would not begin to look.
    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("there is a state", |_, _| true)]
    }
}

/// How many different states stateright finds, breadth first with so many threads.
pub fn unique_states(setup: &Setup, threads: usize) -> usize {
    let small = Small(State::initial(setup.coordination.clone(), &setup.system));
    small.checker().threads(threads).spawn_bfs().join().unique_state_count()
}
