//! Runs among nodes with names, from runs among states in which only the order of the nodes is known.

use crate::base::Permutation;
use crate::node::Strategy;
use crate::property::Judge;
use crate::provider::Rule;

use super::action::Action;
use super::host::CheckHost;
use super::label::{label, moved};
use super::state::State;
use super::{Counterexample, System};

/// The run of named nodes that passes through what the states of `example` stand for.
pub fn named<S: Strategy, R: Rule>(
    strategy: &S,
    setup: &System<R>,
    example: &Counterexample,
    judge: &Judge,
) -> Counterexample {
    let mut pair = Pair {
        unnamed: State::initial(strategy.clone(), setup),
        named: State::initial(strategy.clone(), &setup.with_names()),
        who: Permutation::IDENTITY,
        host: CheckHost::default(),
    };
    assert!(pair.named == pair.unnamed, "no node is told apart at the start");
    let steps = example.way.len();
    let way = (1..).zip(&example.way);
    Counterexample {
        way: way
            .map(|(step, &action)| pair.step(action, judge, step == steps))
            .collect(),
        around: example.around,
        remark: example.remark.clone(),
    }
}

/// A state, and the one among nodes with names that it stands for.
struct Pair<S: Strategy, R> {
    unnamed: State<S, R>,
    named: State<S, R>,
    /// Which node is at each place.
    who: Permutation,
    host: CheckHost,
}

impl<S: Strategy, R: Rule> Pair<S, R> {
    /// Both take a step; returns the step among nodes with names. Of several that lead to the same state by the same label it is one
    /// of the same kind, and the `last` one breaks the property.
    fn step(&mut self, action: Action, judge: &Judge, last: bool) -> Action {
        let wanted = moved(label(&self.unnamed, action), self.who);
        self.unnamed = self.unnamed.next(action, &mut self.host);
        self.who = self.host.places.inverse().then(self.who);
        let mut after = self.unnamed.clone();
        after.move_nodes(self.who, &mut self.host.renamed);
        let mut actions = Vec::new();
        self.named.actions(&mut actions);
        if matches!(action, Action::Arrive(_)) {
            actions = self.named.callers().map(|node| Action::Arrive(node.0 as u8)).collect();
        }
        let candidates = actions.into_iter().filter_map(|candidate| {
            let mut breaks = false;
            let next = self.named.take(candidate, &mut self.host, |event, history, scene| {
                if let Judge::Event(judge) = judge {
                    breaks |= judge(event, history, scene) == Some(false);
                }
            });
            let leads = next == after && label(&self.named, candidate) == wanted;
            let same = std::mem::discriminant(&candidate) == std::mem::discriminant(&action);
            leads.then_some(((last && breaks, same), candidate, next))
        });
        let best = candidates.max_by_key(|(fit, ..)| *fit);
        let (_, taken, next) = best.expect("what stands for a state can do what it can");
        self.named = next;
        taken
    }
}
