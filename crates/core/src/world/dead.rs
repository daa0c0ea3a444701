//! Dead tokens are all alike: which of them was issued first decides nothing that is to come, unless tokens tell.
//!
//! A strategy compares tokens for equality alone, and a provider turns every dead one away. So situations that differ only in the order in
//! which dead tokens were issued are one (Clarke, Enders, Filkorn and Jha, "Exploiting symmetry in temporal logic model checking",
//! 1996). Of the names that they can have they get those that depend least on the past: a dead token is named by where it lies.
//! Where that does not tell two of them apart, the one that was issued first comes first, and situations that could be one stay two.

use arrayvec::ArrayVec;

use crate::base::{CallId, NodeId, Time, fingerprint, mix};
use crate::node::{Memory, Names, Strategy, Ticket};
use crate::oauth::Token;
use crate::provider::{Reveals, Rule};

use super::World;
use super::all::All;
use super::message::Message;

/// With more tokens than this they are called by their rank.
const MOST: usize = u64::BITS as usize;

/// What is known of dead tokens while they are named, and memory that is used again.
#[derive(Clone, Debug, Default)]
pub(super) struct Dead {
    /// By the rank of a token: its name. Empty where all tokens are called by their rank.
    names: Vec<u32>,
    /// By the rank of a token: where it lies, summed up.
    looks: Vec<u64>,
    /// By node: what is there, summed up.
    nodes: Vec<u64>,
    lie: Vec<Lies>,
}

impl Dead {
    /// What a token is called that was called by its rank.
    pub(super) fn name(&self, token: Token) -> Token {
        let name = self.names.get(token.sequence() as usize - 1);
        name.map_or(token, |&name| Token::numbered(name))
    }
}

impl<S: Strategy, R: Rule> World<S, R> {
    /// Names tokens anew that are called by their rank: first the dead, by where they lie, then the live ones in the order of issue.
    pub(super) fn name_dead(&mut self, now: Time, tokens: usize, all: &mut All, dead: &mut Dead) {
        dead.names.clear();
        // Refresh tokens and their families have an order.
        let told = self.server.provider.rotation.is_some() || self.server.provider.reveals == Reveals::Order;
        if told || tokens > MOST {
            return;
        }
        let live = self.server.provider.ledger.live(now);
        let live = live.fold(0u64, |bits, token| bits | 1 << (token.sequence() - 1));
        if tokens < live.count_ones() as usize + 2 {
            return;
        }
        self.look_at_dead(live, all, dead);
        let ranks = (0..tokens).map(|rank| match live & 1 << rank != 0 {
            // These stay in their order.
            true => (true, 0, rank),
            false => (false, dead.looks[rank], rank),
        });
        let mut order: ArrayVec<_, MOST> = ranks.collect();
        order.sort_unstable();
        if order.iter().is_sorted_by_key(|(.., rank)| rank) {
            return;
        }
        dead.names.resize(tokens, 0);
        for (name, (.., rank)) in (1..).zip(order) {
            dead.names[rank] = name;
        }
        self.rename(&mut Named(dead));
        all.each(|message| message.rename(&mut Named(dead)));
        let ledger = &mut self.server.provider.ledger;
        ledger.rename(now, tokens as u32, &mut |token| dead.name(token));
    }

    /// Sums up for each dead token where it lies: which of the tokens there it is, what else is there, and what is at that node. Which
    /// node that is counts only where the strategy tells nodes apart.
    fn look_at_dead(&mut self, live: u64, all: &mut All, dead: &mut Dead) {
        let mut outside = Outside {
            live,
            met: ArrayVec::new(),
        };
        let Dead { looks, nodes, lie, .. } = dead;
        let apart = self.strategy.tells_nodes_apart();
        nodes.clear();
        lie.clear();
        for (id, node) in (0..).map(NodeId).zip(&self.nodes) {
            let mut memory = node.memory;
            memory.rename(&mut outside);
            memory.rename_calls(&mut |_| Some(CallId(0)));
            if !apart {
                memory.rename_nodes(&mut |other| NodeId(u32::from(other != id)));
            }
            let lease = self.stores.iter().position(|store| store.lease_of(id).is_some());
            let pending = self.tables.pending.get(id);
            let whose = apart.then_some(id);
            let look = fingerprint(&(memory, node.fleet, node.asked, node.up, pending, lease, whose)) as u64;
            nodes.push(look);
            outside.lie_at(Some(id), look, lie);
        }
        for call in self.calls.iter() {
            let token = call.token.map(|token| outside.token(token));
            let look = fingerprint(&(call.phase, token)) as u64;
            nodes[call.node.index()] = nodes[call.node.index()].wrapping_add(mix(look));
            outside.lie_at(Some(call.node), look, lie);
        }
        all.each(|message| {
            let mut masked = if apart { *message } else { message.nameless() };
            if let Some(ticket) = masked.ticket_mut() {
                *ticket = Ticket {
                    call: CallId(0),
                    stamp: 0,
                };
            }
            masked.rename(&mut outside);
            let look = fingerprint(&masked) as u64;
            let at = self.actor(message);
            nodes[at.index()] = nodes[at.index()].wrapping_add(mix(look));
            if let Message::Note { from, .. } = message {
                nodes[from.index()] = nodes[from.index()].wrapping_add(mix(!look));
            }
            outside.lie_at(Some(at), look, lie);
        });
        for (look, store) in (0..).zip(&self.stores) {
            if let Some(shared) = store.value() {
                outside.token(shared.token);
                outside.lie_at(None, look, lie);
            }
        }
        looks.clear();
        looks.resize(MOST, 0);
        for &Lies { token, at, look } in &*lie {
            let at = at.map_or(0, |id| nodes[id.index()]);
            let sum = &mut looks[usize::from(token)];
            *sum = sum.wrapping_add(mix(at ^ mix(look)));
        }
    }
}

/// Where a dead token lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lies {
    token: u8,
    at: Option<NodeId>,
    look: u64,
}

/// Tokens as somebody sees them who tells no dead ones apart, and who writes down which they were.
struct Outside {
    /// Ranks of the live ones, as bits.
    live: u64,
    /// Ranks of the dead ones that were met, in order; more than these are not looked at.
    met: ArrayVec<u8, 16>,
}

impl Outside {
    /// What was met lies here.
    fn lie_at(&mut self, at: Option<NodeId>, look: u64, lie: &mut Vec<Lies>) {
        for (place, token) in (1..).zip(self.met.drain(..)) {
            let look = look.wrapping_add(mix(place));
            lie.push(Lies { token, at, look });
        }
    }
}

impl Names for Outside {
    fn token(&mut self, token: Token) -> Token {
        let rank = token.sequence() - 1;
        if self.live & 1 << rank == 0 {
            let _ = self.met.try_push(rank as u8);
            return Token::numbered(u32::MAX);
        }
        Token::numbered(1 + (self.live & ((1 << rank) - 1)).count_ones())
    }

    fn fence(&mut self, fence: u32) -> u32 {
        fence
    }
}

/// The final names of tokens that are called by their rank.
struct Named<'a>(&'a Dead);

impl Names for Named<'_> {
    fn token(&mut self, token: Token) -> Token {
        self.0.name(token)
    }

    fn fence(&mut self, fence: u32) -> u32 {
        fence
    }
}
