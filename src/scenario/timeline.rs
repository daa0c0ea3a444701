//! The timeline: events as single acts in order of time.
//!
//! Which nodes run is settled here: a node is up while its fleet wants it and it is not away, having crashed or waiting for its
//! turn to start. So one that is away when its fleet is stopped or scaled down does not come back.

use std::collections::BTreeMap;
use std::ops::Range;

use super::case::PlanCase;
use super::event::{Autoscale, Event, Fail, How, Redeploy, Slow, Spike, Target, What};
use super::file::File;
use super::names::Names;
use crate::base::{Duration, Group, Time};
use crate::plan::Act;
use crate::provider::Outage;
use crate::world::{Layout, Leg};

/// The i-th of `count` things spread evenly over a time, the first at its beginning.
fn spread(over: Duration, index: u32, count: u32) -> Duration {
    over.ratio(index.into(), count.max(1).into())
}

/// The nodes in turn, each with its time; all at once when there is no time to spread them over.
fn in_turn(at: Duration, over: Duration, nodes: Range<u32>) -> impl Iterator<Item = (Duration, Range<u32>)> {
    let count = nodes.end - nodes.start;
    let parts = if over.is_zero() { count.min(1) } else { count };
    (0..parts).map(move |part| match parts {
        1 => (at, nodes.clone()),
        _ => {
            let node = nodes.start + part;
            (at.saturating_add(spread(over, part, count)), node..node + 1)
        }
    })
}

/// What the fleet and chance have in store for a node.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Standing {
    /// Its fleet wants it to run.
    wanted: bool,
    /// When it is back from a crash, or its turn to start has come.
    back: Duration,
    /// When its fleet will want it no longer.
    leaves: Option<Duration>,
}

/// The standing of every node, by runs of like nodes.
struct Roster(BTreeMap<u32, Standing>);

impl Roster {
    fn new() -> Self {
        Self(BTreeMap::from([(0, Standing::default())]))
    }

    fn cut(&mut self, at: u32) {
        let (_, &standing) = self.0.range(..=at).next_back().expect("there is a run from zero on");
        self.0.entry(at).or_insert(standing);
    }

    /// Calls `change` for each run of like nodes among these.
    fn each(&mut self, nodes: Range<u32>, mut change: impl FnMut(Range<u32>, &mut Standing)) {
        if nodes.is_empty() {
            return;
        }
        self.cut(nodes.start);
        self.cut(nodes.end);
        let mut runs = self.0.range_mut(nodes.clone()).peekable();
        while let Some((&first, standing)) = runs.next() {
            let end = runs.peek().map_or(nodes.end, |(next, _)| **next);
            change(first..end, standing);
        }
    }
}

/// What is still to be done.
#[derive(Clone, Debug)]
enum Step<'a> {
    /// A fleet starts as it says itself.
    Begin(usize),
    Event(&'a Event),
    Size(usize, u32),
    Crash(Range<u32>, Duration),
    /// Nodes are back, if no later crash holds them away.
    Back(Range<u32>),
    /// Nodes are wanted no longer, if that is still so.
    Leave(Range<u32>),
    Do(Act),
}

/// What may last at an endpoint.
#[derive(PartialEq)]
enum Spell {
    Outage(Target),
    Slowdown(Target),
}

struct Timeline<'a> {
    file: &'a File,
    names: &'a Names<'a>,
    layout: &'a Layout,
    groups: &'a [(String, String)],
    /// By time and, within an instant, as they were written or came up.
    steps: BTreeMap<(Duration, usize), Step<'a>>,
    count: usize,
    now: Duration,
    /// Nodes that each fleet has while it runs, and whether it does.
    sizes: Vec<u32>,
    runs: Vec<bool>,
    roster: Roster,
    acts: Vec<(Time, Act)>,
}

