//! Runs among nodes with names, from runs among states in which only the order of the nodes is known.

use crate::base::NodeId;
use crate::node::Strategy;
use crate::property::Judge;
use crate::provider::Rule;

use super::state::{Action, Hands, State};
use super::visited::fingerprint;
use super::{Counterexample, System};

/// The run of named nodes that passes the states which those of `example` stand for. A cycle is gone around as often as it takes
/// until each node is what it was.
pub fn named<S: Strategy, R: Rule>(
    strategy: &S,
    setup: &System<R>,
    example: &Counterexample,
    judge: &Judge,
) -> Counterexample {
    let mut hands = Hands::default();
    let mut steps = Steps {
        state: State::initial(strategy.clone(), &setup.with_names()),
        way: Vec::new(),
        judge,
    };
    let mut stands = State::initial(strategy.clone(), setup);
    let (to, around) = example.way.split_at(example.steps());
    for &action in to {
        stands = stands.next(action, &mut hands);
        steps.follow(action, &stands, to.len() == steps.way.len() + 1);
    }
    let mut rounds = vec![(fingerprint(&steps.state), steps.way.len())];
    let home = loop {
        for &action in around {
            stands = stands.next(action, &mut hands);
            steps.follow(action, &stands, false);
        }
        let here = fingerprint(&steps.state);
        if let Some((_, home)) = rounds.iter().find(|(print, _)| *print == here) {
            break *home;
        }
        rounds.push((here, steps.way.len()));
    };
    Counterexample {
        around: steps.way.len() - home,
        way: steps.way,
        remark: example.remark.clone(),
    }
}

/// Every order of so many nodes.
fn orders(nodes: u32) -> Vec<Vec<NodeId>> {
    (0..nodes).map(NodeId).fold(vec![Vec::new()], |orders, id| {
        let longer = |order: Vec<NodeId>| {
            (0..=order.len()).map(move |place| {
                let mut longer = order.clone();
                longer.insert(place, id);
                longer
            })
        };
        orders.into_iter().flat_map(longer).collect()
    })
}

struct Steps<'a, S: Strategy, R> {
    state: State<S, R>,
    way: Vec<Action>,
    judge: &'a Judge,
}

impl<S: Strategy, R: Rule> Steps<'_, S, R> {
    /// Takes the step that leads to the state which `stands` for it. Of several the one is meant that is of the same kind as
    /// `action`, and breaks the claim if it is the `last`.
    fn follow(&mut self, action: Action, stands: &State<S, R>, last: bool) {
        let (mut actions, mut hands) = (Vec::new(), Hands::default());
        self.state.actions(&mut actions);
        let wanted = fingerprint(stands);
        let orders = orders(self.state.world.fleets()[0].nodes.end);
        let candidates = actions.into_iter().filter_map(|candidate| {
            let mut breaks = false;
            let next = self.state.take(candidate, &mut hands, |event, facts, scene| {
                if let Judge::Event(judge) = self.judge {
                    breaks |= judge(event, facts, scene) == Some(false);
                }
            });
            let leads = orders.iter().any(|order| {
                let mut moved = next.clone();
                moved.move_nodes(order);
                fingerprint(&moved) == wanted
            });
            let same = std::mem::discriminant(&candidate) == std::mem::discriminant(&action);
            leads.then_some(((last && breaks, same), candidate, next))
        });
        let best = candidates.max_by_key(|(fit, ..)| *fit);
        let (_, taken, next) = best.expect("what stands for a state can do what it can");
        self.way.push(taken);
        self.state = next;
    }
}
