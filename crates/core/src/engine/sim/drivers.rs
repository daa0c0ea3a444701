//! What drives a run beside its timeline and the calls that come of themselves: users in closed loops, replayed calls, pauses
//! and revocations by chance. Each has numbers in the queue after those of the streams of arrivals.

use std::ops::Range;

use crate::base::{Dice, Duration, Group, NodeId, Time, exponential};
use crate::plan::{self, Plan};
use crate::world::Message;

use super::payload::LIMIT;
use super::purpose::{BRANCH_DRIVERS, PAUSES, REPLAYS, REVOCATIONS, USERS};

/// All of them. Numbers go by kind: users by loop and node, replays, pauses by chance, revocations, nodes that go on.
#[derive(Clone)]
pub struct DriverQueue<'a> {
    plan: &'a plan::Drivers,
    first: u32,
    loops: Vec<Loop>,
    replays: Vec<Replayed>,
    /// Streams of the pauses.
    pauses: Vec<u64>,
    revocations: u64,
    first_replay: u32,
    first_pause: u32,
    revocation: u32,
    first_resumption: u32,
}

/// The users of one workload; those of one process are alike and have one number.
#[derive(Clone)]
struct Loop {
    first: u32,
    /// Stream of each process, and how many of its users wait for it to be up.
    processes: Vec<(u64, u32)>,
}

/// How far a recorded trace has come.
#[derive(Clone, Copy, Default)]
struct Replayed {
    stream: u64,
    calls: usize,
    /// The node that is next in turn.
    turn: u32,
}

/// Whose turn a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriverTurn {
    /// A user at this node has thought enough.
    User(NodeId),
    /// The next call of a recorded trace is due.
    Replay,
    /// A pause by chance begins.
    Pause,
    /// Somebody revokes a token.
    Revocation,
    /// A pause by chance is over.
    Resume(NodeId),
}

/// A call of a recorded trace.
pub struct DrivenCall {
    /// None where no node of the fleet is up.
    pub arrival: Option<Message>,
    /// When the trace has its next.
    pub next: Option<Time>,
}

impl<'a> DriverQueue<'a> {
    /// Numbers begin with `first`.
    pub fn new(plan: &'a Plan, dice: Dice, first: u32) -> Self {
        let drivers = &plan.drivers;
        let mut next = first;
        let mut loops = Vec::new();
        for workload in &drivers.loops {
            let group = u64::from(workload.group.0);
            // All users of a node wait until it starts.
            let at = &workload.at;
            let user = |place: u32| {
                let party = (u64::from(at.first(place).0) << 16) | group;
                (dice.stream(USERS, party), workload.users)
            };
            loops.push(Loop {
                first: next,
                processes: (0..at.count()).map(user).collect(),
            });
            next += at.count();
        }
        let first_pause = next + drivers.replays.len() as u32;
        let revocation = first_pause + drivers.pauses.len() as u32;
        let nodes = plan.nodes() as u32;
        assert!(revocation + 1 + nodes < LIMIT, "fewer than 2^30 things that are due");
        Self {
            plan: drivers,
            first,
            loops,
            replays: (0..)
                .zip(&drivers.replays)
                .map(|(at, _)| Replayed {
                    stream: dice.stream(REPLAYS, at),
                    ..Replayed::default()
                })
                .collect(),
            pauses: (0..)
                .zip(&drivers.pauses)
                .map(|(at, _)| dice.stream(PAUSES, at))
                .collect(),
            revocations: dice.stream(REVOCATIONS, 0),
            first_replay: next,
            first_pause,
            revocation,
            first_resumption: revocation + 1,
        }
    }

    /// The number that was given to the first of them.
    #[inline]
    pub fn first(&self) -> u32 {
        self.first
    }

    /// From here on the draws are others, as `dice` says for these.
    pub fn redraw(&mut self, dice: Dice) {
        let users = self.loops.iter_mut().flat_map(|users| &mut users.processes);
        let users = users.map(|(stream, _)| stream);
        let replays = self.replays.iter_mut().map(|replay| &mut replay.stream);
        let others = self.pauses.iter_mut().chain([&mut self.revocations]);
        for (party, stream) in (0..).zip(users.chain(replays).chain(others)) {
            *stream = dice.stream(BRANCH_DRIVERS, party);
        }
    }

    /// What is due first at the beginning of a run.
    pub fn begin(&mut self, mut due: impl FnMut(u32, Time)) {
        for (number, replay) in (self.first_replay..).zip(&self.plan.replays) {
            if let Some(&at) = replay.calls.first() {
                due(number, at);
            }
        }
        for index in 0..self.plan.pauses.len() {
            let number = self.first_pause + index as u32;
            due(number, Time::ZERO + self.gap_of_pauses(index));
        }
        if let Some(mean) = self.plan.revocations {
            due(
                self.revocation,
                Time::ZERO + exponential(mean, Dice::next(&mut self.revocations)),
            );
        }
    }

