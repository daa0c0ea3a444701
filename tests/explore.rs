//! The same world and the same strategies as in the simulator, run by another engine: breadth first over every order of
//! delivery. It finds what a simulation can only fail to see: two nodes that reject each other for ever.

use std::collections::{HashMap, VecDeque};

use tokenstorm::base::{Chance, Delay, Duration, Group, NodeId, Time};
use tokenstorm::node::Strategy;
use tokenstorm::oauth::Token;
use tokenstorm::provider::{Issuance, OnBadSlot, Provider};
use tokenstorm::retry::{Attempts, Immediate, Retry};
use tokenstorm::strategy::{AppPerNode, CompareFirst, Naive};
use tokenstorm::trace::Event;
use tokenstorm::world::{Client, Fleet, Host, Layout, Leg, Message, World};

/// An engine without time: what is sent lies in a bag until somebody picks it.
#[derive(Default)]
struct Bag(Vec<Message>);

impl Host for Bag {
    fn now(&self) -> Time {
        Time::ZERO
    }
    fn send(&mut self, _: Leg, _: u64, message: Message) {
        self.0.push(message);
    }
    fn wake(&mut self, delay: Delay, _: u64, alarm: Message) -> Duration {
        self.0.push(alarm);
        delay.base
    }
    fn hit(&mut self, _: Chance, _: u64) -> bool {
        false
    }
    fn lags(&mut self, _: Token, _: u64) -> (Duration, Duration) {
        (Duration::ZERO, Duration::ZERO)
    }
    fn note(&mut self, _: Event) {}
}

type State<S> = (World<S, Issuance>, Vec<Message>);

/// Every state that can be reached, and by a delivery at which node it leads to which others.
struct Graph {
    /// Calls that have not ended, by state; the first state is the start.
    pending: Vec<usize>,
    steps: Vec<Vec<(u32, usize)>>,
}

fn node_of<S: Strategy>(world: &World<S, Issuance>, message: &mut Message) -> u32 {
    match message {
        Message::Arrival { node, .. } | Message::TokenRequest { node, .. } | Message::TokenResponse { node, .. } => {
            node.0
        }
        other => {
            world
                .calls()
                .get(other.ticket_mut().expect("about a call").call)
                .origin
                .0
        }
    }
}

/// Explores the fleet with so many calls at each node, which are tried at once and for ever; latest only.
fn explore<S: Strategy>(strategy: S, apps: u16, nodes: u32, calls: u32) -> Graph {
    let fleet = Fleet {
        nodes: 0..nodes,
        client: 0,
        store: 0,
        gateway: None,
        sends_slot: true,
        force: false,
        first_seat: 0,
        is_gateway: false,
        first_login: 0,
        login_each: false,
        clock_spread: Duration::ZERO,
        clock_drift: 0,
    };
    let attempts = Attempts::UNBOUNDED;
    let rule = Issuance::latest_only(Duration::from_secs(3600));
    let mut world = World::new(
        strategy,
        Client::plain(Retry::Immediate(Immediate { attempts })),
        Provider::new(rule, OnBadSlot::Refuse, vec![1; apps.into()], 1),
        Layout {
            fleets: vec![fleet],
            patience: vec![None],
            stores: 1,
            store: Default::default(),
            login_again: None,
        },
    );
    let mut bag = Bag::default();
    for node in (0..nodes).map(NodeId) {
        world.start(node, &mut bag);
        bag.0.extend((0..calls).map(|_| Message::Arrival {
            node,
            group: Group(0),
            luck: 0,
        }));
    }
    let mut seen: HashMap<State<S>, usize> = HashMap::new();
    let mut graph = Graph {
        pending: Vec::new(),
        steps: Vec::new(),
    };
    let mut queue = VecDeque::from([(world, bag.0)]);
    seen.insert(queue[0].clone(), 0);
    while let Some((world, messages)) = queue.pop_front() {
        let arriving = messages
            .iter()
            .filter(|message| matches!(message, Message::Arrival { .. }))
            .count();
        graph.pending.push(world.calls().len() + arriving);
        let mut steps = Vec::new();
        for pick in 0..messages.len() {
            let (mut world, mut bag) = (world.clone(), Bag(messages.clone()));
            let mut message = bag.0.remove(pick);
            let node = node_of(&world, &mut message);
            world.deliver(message, &mut bag);
            world.canonical(Time::ZERO, &mut bag.0);
            bag.0.sort_unstable();
            let state = (world, bag.0);
            let next = seen.len();
            let place = *seen.entry(state.clone()).or_insert(next);
            if place == next {
                assert!(next < 100_000, "the states do not come to an end");
                queue.push_back(state);
            }
            steps.push((node, place));
        }
        graph.steps.push(steps);
    }
    graph
}

