//! Equal situations as equal states: for an engine that compares them, as a checker does.
//!
//! Everything that only counts, names draws or tells of the past is numbered anew or cleared. What a policy or a strategy
//! still looks at stays.

use std::num::NonZeroU32;

use crate::base::{Duration, NodeId, Time};
use crate::node::{Asker, Memory, Moved, NUMBERS, Names, Strategy, TIMERS, Ticket};
use crate::oauth::Token;
use crate::provider::{Reveals, Rule};
use crate::store::Operation;

use super::World;
use super::all::All;
use super::dead::Dead;
use super::message::Message;

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
    /// Messages that nothing can come of are taken away. What tokens are called now goes into `renamed`, whose memory is used
    /// again.
    pub fn canonical(&mut self, now: Time, messages: &mut Vec<Message>, renamed: &mut Renamed) {
        messages.retain(|message| !self.is_void(message));
        if self.server.provider.rotation.is_none() {
            // Without refresh tokens nobody looks at what a request comes with.
            messages.iter_mut().for_each(Message::present_nothing);
        }
        self.calls.forget_tokens();
        self.with_all(messages, |world, all| {
            world.renumber(all);
            all.each(|message| {
                message.forget_draws();
                message.perceive(&world.policy.perceptions);
            });
            world.rank_names(now, all, renamed);
            world.name_dead(now, renamed.tokens.len(), all, &mut renamed.dead);
            world.order_calls(all, &mut renamed.moved);
        });
    }

    /// The part of [`World::canonical`] that depends on which node is where. Only memory of `renamed` is used.
    pub(super) fn reorder_calls(&mut self, messages: &mut [Message], renamed: &mut Renamed) {
        self.with_all(messages, |world, all| world.order_calls(all, &mut renamed.moved));
    }

    fn with_all(&mut self, under_way: &mut [Message], act: impl FnOnce(&mut Self, &mut All)) {
        // The world is borrowed beside them meanwhile.
        let mut waiting = self.server.take_waiting();
        let mut disturbance = std::mem::take(&mut self.disturbance);
        let mut all = All {
            under_way,
            waiting: &mut waiting,
            held: &mut disturbance,
        };
        act(self, &mut all);
        self.server.put_waiting(waiting);
        self.disturbance = disturbance;
    }

    /// Whether it makes no difference that this message is delivered.
    #[inline]
    pub fn is_void(&self, message: &Message) -> bool {
        let good = |ticket| self.calls.is_good(ticket);
        match *message {
            Message::ApiRequest { ticket, .. } => !good(ticket) && self.server.provider.api_endpoint.is_unlimited(),
            Message::ApiResponse { ticket, .. }
            | Message::Forward { ticket, .. }
            | Message::Answered { ticket, .. }
            | Message::BackoffOver { ticket }
            | Message::AttemptTimedOut { ticket } => !good(ticket),
            Message::TokenResponse {
                node,
                epoch,
                asker,
                reply,
            } => {
                let past = self.nodes[node.index()].epoch != epoch;
                past || !reply.is_granted() && !self.awaits(node, epoch, asker)
            }
            Message::TokenTimedOut { node, epoch, asker } => !self.awaits(node, epoch, asker),
            Message::StoreRequest {
                node,
                epoch,
                number,
                operation,
            } => match operation {
                Operation::Read => !self.stores(node, epoch, number),
                Operation::Lock => self.nodes[node.index()].epoch != epoch,
                _ => false,
            },
            Message::StoreResponse {
                node, epoch, number, ..
            }
            | Message::StoreTimedOut {
                node, epoch, number, ..
            } => !self.stores(node, epoch, number),
            Message::TimerRang {
                node,
                epoch,
                timer,
                armed,
            } => {
                let pending = self.tables.pending.get(node);
                self.nodes[node.index()].epoch != epoch
                    || pending.is_some_and(|pending| pending.armed[timer.place()] != armed)
            }
            Message::TokenRequest { .. }
            | Message::TokenServed { .. }
            | Message::Note { .. }
            | Message::LoginAgain { .. }
            | Message::Arrival { .. } => false,
        }
    }

    /// Whether somebody still waits for the answer to this token request.
    fn awaits(&self, node: NodeId, epoch: u8, asker: Asker) -> bool {
        self.nodes[node.index()].epoch == epoch && self.is_awaited(node, asker)
    }

    /// Whether the node, in its present life, still waits for the answer to this token request.
    pub fn is_awaited(&self, node: NodeId, asker: Asker) -> bool {
        match asker {
            Asker::Call(ticket) => self.calls.is_good(ticket),
            Asker::Node { number, .. } => self.nodes[node.index()].asked & (1 << number) != 0,
        }
    }

    /// Whether somebody waits for what comes of this request, or for this answer; true for all that is neither a token's nor the
    /// store's.
    pub fn awaits_result(&self, message: &Message) -> bool {
        match *message {
            Message::TokenRequest { node, epoch, asker, .. }
            | Message::TokenServed { node, epoch, asker, .. }
            | Message::TokenResponse { node, epoch, asker, .. } => self.awaits(node, epoch, asker),
            Message::StoreRequest {
                node, epoch, number, ..
            }
            | Message::StoreResponse {
                node, epoch, number, ..
            } => self.stores(node, epoch, number),
            _ => true,
        }
    }

    /// Whether a node still waits for the answer to this operation.
    fn stores(&self, node: NodeId, epoch: u8, number: u8) -> bool {
        let pending = self.tables.pending.get(node);
        self.nodes[node.index()].epoch == epoch && pending.is_some_and(|pending| pending.stored & (1 << number) != 0)
    }

    fn rank_names(&mut self, now: Time, messages: &mut All, named: &mut Renamed) {
        named.tokens.clear();
        named.fences.clear();
        self.rename(named);
        messages.each(|message| message.rename(named));
        named.tokens.extend(self.server.provider.ledger.live(now));
        named.fences.push(0);
        named.sort();
        let mut rank = Ranked {
            named,
            reveals_order: self.server.provider.reveals == Reveals::Order,
        };
        self.rename(&mut rank);
        messages.each(|message| message.rename(&mut rank));
        let known = &named.tokens;
        let mut name = |token: Token| rank.token(token);
        self.server.provider.ledger.rename(now, known.len() as u32, &mut name);
        if let Some(rotation) = &mut self.server.provider.rotation {
            rotation.rename(|token| known.binary_search(&token).is_ok(), &mut name);
        }
    }

    pub(super) fn rename(&mut self, names: &mut dyn Names) {
        for node in &mut self.nodes {
            node.memory.rename(names);
        }
        for store in &mut self.stores {
            store.rename(|shared| shared.renamed(names));
            store.renumber(&mut |fence| names.fence(fence));
        }
        self.calls.rename(&mut |token| names.token(token));
        self.logins.rename(&mut |token| names.token(token));
    }

    fn order_calls(&mut self, messages: &mut All, moved: &mut Moved) {
        messages.each(|message| {
            if let Some(ticket) = message.ticket_mut() {
                *ticket = self.calls.good_or_void(*ticket);
            }
        });
        self.calls.canonical(self.policy.is_forgetful(), moved);
        messages.each(|message| {
            if let Some(ticket) = message.ticket_mut() {
                *ticket = moved.ticket(*ticket);
            }
        });
        for node in &mut self.nodes {
            node.parked = node.parked.moved(moved);
            node.memory.rename_calls(&mut |call| moved.call(call));
        }
        for retries in &mut self.tables.retries {
            retries.hold = retries.hold.moved(moved);
        }
    }

    /// Gives the requests and operations of each node the lowest numbers, oldest first, and starts its epochs and alarms anew.
    fn renumber(&mut self, messages: &mut All) {
        messages.each(|message| {
            let Some((addressee, its_epoch)) = message.addressee() else {
                return;
            };
            let node = &self.nodes[addressee.index()];
            let pending = self.tables.pending.get(addressee).copied().unwrap_or_default();
            let past = its_epoch != node.epoch;
            message.set_epoch(if past { PAST } else { 0 });
            match message {
                Message::TokenRequest {
                    asker: Asker::Node { number, tag },
                    ..
                }
                | Message::TokenServed {
                    asker: Asker::Node { number, tag },
                    ..
                }
                | Message::TokenResponse {
                    asker: Asker::Node { number, tag },
                    ..
                }
                | Message::TokenTimedOut {
                    asker: Asker::Node { number, tag },
                    ..
                } => {
                    (*number, *tag) = if past {
                        (0, 0)
                    } else {
                        (rank(*number, node.requests, node.asked), *tag)
                    };
                }
                Message::StoreRequest { number, .. }
                | Message::StoreResponse { number, .. }
                | Message::StoreTimedOut { number, .. } => {
                    *number = if past {
                        0
                    } else {
                        rank(*number, pending.operations, pending.stored)
                    };
                }
                Message::TimerRang { timer, armed: its, .. } => {
                    *its = u8::from(!past && *its == pending.armed[timer.place()]);
                }
                _ => {}
            }
        });
        for node in &mut self.nodes {
            node.requests = node.asked.count_ones();
            node.asked = lowest(node.requests);
            node.epoch = 0;
        }
        for pending in self.tables.pending.all_mut() {
            pending.operations = pending.stored.count_ones();
            pending.stored = lowest(pending.operations);
            pending.armed = [1; TIMERS];
        }
        if self.policy.is_forgetful() {
            for retries in &mut self.tables.retries {
                retries.step = 0;
                retries.previous = Duration::ZERO;
            }
        }
    }
}

