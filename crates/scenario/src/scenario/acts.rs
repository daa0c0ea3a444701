//! From events to acts.

use std::ops::Range;

use super::event::{
    Autoscale, EventKind, EventSettings, Fail, How, Partition, Pause, Redeploy, Rollout, Slow, Spike, Target,
};
use super::incident::trigger;
use super::timeline::{Timeline, TimelineStep, in_turn, spread};
use crate::base::{Duration, Group, Time};
use crate::oauth::At;
use crate::plan::Act;
use crate::provider::Outage;
use crate::world::Leg;

/// What may last at an endpoint.
#[derive(PartialEq)]
enum Spell {
    Outage(Target),
    Slowdown(Target),
}

impl<'a> Timeline<'a> {
    pub(super) fn event(&mut self, event: &'a EventSettings) {
        let names = self.names;
        let fleet = |name: &str| names.fleets[name];
        match &event.what {
            EventKind::Start(which) => {
                let fleet = fleet(&which.fleet);
                self.runs[fleet] = true;
                self.come(Duration::ZERO, self.nodes(fleet));
            }
            EventKind::Stop(which) => {
                let fleet = fleet(&which.fleet);
                self.runs[fleet] = false;
                self.go(Duration::ZERO, self.names.nodes[fleet].clone());
            }
            EventKind::Restart(restart) => {
                let (nodes, each) = (
                    self.nodes(fleet(&restart.fleet)),
                    names.credentials[fleet(&restart.fleet)],
                );
                for (at, nodes) in in_turn(self.now, restart.rolling, nodes, each) {
                    self.due(at, TimelineStep::Crash(nodes, restart.down));
                }
            }
            EventKind::Rollout(rollout) => self.rollout(fleet(&rollout.fleet), rollout),
            EventKind::Redeploy(redeploy) => self.redeploy(fleet(&redeploy.fleet), redeploy),
            EventKind::Scale(scale) => self.size(fleet(&scale.fleet), scale.nodes, scale.over),
            EventKind::Autoscale(Autoscale { fleet: name, steps }) => {
                for step in steps {
                    self.due(
                        self.now.saturating_add(step.after),
                        TimelineStep::Size(fleet(name), step.nodes),
                    );
                }
            }
            EventKind::Pause(pause) => self.pause(fleet(&pause.fleet), pause),
            EventKind::Partition(partition) => self.partition(fleet(&partition.fleet), partition),
            EventKind::Crash(crash) => {
                let nodes = names.processes(fleet(&crash.fleet), crash.node..crash.node + 1);
                self.crash(nodes, crash.down);
            }
            EventKind::CrashGateway(crash) => {
                let client = names.clients(&crash.app).start;
                let gateways = self.layout.fleets.iter();
                for fleet in gateways.filter(|fleet| fleet.is_gateway && fleet.client == client) {
                    self.crash(fleet.nodes.clone(), crash.down);
                }
            }
            EventKind::Spike(spike) => self.spike(fleet(&spike.fleet), spike),
            EventKind::Fail(fail) => self.outage(fail),
            EventKind::FailOverStore(failover) => self.act(Act::StoreFailover { loses: failover.loses }),
            EventKind::Slow(slow) => self.slowdown(slow),
            EventKind::GrantSlots(grant) => {
                let (clients, slots) = (names.clients(&grant.app), grant.slots);
                self.act(Act::GrantSlots { clients, slots });
            }
            EventKind::Revoke(revoke) => {
                self.act(Act::Revoke {
                    second: revoke.second,
                    clients: names.clients(&revoke.app),
                    tenant: revoke.tenant,
                    slot: revoke.slot,
                });
            }
        }
    }

    fn pause(&mut self, fleet: usize, pause: &Pause) {
        let until = self.now.saturating_add(pause.lasts);
        for nodes in self.chosen(fleet, pause.nodes.as_deref()) {
            self.act(Act::Pause {
                nodes: nodes.clone(),
                until: Time::ZERO + until,
            });
            self.later(until, TimelineStep::Do(Act::Resume(nodes)));
        }
    }

    fn partition(&mut self, fleet: usize, partition: &Partition) {
        let until = self.now.saturating_add(partition.lasts);
        for nodes in self.chosen(fleet, partition.nodes.as_deref()) {
            self.act(Act::Cut {
                nodes,
                from: partition.from.party(),
                until: Time::ZERO + until,
            });
        }
        self.later(until, TimelineStep::Do(Act::Mend));
    }

