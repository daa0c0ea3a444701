//! The timeline: events as single acts in order of time.
//!
//! Which nodes run is settled here: a node is up while its fleet wants it and it is not away, having crashed or waiting for its
//! turn to start. So one that is away when its fleet is stopped or scaled down does not come back.

use std::collections::BTreeMap;
use std::ops::Range;

use super::case::PlanCase;
use super::event::EventSettings;
use super::file::ScenarioFile;
use super::incident::disturbance;
use super::names::Names;
use super::roster::{Roster, Standing};
use super::strategy::StrategySettings;
use crate::base::{Duration, Time};
use crate::plan::Act;
use crate::world::Layout;

/// The i-th of `count` things spread evenly over a time, the first at its beginning.
pub(super) fn spread(over: Duration, index: u32, count: u32) -> Duration {
    over.ratio(index.into(), count.max(1).into())
}

/// Processes in turn, of so many nodes each, with its time; all at once when there is no time to spread them over.
pub(super) fn in_turn(
    at: Duration,
    over: Duration,
    nodes: Range<u32>,
    each: u32,
) -> impl Iterator<Item = (Duration, Range<u32>)> {
    let count = (nodes.end - nodes.start) / each;
    let parts = if over.is_zero() { count.min(1) } else { count };
    (0..parts).map(move |part| match parts {
        1 => (at, nodes.clone()),
        _ => {
            let node = nodes.start + part * each;
            (at.saturating_add(spread(over, part, count)), node..node + each)
        }
    })
}

/// What is still to be done.
#[derive(Clone, Debug)]
pub(super) enum TimelineStep<'a> {
    /// A fleet starts as it says itself.
    Begin(usize),
    Event(&'a EventSettings),
    Size(usize, u32),
    Crash(Range<u32>, Duration),
    /// As a crash, and what comes back follows this version.
    Adopt(Range<u32>, u8, Duration),
    /// Nodes are back, if no later crash holds them away.
    Back(Range<u32>),
    /// Nodes are wanted no longer, if that is still so.
    Leave(Range<u32>),
    Do(Act),
}

pub(super) struct Timeline<'a> {
    pub(super) file: &'a ScenarioFile,
    pub(super) strategy: &'a StrategySettings,
    pub(super) names: &'a Names<'a>,
    pub(super) layout: &'a Layout,
    pub(super) groups: &'a [(String, String)],
    /// By time and, within an instant, as they were written or came up.
    pub(super) steps: BTreeMap<(Duration, usize), TimelineStep<'a>>,
    pub(super) count: usize,
    pub(super) now: Duration,
    /// Processes that each fleet has while it runs, and whether it does.
    pub(super) sizes: Vec<u32>,
    pub(super) runs: Vec<bool>,
    roster: Roster,
    acts: Vec<(Time, Act)>,
}

/// All acts of a scenario in order of time under a strategy; `groups` are the names of its groups of calls.
pub(super) fn timeline(
    (file, strategy): (&ScenarioFile, &StrategySettings),
    names: &Names<'_>,
    layout: &Layout,
    groups: &[(String, String)],
    case: PlanCase,
) -> Vec<(Time, Act)> {
    let mut timeline = Timeline {
        file,
        strategy,
        names,
        layout,
        groups,
        steps: BTreeMap::new(),
        count: 0,
        now: Duration::ZERO,
        sizes: file.fleet.iter().map(|fleet| fleet.nodes).collect(),
        runs: vec![false; file.fleet.len()],
        roster: Roster::new(),
        acts: Vec::new(),
    };
    // Gateways are there before the first node.
    for fleet in layout.fleets.iter().filter(|fleet| fleet.is_gateway) {
        timeline.come(Duration::ZERO, fleet.nodes.clone());
    }
    for (at, fleet) in file.fleet.iter().enumerate() {
        timeline.later(fleet.start.at, TimelineStep::Begin(at));
    }
    let stays = |event: &&EventSettings| case == PlanCase::Triggered || disturbance(event).is_none();
    for event in file.event.iter().filter(stays) {
        timeline.later(event.at, TimelineStep::Event(event));
    }
    if case == PlanCase::HotStart {
        timeline.hot_start();
    }
    while let Some(((at, _), step)) = timeline.steps.pop_first() {
        timeline.now = at;
        timeline.take(step);
    }
    timeline.acts
}

