//! From one state to the next.

use super::action::Action;
use super::fault::{Fault, FaultBudget};
use super::host::{CheckHost, NOW};
use super::state::{State, arrival};
use crate::base::NodeId;
use crate::node::Strategy;
use crate::oauth::{AnswerKind, Reply, Token};
use crate::property::{History, StateView};
use crate::provider::{Bucket, Rule};
use crate::trace::Event;
use crate::world::{Message, World, carries};

impl<S: Strategy, R: Rule> State<S, R> {
    /// Takes a step; what happened lies in `host.events`. The properties have not heard of it yet.
    pub fn step(&self, action: Action, host: &mut CheckHost) -> Self {
        let mut next = self.clone();
        next.act(action, host);
        next
    }

    fn act(&mut self, action: Action, host: &mut CheckHost) {
        let next = self;
        host.events.clear();
        host.bag.clear();
        match action {
            Action::Deliver(place) | Action::Renew(place) | Action::Late(place) | Action::LogIn(place) => {
                let message = next.bag.remove(place.into());
                std::mem::swap(&mut host.bag, &mut next.bag);
                next.world.deliver(message, host);
                std::mem::swap(&mut host.bag, &mut next.bag);
                next.heard(&message);
            }
            Action::Begin(place, kind) => {
                let call = of_kind(&next.bag.remove(place.into()), kind);
                std::mem::swap(&mut host.bag, &mut next.bag);
                next.world.deliver(call, host);
                std::mem::swap(&mut host.bag, &mut next.bag);
            }
            Action::Lose(place) => {
                next.bag.remove(place.into());
            }
            Action::Throttle(place) => {
                let request = next.bag.remove(place.into());
                next.bag.extend(throttled(&request));
            }
            Action::Crash(node) => {
                std::mem::swap(&mut host.bag, &mut next.bag);
                let node = u32::from(node);
                next.world.crash(node..node + 1, host);
                next.world.start(NodeId(node), host);
                std::mem::swap(&mut host.bag, &mut next.bag);
            }
            Action::Lapse(store) | Action::Reclaim(store) => next.world.lapse(store.into(), host),
            Action::Expire(bucket) => next.expire(Bucket(bucket.into())),
            Action::Arrive(node) => {
                next.left = FaultBudget::NONE;
                std::mem::swap(&mut host.bag, &mut next.bag);
                next.world.deliver(arrival(NodeId(node.into()), next.kinds), host);
                std::mem::swap(&mut host.bag, &mut next.bag);
            }
            Action::Pass | Action::Elapse => next.world.server.provider.end_periods(NOW, &mut |_| {}),
        }
        if let Some(fault) = action.fault() {
            next.left.spend(fault);
            next.disturbed |= fault != Fault::Renewal;
        }
    }

    /// Takes a step, and shows each event to the properties; what tokens are called after it lies in `host.renamed`.
    pub fn take(
        &self,
        action: Action,
        host: &mut CheckHost,
        judge: impl FnMut(&Event, &History, &dyn StateView),
    ) -> Self {
        let mut next = self.clone();
        self.go_on(&mut next, action, host, judge);
        next
    }

    /// [`State::take`] in the memory of another state.
    pub fn take_into(
        &self,
        next: &mut Self,
        action: Action,
        host: &mut CheckHost,
        judge: impl FnMut(&Event, &History, &dyn StateView),
    ) {
        next.clone_from(self);
        self.go_on(next, action, host, judge);
    }

    /// From its own copy to the state after a step.
    fn go_on(
        &self,
        next: &mut Self,
        action: Action,
        host: &mut CheckHost,
        mut judge: impl FnMut(&Event, &History, &dyn StateView),
    ) {
        next.act(action, host);
        for event in &host.events {
            next.history.record(event);
            let instant = Instant {
                before: self,
                after: &next.world,
            };
            judge(event, &next.history, &instant);
        }
        host.places = next.canonical(&mut host.renamed);
    }

    /// The state after a step.
    pub fn next(&self, action: Action, host: &mut CheckHost) -> Self {
        self.take(action, host, |_, _, _| {})
    }
}

/// A call that arrives, of this kind.
pub fn of_kind(call: &Message, kind: u8) -> Message {
    match *call {
        Message::Arrival { node, .. } => arrival(node, kind),
        other => other,
    }
}

/// The answer to a token request that meets a 429; none for any other message.
pub fn throttled(request: &Message) -> Option<Message> {
    match *request {
        Message::TokenRequest { node, epoch, asker, .. } => Some(Message::TokenResponse {
            node,
            epoch,
            asker,
            reply: Reply::refused(AnswerKind::Throttled),
        }),
        _ => None,
    }
}

/// A step as the properties see it: the state before, the world after.
struct Instant<'a, S: Strategy, R> {
    before: &'a State<S, R>,
    after: &'a World<S, R>,
}

impl<S: Strategy, R: Rule> StateView for Instant<'_, S, R> {
    fn is_live(&self, token: Token) -> bool {
        self.after.server.provider.ledger.is_live(token, NOW)
    }

    fn was_known(&self, token: Token) -> bool {
        self.before.world.knows(token) || self.before.bag.iter().any(|message| carries(message, token))
    }

    fn is_undisturbed(&self) -> bool {
        !self.before.disturbed
    }
}
