//! For how much of the time that nodes are up they have a usable token: one that the provider would accept.
//!
//! Told of each token that a node holds, and of each token that ends, which is not free: counted only where a run asks for it. The memory
//! grows with the nodes, not with the run.

use std::collections::BTreeMap;

use super::{Better, Metric};
use crate::base::{Duration, NodeId, Time};
use crate::oauth::{Life, Token};
use crate::trace::Event;

pub(super) const USABLE_TOKEN_SHARE: Metric = Metric {
    name: "usable_token_share",
    unit: "share",
    about: "Of the time that nodes are up, the share in which the provider would accept the token that the node would send; all nodes together, without gateways; none where nodes forward their calls.",
    read: |run| run.usable.as_ref()?.total.share(),
    by_group: None,
    by_fleet: Some(|_, fleet, _| fleet.usable.share()),
    better: Some(Better::High),
};

pub(super) const USABLE_TOKEN_SHARE_WORST: Metric = Metric {
    name: "usable_token_share_worst",
    unit: "share",
    about: "The same of the node that fares worst.",
    read: |run| run.usable.as_ref()?.total.worst,
    by_group: None,
    by_fleet: Some(|_, fleet, _| fleet.usable.worst),
    better: Some(Better::High),
};

/// How long some nodes were up within the measured span, and how much of it with a usable token.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct UsableTime {
    /// Time that the nodes were up, in nanoseconds, all together.
    pub up: u128,
    /// Of that, the time with a usable token.
    pub usable: u128,
    /// The least share of a node that was up; none where none was.
    pub worst: Option<f64>,
}

impl UsableTime {
    fn share(&self) -> Option<f64> {
        (self.up > 0).then(|| self.usable as f64 / self.up as f64)
    }

    /// With one more node, which was up and had a usable token for so long.
    pub(super) fn add(&mut self, up: Duration, usable: Duration) {
        if up.is_zero() {
            return;
        }
        let (up, usable) = (u128::from(up.nanos()), u128::from(usable.nanos()));
        self.up += up;
        self.usable += usable;
        let share = usable as f64 / up as f64;
        self.worst = Some(self.worst.map_or(share, |worst| worst.min(share)));
    }
}

/// What the nodes of one run hold, and for how long it was good.
#[derive(Clone, Debug)]
pub struct UsableTokens {
    from: Time,
    until: Time,
    nodes: Vec<Held>,
    /// How many of the nodes count, from the first on: those behind them are gateways.
    counted: usize,
    /// Tokens that ended while nodes held them: when, and how many nodes still do. The provider may forget them sooner.
    ended: BTreeMap<Token, (Time, u32)>,
    /// All nodes together, once the run is over.
    pub(super) total: UsableTime,
}

/// One node.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    /// Since when it is up; none while it is down.
    up_since: Option<Time>,
    /// What it would send, and since when it is up and would.
    token: Option<Token>,
    since: Time,
    up: Duration,
    usable: Duration,
}

impl UsableTokens {
    /// Of so many nodes, of which the first so many count, within the span from one time to another.
    pub(super) fn new((nodes, counted): (usize, usize), from: Time, until: Time) -> Self {
        Self {
            from,
            until,
            nodes: vec![Held::default(); nodes],
            counted,
            ended: BTreeMap::new(),
            total: UsableTime::default(),
        }
    }

    fn within(&self, from: Time, until: Time) -> Duration {
        until.min(self.until).since(from.max(self.from))
    }

    /// A node starts or stops, or holds another token; nothing else is of interest.
    pub(super) fn record(&mut self, now: Time, event: &Event) {
        match *event {
            Event::NodeStarted { node } => self.started(now, node),
            Event::NodeStopped { node } => self.stopped(now, node),
            Event::TokenHeld {
                node,
                token,
                before_ends,
            } => self.held(now, node, token, before_ends),
            _ => {}
        }
    }

    fn started(&mut self, now: Time, node: NodeId) {
        let node = &mut self.nodes[node.index()];
        (node.up_since, node.since) = (Some(now), now);
    }

    /// What it holds was told just before.
    fn stopped(&mut self, now: Time, node: NodeId) {
        if let Some(since) = self.nodes[node.index()].up_since.take() {
            let up = self.within(since, now);
            let node = &mut self.nodes[node.index()];
            node.up = node.up.saturating_add(up);
        }
    }

    /// A token has ended: where nodes hold it, they need its end when they let it go.
    #[cold]
    pub(super) fn ended(&mut self, life: &Life) {
        if life.holders > 0 && life.ending.is_some() {
            self.ended.insert(life.token, (life.end, life.holders));
        }
    }

    /// A node would send this token from now on; what it would have sent before ends, or has ended, then, if somebody knows.
    fn held(&mut self, now: Time, id: NodeId, token: Option<Token>, before_ends: Option<Time>) {
        let node = self.nodes[id.index()];
        if node.up_since.is_some()
            && let Some(before) = node.token
            && let Some(end) = before_ends.or_else(|| self.ended.get(&before).map(|(end, _)| *end))
        {
            let usable = self.within(node.since, end.min(now));
            self.nodes[id.index()].usable = node.usable.saturating_add(usable);
        }
        let node = &mut self.nodes[id.index()];
        node.since = now;
        if node.token != token {
            let before = std::mem::replace(&mut node.token, token);
            self.take_up(token, before);
        }
    }

    /// A node holds another token: how many still hold one that has ended.
    fn take_up(&mut self, token: Option<Token>, before: Option<Token>) {
        if let Some((_, holders)) = token.and_then(|token| self.ended.get_mut(&token)) {
            *holders += 1;
        }
        if let Some(before) = before
            && let Some((_, holders)) = self.ended.get_mut(&before)
        {
            *holders = holders.saturating_sub(1);
            if *holders == 0 {
                self.ended.remove(&before);
            }
        }
    }

    /// The run is over: tells of each node that counts for how long it was up, and for how long it had a usable token.
    pub(super) fn finish(&mut self, mut told: impl FnMut(NodeId, Duration, Duration)) {
        self.total = UsableTime::default();
        for (id, node) in (0..).map(NodeId).zip(&self.nodes[..self.counted]) {
            let still = node
                .up_since
                .map_or(Duration::ZERO, |since| self.within(since, self.until));
            let up = node.up.saturating_add(still);
            self.total.add(up, node.usable);
            told(id, up, node.usable);
        }
    }
}
