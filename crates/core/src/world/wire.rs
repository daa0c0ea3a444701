//! How a node's side of the wire meets the others in one address space: what a node sends becomes a message, and what only
//! somebody knows who sees both sides is noted on the way.

use std::sync::Arc;

use crate::base::{CallId, Chance, Delay, Duration, Millis, NodeId, Time};
use crate::node::{
    Alarm, Asker, AtNode, Calls, Input, Me, Memory, NodeHost, Note, Sends, Shared, StoreOperation, Strategy, Whom,
    node_key,
};
use crate::oauth::{Token, TokenSlot};
use crate::provider::{Rule, Server};
use crate::store::Operation;
use crate::trace::Event;

use super::detail::{note_reaction, tell_held};
use super::host::Host;
use super::leg::Leg;
use super::logins::Logins;
use super::message::{Message, Stage};
use super::second::send;
use super::{Fleet, World, place};

/// One node's connections to everybody else, and whoever looks on.
pub(super) struct Wire<'a, H, R> {
    pub host: &'a mut H,
    server: &'a mut Server<R, Message>,
    /// It is the second provider's.
    at_second: bool,
    fleets: &'a Arc<[Fleet]>,
    logins: &'a mut Logins,
    id: NodeId,
    fleet: u16,
    epoch: u8,
    /// A forwarded call whose origin has hung up: its gateway has to be told.
    pub hung_up: Option<CallId>,
}

impl<S: Strategy, R: Rule> World<S, R> {
    /// One node, and its connections.
    #[inline(always)]
    pub(super) fn at<'a, H: Host>(&'a mut self, id: NodeId, host: &'a mut H) -> (AtNode<'a, S>, Wire<'a, H, R>) {
        let at_second = self.is_at_second_of(id, host);
        let state = &mut self.nodes[id.index()];
        let (server, policy) = match &mut self.second {
            Some(second) if at_second => (&mut second.server, &second.policy),
            _ => (&mut self.server, self.strategy.policy_of(id).unwrap_or(&self.policy)),
        };
        let wire = Wire {
            host,
            server,
            at_second,
            fleets: &self.fleets,
            logins: &mut self.logins,
            id,
            fleet: state.fleet,
            epoch: state.epoch,
            hung_up: None,
        };
        let node = AtNode {
            strategy: &self.strategy,
            policy,
            id,
            state,
            calls: &mut self.calls,
            tables: &mut self.tables,
        };
        (node, wire)
    }
}

impl<H: Host, R: Rule> Wire<'_, H, R> {
    #[inline]
    fn fleet(&self) -> &Fleet {
        &self.fleets[usize::from(self.fleet)]
    }

    fn note_request(&mut self, asker: Asker, slot: TokenSlot) {
        let (node, fleet) = (self.id, self.fleet());
        let (client, tenant) = (fleet.client + slot.app_copy, fleet.tenant_of(node));
        let bucket = self.server.provider.bucket(client, tenant, slot.index);
        self.host.note(|| Event::TokenAsked { node, asker, bucket });
    }

    fn tell(&mut self, whom: Whom, note: Note) {
        let id = self.id;
        let (store, credential) = (self.fleet().store, self.fleet().credential_of(id));
        let all = || peers(self.fleets, store, credential);
        let send = |to: NodeId, host: &mut H| {
            host.send(Leg::Peer, node_key(id, to.0), Message::Note { to, from: id, note });
        };
        match whom {
            Whom::One(to) => send(to, self.host),
            Whom::Gateway => {
                let gateway = self
                    .fleet()
                    .gateway_of(id)
                    .expect("a strategy that tells a gateway has one");
                send(gateway, self.host);
            }
            Whom::All => {
                for peer in all().filter(|&peer| peer != id) {
                    send(peer, self.host);
                }
            }
            Whom::Some(count) => {
                let many = all().count();
                let own = all().position(|peer| peer == id).unwrap_or(0);
                for step in (0..count).map(|power| 1usize << power).take_while(|&step| step < many) {
                    let peer = all().nth((own + step) % many);
                    send(peer.expect("within the count"), self.host);
                }
            }
        }
    }
}