/// Names tokens and fences by their rank among those that somebody names.
struct Ranked<'a> {
    named: &'a Renamed,
    /// What a token reveals is its place in the order of issue.
    reveals_order: bool,
}

impl Names for Ranked<'_> {
    fn token(&mut self, token: Token) -> Token {
        Token::numbered(self.named.tokens.partition_point(|&other| other < token) as u32 + 1)
    }

    fn fence(&mut self, fence: u32) -> u32 {
        self.named.fences.partition_point(|&other| other < fence) as u32
    }

    #[inline]
    fn rank(&mut self, rank: NonZeroU32) -> NonZeroU32 {
        if self.reveals_order {
            self.token(Token(rank)).0
        } else {
            rank
        }
    }
}

/// What tokens are called now.
#[derive(Clone, Debug, Default)]
pub struct Renamed {
    /// Tokens and fences that somebody names, in order.
    tokens: Vec<Token>,
    fences: Vec<u32>,
    moved: Moved,
    pub(super) dead: Dead,
}

impl Renamed {
    /// The new name of a token; none when nothing names it any more.
    pub fn token(&self, before: Token) -> Option<Token> {
        let place = self.tokens.binary_search(&before).ok()?;
        Some(self.dead.name(Token::numbered(place as u32 + 1)))
    }