    /// Whose turn it is.
    pub fn turn(&self, number: u32) -> DriverTurn {
        if number >= self.first_resumption {
            DriverTurn::Resume(NodeId(number - self.first_resumption))
        } else if number == self.revocation {
            DriverTurn::Revocation
        } else if number >= self.first_pause {
            DriverTurn::Pause
        } else if number >= self.first_replay {
            DriverTurn::Replay
        } else {
            let (index, place) = self.user(number);
            DriverTurn::User(self.plan.loops[index].at.first(place as u32))
        }
    }

    /// Which loop and which of its processes a number belongs to.
    fn user(&self, number: u32) -> (usize, usize) {
        let index = self.loops.partition_point(|users| users.first <= number) - 1;
        (index, (number - self.loops[index].first) as usize)
    }

    /// A call has ended: if a user has waited for it, the number of that user and how long they think.
    pub fn ended(&mut self, node: NodeId, group: Group) -> Option<(u32, Duration)> {
        let index = self.plan.loops.iter().position(|workload| workload.group == group)?;
        let place = self.plan.loops[index].at.place(node)?;
        Some((self.loops[index].first + place, self.think(index, place as usize)))
    }

    fn think(&mut self, index: usize, place: usize) -> Duration {
        let draw = Dice::next(&mut self.loops[index].processes[place].0);
        self.plan.loops[index].think.sample(draw)
    }

    /// The call that a user makes now.
    pub fn call(&mut self, number: u32, node: NodeId) -> Message {
        let (index, place) = self.user(number);
        Message::Arrival {
            node,
            group: self.plan.loops[index].group,
            draw_key: Dice::next(&mut self.loops[index].processes[place].0) as u32,
        }
    }

    /// The user's node is down: the user comes back when it starts.
    pub fn wait_for(&mut self, number: u32) {
        let (index, place) = self.user(number);
        self.loops[index].processes[place].1 += 1;
    }

    /// A node has started: the users who have waited for it think before they call.
    #[inline]
    pub fn started(&mut self, node: NodeId, mut due: impl FnMut(u32, Duration)) {
        for index in 0..self.loops.len() {
            let Some(place) = self.plan.loops[index].at.place(node) else {
                continue;
            };
            let number = self.loops[index].first + place;
            for _ in 0..std::mem::take(&mut self.loops[index].processes[place as usize].1) {
                let think = self.think(index, place as usize);
                due(number, think);
            }
        }
    }

    /// The call of a recorded trace that is due, at the next process in turn that is up.
    pub fn replayed(&mut self, number: u32, is_up: impl Fn(NodeId) -> bool) -> DrivenCall {
        let index = (number - self.first_replay) as usize;
        let (replay, state) = (&self.plan.replays[index], &mut self.replays[index]);
        let count = replay.at.count();
        let at = |turn: u32| replay.at.first(turn % count);
        let up = (state.turn..state.turn + count).find(|&turn| is_up(at(turn)));
        let draw_key = Dice::next(&mut state.stream) as u32;
        state.calls += 1;
        if let Some(turn) = up {
            state.turn = (turn + 1) % count;
        }
        DrivenCall {
            arrival: up.map(|turn| Message::Arrival {
                node: at(turn),
                group: replay.group,
                draw_key,
            }),
            next: replay.calls.get(state.calls).copied(),
        }
    }

    /// Pauses of like processes together are one Poisson process, each at one chosen alike.
    fn gap_of_pauses(&mut self, index: usize) -> Duration {
        let pauses = &self.plan.pauses[index];
        let count = u64::from(pauses.at.count());
        exponential(pauses.every.ratio(1, count), Dice::next(&mut self.pauses[index]))
    }

    /// The pause that is due: at the nodes of which process, for how long; and when the next one is.
    pub fn pause(&mut self, number: u32, now: Time) -> (Range<u32>, Duration, Time) {
        let index = (number - self.first_pause) as usize;
        let pauses = &self.plan.pauses[index];
        let (place, lasts) = (Dice::next(&mut self.pauses[index]), Dice::next(&mut self.pauses[index]));
        let place = ((u128::from(place) * u128::from(pauses.at.count())) >> 64) as u32;
        let lasts = pauses.lasts.sample(lasts);
        (pauses.at.nodes(place), lasts, now + self.gap_of_pauses(index))
    }

    /// The number under which a node's pause ends.
    pub fn resumption(&self, node: NodeId) -> u32 {
        self.first_resumption + node.0
    }

    /// A draw for the revocation that is due, and when the next one is.
    pub fn revocation(&mut self, now: Time) -> (u64, Time) {
        let draw = Dice::next(&mut self.revocations);
        let mean = self.plan.revocations.expect("a revocation is due");
        (draw, now + exponential(mean, Dice::next(&mut self.revocations)))
    }
}
