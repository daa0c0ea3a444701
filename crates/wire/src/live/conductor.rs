//! Who makes the calls of a live run, and does what its timeline does: the wall clock's part of the simulator's loop.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration as Real;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::LiveError;
use super::logins::Logins;
use super::machine::Told;
use super::mail::{Change, Mail, Report};
use super::own_redis::OwnRedis;
use super::surroundings::Surroundings;
use crate::base::{Duration, Group, NodeId, Time};
use crate::engine::sim::arrivals::Sources;
use crate::engine::sim::drivers::{DriverQueue, DriverTurn};
use crate::engine::sim::purpose::CALLS;
use crate::node::Heard;
use crate::plan::{Act, Plan};
use crate::world::Message;

/// How long an interrupt may take to be noticed.
const GLANCE: Real = Real::from_millis(50);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Arrival(u32),
    Act,
    Login(u32),
    /// A replica stops following what its primary writes.
    Unfollow,
}

/// The part of a run that no node plays.
pub(super) struct Conductor<'a> {
    plan: &'a Plan,
    around: Arc<Surroundings>,
    inboxes: Vec<UnboundedSender<Mail>>,
    reports: UnboundedReceiver<Report>,
    queue: BinaryHeap<Reverse<(Time, u64, Due)>>,
    scheduled: u64,
    sources: Sources,
    drivers: DriverQueue<'a>,
    logins: Logins,
    acts: usize,
    up: Vec<bool>,
    /// The Redis that fails as the scenario has it.
    pub own_redis: Option<Arc<OwnRedis>>,
    /// How late each thing was done.
    pub late: Vec<Duration>,
    /// Why the run cannot go on.
    failed: Option<LiveError>,
}

impl<'a> Conductor<'a> {
    pub fn new(
        plan: &'a Plan,
        around: Arc<Surroundings>,
        inboxes: Vec<UnboundedSender<Mail>>,
        reports: UnboundedReceiver<Report>,
    ) -> Self {
        let sources = Sources::new(plan, around.dice, false);
        Self {
            drivers: DriverQueue::new(plan, around.dice, sources.end()),
            sources,
            logins: Logins::new(plan),
            plan,
            around,
            reports,
            queue: BinaryHeap::new(),
            scheduled: 0,
            acts: 0,
            up: vec![false; inboxes.len()],
            inboxes,
            own_redis: None,
            late: Vec::new(),
            failed: None,
        }
    }

    /// Conducts to the end; says whether `stop` has ended it early.
    ///
    /// # Errors
    /// When no user can log in.
    pub async fn conduct(&mut self, stop: &AtomicBool) -> Result<bool, LiveError> {
        self.schedule_act();
        self.schedule_failover();
        let mut first = Vec::new();
        self.drivers.begin(|number, at| first.push((number, at)));
        first
            .into_iter()
            .for_each(|(number, at)| self.push(at, Due::Arrival(number)));
        let span = self.plan.span;
        loop {
            if let Some(failed) = self.failed.take() {
                return Err(failed);
            }
            if stop.load(Ordering::Relaxed) {
                return Ok(true);
            }
            let now = self.around.clock.now();
            if now >= span.horizon
                && (self.around.measure().is_none_or(|measure| measure.open() <= 0) || now >= span.end)
            {
                return Ok(false);
            }
            match self.queue.peek() {
                Some(Reverse((at, ..))) if *at <= now => {
                    let Reverse((at, _, due)) = self.queue.pop().expect("it has been looked at");
                    self.late.push(now.since(at));
                    self.carry_out(at, due).await?;
                    self.hear_reports();
                }
                next => {
                    let next = next.map_or(span.end, |Reverse((at, ..))| *at);
                    let around = Arc::clone(&self.around);
                    tokio::select! {
                        () = around.until(next) => {}
                        () = tokio::time::sleep(GLANCE) => {}
                        Some(report) = self.reports.recv() => self.hear(report),
                    }
                }
            }
        }
    }

    fn push(&mut self, at: Time, due: Due) {
        self.scheduled += 1;
        self.queue.push(Reverse((at, self.scheduled, due)));
    }

    fn mail(&self, node: NodeId, mail: Mail) {
        // A node that has ended reads nothing.
        let _gone = self.inboxes[node.index()].send(mail);
    }