    /// The new name of a call, by a ticket that was good.
    pub fn ticket(&self, before: Ticket) -> Ticket {
        self.moved.ticket(before)
    }

    fn sort(&mut self) {
        self.tokens.sort_unstable();
        self.tokens.dedup();
        self.fences.sort_unstable();
        self.fences.dedup();
    }
}

/// Collects what somebody names.
impl Names for Renamed {
    fn token(&mut self, token: Token) -> Token {
        self.tokens.push(token);
        token
    }

    fn fence(&mut self, fence: u32) -> u32 {
        self.fences.push(fence);
        fence
    }
}

/// How many of the numbers in use are older than this one; [`LATE`] for one that nobody waits for. `sent` numbers were given
/// out so far, in a circle.
#[inline]
fn rank(number: u8, sent: u32, used: u32) -> u8 {
    const { assert!(NUMBERS == u32::BITS, "a number is a bit of a word") };
    if used & (1 << number) == 0 {
        return LATE;
    }
    // The oldest that can be in use comes first.
    let oldest_first = used.rotate_right(sent % NUMBERS);
    let place = u32::from(number).wrapping_sub(sent) % NUMBERS;
    (oldest_first & ((1 << place) - 1)).count_ones() as u8
}

/// The lowest numbers, as bits.
fn lowest(count: u32) -> u32 {
    ((1u64 << count) - 1) as u32
}
