//! Equal situations as equal states: for an engine that compares them, as a checker does.
//!
//! Everything that only counts, names draws or tells of the past is numbered anew or cleared. What a policy or a strategy
//! still looks at stays.

use std::collections::BTreeSet;

use crate::base::{Millis, NodeId, Time};
use crate::node::{Names, Shared, Strategy, TIMERS};
use crate::oauth::Token;
use crate::provider::Rule;

use super::World;
use super::call::Calls;
use super::message::{Asker, Message};
use super::nodes::{Errands, NUMBERS};

/// Epoch of a message to an earlier life of its node. A node would have to crash 255 times to come to it.
const PAST: u8 = u8::MAX;

impl<S: Strategy, R: Rule> World<S, R> {
    /// Renames what the world and the messages under way name, so that equal situations become equal states: tokens by
    /// rank, calls by their node, requests by age. The order of the messages is the engine's.
    ///
    /// Only sound while `now` does not move: a checker's clock stands still. What events tell of the past (which attempt of a
    /// call it is, why it was rejected, when a token was last used) is not to be trusted after it.
    pub fn canonical(&mut self, now: Time, messages: &mut [Message]) {
        let mut waiting = std::mem::take(&mut self.waiting);
        let mut disturbance = std::mem::take(&mut self.disturbance);
        {
            let held = waiting.iter_mut().flatten().chain(disturbance.held_mut());
            let mut all: Vec<&mut Message> = messages.iter_mut().chain(held).collect();
            self.calls.forget_tokens();
            self.rank_tokens(now, &mut all);
            self.order_calls(&mut all);
            for id in 0..self.nodes.len() {
                self.renumber(NodeId(id as u32), &mut all);
            }
            for message in all {
                message.forget_draws();
            }
        }
        self.waiting = waiting;
        self.disturbance = disturbance;
    }

    fn rank_tokens(&mut self, now: Time, messages: &mut [&mut Message]) {
        let mut named = Named::default();
        self.rename(&mut named);
        messages.iter_mut().for_each(|message| message.rename(&mut named));
        let named = named.tokens;
        let living = self.provider.ledger.remembered();
        let mut known = named.clone();
        known.extend(living.iter().filter(|life| life.is_live(now)).map(|life| life.token));
        let mut rank = Ranked { tokens: &known };
        self.rename(&mut rank);
        messages.iter_mut().for_each(|message| message.rename(&mut rank));
        let mut name = |token: Token| rank.token(token);
        self.provider.ledger.rename(now, known.len() as u32, &mut name);
        if let Some(rotation) = &mut self.provider.rotation {
            rotation.rename(|token| known.contains(&token), &mut name);
        }
    }

    fn rename(&mut self, names: &mut dyn Names) {
        for node in &mut self.nodes {
            S::rename(&mut node.memory, names);
        }
        for store in &mut self.stores {
            store.rename(|shared| Shared {
                token: names.token(shared.token),
                ..shared
            });
        }
        self.calls.rename(&mut |token| names.token(token));
        self.logins.rename(&mut |token| names.token(token));
    }

    fn order_calls(&mut self, messages: &mut [&mut Message]) {
        let good: Vec<_> = messages
            .iter_mut()
            .map(|message| message.ticket_mut().is_some_and(|ticket| self.calls.is_good(*ticket)))
            .collect();
        let places = self.calls.canonical(self.client.is_forgetful());
        for (message, good) in messages.iter_mut().zip(good) {
            if let Some(ticket) = message.ticket_mut() {
                *ticket = Calls::moved(&places, *ticket, good);
            }
        }
        for node in &mut self.nodes {
            node.parked = node.parked.moved(&places);
        }
    }