impl<'a> Timeline<'a> {
    pub(super) fn later(&mut self, at: Duration, step: TimelineStep<'a>) {
        self.steps.insert((at, self.count), step);
        self.count += 1;
    }

    /// Now, or later when its time has not come.
    pub(super) fn due(&mut self, at: Duration, step: TimelineStep<'a>) {
        match at <= self.now {
            true => self.take(step),
            false => self.later(at, step),
        }
    }

    pub(super) fn act(&mut self, act: Act) {
        self.acts.push((Time::ZERO + self.now, act));
    }

    /// The nodes that a fleet has now.
    pub(super) fn nodes(&self, fleet: usize) -> Range<u32> {
        self.names.processes(fleet, 0..self.sizes[fleet])
    }

    fn take(&mut self, step: TimelineStep<'a>) {
        match step {
            TimelineStep::Begin(fleet) => {
                self.runs[fleet] = true;
                self.come(self.file.fleet[fleet].start.over, self.nodes(fleet));
            }
            TimelineStep::Event(event) => self.event(event),
            TimelineStep::Size(fleet, nodes) => self.size(fleet, nodes, Duration::ZERO),
            TimelineStep::Crash(nodes, down) => self.crash(nodes, down),
            TimelineStep::Adopt(nodes, version, down) => {
                let adopt = Act::Adopt {
                    nodes: nodes.clone(),
                    version,
                };
                self.act(adopt);
                self.away(nodes, down);
            }
            TimelineStep::Back(nodes) => self.back(nodes),
            TimelineStep::Leave(nodes) => self.leave(nodes),
            TimelineStep::Do(act) => self.act(act),
        }
    }

    /// These nodes are wanted from now on; those that were not start in turn.
    pub(super) fn come(&mut self, over: Duration, nodes: Range<u32>) {
        let now = self.now;
        for (at, nodes) in in_turn(now, over, nodes.clone(), self.names.each(nodes.start)) {
            self.roster.each(nodes.clone(), |_, standing| {
                if !standing.wanted {
                    standing.back = standing.back.max(at);
                }
                *standing = Standing {
                    wanted: true,
                    leaves: None,
                    ..*standing
                };
            });
            self.due(at, TimelineStep::Back(nodes));
        }
    }

    /// These nodes are wanted no longer, in turn.
    pub(super) fn go(&mut self, over: Duration, nodes: Range<u32>) {
        let now = self.now;
        for (at, nodes) in in_turn(now, over, nodes.clone(), self.names.each(nodes.start)) {
            self.roster.each(nodes.clone(), |_, standing| {
                standing.leaves = standing.wanted.then_some(at);
            });
            self.due(at, TimelineStep::Leave(nodes));
        }
    }

    fn back(&mut self, nodes: Range<u32>) {
        let (now, acts) = (self.now, &mut self.acts);
        self.roster.each(nodes, |nodes, standing| {
            if standing.wanted && standing.back <= now {
                acts.push((Time::ZERO + now, Act::Start(nodes)));
            }
        });
    }

    fn leave(&mut self, nodes: Range<u32>) {
        let (now, acts) = (self.now, &mut self.acts);
        self.roster.each(nodes, |nodes, standing| {
            if standing.leaves.is_some_and(|leaves| leaves <= now) {
                *standing = Standing {
                    wanted: false,
                    leaves: None,
                    ..*standing
                };
                acts.push((Time::ZERO + now, Act::Stop(nodes)));
            }
        });
    }

    /// One that has been stopped may still have calls to lose, but does not come back.
    pub(super) fn crash(&mut self, nodes: Range<u32>, down: Duration) {
        self.act(Act::Crash(nodes.clone()));
        self.away(nodes, down);
    }

    /// Nodes are away for so long.
    fn away(&mut self, nodes: Range<u32>, down: Duration) {
        let back = self.now.saturating_add(down);
        self.roster.each(nodes.clone(), |_, standing| {
            if standing.wanted {
                standing.back = standing.back.max(back);
            }
        });
        self.due(back, TimelineStep::Back(nodes));
    }

    /// A fleet that does not run will have its new size when it starts.
    pub(super) fn size(&mut self, fleet: usize, after: u32, over: Duration) {
        let before = std::mem::replace(&mut self.sizes[fleet], after);
        if self.runs[fleet] {
            let names = self.names;
            self.come(over, names.processes(fleet, before.min(after)..after));
            self.go(over, names.processes(fleet, after..before.max(after)));
        }
    }
}
