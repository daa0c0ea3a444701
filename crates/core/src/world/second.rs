//! A second provider, which some calls need besides the first one: its server, and what a node makes of its answers.
//!
//! A node has its credential from one of the two. The node that is of the same process, and has its credential from the other one, is
//! its neighbour: a call that needs both goes on there.

use std::ops::Range;

use crate::base::NodeId;
use crate::node::{CallPolicy, Strategy};
use crate::oauth::{At, Token};
use crate::provider::{Outage, Provider, Rule, Server};

use super::World;
use super::host::Host;
use super::leg::Leg;
use super::message::Message;

/// Tokens of the second provider are numbered from here on, so that no two of a run are the same.
const FIRST_TOKEN: u32 = 1 << 31;

/// A second provider behind its two URLs.
#[derive(Clone, Debug)]
pub(super) struct Second<R> {
    pub server: Server<R, Message>,
    /// How nodes retry whose credential is from it.
    pub policy: CallPolicy,
}

/// One of two servers.
#[inline(always)]
pub(super) fn choose<'a, R>(
    first: &'a mut Server<R, Message>,
    second: &'a mut Option<Box<Second<R>>>,
    at_second: bool,
) -> &'a mut Server<R, Message> {
    match second {
        Some(second) if at_second => &mut second.server,
        _ => first,
    }
}

/// Lets a message travel to the first provider or from it, or to the second one. Which way it goes is known where it is sent, so that only the
/// question which provider it is costs something, and that only where there may be two.
#[inline(always)]
pub(super) fn send<H: Host>(host: &mut H, at_second: bool, leg: Leg, key: u64, message: Message) {
    match H::TWO_PROVIDERS && at_second {
        false => host.send(leg, key, message),
        true => send_by_second(host, leg, key, message),
    }
}

#[cold]
#[inline(never)]
fn send_by_second(host: &mut impl Host, leg: Leg, key: u64, message: Message) {
    host.send(leg.of_second(), key, message);
}

impl<S: Strategy, R: Rule> World<S, R> {
    /// The same with a second provider, for the nodes that have their credential from it: what they make of its answers is what
    /// `policy` says.
    #[must_use]
    pub fn with_second(self, mut provider: Provider<R>, policy: CallPolicy) -> Self {
        provider.ledger.number_after(FIRST_TOKEN);
        let server = Server::new(provider);
        Self {
            second: Some(Box::new(Second { server, policy })),
            ..self
        }
    }

    /// Whether a node has its credential from the second provider, where the engine may have one.
    #[inline(always)]
    pub(super) fn is_at_second_of<H: Host>(&self, id: NodeId, _: &H) -> bool {
        H::TWO_PROVIDERS && self.is_at_second(id)
    }

    /// Whether a node has its credential from the second provider.
    #[inline]
    pub(super) fn is_at_second(&self, id: NodeId) -> bool {
        self.second.is_some() && self.fleets[usize::from(self.nodes[id.index()].fleet)].is_at_second(id)
    }

    /// The provider from which a node has its credential.
    #[inline]
    pub fn server_of(&self, id: NodeId) -> &Server<R, Message> {
        match &self.second {
            Some(second) if self.is_at_second(id) => &second.server,
            _ => &self.server,
        }
    }

    /// The same, to be changed.
    #[inline]
    pub(super) fn server_of_mut(&mut self, id: NodeId) -> &mut Server<R, Message> {
        let at_second = self.is_at_second(id);
        choose(&mut self.server, &mut self.second, at_second)
    }

    /// Ends the live tokens of a client's slot, or of all its slots, for one tenant or for all, at one of the providers.
    pub fn revoke(
        &mut self,
        at_second: bool,
        client: u16,
        tenant: Option<u32>,
        slot: Option<u16>,
        host: &mut impl Host,
    ) {
        let now = host.now();
        if let Some(server) = self.server_mut(at_second) {
            server.revoke(now, client, tenant, slot, host);
        }
    }

    /// How an endpoint of the second provider is down from now on; none where it is not.
    pub fn set_second_outage(&mut self, at: At, outage: Option<Outage>) {
        let Some(second) = &mut self.second else { return };
        match at {
            At::Token => second.server.provider.token_endpoint.outage = outage,
            At::Api => second.server.provider.api_endpoint.outage = outage,
        }
    }

    /// Clients have so many slots from now on, at each provider.
    pub fn grant_slots(&mut self, clients: Range<u16>, slots: u16) {
        for second in [false, true] {
            let Some(server) = self.server_mut(second) else { return };
            clients
                .clone()
                .for_each(|client| server.provider.grant_slots(client, slots));
        }
    }

    /// The first provider, and the second one where there is one.
    pub(super) fn servers(&self) -> impl Iterator<Item = &Server<R, Message>> {
        std::iter::once(&self.server).chain(self.second.as_ref().map(|second| &second.server))
    }

    /// The first provider, or the second one; none where there is no second one.
    pub fn server_mut(&mut self, second: bool) -> Option<&mut Server<R, Message>> {
        match second {
            false => Some(&mut self.server),
            true => self.second.as_deref_mut().map(|second| &mut second.server),
        }
    }
}

/// Whether a token is the second provider's.
#[inline]
pub fn is_of_second(token: Token) -> bool {
    token.sequence() > FIRST_TOKEN
}