/// All acts of a scenario in order of time; `groups` are the names of its groups of calls.
pub(super) fn timeline(
    file: &File,
    names: &Names<'_>,
    layout: &Layout,
    groups: &[(String, String)],
    case: PlanCase,
) -> Vec<(Time, Act)> {
    let mut timeline = Timeline {
        file,
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
        timeline.later(fleet.start.at, Step::Begin(at));
    }
    let stays = |event: &&Event| case == PlanCase::Triggered || disturbance(event).is_none();
    for event in file.event.iter().filter(stays) {
        timeline.later(event.at, Step::Event(event));
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
    fn later(&mut self, at: Duration, step: Step<'a>) {
        self.steps.insert((at, self.count), step);
        self.count += 1;
    }

    /// Now, or later when its time has not come.
    fn due(&mut self, at: Duration, step: Step<'a>) {
        match at <= self.now {
            true => self.take(step),
            false => self.later(at, step),
        }
    }

    fn act(&mut self, act: Act) {
        self.acts.push((Time::ZERO + self.now, act));
    }

    /// The nodes that a fleet has now.
    fn nodes(&self, fleet: usize) -> Range<u32> {
        let first = self.names.nodes[fleet].start;
        first..first + self.sizes[fleet]
    }

    fn take(&mut self, step: Step<'a>) {
        match step {
            Step::Begin(fleet) => {
                self.runs[fleet] = true;
                self.come(self.file.fleet[fleet].start.over, self.nodes(fleet));
            }
            Step::Event(event) => self.event(event),
            Step::Size(fleet, nodes) => self.size(fleet, nodes, Duration::ZERO),
            Step::Crash(nodes, down) => self.crash(nodes, down),
            Step::Back(nodes) => self.back(nodes),
            Step::Leave(nodes) => self.leave(nodes),
            Step::Do(act) => self.act(act),
        }
    }

    /// These nodes are wanted from now on; those that were not start in turn.
    fn come(&mut self, over: Duration, nodes: Range<u32>) {
        let now = self.now;
        for (at, nodes) in in_turn(now, over, nodes) {
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
            self.due(at, Step::Back(nodes));
        }
    }

    /// These nodes are wanted no longer, in turn.
    fn go(&mut self, over: Duration, nodes: Range<u32>) {
        let now = self.now;
        for (at, nodes) in in_turn(now, over, nodes) {
            self.roster.each(nodes.clone(), |_, standing| {
                standing.leaves = standing.wanted.then_some(at);
            });
            self.due(at, Step::Leave(nodes));
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
    fn crash(&mut self, nodes: Range<u32>, down: Duration) {
        let back = self.now.saturating_add(down);
        self.act(Act::Crash(nodes.clone()));
        self.roster.each(nodes.clone(), |_, standing| {
            if standing.wanted {
                standing.back = standing.back.max(back);
            }
        });
        self.due(back, Step::Back(nodes));
    }

    /// A fleet that does not run will have its new size when it starts.
    fn size(&mut self, fleet: usize, after: u32, over: Duration) {
        let first = self.names.nodes[fleet].start;
        let before = std::mem::replace(&mut self.sizes[fleet], after);
        if self.runs[fleet] {
            self.come(over, first + before.min(after)..first + after);
            self.go(over, first + after..first + before.max(after));
        }
    }

    fn event(&mut self, event: &'a Event) {
        let names = self.names;
        let fleet = |name: &str| names.fleets[name];
        match &event.what {
            What::Start(which) => {
                let fleet = fleet(&which.fleet);
                self.runs[fleet] = true;
                self.come(Duration::ZERO, self.nodes(fleet));
            }
            What::Stop(which) => {
                let fleet = fleet(&which.fleet);
                self.runs[fleet] = false;
                self.go(Duration::ZERO, self.names.nodes[fleet].clone());
            }
            What::Restart(restart) => {
                let nodes = self.nodes(fleet(&restart.fleet));
                for (at, nodes) in in_turn(self.now, restart.rolling, nodes) {
                    self.due(at, Step::Crash(nodes, restart.down));
                }
            }
            What::Redeploy(redeploy) => self.redeploy(fleet(&redeploy.fleet), redeploy),
            What::Scale(scale) => self.size(fleet(&scale.fleet), scale.nodes, scale.over),
            What::Autoscale(Autoscale { fleet: name, steps }) => {
                for step in steps {
                    self.due(self.now.saturating_add(step.after), Step::Size(fleet(name), step.nodes));
                }
            }
            What::Pause(pause) => {
                let until = self.now.saturating_add(pause.lasts);
                for nodes in self.chosen(fleet(&pause.fleet), pause.nodes.as_deref()) {
                    self.act(Act::Pause {
                        nodes: nodes.clone(),
                        until: Time::ZERO + until,
                    });
                    self.later(until, Step::Do(Act::Resume(nodes)));
                }
            }
            What::Partition(partition) => {
                let until = self.now.saturating_add(partition.lasts);
                for nodes in self.chosen(fleet(&partition.fleet), partition.nodes.as_deref()) {
                    self.act(Act::Cut {
                        nodes,
                        from: partition.from.party(),
                        until: Time::ZERO + until,
                    });
                }
                self.later(until, Step::Do(Act::Mend));
            }
            What::Crash(crash) => {
                let node = self.names.nodes[fleet(&crash.fleet)].start + crash.node;
                self.crash(node..node + 1, crash.down);
            }
            What::CrashGateway(crash) => {
                let client = names.clients(&crash.app).start;
                let gateways = self.layout.fleets.iter();
                for fleet in gateways.filter(|fleet| fleet.is_gateway && fleet.client == client) {
                    self.crash(fleet.nodes.clone(), crash.down);
                }
            }
            What::Spike(spike) => self.spike(fleet(&spike.fleet), spike),
            What::Fail(fail) => self.outage(fail),
            What::FailOverStore(failover) => self.act(Act::StoreFailover { loses: failover.loses }),
            What::Slow(slow) => self.slowdown(slow),
            What::GrantSlots(grant) => {
                let (clients, slots) = (names.clients(&grant.app), grant.slots);
                self.act(Act::GrantSlots { clients, slots });
            }
            What::Revoke(revoke) => {
                let (clients, slot) = (names.clients(&revoke.app), revoke.slot);
                self.act(Act::Revoke { clients, slot });
            }
        }
    }

    /// The nodes of a fleet that an event names, or all that it can ever have.
    fn chosen(&self, fleet: usize, nodes: Option<&[u32]>) -> Vec<Range<u32>> {
        let all = self.names.nodes[fleet].clone();
        nodes.map_or_else(
            || vec![all.clone()],
            |nodes| {
                nodes
                    .iter()
                    .map(|node| all.start + node..all.start + node + 1)
                    .collect()
            },
        )
    }

    /// The group of a fleet's first kind of calls.
    fn first_group(&self, fleet: usize) -> Option<Group> {
        let fleet = &self.file.fleet[fleet];
        let kind = &fleet.workload.first()?.kind;
        let wanted = |(name, known): &(String, String)| *name == fleet.name && known == kind;
        let at = self.groups.iter().position(wanted)?;
        Some(Group(at as u16))
    }

    /// All tokens are revoked when the trigger would begin, and calls arrive at every node.
    fn hot_start(&mut self) {
        let (Some((begin, _)), Some(settings)) = (trigger(self.file), self.file.trigger) else {
            return;
        };
        let at = begin.since(Time::ZERO);
        for app in &self.file.app {
            let (clients, slot) = (self.names.clients(&app.name), None);
            self.later(at, Step::Do(Act::Revoke { clients, slot }));
        }
        for fleet in 0..self.file.fleet.len() {
            if let Some(group) = self.first_group(fleet) {
                let (nodes, each) = (self.names.nodes[fleet].clone(), settings.hot_calls);
                self.later(at, Step::Do(Act::Calls { nodes, group, each }));
            }
        }
    }

    fn spike(&mut self, fleet: usize, spike: &Spike) {
        let (nodes, Some(group)) = (self.nodes(fleet), self.first_group(fleet)) else {
            return;
        };
        if spike.over.is_zero() {
            let each = spike.calls;
            self.act(Act::Calls { nodes, group, each });
            return;
        }
        let count = (nodes.end - nodes.start) * spike.calls;
        for index in 0..count {
            let node = nodes.start + index % (nodes.end - nodes.start);
            let (nodes, each) = (node..node + 1, 1);
            let at = self.now.saturating_add(spread(spike.over, index, count));
            self.due(at, Step::Do(Act::Calls { nodes, group, each }));
        }
    }

    fn redeploy(&mut self, fleet: usize, redeploy: &Redeploy) {
        let nodes = self.nodes(fleet);
        let count = u64::from(nodes.end - nodes.start);
        let waves = u64::from(redeploy.waves);
        let border = |wave: u64| nodes.start + (count * wave / waves) as u32;
        for wave in 0..waves {
            let at = self.now.saturating_add(redeploy.between.saturating_mul(wave));
            self.due(at, Step::Crash(border(wave)..border(wave + 1), redeploy.down));
        }
    }

    /// Whether a spell that ends then ends nothing, because another of its kind goes on.
    fn covers(&self, spell: &Spell, end: Duration) -> bool {
        self.file.event.iter().any(|event| {
            let (kind, lasts) = match &event.what {
                What::Fail(fail) => (Spell::Outage(fail.endpoint), fail.lasts),
                What::Slow(slow) => (Spell::Slowdown(slow.endpoint), slow.lasts),
                _ => return false,
            };
            kind == *spell && event.at <= end && end < event.at.saturating_add(lasts)
        })
    }

    fn outage(&mut self, fail: &Fail) {
        let outage = match fail.how {
            How::Errors => Outage::Errors,
            How::Silent => Outage::Silent,
        };
        let act = match fail.endpoint {
            Target::Token => Act::TokenOutage,
            Target::Api => Act::ApiOutage,
            Target::Store => Act::StoreOutage,
        };
        self.act(act(Some(outage)));
        let end = self.now.saturating_add(fail.lasts);
        if !self.covers(&Spell::Outage(fail.endpoint), end) {
            self.later(end, Step::Do(act(None)));
        }
    }

    fn slowdown(&mut self, slow: &Slow) {
        let legs = match slow.endpoint {
            Target::Token => [Leg::TokenRequest, Leg::TokenResponse],
            Target::Api => [Leg::ApiRequest, Leg::ApiResponse],
            Target::Store => [Leg::StoreRequest, Leg::StoreResponse],
        };
        let act = |thousandths| Act::Slow {
            legs: legs.to_vec(),
            thousandths,
        };
        self.act(act((slow.factor * 1000.0).round() as u64));
        let end = self.now.saturating_add(slow.lasts);
        if !self.covers(&Spell::Slowdown(slow.endpoint), end) {
            self.later(end, Step::Do(act(1000)));
        }
    }
}

/// When an event begins and when its cause has gone; none for one that disturbs nobody.
fn disturbance(event: &Event) -> Option<(Duration, Duration)> {
    let lasts = match &event.what {
        What::GrantSlots(_) => return None,
        What::Start(_) | What::Stop(_) | What::Revoke(_) | What::FailOverStore(_) => Duration::ZERO,
        What::Restart(restart) => restart.rolling.saturating_add(restart.down),
        What::Redeploy(redeploy) => {
            let waves = u64::from(redeploy.waves.saturating_sub(1));
            redeploy.between.saturating_mul(waves).saturating_add(redeploy.down)
        }
        What::Scale(scale) => scale.over,
        What::Autoscale(autoscale) => autoscale.steps.iter().map(|step| step.after).max().unwrap_or_default(),
        What::Pause(pause) => pause.lasts,
        What::Partition(partition) => partition.lasts,
        What::Crash(crash) => crash.down,
        What::CrashGateway(crash) => crash.down,
        What::Fail(fail) => fail.lasts,
        What::Slow(slow) => slow.lasts,
        What::Spike(spike) => spike.over,
    };
    Some((event.at, event.at.saturating_add(lasts)))
}

/// From the first event that disturbs a run until the last one's cause has gone.
pub(super) fn trigger(file: &File) -> Option<(Time, Time)> {
    let times: Vec<_> = file.event.iter().filter_map(disturbance).collect();
    let begin = times.iter().map(|(begin, _)| *begin).min()?;
    let end = times.iter().map(|(_, end)| *end).max()?;
    Some((Time::ZERO + begin, Time::ZERO + end))
}

/// What a chart says about an event: when it begins, when its cause has gone, and a few words.
pub(super) fn incident(event: &Event) -> (Duration, Duration, String) {
    let (from, until) = disturbance(event).unwrap_or((event.at, event.at));
    let target = |target: Target| match target {
        Target::Token => "token endpoint",
        Target::Api => "API",
        Target::Store => "store",
    };
    let nodes = |fleet: &str, nodes: &Option<Vec<u32>>| match nodes.as_deref() {
        None => fleet.to_owned(),
        Some([node]) => format!("{fleet} {node}"),
        Some(nodes) => format!("{} nodes of {fleet}", nodes.len()),
    };
    let label = match &event.what {
        What::Start(which) => format!("{} starts", which.fleet),
        What::Stop(which) => format!("{} stops", which.fleet),
        What::Restart(restart) => format!("{} restarts", restart.fleet),
        What::Redeploy(redeploy) => format!("{} redeployed in {} waves", redeploy.fleet, redeploy.waves),
        What::Scale(scale) => format!("{} scales to {}", scale.fleet, scale.nodes),
        What::Autoscale(autoscale) => format!("{} scales by schedule", autoscale.fleet),
        What::Pause(pause) => format!("{} paused", nodes(&pause.fleet, &pause.nodes)),
        What::Partition(it) => format!("{} cut off from {}", nodes(&it.fleet, &it.nodes), target(it.from)),
        What::Crash(crash) => format!("{} {} crashes", crash.fleet, crash.node),
        What::CrashGateway(crash) => format!("gateway of {} crashes", crash.app),
        What::Fail(fail) => format!("{} fails", target(fail.endpoint)),
        What::Slow(slow) => format!("{} {} times slower", target(slow.endpoint), slow.factor),
        What::GrantSlots(grant) => format!("{} slots granted to {}", grant.slots, grant.app),
        What::Revoke(revoke) => format!("tokens of {} revoked", revoke.app),
        What::FailOverStore(_) => "store fails over".to_owned(),
        What::Spike(spike) if spike.calls == 1 => format!("one more call at each node of {}", spike.fleet),
        What::Spike(spike) => format!("{} more calls at each node of {}", spike.calls, spike.fleet),
    };
    (from, until, label)
}
