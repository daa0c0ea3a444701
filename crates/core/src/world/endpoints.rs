//! Requests on their way to the provider's two endpoints, and the answers on their way back.

use crate::base::NodeId;
use crate::node::{Asker, Memory, Strategy, Ticket, node_key};
use crate::oauth::{At, Reply, Token, TokenSlot};
use crate::provider::{Cause, Intake, Provider, Requester, Rule, Server, TokenAsk};
use crate::trace::Event;

use super::host::Host;
use super::leg::Leg;
use super::message::{Message, Stage};
use super::second::{choose, send};
use super::{Fleet, World};

impl<S: Strategy, R: Rule> World<S, R> {
    #[inline(always)] // The stage is known where it is delivered.
    #[allow(clippy::too_many_arguments)] // The fields of one message.
    pub(super) fn api_request(
        &mut self,
        stage: Stage,
        ticket: Ticket,
        node: NodeId,
        token: Token,
        live: bool,
        draw_key: u32,
        host: &mut impl Host,
    ) {
        let (now, key, second) = (host.now(), u64::from(draw_key), self.is_at_second_of(node, host));
        let server = choose(&mut self.server, &mut self.second, second);
        let answer = move |reply| Message::ApiResponse { ticket, token, reply };
        if stage == Stage::Arrived {
            let message = move || Message::ApiRequest {
                stage: Stage::Served,
                ticket,
                node,
                token,
                live,
                draw_key,
            };
            // Looked up only where it is counted: the node of a large fleet is not in the cache.
            let fleet = || &self.fleets[usize::from(self.nodes[node.index()].fleet)];
            let whose = |it: &Provider<R>| fleet().caller(node, it.address(node), token);
            let intake = server.api_arrives(now, key, whose, message, host);
            // Asked first: most endpoints serve whatever comes.
            if !matches!(intake, Intake::Now { .. }) {
                match intake {
                    Intake::Serve => send(host, second, Leg::ApiService, key, message()),
                    Intake::Answered(reply) => send(host, second, Leg::ApiResponse, key, answer(reply)),
                    _ => {}
                }
                return;
            }
        } else {
            if server.provider.counts_under_way(At::Api) {
                let fleet = &self.fleets[usize::from(self.nodes[node.index()].fleet)];
                let whose = fleet.caller(node, server.provider.address(node), token);
                server.provider.leaves(At::Api, &whose);
            }
            if let Some(next) = server.api_served() {
                send(host, second, Leg::ApiService, next.service_key(), next);
            }
        }
        let reply = match server.api_check(now, token, key, host) {
            Ok(()) => Reply::Granted(()),
            Err(cause) => {
                self.note_rejection(ticket, live, cause, host);
                Server::<R, Message>::rejection(cause)
            }
        };
        send(host, second, Leg::ApiResponse, key, answer(reply));
    }

    /// A token was refused: why, as only somebody knows who has seen whether it was live when the attempt left.
    #[inline(always)] // Called in one place of an engine.
    fn note_rejection(&mut self, ticket: Ticket, live: bool, cause: Cause, host: &mut impl Host) {
        let cause = if live && cause != Cause::NotYetActive {
            Cause::InFlight
        } else {
            cause
        };
        let Some(call) = self.calls.holder(ticket) else {
            host.note(|| Event::AttemptRejectedUnheard);
            return;
        };
        let first = call.count_rejection(cause == Cause::InFlight);
        let (node, group, arrived) = (call.node, call.group, call.arrived);
        host.note(|| Event::AttemptRejected {
            node,
            group,
            arrived,
            first,
            cause,
        });
    }

    #[inline(always)] // The stage is known where it is delivered.
    #[allow(clippy::too_many_arguments)] // The fields of one message.
    pub(super) fn token_request(
        &mut self,
        stage: Stage,
        node: NodeId,
        epoch: u8,
        slot: TokenSlot,
        asker: Asker,
        count: u32,
        with: Option<Token>,
        host: &mut impl Host,
    ) {
        let (now, key, second) = (host.now(), node_key(node, count), self.is_at_second_of(node, host));
        let server = choose(&mut self.server, &mut self.second, second);
        let state = &self.nodes[node.index()];
        let fleet = &self.fleets[usize::from(state.fleet)];
        let mut ask = TokenAsk {
            client: fleet.client + slot.app_copy,
            tenant: fleet.tenant_of(node),
            slot: slot.index,
            force: fleet.force,
            with,
            no_op: false,
            asker: node,
            held: state.memory.view().token,
        };
        let answer = move |reply| Message::TokenResponse {
            node,
            epoch,
            asker,
            reply,
        };
        if stage == Stage::Arrived {
            let message = move || Message::TokenServed {
                node,
                epoch,
                slot,
                asker,
                count,
                with,
            };
            let whose = |provider: &Provider<R>| provider.token_requester(&ask);
            let intake = server.token_arrives(now, key, node, whose, message, host);
            let Intake::Now { no_op } = intake else {
                match intake {
                    Intake::Serve => send(host, second, Leg::TokenService, key, message()),
                    Intake::Answered(reply) => send(host, second, Leg::TokenResponse, key, answer(reply)),
                    _ => {}
                }
                return;
            };
            ask.no_op = no_op;
        } else {
            if server.provider.counts_under_way(At::Token) {
                let whose = server.provider.token_requester(&ask);
                server.provider.leaves(At::Token, &whose);
            }
            if let Some(next) = server.token_served() {
                send(host, second, Leg::TokenService, next.service_key(), next);
            }
        }
        if host.wants_details() {
            self.tell_lease(node, epoch, host);
        }
        let server = choose(&mut self.server, &mut self.second, second);
        let reply = server.token_commits(now, &ask, host);
        send(host, second, Leg::TokenResponse, key, answer(reply));
    }
}

impl Fleet {
    /// Who makes a call with a token from one of its nodes.
    fn caller(&self, node: NodeId, address: u32, token: Token) -> Requester {
        Requester {
            tenant: self.tenant_of(node),
            ..Requester::caller(self.client, address, Some(token))
        }
    }
}