impl<M: Memory, H: Host, R: Rule> NodeHost<M> for Wire<'_, H, R> {
    #[inline]
    fn now(&self) -> Time {
        self.host.now()
    }

    /// Where a node stands, as it knows it.
    #[inline]
    fn me(&self) -> Me {
        Me {
            refreshes: self.server.provider.rotation.is_some(),
            ..place(self.fleet(), self.id)
        }
    }

    fn at_other_provider(&self) -> NodeId {
        self.fleet().at_other_provider(self.id)
    }

    #[inline(always)] // What is sent is known where it is sent.
    fn send(&mut self, key: u64, sends: Sends) {
        let (node, epoch) = (self.id, self.epoch);
        match sends {
            Sends::Api {
                ticket,
                token,
                draw_key,
            } => {
                let live = self.server.provider.ledger.is_live(token, self.host.now());
                let message = Message::ApiRequest {
                    stage: Stage::Arrived,
                    ticket,
                    node,
                    token,
                    live,
                    draw_key,
                };
                send(self.host, self.at_second, Leg::ApiRequest, key, message);
            }
            Sends::Token {
                asker,
                slot,
                count,
                with,
            } => {
                if self.host.wants_details() {
                    self.note_request(asker, slot);
                }
                let message = Message::TokenRequest {
                    node,
                    epoch,
                    slot,
                    asker,
                    count,
                    with,
                };
                send(self.host, self.at_second, Leg::TokenRequest, key, message);
            }
            Sends::Store { number, operation } => {
                let message = Message::StoreRequest {
                    node,
                    epoch,
                    number,
                    operation: written_by_clock(self.fleet(), node, operation),
                };
                self.host.send(Leg::StoreRequest, key, message);
            }
            Sends::Note { whom, note } => self.tell(whom, note),
            Sends::Forward { ticket } => {
                let gateway = self
                    .fleet()
                    .gateway_of(node)
                    .expect("a strategy that forwards has a gateway");
                self.host
                    .send(Leg::GatewayRequest, key, Message::Forward { ticket, gateway });
            }
        }
    }

    fn answer(&mut self, key: u64, calls: &mut Calls, call: CallId, succeeded: bool) {
        let ticket = calls.part(call);
        calls.remove(call);
        self.host
            .send(Leg::GatewayResponse, key, Message::Answered { ticket, succeeded });
    }

    fn hang_up(&mut self, calls: &mut Calls, call: CallId) {
        if let Some(forwarded) = calls.get(call).peer() {
            calls.part(forwarded);
            self.hung_up = Some(forwarded);
        }
    }

    #[inline(always)] // Which alarm it is is known where it is set.
    fn wake(&mut self, delay: Delay, key: u64, alarm: Alarm) -> Duration {
        let (node, epoch) = (self.id, self.epoch);
        let (delay, message) = match alarm {
            Alarm::BackoffOver { ticket } => (delay, Message::BackoffOver { ticket }),
            Alarm::AttemptTimedOut { ticket } => (delay, Message::AttemptTimedOut { ticket }),
            Alarm::TokenTimedOut { asker } => (delay, Message::TokenTimedOut { node, epoch, asker }),
            Alarm::StoreTimedOut { number, asked } => (
                delay,
                Message::StoreTimedOut {
                    node,
                    epoch,
                    number,
                    asked,
                },
            ),
            Alarm::Timer { timer, armed } => (
                by_clock(self.fleet(), node, delay),
                Message::TimerRang {
                    node,
                    epoch,
                    timer,
                    armed,
                },
            ),
        };
        self.host.wake(delay, key, message)
    }

    #[inline]
    fn hit(&mut self, chance: Chance, key: u64) -> bool {
        self.host.hit(chance, key)
    }

    #[inline(always)]
    fn note(&mut self, event: impl FnOnce() -> Event) {
        self.host.note(event);
    }

    #[inline]
    fn reacted(&mut self, before: &M, input: Input, after: &M) {
        if self.host.wants_details() {
            note_reaction(self.id, (before, after), input, &self.server.provider.ledger, self.host);
        }
        let (before, after) = (before.view().token, after.view().token);
        if before != after {
            self.track_holder(before, after);
        }
    }

    fn login_needed(&mut self, memory: &M) {
        let login = self.fleet().login_of(self.id);
        let rotation = self.server.provider.rotation.as_deref();
        let now = self.host.now();
        if let Some((delay, key)) = self.logins.ask(login, memory.credential(), rotation, now) {
            self.host.wake(delay, key, Message::LoginAgain { login });
        }
    }

    #[inline]
    fn wants_details(&self) -> bool {
        self.host.wants_details()
    }
}