impl Graph {
    /// Steps from `from` to each state with each set of nodes that have acted on the way, while `calls` are pending.
    fn distances(&self, from: usize, calls: usize) -> HashMap<(usize, u32), usize> {
        let mut distances = HashMap::from([((from, 0), 0)]);
        let mut queue = VecDeque::from([(from, 0u32)]);
        while let Some((state, acted)) = queue.pop_front() {
            let far = distances[&(state, acted)] + 1;
            for &(node, next) in &self.steps[state] {
                let key = (next, acted | 1 << node);
                if self.pending[next] == calls && !distances.contains_key(&key) {
                    distances.insert(key, far);
                    queue.push_back(key);
                }
            }
        }
        distances
    }

    /// The shortest way into and around a cycle in which no call ends and every node acts.
    fn livelock(&self, nodes: u32) -> Option<(usize, usize)> {
        let (calls, all) = (self.pending[0], (1 << nodes) - 1);
        let into = self.distances(0, calls);
        let nearest = |state| (0..=all).filter_map(|acted| into.get(&(state, acted))).min().copied();
        (0..self.pending.len())
            .filter_map(|state| {
                let around = *self.distances(state, calls).get(&(state, all))?;
                nearest(state).map(|into| (into, around))
            })
            .min_by_key(|(into, around)| (into + around, *into))
    }

    /// States from which no path ends all calls.
    fn trapped(&self) -> usize {
        let mut free: Vec<_> = self.pending.iter().map(|&pending| pending == 0).collect();
        loop {
            let saved: Vec<_> = (0..free.len())
                .filter(|&state| !free[state] && self.steps[state].iter().any(|&(_, next)| free[next]))
                .collect();
            if saved.is_empty() {
                return free.iter().filter(|free| !**free).count();
            }
            saved.into_iter().for_each(|state| free[state] = true);
        }
    }
}

#[test]
fn two_naive_nodes_can_reject_each_other_for_ever() {
    let graph = explore(Naive {}, 1, 2, 1);
    // Into it: both arrive, ask and are answered; the token of the first is dead by then. Around: each node's attempt is
    // refused, and it asks again before the other's next attempt is checked.
    assert_eq!((graph.pending.len(), graph.livelock(2)), (88, Some((6, 8))));
    // Livelock, but no trap: a kind scheduler always ends it.
    assert_eq!(graph.trapped(), 0);
}

#[test]
fn one_node_or_an_app_for_each_cannot() {
    // Six states of one call: it waits to arrive, four messages follow each other, it has ended. Two such side by side
    // make 36, and where both have their token, in either order of issue.
    for (graph, nodes, states) in [
        (explore(Naive {}, 1, 1, 1), 1, 6),
        (explore(AppPerNode { apps: 2 }, 2, 2, 1), 2, 36 + 16),
    ] {
        assert_eq!((graph.pending.len(), graph.livelock(nodes)), (states, None));
        assert_eq!(graph.trapped(), 0);
    }
}

/// A single process does it too, when it has two calls and no single-flight; comparing first is the cure.
#[test]
fn two_calls_of_one_naive_node_can_too() {
    let naive = explore(Naive {}, 1, 1, 2);
    // Once around, the calls have changed places, and the canonical state does not tell them apart: half of eight.
    assert_eq!(
        (naive.pending.len(), naive.livelock(1), naive.trapped()),
        (51, Some((4, 4)), 0)
    );
    let compare = explore(CompareFirst {}, 1, 1, 2);
    assert_eq!(
        (compare.pending.len(), compare.livelock(1), compare.trapped()),
        (15, None, 0)
    );
}