    /// Gives the requests and operations of a node the lowest numbers, oldest first, and starts its epochs and alarms anew.
    fn renumber(&mut self, id: NodeId, messages: &mut [&mut Message]) {
        let forgetful = self.client.is_forgetful();
        let node = &mut self.nodes[id.index()];
        let mut without = Errands::default();
        let errands = self.errands.get_mut(id.index()).unwrap_or(&mut without);
        let (epoch, armed) = (node.epoch, errands.armed);
        let mut requests = Numbers::new(node.requests, node.asked);
        let mut operations = Numbers::new(errands.operations, errands.stored);
        for message in messages
            .iter_mut()
            .filter(|message| message.addressee() == Some((id, epoch)))
        {
            match message {
                Message::TokenRequest {
                    asker: Asker::Node(number),
                    ..
                }
                | Message::TokenServed {
                    asker: Asker::Node(number),
                    ..
                }
                | Message::TokenResponse {
                    asker: Asker::Node(number),
                    ..
                }
                | Message::TokenTimedOut {
                    asker: Asker::Node(number),
                    ..
                } => requests.used |= 1 << *number,
                Message::StoreRequest { number, .. }
                | Message::StoreResponse { number, .. }
                | Message::StoreTimedOut { number, .. } => operations.used |= 1 << *number,
                _ => {}
            }
        }
        for message in messages.iter_mut() {
            let Some((addressee, its_epoch)) = message.addressee() else {
                continue;
            };
            if addressee != id {
                continue;
            }
            let past = its_epoch != epoch;
            message.set_epoch(if past { PAST } else { 0 });
            match message {
                Message::TokenRequest {
                    asker: Asker::Node(number),
                    ..
                }
                | Message::TokenServed {
                    asker: Asker::Node(number),
                    ..
                }
                | Message::TokenResponse {
                    asker: Asker::Node(number),
                    ..
                }
                | Message::TokenTimedOut {
                    asker: Asker::Node(number),
                    ..
                } => {
                    *number = if past { 0 } else { requests.rank(*number) };
                }
                Message::StoreRequest { number, .. }
                | Message::StoreResponse { number, .. }
                | Message::StoreTimedOut { number, .. } => {
                    *number = if past { 0 } else { operations.rank(*number) };
                }
                Message::TimerRang { timer, armed: its, .. } => {
                    *its = u8::from(!past && *its == armed[*timer as usize]);
                }
                _ => {}
            }
        }
        node.asked = requests.ranked(node.asked);
        node.requests = requests.used.count_ones();
        node.epoch = 0;
        *errands = Errands {
            stored: operations.ranked(errands.stored),
            operations: operations.used.count_ones(),
            armed: [1; TIMERS],
        };
        if forgetful && let Some(retries) = self.retries.get_mut(id.index()) {
            retries.step = 0;
            retries.previous = Millis::ZERO;
        }
    }
}

/// Collects the tokens that somebody names.
#[derive(Default)]
struct Named {
    tokens: BTreeSet<Token>,
}

impl Names for Named {
    fn token(&mut self, token: Token) -> Token {
        self.tokens.insert(token);
        token
    }

    fn fence(&mut self, fence: u32) -> u32 {
        fence
    }
}

/// Names tokens by their rank among those that are known.
struct Ranked<'a> {
    tokens: &'a BTreeSet<Token>,
}

impl Names for Ranked<'_> {
    fn token(&mut self, token: Token) -> Token {
        Token::numbered(self.tokens.range(..token).count() as u32 + 1)
    }

    fn fence(&mut self, fence: u32) -> u32 {
        fence
    }
}

/// Numbers of a node's requests that somebody still names.
struct Numbers {
    /// How many were sent so far: the number after the newest.
    sent: u32,
    used: u32,
}

impl Numbers {
    fn new(sent: u32, used: u32) -> Self {
        Self { sent, used }
    }

    /// How many older ones there are.
    fn rank(&self, number: u8) -> u8 {
        let age = |number: u32| (self.sent + 2 * NUMBERS - 1 - number) % NUMBERS;
        let own = age(u32::from(number));
        (0..NUMBERS)
            .filter(|&other| self.used & (1 << other) != 0 && age(other) > own)
            .count() as u8
    }

    fn ranked(&self, bits: u32) -> u32 {
        (0..NUMBERS as u8)
            .filter(|&number| bits & (1 << number) != 0)
            .fold(0, |ranked, number| ranked | 1 << self.rank(number))
    }
}
