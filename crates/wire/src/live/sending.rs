//! What a live node sends: over which socket each word goes, and into which mail its answer comes.

use std::future::Future;
use std::sync::Arc;

use tokio::task::AbortHandle;

use super::machine::{HandedOver, Told};
use super::mail::{CallStep, Mail, Trip};
use super::neighbours;
use super::node::LiveNode;
use super::requests;
use crate::base::Time;
use crate::node::{Note, Sends, Ticket, Whom, node_key};
use crate::trace::Event;
use crate::world::{Leg, Party};

impl LiveNode {
    pub(super) fn send(&mut self, now: Time, key: u64, sends: Sends) {
        let (around, http, id) = (Arc::clone(&self.around), self.http.clone(), self.id);
        match sends {
            Sends::Api { ticket, token, .. } if self.callers.are_there() => {
                let text = self.around.site.texts.text(token);
                self.callers.attempt(ticket, CallStep::Attempt { ticket, token, text });
            }
            Sends::Api { ticket, token, .. } => {
                if !self.is_cut(Party::Api) {
                    self.ask(Some(Party::Api), requests::call(around, http, id, now, ticket, token));
                }
            }
            Sends::Token { asker, slot, with, .. } => {
                if self.is_cut(Party::TokenEndpoint) {
                    self.note(&Event::TokenRequestLost);
                    return;
                }
                self.note(&Event::TokenRequested { node: id });
                let fleet = self.machine.fleet();
                let ask = requests::TokenRequest {
                    client: fleet.client,
                    force: fleet.force,
                    slot,
                    with,
                };
                self.ask(
                    Some(Party::TokenEndpoint),
                    requests::token(around, http, id, now, asker, ask),
                );
            }
            Sends::Store { number, operation } => {
                if !self.is_cut(Party::Store) {
                    let store = self.machine.fleet().store;
                    let asked = requests::store(around, id, (now, key), store, number, operation);
                    self.ask(Some(Party::Store), asked);
                }
            }
            Sends::Note { whom, note } => self.tell(now, whom, note),
            // The machine says it with the call itself.
            Sends::Forward { .. } => {}
        }
    }

    /// Lets a request go its way; its answer comes into the inbox.
    fn ask(
        &mut self,
        from: Option<Party>,
        request: impl Future<Output = Option<(Told, Trip)>> + Send + 'static,
    ) -> AbortHandle {
        let (own, epoch) = (self.own.clone(), self.epoch);
        self.tasks.spawn(async move {
            if let Some((told, trip)) = request.await {
                let _gone = own.send(Mail::Answer {
                    epoch,
                    from,
                    told,
                    trip,
                });
            }
        })
    }

    fn tell(&mut self, now: Time, whom: Whom, note: Note) {
        for to in self.around.audience(self.id, self.machine.fleet(), whom) {
            let (around, http, id) = (Arc::clone(&self.around), self.http.clone(), self.id);
            self.tasks.spawn(async move {
                if around.travel(Leg::Peer, node_key(id, to.0)).await {
                    let address = around.addresses[to.index()];
                    neighbours::tell(&http, address, id, now, note, &around.site.texts).await;
                }
            });
        }
    }

    pub(super) fn hand_over(&mut self, now: Time, ticket: Ticket, key: u64, call: HandedOver) {
        let gateway = self
            .machine
            .fleet()
            .gateway
            .expect("a strategy that forwards has a gateway");
        let (around, http) = (Arc::clone(&self.around), self.http.clone());
        let connection = self.ask(None, async move {
            if !around.travel(Leg::GatewayRequest, key).await {
                return None;
            }
            let address = around.addresses[gateway.index()];
            Some(match neighbours::hand_over(&http, address, now, key, call).await {
                Some((served, sent)) => (
                    Told::Answered { ticket, served },
                    Trip::since(Leg::GatewayResponse, sent),
                ),
                None => (Told::Gone { ticket }, Trip::default()),
            })
        });
        self.handed.insert(ticket.call, connection);
    }
}
