//! Equal situations as equal states: for an engine that compares them, as a checker does.
//!
//! Everything that only counts, names draws or tells of the past is numbered anew or cleared. What a policy or a strategy
//! still looks at stays.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use crate::base::{Millis, NodeId, Time};
use crate::node::{Names, Strategy, TIMERS};
use crate::oauth::Token;
use crate::provider::{Reveals, Rule};
use crate::store::Operation;

use super::World;
use super::call::Calls;
use super::message::{Asker, Message};
use super::nodes::{Errands, NUMBERS};

/// Epoch of a message to an earlier life of its node. A node would have to crash 255 times to come to it.
const PAST: u8 = u8::MAX;
/// Number of a request that nobody waits for. A node would have to wait for as many others to come to it.
const LATE: u8 = (NUMBERS - 1) as u8;

impl<S: Strategy, R: Rule> World<S, R> {
    /// Renames what the world and the messages under way name, so that equal situations become equal states: tokens by
    /// rank, calls by their node, requests by age. The order of the messages is the engine's.
    ///
    /// Only sound while `now` does not move: a checker's clock stands still. What events tell of the past (which attempt of a
    /// call it is, why it was rejected, when a token was last used) is not to be trusted after it.
    ///
    /// Messages that nothing can come of are taken away.
    pub fn canonical(&mut self, now: Time, messages: &mut Vec<Message>) -> Renamed {
        messages.retain(|message| !self.is_void(message));
        if self.provider.rotation.is_none() {
            // Without refresh tokens nobody looks at what a request comes with.
            messages.iter_mut().for_each(Message::present_nothing);
        }
        let renamed;
        let mut waiting = std::mem::take(&mut self.waiting);
        let mut disturbance = std::mem::take(&mut self.disturbance);
        {
            let held = waiting.iter_mut().flatten().chain(disturbance.held_mut());
            let mut all: Vec<&mut Message> = messages.iter_mut().chain(held).collect();
            self.calls.forget_tokens();
            renamed = self.rank_names(now, &mut all);
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
        renamed
    }

    /// Whether it makes no difference that this message is delivered.
    pub fn is_void(&self, message: &Message) -> bool {
        let good = |ticket| self.calls.is_good(ticket);
        let stores = |node: NodeId, epoch, number: u8| {
            let errands = self.errands.get(node.index());
            self.nodes[node.index()].epoch == epoch
                && errands.is_some_and(|errands| errands.stored & (1 << number) != 0)
        };
        match *message {
            Message::ApiRequest { ticket, .. } => !good(ticket) && self.provider.api_endpoint.is_unlimited(),
            Message::ApiResponse { ticket, .. }
            | Message::Forward { ticket, .. }
            | Message::Answered { ticket, .. }
            | Message::BackoffOver { ticket }
            | Message::AttemptTimedOut { ticket } => !good(ticket),
            Message::TokenResponse {
                node,
                epoch,
                asker,
                answer,
            } => {
                let past = self.nodes[node.index()].epoch != epoch;
                past || answer.is_err() && !self.awaits(node, epoch, asker)
            }
            Message::TokenTimedOut { node, epoch, asker } => !self.awaits(node, epoch, asker),
            Message::StoreRequest {
                node,
                epoch,
                number,
                operation,
            } => operation == Operation::Read && !stores(node, epoch, number),
            Message::StoreResponse {
                node, epoch, number, ..
            }
            | Message::StoreTimedOut {
                node, epoch, number, ..
            } => !stores(node, epoch, number),
            Message::TimerRang {
                node,
                epoch,
                timer,
                armed,
            } => {
                let errands = self.errands.get(node.index());
                self.nodes[node.index()].epoch != epoch
                    || errands.is_some_and(|errands| errands.armed[timer as usize] != armed)
            }
            Message::TokenRequest { .. }
            | Message::TokenServed { .. }
            | Message::Told { .. }
            | Message::LoginAgain { .. }
            | Message::Arrival { .. } => false,
        }
    }

    /// Whether somebody still waits for the answer to this token request.
    fn awaits(&self, node: NodeId, epoch: u8, asker: Asker) -> bool {
        let node = &self.nodes[node.index()];
        node.epoch == epoch
            && match asker {
                Asker::Call(ticket) => self.calls.is_good(ticket),
                Asker::Node(number) => node.asked & (1 << number) != 0,
            }
    }

    fn rank_names(&mut self, now: Time, messages: &mut [&mut Message]) -> Renamed {
        let mut named = Named::default();
        self.rename(&mut named);
        messages.iter_mut().for_each(|message| message.rename(&mut named));
        let living = self.provider.ledger.remembered();
        let live = living.iter().filter(|life| life.is_live(now));
        named.tokens.extend(live.map(|life| life.token));
        named.fences.insert(0);
        let mut rank = Ranked {
            named: &named,
            reveals_order: self.provider.reveals == Reveals::Order,
        };
        self.rename(&mut rank);
        messages.iter_mut().for_each(|message| message.rename(&mut rank));
        let known = &named.tokens;
        let mut name = |token: Token| rank.token(token);
        self.provider.ledger.rename(now, known.len() as u32, &mut name);
        if let Some(rotation) = &mut self.provider.rotation {
            rotation.rename(|token| known.contains(&token), &mut name);
        }
        Renamed(named.tokens.into_iter().collect())
    }

    fn rename(&mut self, names: &mut dyn Names) {
        for node in &mut self.nodes {
            S::rename(&mut node.memory, names);
        }
        for store in &mut self.stores {
            store.rename(|shared| shared.renamed(names));
            store.renumber(&mut |fence| names.fence(fence));
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
        let requests = Numbers::new(node.requests, node.asked);
        let operations = Numbers::new(errands.operations, errands.stored);
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

/// Collects the tokens and fences that somebody names.
#[derive(Default)]
struct Named {
    tokens: BTreeSet<Token>,
    fences: BTreeSet<u32>,
}

impl Names for Named {
    fn token(&mut self, token: Token) -> Token {
        self.tokens.insert(token);
        token
    }

    fn fence(&mut self, fence: u32) -> u32 {
        self.fences.insert(fence);
        fence
    }
}

/// Names tokens and fences by their rank among those that somebody names.
struct Ranked<'a> {
    named: &'a Named,
    /// What a token reveals is its place in the order of issue.
    reveals_order: bool,
}

impl Names for Ranked<'_> {
    fn token(&mut self, token: Token) -> Token {
        Token::numbered(self.named.tokens.range(..token).count() as u32 + 1)
    }

    fn fence(&mut self, fence: u32) -> u32 {
        self.named.fences.range(..fence).count() as u32
    }

    fn rank(&mut self, rank: NonZeroU32) -> NonZeroU32 {
        if self.reveals_order {
            self.token(Token(rank)).0
        } else {
            rank
        }
    }
}

/// What tokens are called now.
#[derive(Clone, Debug)]
pub struct Renamed(Vec<Token>);

impl Renamed {
    /// The new name of a token; none when nothing names it any more.
    pub fn token(&self, before: Token) -> Option<Token> {
        let place = self.0.binary_search(&before).ok()?;
        Some(Token::numbered(place as u32 + 1))
    }
}

/// Numbers of a node's requests that it waits for.
struct Numbers {
    /// How many were sent so far: the number after the newest.
    sent: u32,
    used: u32,
}

impl Numbers {
    fn new(sent: u32, used: u32) -> Self {
        Self { sent, used }
    }

    /// How many older ones there are; [`LATE`] for one that nobody waits for.
    fn rank(&self, number: u8) -> u8 {
        if self.used & (1 << number) == 0 {
            return LATE;
        }
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
