//! When calls arrive in a run: a stream for each process and workload, or one for all like processes of a fleet. A process is one node,
//! or as many as its app has tenants: the first of them stands for it, and the plan says for whom a call is.
//!
//! Independent Poisson streams together are one Poisson stream whose calls each choose their node uniformly. So a fleet of
//! like nodes needs one generator and one pending event instead of one each; the law is the same, the draws are others.

use crate::base::{Dice, Duration, Group, NodeId, Time, mix, unit_exponential};
use crate::plan::{Plan, Processes, Stream};
use crate::workload::{Pattern, PatternMoment};
use crate::world::{Fleet, Message};

use super::payload::LIMIT;
use super::purpose::{ARRIVALS, BRANCH_ARRIVALS, PHASE};

/// All streams of a run. Numbers from zero are those of single nodes; crowds follow them.
#[derive(Clone)]
pub struct Sources {
    dice: Dice,
    /// Streams of a fleet's nodes lie together, those of one node side by side; this is where each fleet's begin.
    first: Vec<u32>,
    /// State of each stream of a node; zero before its node has started for the first time, and in a crowd for ever.
    streams: Vec<u64>,
    /// Crowds by fleet and workload, in one row; none where each node has a stream of its own.
    crowds: Vec<Option<Crowd>>,
    /// Where the crowds of each fleet begin.
    first_crowd: Vec<u32>,
}

/// One Poisson stream for all nodes of a fleet.
#[derive(Clone, Copy, Debug)]
struct Crowd {
    stream: u64,
    begun: bool,
    /// Mean gap between two calls of all nodes, in units of 2^-20 ns: a million nodes leave no room for rounding.
    gap: u128,
    /// What was cut off the gaps so far, in units of 2^-32 ns.
    cut: u64,
    at: Processes,
    group: Group,
    next: (NodeId, u32),
}

impl Crowd {
    fn of(fleet: &Fleet, workload: &Stream) -> Option<Self> {
        let count = fleet.processes();
        let Pattern::Poisson(rate) = workload.arrivals else {
            return None;
        };
        if count < 2 {
            return None;
        }
        Some(Self {
            stream: 0,
            begun: false,
            gap: (u128::from(rate.gap()?.nanos()) << 20) / u128::from(count),
            cut: 0,
            at: Processes::of(fleet),
            group: workload.group,
            next: (NodeId(0), 0),
        })
    }

    /// Draws the next call: when after the one before, at which node, and the key of its draws.
    #[inline]
    fn draw(&mut self) -> Duration {
        let draw = Dice::next(&mut self.stream);
        let gap = ((self.gap * u128::from(unit_exponential(draw))) >> 20) + u128::from(self.cut);
        self.cut = gap as u64 & 0xffff_ffff;
        let other = mix(draw);
        let place = ((u128::from(other) * u128::from(self.at.count())) >> 64) as u32;
        let node = self.at.first(place);
        self.next = (node, mix(other) as u32);
        Duration::from_nanos((gap >> 32) as u64)
    }
}

impl Sources {
    /// With `together`, like Poisson streams of one fleet become one.
    pub fn new(plan: &Plan, dice: Dice, together: bool) -> Self {
        let mut sources = Self {
            dice,
            first: Vec::with_capacity(plan.workloads.len() + 1),
            streams: Vec::new(),
            crowds: Vec::new(),
            first_crowd: Vec::with_capacity(plan.workloads.len() + 1),
        };
        let mut count = 0;
        for (fleet, workloads) in plan.layout.fleets.iter().zip(&plan.workloads) {
            sources.first.push(count);
            sources.first_crowd.push(sources.crowds.len() as u32);
            let crowds = workloads
                .iter()
                .map(|workload| Crowd::of(fleet, workload).filter(|_| together));
            sources.crowds.extend(crowds);
            let here = &sources.crowds[sources.crowds.len() - workloads.len()..];
            if !here.iter().all(Option::is_some) {
                count += fleet.processes() * workloads.len() as u32;
            }
        }
        sources.first.push(count);
        assert!(
            count as usize + sources.crowds.len() < LIMIT as usize,
            "fewer than 2^30 arrival streams"
        );
        sources.streams = vec![0; count as usize];
        sources
    }