    fn all(&self, nodes: &Range<u32>, mail: impl Fn() -> Mail) {
        nodes.clone().for_each(|node| self.mail(NodeId(node), mail()));
    }

    fn arrives(&self, message: Message) {
        if let Message::Arrival { node, group, draw_key } = message {
            self.mail(node, Mail::Told(Told::Hear(Heard::Call { group, draw_key })));
        }
    }

    fn hear_reports(&mut self) {
        while let Ok(report) = self.reports.try_recv() {
            self.hear(report);
        }
    }

    fn hear(&mut self, report: Report) {
        let now = self.around.clock.now();
        match report {
            Report::Ended { node, group } => {
                if let Some((number, think)) = self.drivers.ended(node, group) {
                    self.push(now + think, Due::Arrival(number));
                }
            }
            Report::Died(how) => self.failed = Some(LiveError::System(how)),
            Report::NeedsLogin { node, credential } => {
                let login = self.logins.of(self.plan, node);
                if let Some(again) = self.logins.ask(login, credential, &self.around.site.texts) {
                    self.push(now + again, Due::Login(login));
                }
            }
        }
    }

    async fn carry_out(&mut self, at: Time, due: Due) -> Result<(), LiveError> {
        match due {
            Due::Act => self.act(at).await,
            Due::Unfollow => {
                self.around.shelf.unfollow().await;
                Ok(())
            }
            Due::Login(login) => {
                let grant = self.logins.log_in(login, self.plan, &self.around).await?;
                for node in self.logins.nodes(login, self.plan) {
                    if self.up[node.index()] {
                        self.mail(node, Mail::Told(Told::Hear(Heard::Login(grant))));
                    }
                }
                Ok(())
            }
            Due::Arrival(number) if number >= self.drivers.first() => {
                self.drive(at, number);
                Ok(())
            }
            Due::Arrival(number) => {
                if at < self.plan.span.horizon {
                    let mut arriving = Vec::new();
                    let next = self
                        .sources
                        .arrive(self.plan, at, number, |message| arriving.push(message));
                    arriving.into_iter().for_each(|message| self.arrives(message));
                    if let Some(gap) = next {
                        self.push(at + gap, Due::Arrival(number));
                    }
                }
                Ok(())
            }
        }
    }

    /// Something is due that is no stream of arrivals.
    fn drive(&mut self, now: Time, number: u32) {
        let turn = self.drivers.turn(number);
        if now >= self.plan.span.horizon && !matches!(turn, DriverTurn::Resume(_)) {
            return;
        }
        match turn {
            DriverTurn::User(node) => match self.up[node.index()] {
                true => {
                    let arrival = self.drivers.call(number, node);
                    self.arrives(arrival);
                }
                false => self.drivers.wait_for(number),
            },
            DriverTurn::Replay => {
                let up = &self.up;
                let call = self.drivers.replayed(number, |node| up[node.index()]);
                if let Some(at) = call.next {
                    self.push(at, Due::Arrival(number));
                }
                if let Some(arrival) = call.arrival {
                    self.arrives(arrival);
                }
            }
            DriverTurn::Pause => {
                let (nodes, lasts, next) = self.drivers.pause(number, now);
                self.push(next, Due::Arrival(number));
                for node in nodes.map(NodeId) {
                    self.mail(node, Mail::Pause(now + lasts));
                    let resume = self.drivers.resumption(node);
                    self.push(now + lasts, Due::Arrival(resume));
                }
            }
            // The provider does that itself.
            DriverTurn::Revocation => {}
            DriverTurn::Resume(node) => self.mail(node, Mail::Resume),
        }
    }

    async fn start(&mut self, now: Time, node: NodeId) -> Result<(), LiveError> {
        if !std::mem::replace(&mut self.up[node.index()], true) {
            self.mail(node, Mail::Told(Told::Start));
            if self.plan.provider.rotation.is_some() {
                let login = self.logins.of(self.plan, node);
                let grant = match self.logins.known(login, now) {
                    Some(grant) => grant,
                    None => self.logins.log_in(login, self.plan, &self.around).await?,
                };
                self.mail(node, Mail::Told(Told::Hear(Heard::Login(grant))));
            }
        }
        let mut first = Vec::new();
        let mut due = |number, gap| first.push((number, gap));
        self.sources.begin(self.plan, now, node, &mut due);
        self.drivers.started(node, due);
        for (number, gap) in first {
            self.push(now + gap, Due::Arrival(number));
        }
        Ok(())
    }