impl<H: Host, R> Wire<'_, H, R> {
    /// Another token is held than before.
    fn track_holder(&mut self, before: Option<Token>, after: Option<Token>) {
        if self.host.wants_holdings() {
            tell_held(self.id, (before, after), &self.server.provider.ledger, self.host);
        }
        let ledger = &mut self.server.provider.ledger;
        if let Some(token) = before {
            ledger.hold(token, false);
        }
        if let Some(token) = after {
            ledger.hold(token, true);
        }
    }
}

/// The operation as the node's clock has it: what is stored says when it expires, by the writer's clock.
pub fn written_by_clock(fleet: &Fleet, id: NodeId, mut operation: StoreOperation) -> StoreOperation {
    if let Operation::Write { value, .. } = &mut operation {
        let Shared { life, .. } = *value;
        value.life = clock_says(fleet, id, life, true);
    }
    operation
}

/// A time of expiry as a node's clock has it: a stored one is absolute, by the writer's clock, and read by the reader's.
pub fn clock_says(fleet: &Fleet, id: NodeId, life: Millis, writes: bool) -> Millis {
    if fleet.clock_spread.is_zero() {
        return life;
    }
    let (place, last) = place_in(fleet, id);
    // From `spread` slow, for the first node, to `spread` fast, for the last.
    let ahead = fleet.clock_spread.ratio(2 * place, last);
    let life = Duration::from(life);
    let (more, less) = if writes {
        (ahead, fleet.clock_spread)
    } else {
        (fleet.clock_spread, ahead)
    };
    life.saturating_add(more).saturating_sub(less).into()
}

/// A delay as a node's clock measures it out.
pub fn by_clock(fleet: &Fleet, id: NodeId, delay: Delay) -> Delay {
    const MILLION: u64 = 1_000_000;
    if fleet.clock_drift == 0 {
        return delay;
    }
    let (place, last) = place_in(fleet, id);
    let drift = u64::from(fleet.clock_drift);
    // From the slowest, whose second lasts longest, to the fastest.
    let lasts = MILLION + drift - 2 * drift * place / last;
    Delay {
        base: delay.base.ratio(lasts, MILLION),
        spread: delay.spread.ratio(lasts, MILLION),
        cap: delay.cap.ratio(lasts, MILLION),
        ..delay
    }
}

/// The place of a node's process in its fleet, and the last one's.
fn place_in(fleet: &Fleet, id: NodeId) -> (u64, u64) {
    let last = u64::from(fleet.processes()).saturating_sub(1).max(1);
    (u64::from(fleet.process_of(id)), last)
}

/// The nodes with one credential that share a store, which is given as that of the first credential; gateways left out.
pub fn peers(fleets: &[Fleet], store: u32, credential: u32) -> impl Iterator<Item = NodeId> + '_ {
    fleets
        .iter()
        .filter(move |fleet| fleet.store == store && !fleet.is_gateway)
        .flat_map(move |fleet| fleet.with_credential(credential))
}
