//! What properties want to know beyond what metrics count, and what only some metrics count: told only to a host that asks for it, so
//! that a run that does not pays nothing.

use crate::base::{NodeId, Time};
use crate::node::{Input, Memory, Names, Note, StoreAnswer, Strategy};
use crate::oauth::{Reply, Token};
use crate::provider::{Ledger, Rule};
use crate::store::{Answer, Operation};
use crate::trace::{Event, Holds};

use super::World;
use super::host::Host;
use super::message::Message;

impl<S: Strategy, R: Rule> World<S, R> {
    /// A token request of this life of the node commits.
    pub(super) fn tell_lease(&self, node: NodeId, epoch: u8, host: &mut impl Host) {
        let state = &self.nodes[node.index()];
        let Some(store) = self.stores.get(self.fleets[usize::from(state.fleet)].store_of(node)) else {
            return;
        };
        if store.has_leased() {
            let held = state.epoch == epoch && store.holder(host.now()).is_some_and(|(holder, _)| holder == node);
            host.note(|| Event::CommittedUnderLease { node, held });
        }
    }

    /// What a node would send now.
    pub fn look(&self, id: NodeId, now: Time) -> Holds {
        let node = &self.nodes[id.index()];
        match node.memory.view().token {
            _ if !node.up => Holds::Down,
            Some(token) if self.server_of(id).provider.ledger.is_live(token, now) => Holds::Live(token),
            Some(token) => Holds::Dead(token),
            None => Holds::Nothing,
        }
    }

    /// The run ends: how long what each node holds was good.
    pub(super) fn tell_holdings(&self, host: &mut impl Host) {
        for (id, node) in (0..).map(NodeId).zip(&self.nodes).filter(|(_, node)| node.up) {
            let held = node.memory.view().token;
            tell_held(id, (held, held), &self.server_of(id).provider.ledger, host);
        }
    }

    /// Who holds the lease of each store, under which fence.
    pub fn leases(&self, now: Time) -> impl Iterator<Item = Option<(NodeId, u32)>> + '_ {
        self.stores.iter().map(move |store| store.holder(now))
    }

    /// Whether a node remembers that it has taken the lease under this fence.
    pub fn acts_under(&self, node: NodeId, fence: u32) -> bool {
        named(self.nodes[node.index()].memory).fences.contains(&fence)
    }

    /// The lease of a store ends, whoever holds it.
    pub fn lapse(&mut self, store: usize, host: &mut impl Host) {
        self.stores[store].lapse();
        host.note(|| Event::LeaseEnded);
    }

    /// Whether the lease of this store ends by itself.
    pub fn can_lapse(&self, store: usize) -> bool {
        self.stores[store].can_lapse()
    }

    /// Whether a node that is up or a store has a refresh token that would be accepted; none where there are no refresh tokens.
    pub fn holds_grant(&self, now: Time) -> Option<bool> {
        let rotation = self.server.provider.rotation.as_ref()?;
        let nodes = self.nodes.iter().filter(|node| node.up);
        let known = nodes.filter_map(|node| node.memory.credential());
        let stored = self.stores.iter().filter_map(|store| store.value());
        Some(
            known
                .chain(stored.map(|shared| shared.token))
                .any(|token| rotation.accepts(now, token)),
        )
    }

    /// Whether a node that is up, a job in the middle, or a store, has this token.
    pub fn knows(&self, token: Token) -> bool {
        let stored = self.stores.iter().filter_map(|store| store.value());
        self.nodes
            .iter()
            .any(|node| node.up && named(node.memory).tokens.contains(&token))
            || stored.into_iter().any(|shared| shared.token == token)
            || self.calls.iter().any(|call| call.kept() == Some(token))
    }
}

/// A node has reacted to an input: `before` and after it, its memory.
pub(super) fn note_reaction<M: Memory>(
    id: NodeId,
    (before, after): (&M, &M),
    input: Input,
    ledger: &Ledger,
    host: &mut impl Host,
) {
    let (sent, sends) = (before.view().token, after.view().token);
    if let Input::Rejected { token, .. } = input {
        host.note(|| Event::RefusalHeard {
            node: id,
            token,
            before: sent,
            after: sends,
        });
    }
    let now = host.now();
    let live = |token: Token| ledger.is_live(token, now);
    if sends.is_none_or(live) {
        return;
    }
    let obtained = match input {
        Input::Token { grant, .. } => Some(grant.token),
        _ => None,
    };
    for token in obtained.into_iter().chain(named(*before).tokens) {
        if live(token) && !named(*after).tokens.contains(&token) {
            host.note(|| Event::LiveTokenDropped { node: id, token });
            return;
        }
    }
}

/// A node has held one token until now, and holds another or the same from now on.
pub(super) fn tell_held(
    node: NodeId,
    (before, token): (Option<Token>, Option<Token>),
    ledger: &Ledger,
    host: &mut impl Host,
) {
    let before_ends = before.and_then(|before| ledger.get(before)).map(|life| life.end);
    host.note(|| Event::TokenHeld {
        node,
        token,
        before_ends,
    });
}

/// What the store's answer says of its lease.
pub(super) fn tell_lease_of(node: NodeId, answer: StoreAnswer, host: &mut impl Host) {
    match answer {
        Answer::Acquired { .. } => host.note(|| Event::LeaseTaken { node }),
        Answer::Released { held: true } => host.note(|| Event::LeaseEnded),
        _ => {}
    }
}

/// What a memory names.
#[derive(Default)]
struct Named {
    tokens: Vec<Token>,
    fences: Vec<u32>,
}

impl Names for Named {
    fn token(&mut self, token: Token) -> Token {
        self.tokens.push(token);
        token
    }

    fn fence(&mut self, fence: u32) -> u32 {
        self.fences.push(fence);
        fence
    }
}

/// Whether a message carries this token.
pub fn carries(message: &Message, token: Token) -> bool {
    let mut named = Named::default();
    message.clone().rename(&mut named);
    named.tokens.contains(&token)
}

/// Whether a message brings somebody a token that `is_good`.
pub fn brings(message: &Message, is_good: impl Fn(Token) -> bool) -> bool {
    match *message {
        Message::TokenResponse {
            reply: Reply::Granted(grant),
            ..
        } => is_good(grant.token),
        Message::StoreRequest {
            operation: Operation::Write { value, .. },
            ..
        } => is_good(value.token),
        Message::StoreResponse {
            answer: Answer::Value(Some(entry)) | Answer::Kept(Some(entry)),
            ..
        } => is_good(entry.value.token),
        Message::Note {
            note: Note::Token(shared),
            ..
        } => is_good(shared.token),
        _ => false,
    }
}

fn named(mut memory: impl Memory) -> Named {
    let mut named = Named::default();
    memory.rename(&mut named);
    named
}