    /// From here on the draws of the streams that have begun are others, as `dice` says. The phase of a pattern stays: it is drawn anew
    /// at each call, and is to be the same.
    pub fn redraw(&mut self, dice: Dice) {
        let begun = self.streams.iter_mut().filter(|stream| **stream != 0);
        let crowds = self.crowds.iter_mut().flatten().filter(|crowd| crowd.begun);
        let streams = begun.chain(crowds.map(|crowd| &mut crowd.stream));
        for (party, stream) in (0..).zip(streams) {
            *stream = dice.stream(BRANCH_ARRIVALS, party).max(1);
        }
    }

    /// The number after the last stream's.
    pub fn end(&self) -> u32 {
        (self.streams.len() + self.crowds.len()) as u32
    }

    /// Begins the streams of a process whose first node starts for the first time; `due` is told each stream and when its first call is.
    pub fn begin(&mut self, plan: &Plan, now: Time, node: NodeId, mut due: impl FnMut(u32, Duration)) {
        let dice = self.dice;
        let fleet = plan.layout.fleets.partition_point(|fleet| fleet.nodes.end <= node.0);
        let (workloads, of) = (&plan.workloads[fleet], &plan.layout.fleets[fleet]);
        if of.credential_of(node) > 0 {
            return;
        }
        let place = of.process_of(node);
        for (index, workload) in workloads.iter().enumerate() {
            let number = self.first_crowd[fleet] as usize + index;
            if let Some(crowd) = &mut self.crowds[number] {
                if !std::mem::replace(&mut crowd.begun, true) {
                    crowd.stream = dice.stream(
                        ARRIVALS,
                        (1 << 40) | (u64::from(crowd.at.first(0).0) << 8) | index as u64,
                    );
                    due((self.streams.len() + number) as u32, crowd.draw());
                }
                continue;
            }
            let at = self.first[fleet] + place * workloads.len() as u32 + index as u32;
            let state = &mut self.streams[at as usize];
            if *state != 0 {
                continue;
            }
            let party = (u64::from(node.0) << 8) | index as u64;
            *state = dice.stream(ARRIVALS, party).max(1);
            let moment = PatternMoment {
                first: true,
                now,
                phase: dice.draw(PHASE, party, 0),
            };
            let draw = Dice::next(state);
            if let Some(first) = workload.arrivals.next(moment, draw, state) {
                due(at, first.gap);
            }
        }
    }

    /// Hands over the calls that are due at a stream, and returns the time until its next.
    #[inline]
    pub fn arrive(
        &mut self,
        plan: &Plan,
        now: Time,
        number: u32,
        mut deliver: impl FnMut(Message),
    ) -> Option<Duration> {
        if let Some(index) = (number as usize).checked_sub(self.streams.len()) {
            let crowd = self.crowds[index].as_mut().expect("only crowds are numbered so");
            let (node, draw_key) = crowd.next;
            deliver(Message::Arrival {
                node,
                group: crowd.group,
                draw_key,
            });
            return Some(crowd.draw());
        }
        let (node, index, stream) = self.owner(plan, number);
        let moment = PatternMoment {
            first: false,
            now,
            phase: self.dice.draw(PHASE, (u64::from(node.0) << 8) | index, 0),
        };
        let state = &mut self.streams[number as usize];
        let mut draw = Dice::next(state);
        let next = stream.arrivals.next(moment, draw, state)?;
        for _ in 0..next.calls {
            draw = mix(draw);
            deliver(Message::Arrival {
                node,
                group: stream.group,
                draw_key: draw as u32,
            });
        }
        Some(next.gap)
    }

    /// At which node the next call of a crowd arrives.
    #[inline]
    pub fn upcoming(&self, number: u32) -> Option<NodeId> {
        let index = (number as usize).checked_sub(self.streams.len())?;
        self.crowds[index].map(|crowd| crowd.next.0)
    }

    /// Which node and which of its workloads a stream belongs to.
    fn owner<'a>(&self, plan: &'a Plan, stream: u32) -> (NodeId, u64, &'a Stream) {
        let fleet = self.first.partition_point(|&first| first <= stream) - 1;
        let workloads = &plan.workloads[fleet];
        let place = stream - self.first[fleet];
        let count = workloads.len() as u32;
        let fleet = &plan.layout.fleets[fleet];
        let node = fleet.nodes.start + place / count * fleet.each();
        let index = place % count;
        (NodeId(node), u64::from(index), &workloads[index as usize])
    }
}
