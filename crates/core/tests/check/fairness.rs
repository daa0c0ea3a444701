//! Fairness by kind of message: it finds every livelock in which each message arrives, and fewer of those in which one never does than
//! fairness by channel finds.

use std::collections::HashMap;

use tokenstorm::base::{Dice, Permutation};
use tokenstorm::engine::check::expected::Expectation;
use tokenstorm::engine::check::{self, Edge, FaultBudget, Graph, Marks, Standing, System};
use tokenstorm::node::{self, Command, Input, Me, Names, Outbox, Strategy, Timer, View};
use tokenstorm::oauth::{Token, TokenSlot};
use tokenstorm::store::{Answer, Operation};

use super::verdict;
use super::wrong::system;

const SLOTS: usize = 3;
const CONTROLS: usize = 3;
const KINDS: usize = 3;

/// What the delivery of a message of a kind leads to: another control state, and a message that is sent in its place.
#[derive(Clone, Copy)]
enum Rule {
    Goes(usize, u8),
    /// It cannot be delivered in this control state.
    Waits,
    Ends,
}

/// A party that has as many messages under way at any time: of two kinds on one channel, and of one kind on another.
struct Protocol([[Rule; KINDS]; CONTROLS]);

/// A control state with the kind of the message in each slot; none where the call has ended.
type State = Option<(usize, [u8; SLOTS])>;

impl Protocol {
    fn drawn(stream: &mut u64) -> Self {
        let mut below = |bound: u64| (Dice::next(stream) >> 33) % bound;
        Self(std::array::from_fn(|_| {
            std::array::from_fn(|_| match below(12) {
                0 => Rule::Ends,
                1 | 2 => Rule::Waits,
                _ => Rule::Goes(below(CONTROLS as u64) as usize, below(KINDS as u64) as u8),
            })
        }))
    }

    /// All states and steps; `name` says which states are one, `label` what a step is called.
    fn graph(&self, name: fn([u8; SLOTS]) -> [u8; SLOTS], label: fn(usize, u8) -> u8) -> Graph {
        let start: State = Some((0, name([0, 1, 2])));
        let (mut numbers, mut open) = (HashMap::from([(start, 0u32)]), vec![start]);
        let mut graph = Graph::default();
        let mut at = 0;
        while let Some(&state) = open.get(at) {
            at += 1;
            let mut edges = Vec::new();
            let Some((control, bag)) = state else {
                graph.push(Standing::default(), edges);
                continue;
            };
            for (slot, &kind) in bag.iter().enumerate() {
                let next = match self.0[control][usize::from(kind)] {
                    Rule::Waits => continue,
                    Rule::Ends => None,
                    Rule::Goes(to, sends) => {
                        let mut bag = bag;
                        bag[slot] = sends;
                        Some((to, name(bag)))
                    }
                };
                let count = numbers.len() as u32;
                let to = *numbers.entry(next).or_insert_with(|| {
                    open.push(next);
                    count
                });
                edges.push(Edge {
                    to,
                    label: label(slot, kind),
                    marks: Marks::default(),
                    places: Permutation::IDENTITY,
                });
            }
            let pending = Standing {
                pending: 1,
                ..Standing::default()
            };
            graph.push(pending, edges);
        }
        graph
    }
}

fn as_they_lie(bag: [u8; SLOTS]) -> [u8; SLOTS] {
    bag
}

fn sorted(mut bag: [u8; SLOTS]) -> [u8; SLOTS] {
    bag.sort_unstable();
    bag
}

/// A message in a slot stays there until it arrives: a label for each slot is fairness by message, which is what a network promises.
/// Whatever goes on for ever under that does so by kind, and whatever does so by kind does so by channel.
#[test]
fn no_livelock_of_single_messages_is_lost() {
    let mut stream = Dice::new(5).stream(0, 0);
    let (mut real, mut by_kind, mut by_channel) = (0, 0, 0);
    for number in 0..3_000 {
        let protocol = Protocol::drawn(&mut stream);
        let livelocks = |graph: Graph| graph.livelock(&graph.components()).is_some();
        let message = livelocks(protocol.graph(as_they_lie, |slot, _| slot as u8));
        let kind = livelocks(protocol.graph(sorted, |_, kind| kind));
        let channel = livelocks(protocol.graph(sorted, |_, kind| u8::from(kind == 2)));
        assert!(
            !message || kind,
            "protocol {number}: each message arrives, and it goes on for ever"
        );
        assert!(
            !kind || channel,
            "protocol {number}: what is fair by kind is so by channel"
        );
        real += usize::from(message);
        by_kind += usize::from(kind);
        by_channel += usize::from(channel);
    }
    assert!(real > 300, "{real} livelocks");
    assert!(
        by_channel - by_kind > 100,
        "{by_channel} by channel, {by_kind} by kind, {real} of messages"
    );
}

/// Each call of a node asks for the lease on its own, and again after a while when it is taken; the first that gets it asks for a token.
#[derive(Clone, Copy, Debug)]
struct EachAsks;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Memory {
    token: Option<Token>,
    fence: u32,
}

impl node::Memory for Memory {
    fn view(&self) -> View {
        View { token: self.token }
    }

    fn rename(&mut self, names: &mut dyn Names) {
        self.token = self.token.map(|token| names.token(token));
        self.fence = names.fence(self.fence);
    }
}

impl Strategy for EachAsks {
    type Node = Memory;

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn on(&self, _: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        let acquire = Command::Store(Operation::Acquire {
            ttl: Some(tokenstorm::base::Millis::new(10_000)),
        });
        match (input, node.token) {
            (Input::Call { call }, Some(token)) => out.push(Command::Attempt { call, token }),
            (Input::Call { call }, None) => {
                out.push(Command::Park { call });
                out.push(acquire);
            }
            (Input::Store(Answer::Busy), None) => out.push(Command::Arm {
                timer: Timer::Own(3),
                delay: tokenstorm::base::Delay::exactly(tokenstorm::base::Duration::SECOND),
            }),
            (Input::Timer(Timer::Own(3)), None) if node.fence == 0 => out.push(acquire),
            (Input::Store(Answer::Acquired { fence }), None) => {
                node.fence = fence;
                out.push(Command::RequestToken {
                    slot: TokenSlot::default(),
                    call: None,
                    with: None,
                });
            }
            (Input::Token { grant, .. }, _) => {
                node.token = Some(grant.token);
                out.push(Command::AttemptParked { token: grant.token });
                out.push(Command::Store(Operation::Release {
                    fence: std::mem::take(&mut node.fence),
                }));
            }
            _ => {}
        }
    }
}

/// The news that a call has the lease is not overtaken for ever by the news that another has not.
#[test]
fn what_has_been_granted_is_heard_of() {
    let two_calls = System {
        nodes: 1,
        calls: 2,
        needs: check::Needs {
            store: true,
            gateway: false,
            apps: 1,
        },
        ..system(FaultBudget::NONE)
    };
    let report = check::check_strategy(EachAsks, &two_calls, &());
    assert!(report.complete);
    assert_eq!(verdict(&report, "L2"), Expectation::Holds(None));
    assert_eq!(verdict(&report, "L3"), Expectation::Holds(None));
}
