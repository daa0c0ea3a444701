//! What happens during the run, to whom.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::super::MOST_NODES;
use super::super::event::{
    Autoscale, CrashGateway, EventKind, Fail, GrantSlots, How, Redeploy, Revoke, Slow, Spike, Target,
};
use super::super::incident;
use super::Checker;
use crate::base::{Duration, Time};
use crate::node::Strategy as _;
use crate::strategy::Coordination;

impl Checker<'_> {
    pub(super) fn event_fleet(&mut self, i: usize, what: &'static str, name: &str) -> bool {
        if self.most_nodes.contains_key(name) {
            return true;
        }
        let known: Vec<&str> = self.file.fleet.iter().map(|fleet| fleet.name.as_str()).collect();
        self.unknown(&[&"event", &i, &"what", &what, &"fleet"], "fleet", name, &known);
        false
    }

    /// Nodes that a fleet of this name can ever have.
    fn most_nodes(&self, name: &str) -> u32 {
        self.most_nodes.get(name).copied().unwrap_or(0)
    }

    pub(super) fn events(&mut self) {
        let file = self.file;
        for (i, event) in file.event.iter().enumerate() {
            if event.at > self.end_of_arrivals() {
                self.wrong(
                    &[&"event", &i, &"at"],
                    "this event comes after the last call",
                    "too late",
                    format!(
                        "events count from the start of the warm-up; calls arrive until {}",
                        self.end_of_arrivals()
                    ),
                );
            }
            match &event.what {
                EventKind::Start(it) => _ = self.event_fleet(i, "start", &it.fleet),
                EventKind::Stop(it) => _ = self.event_fleet(i, "stop", &it.fleet),
                EventKind::Restart(it) => _ = self.event_fleet(i, "restart", &it.fleet),
                EventKind::Scale(it) => {
                    self.event_fleet(i, "scale", &it.fleet);
                    self.size(&[&"event", &i, &"what", &"scale", &"nodes"], it.nodes);
                }
                EventKind::Rollout(it) => self.rollout(i, it),
                EventKind::Redeploy(it) => self.redeployment(i, it),
                EventKind::Autoscale(it) => self.autoscale(i, event.at, it),
                EventKind::Pause(it) => {
                    self.some_nodes(i, "pause", &it.fleet, it.nodes.as_deref());
                    self.lasting(i, "pause", it.lasts);
                }
                EventKind::Partition(it) => {
                    self.some_nodes(i, "partition", &it.fleet, it.nodes.as_deref());
                    self.lasting(i, "partition", it.lasts);
                }
                EventKind::Crash(it) => {
                    if self.event_fleet(i, "crash", &it.fleet) {
                        self.known_node(&[&"event", &i, &"what", &"crash", &"node"], &it.fleet, it.node);
                    }
                }
                EventKind::CrashGateway(it) => self.gateway_crash(i, it),
                EventKind::Spike(it) => self.spike(i, it),
                EventKind::Fail(it) => self.failure(i, it),
                EventKind::Slow(it) => self.slowdown(i, it),
                EventKind::FailOverStore(_) => {}
                EventKind::GrantSlots(it) => self.slots_granted(i, it),
                EventKind::Revoke(it) => self.revocation(i, it),
            }
        }
    }

    fn failure(&mut self, i: usize, it: &Fail) {
        self.lasting(i, "fail", it.lasts);
        if it.endpoint == Target::Store && !matches!(it.how, How::Errors | How::Silent) {
            self.wrong(
                &[&"event", &i, &"what", &"fail", &"how"],
                "a store has no HTTP to answer with",
                "not of a store",
                "a store fails with `errors`, or is `silent`",
            );
        }
        if it.retry_after.is_some() && it.how != How::Throttled {
            self.wrong(
                &[&"event", &i, &"what", &"fail", &"retry_after"],
                "only who is throttled is told how long to wait",
                "nobody hears it",
                "add `how = \"throttled\"`, or leave it out",
            );
        }
    }

    fn redeployment(&mut self, i: usize, it: &Redeploy) {
        self.event_fleet(i, "redeploy", &it.fleet);
        if it.waves == 0 {
            self.wrong(
                &[&"event", &i, &"what", &"redeploy", &"waves"],
                "a redeployment without a wave",
                "must be at least 1",
                "1 restarts all nodes at once",
            );
        }
    }

    fn gateway_crash(&mut self, i: usize, it: &CrashGateway) {
        self.known_app(&[&"event", &i, &"what", &"crash_gateway", &"app"], &it.app);
        let mut strategies = self.file.strategy.iter();
        if !strategies.any(|strategy| strategy.any(Coordination::needs_gateway)) {
            self.wrong(
                &[&"event", &i, &"what", &"crash_gateway"],
                "no strategy here has a gateway",
                "nothing to crash",
                "add a strategy with `coordination = \"gateway\"`",
            );
        }
    }

    fn slowdown(&mut self, i: usize, it: &Slow) {
        self.lasting(i, "slow", it.lasts);
        if !(it.factor > 1.0 && it.factor <= 1e6) {
            self.wrong(
                &[&"event", &i, &"what", &"slow", &"factor"],
                format!("{} times as slow is not slower", it.factor),
                "must lie above 1 and up to 1000000",
                "2 takes twice as long as usual",
            );
        }
    }

    fn slots_granted(&mut self, i: usize, it: &GrantSlots) {
        self.known_app(&[&"event", &i, &"what", &"grant_slots", &"app"], &it.app);
        if it.slots == 0 {
            self.wrong(
                &[&"event", &i, &"what", &"grant_slots", &"slots"],
                "an app without a slot gets no token",
                "must be at least 1",
                "1 is what every app has",
            );
        }
    }

    fn revocation(&mut self, i: usize, it: &Revoke) {
        self.known_app(&[&"event", &i, &"what", &"revoke", &"app"], &it.app);
        self.known_tenant(&[&"event", &i, &"what", &"revoke", &"tenant"], &it.app, it.tenant);
        let granted = self.file.event.iter().filter_map(|event| match &event.what {
            EventKind::GrantSlots(grant) if grant.app == it.app => Some(grant.slots),
            _ => None,
        });
        let apps = self.file.app.iter().filter(|app| app.name == it.app);
        let most = apps.map(|app| app.slots).chain(granted).max();
        if let (Some(slot), Some(most)) = (it.slot, most)
            && slot >= most
        {
            self.wrong(
                &[&"event", &i, &"what", &"revoke", &"slot"],
                format!("app `{}` never has a slot {slot}", it.app),
                "no such slot",
                format!("slots count from 0: the last one is {}", most.saturating_sub(1)),
            );
        }
    }

    fn size(&mut self, path: &[&dyn Display], nodes: u32) {
        if nodes > MOST_NODES {
            self.wrong(
                path,
                format!("{nodes} nodes; there can be {MOST_NODES}"),
                "too many",
                "use fewer",
            );
        }
    }

    fn autoscale(&mut self, i: usize, at: Duration, it: &Autoscale) {
        self.event_fleet(i, "autoscale", &it.fleet);
        if it.steps.is_empty() {
            self.wrong(
                &[&"event", &i, &"what", &"autoscale", &"steps"],
                "a schedule without a step",
                "empty",
                "for instance `steps = [{ after = \"10min\", nodes = 20 }]`",
            );
        }
        for (k, step) in it.steps.iter().enumerate() {
            self.size(
                &[&"event", &i, &"what", &"autoscale", &"steps", &k, &"nodes"],
                step.nodes,
            );
            let path: [&dyn Display; 7] = [&"event", &i, &"what", &"autoscale", &"steps", &k, &"after"];
            if k > 0 && step.after <= it.steps[k - 1].after {
                self.wrong(
                    &path,
                    format!(
                        "this step comes {} after the event, not later than the one before",
                        step.after
                    ),
                    "out of order",
                    "write the steps in order of time, each `after` counted from the event",
                );
            }
            if at.saturating_add(step.after) > self.end_of_arrivals() {
                self.wrong(
                    &path,
                    "this step comes after the last call",
                    "too late",
                    format!(
                        "calls arrive until {} after the start of the warm-up",
                        self.end_of_arrivals()
                    ),
                );
            }
        }
    }

    /// The fleet exists, and of its nodes each that is named, once.
    fn some_nodes(&mut self, i: usize, what: &'static str, fleet: &str, nodes: Option<&[u32]>) {
        if !self.event_fleet(i, what, fleet) {
            return;
        }
        let Some(nodes) = nodes else { return };
        if nodes.is_empty() {
            self.wrong(
                &[&"event", &i, &"what", &what, &"nodes"],
                "an event that meets no node",
                "empty",
                "leave it out for all nodes of the fleet",
            );
        }
        let mut seen = BTreeSet::new();
        for (k, &node) in nodes.iter().enumerate() {
            let path: [&dyn Display; 6] = [&"event", &i, &"what", &what, &"nodes", &k];
            self.known_node(&path, fleet, node);
            if !seen.insert(node) {
                self.wrong(&path, format!("node {node} is named twice"), "again", "name it once");
            }
        }
    }

    /// The fleet has such a node at some time.
    fn known_node(&mut self, path: &[&dyn Display], name: &str, node: u32) {
        let most = self.most_nodes(name);
        if node >= most {
            self.wrong(
                path,
                format!("fleet `{name}` has {most} nodes; there is no node {node}"),
                "no such node",
                format!("nodes count from 0: the last one is {}", most.saturating_sub(1)),
            );
        }
    }

    fn spike(&mut self, i: usize, it: &Spike) {
        if !self.event_fleet(i, "spike", &it.fleet) {
            return;
        }
        let fleets = self.file.fleet.iter();
        let Some(fleet) = fleets.into_iter().find(|fleet| fleet.name == it.fleet) else {
            return;
        };
        if fleet.workload.is_empty() {
            self.wrong(
                &[&"event", &i, &"what", &"spike", &"fleet"],
                format!(
                    "fleet `{}` has no workload, so there is no kind of calls to add to",
                    it.fleet
                ),
                "no calls",
                "give the fleet a workload, or name another one",
            );
        }
        let nodes = self.most_nodes(&it.fleet);
        let all = u64::from(it.calls) * u64::from(nodes);
        if it.calls == 0 || all > u64::from(MOST_NODES) {
            self.wrong(
                &[&"event", &i, &"what", &"spike", &"calls"],
                format!("{} calls at each of {nodes} nodes", it.calls),
                "must be at least 1",
                format!("there can be {MOST_NODES} in all"),
            );
        }
    }

    /// There is something to recover from, and time to do so.
    pub(super) fn trigger(&mut self) {
        let Some(trigger) = self.file.trigger else { return };
        let Some((begin, end)) = incident::trigger(self.file) else {
            let help = "add an `[[event]]`, such as `what = { fail = { endpoint = \"token\", for = \"1min\" } }`";
            self.wrong(&[&"trigger"], "no event here disturbs anything", "no trigger", help);
            return;
        };
        if begin < Time::ZERO + self.file.run.warmup {
            self.wrong(
                &[&"trigger"],
                "the trigger begins in the warm-up",
                "nothing is measured before it",
                format!("let the first event come later than {}", self.file.run.warmup),
            );
        }
        let left = (Time::ZERO + self.end_of_arrivals()).since(end);
        let wanted = trigger.recover_within.unwrap_or(left);
        if wanted.is_zero() || wanted > left {
            self.wrong(
                &[&"trigger", &"recover_within"],
                format!("the run leaves {left} after the trigger"),
                "must be above zero and not longer than that",
                "make `run.duration` longer, or this shorter",
            );
        }
        let nodes: u64 = self.file.fleet.iter().map(|fleet| u64::from(fleet.nodes)).sum();
        let all = nodes.saturating_mul(trigger.hot_calls.into());
        if trigger.hot_calls == 0 || all > u64::from(MOST_NODES) {
            self.wrong(
                &[&"trigger", &"hot_calls"],
                format!("a hot start with {} calls at each of {nodes} nodes", trigger.hot_calls),
                "must be at least 1",
                format!("1 puts every node into its retry loop; there can be {MOST_NODES} calls in all"),
            );
        }
    }

    fn lasting(&mut self, i: usize, what: &'static str, lasts: Duration) {
        if lasts.is_zero() {
            self.wrong(
                &[&"event", &i, &"what", &what, &"for"],
                "it is over as soon as it begins",
                "must be above zero",
                "for instance `for = \"30s\"`",
            );
        }
    }
}