    /// Calls beyond those of the workload.
    fn calls(&self, nodes: Range<u32>, group: Group, each: u32) {
        let done = self.plan.timeline[..self.acts].iter();
        let acts = done.filter(|(_, act)| !matches!(act, Act::Sample { .. })).count() as u64;
        for node in nodes {
            for call in 0..each {
                let count = (acts << 32) | u64::from(call);
                let draw_key = self.around.dice.draw(CALLS, node.into(), count) as u32;
                let node = NodeId(node);
                self.arrives(Message::Arrival { node, group, draw_key });
            }
        }
    }

    fn schedule_act(&mut self) {
        if let Some((at, _)) = self.plan.timeline.get(self.acts) {
            self.push(*at, Due::Act);
        }
    }

    /// What a replica is to have missed when it takes over, it misses because it follows its primary no more.
    fn schedule_failover(&mut self) {
        let failovers = self.plan.timeline.iter().filter_map(|(at, act)| match act {
            Act::StoreFailover { loses } => Some((*at, *loses)),
            _ => None,
        });
        if let Some((at, loses)) = failovers.min() {
            let before = at.since(Time::ZERO).saturating_sub(loses);
            self.push(Time::ZERO + before, Due::Unfollow);
        }
    }

    /// Does it here, and tells it those nodes that are processes of their own.
    fn change(&self, change: &Change) {
        if let (Change::StoreOutage(outage), Some(own)) = (change, &self.own_redis) {
            // Nodes find out.
            return own.set_outage(*outage);
        }
        match change {
            Change::Slow(legs, thousandths) => self.around.slow(legs, *thousandths),
            Change::StoreOutage(outage) => self.around.shelf.set_outage(*outage),
            Change::StoreFailover => self.around.shelf.switch_over(),
        }
        let all = 0..self.inboxes.len() as u32;
        self.all(&all, || Mail::Around(change.clone()));
    }

    async fn act(&mut self, now: Time) -> Result<(), LiveError> {
        let plan = self.plan;
        let (_, act) = &plan.timeline[self.acts];
        self.acts += 1;
        let mut down = |nodes: &Range<u32>| nodes.clone().for_each(|node| self.up[node as usize] = false);
        match act {
            Act::Start(nodes) => {
                for node in nodes.clone().map(NodeId) {
                    self.start(now, node).await?;
                }
            }
            Act::Stop(nodes) => {
                down(nodes);
                self.all(nodes, || Mail::Told(Told::Stop));
            }
            Act::Crash(nodes) => {
                down(nodes);
                self.all(nodes, || Mail::Told(Told::Crash));
            }
            Act::Adopt { nodes, version } => {
                down(nodes);
                self.all(nodes, || Mail::Told(Told::Crash));
                self.all(nodes, || Mail::Told(Told::Adopt { version: *version }));
            }
            Act::Pause { nodes, until } => self.all(nodes, || Mail::Pause(*until)),
            Act::Resume(nodes) => self.all(nodes, || Mail::Resume),
            Act::Cut { nodes, from, until } => self.all(nodes, || Mail::Cut(*from, *until)),
            Act::StoreOutage(outage) => self.change(&Change::StoreOutage(*outage)),
            Act::StoreFailover { loses } => {
                self.around.shelf.fail_over(now, *loses);
                self.change(&Change::StoreFailover);
            }
            Act::Slow { legs, thousandths } => self.change(&Change::Slow(legs.to_vec(), *thousandths)),
            Act::Calls { nodes, group, each } => self.calls(nodes.clone(), *group, *each),
            // A cut says itself when it is over, nobody looks in, and the rest is the provider's own.
            Act::Mend
            | Act::Sample { .. }
            | Act::TokenOutage(_)
            | Act::ApiOutage(_)
            | Act::SecondOutage { .. }
            | Act::GrantSlots { .. }
            | Act::Revoke { .. } => {}
        }
        self.schedule_act();
        Ok(())
    }
}