    /// The nodes of a fleet that an event names, or all that it can ever have.
    fn chosen(&self, fleet: usize, nodes: Option<&[u32]>) -> Vec<Range<u32>> {
        match nodes {
            None => vec![self.names.nodes[fleet].clone()],
            Some(chosen) => {
                let chosen = chosen.iter();
                chosen
                    .map(|&node| self.names.processes(fleet, node..node + 1))
                    .collect()
            }
        }
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
    pub(super) fn hot_start(&mut self) {
        let (Some((begin, _)), Some(settings)) = (trigger(self.file), self.file.trigger) else {
            return;
        };
        let at = begin.since(Time::ZERO);
        let providers = [false, true].into_iter().take(self.file.providers() as usize);
        let grants = providers.flat_map(|second| self.file.app.iter().map(move |app| (second, app)));
        for (second, app) in grants.collect::<Vec<_>>() {
            let act = Act::Revoke {
                second,
                clients: self.names.clients(&app.name),
                tenant: None,
                slot: None,
            };
            self.later(at, TimelineStep::Do(act));
        }
        for fleet in 0..self.file.fleet.len() {
            if let Some(group) = self.first_group(fleet) {
                let (nodes, each) = (self.names.nodes[fleet].clone(), settings.hot_calls);
                self.later(at, TimelineStep::Do(Act::Calls { nodes, group, each }));
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
        let processes = self.sizes[fleet];
        let count = processes * spike.calls;
        for index in 0..count {
            let process = index % processes;
            let (nodes, each) = (self.names.processes(fleet, process..process + 1), 1);
            let at = self.now.saturating_add(spread(spike.over, index, count));
            self.due(at, TimelineStep::Do(Act::Calls { nodes, group, each }));
        }
    }

    /// A strategy without this version goes on as it is. Nodes that come later start with it.
    fn rollout(&mut self, fleet: usize, rollout: &Rollout) {
        let Some(version) = self.strategy.part_of_version(&rollout.to) else {
            return;
        };
        let version = version as u8;
        let (nodes, ever) = (self.nodes(fleet), self.names.nodes[fleet].clone());
        if nodes.end < ever.end {
            let nodes = nodes.end..ever.end;
            self.act(Act::Adopt { nodes, version });
        }
        for (at, nodes) in in_turn(self.now, rollout.over, nodes, self.names.credentials[fleet]) {
            self.due(at, TimelineStep::Adopt(nodes, version, rollout.down));
        }
    }

    fn redeploy(&mut self, fleet: usize, redeploy: &Redeploy) {
        let (count, waves) = (u64::from(self.sizes[fleet]), u64::from(redeploy.waves));
        let border = |wave: u64| (count * wave / waves) as u32;
        for wave in 0..waves {
            let at = self.now.saturating_add(redeploy.between.saturating_mul(wave));
            let nodes = self.names.processes(fleet, border(wave)..border(wave + 1));
            self.due(at, TimelineStep::Crash(nodes, redeploy.down));
        }
    }

    /// Whether a spell that ends then ends nothing, because another of its kind goes on.
    fn covers(&self, spell: &Spell, end: Duration) -> bool {
        self.file.event.iter().any(|event| {
            let (kind, lasts) = match &event.what {
                EventKind::Fail(fail) => (Spell::Outage(fail.endpoint), fail.lasts),
                EventKind::Slow(slow) => (Spell::Slowdown(slow.endpoint), slow.lasts),
                _ => return false,
            };
            kind == *spell && event.at <= end && end < event.at.saturating_add(lasts)
        })
    }

    fn outage(&mut self, fail: &Fail) {
        let outage = match fail.how {
            How::Errors => Outage::Errors,
            How::Silent => Outage::Silent,
            How::Throttled => Outage::Throttled(fail.retry_after.unwrap_or_default().into()),
            How::Forbidden => Outage::Forbidden,
            How::LoginPage => Outage::LoginPage,
            How::Redirect => Outage::Redirected,
        };
        let act = |outage| match fail.endpoint {
            Target::Token => Act::TokenOutage(outage),
            Target::Api => Act::ApiOutage(outage),
            Target::Store => Act::StoreOutage(outage),
            Target::SecondToken => Act::SecondOutage { at: At::Token, outage },
            Target::SecondApi => Act::SecondOutage { at: At::Api, outage },
        };
        self.act(act(Some(outage)));
        let end = self.now.saturating_add(fail.lasts);
        if !self.covers(&Spell::Outage(fail.endpoint), end) {
            self.later(end, TimelineStep::Do(act(None)));
        }
    }

    fn slowdown(&mut self, slow: &Slow) {
        let legs = match slow.endpoint {
            Target::Token => [Leg::TokenRequest, Leg::TokenResponse],
            Target::Api => [Leg::ApiRequest, Leg::ApiResponse],
            Target::Store => [Leg::StoreRequest, Leg::StoreResponse],
            Target::SecondToken => [Leg::SecondTokenRequest, Leg::SecondTokenResponse],
            Target::SecondApi => [Leg::SecondApiRequest, Leg::SecondApiResponse],
        };
        let act = |thousandths| Act::Slow {
            legs: legs.to_vec(),
            thousandths,
        };
        self.act(act((slow.factor * 1000.0).round() as u64));
        let end = self.now.saturating_add(slow.lasts);
        if !self.covers(&Spell::Slowdown(slow.endpoint), end) {
            self.later(end, TimelineStep::Do(act(1000)));
        }
    }
}
