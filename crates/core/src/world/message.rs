//! What travels between the parties, and what wakes them.

use crate::base::{Group, NodeId};
use crate::node::{Asker, Names, Note, StoreAnswer, StoreOperation, Ticket, Timer, node_key};
use crate::oauth::{At, Grant, Perceptions, Reply, Token, TokenSlot};
use crate::store::{Answer, Asked, Operation, When};

/// Where in an endpoint a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// It arrives from the network.
    Arrived,
    /// A server has served it.
    Served,
}

/// A message that arrives, or an alarm that goes off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// An attempt at the API.
    ApiRequest {
        /// Where in the API it is.
        stage: Stage,
        /// The attempt.
        ticket: Ticket,
        /// The node that sent it.
        node: NodeId,
        /// The token that it was sent with.
        token: Token,
        /// The token was live when the attempt left its node.
        live: bool,
        /// Names its draws.
        draw_key: u32,
    },
    /// The API's answer to an attempt.
    ApiResponse {
        /// The attempt.
        ticket: Ticket,
        /// The token that it was sent with.
        token: Token,
        /// The answer.
        reply: Reply<()>,
    },
    /// A token request arrives from the network.
    TokenRequest {
        /// The node that asks.
        node: NodeId,
        /// Which of its lives.
        epoch: u8,
        /// Which app and slot.
        slot: TokenSlot,
        /// For whom it asks.
        asker: Asker,
        /// Which request of its node it is: names its draws.
        count: u32,
        /// Presents the refresh token that came with this token.
        with: Option<Token>,
    },
    /// A server has served a token request.
    TokenServed {
        /// The node that asked.
        node: NodeId,
        /// Which of its lives.
        epoch: u8,
        /// Which app and slot.
        slot: TokenSlot,
        /// For whom it asked.
        asker: Asker,
        /// Which request of its node it is.
        count: u32,
        /// Whose refresh token it presents.
        with: Option<Token>,
    },
    /// The token endpoint's answer.
    TokenResponse {
        /// The node that asked.
        node: NodeId,
        /// Which of its lives.
        epoch: u8,
        /// For whom it asked.
        asker: Asker,
        /// The answer.
        reply: Reply<Grant>,
    },
    /// An operation on its way to the shared store.
    StoreRequest {
        /// The node that asks.
        node: NodeId,
        /// Which of its lives.
        epoch: u8,
        /// Which of its operations.
        number: u8,
        /// What it asks for.
        operation: StoreOperation,
    },
    /// The shared store's answer.
    StoreResponse {
        /// The node that asked.
        node: NodeId,
        /// Which of its lives.
        epoch: u8,
        /// Which of its operations.
        number: u8,
        /// The answer.
        answer: StoreAnswer,
    },
    /// A call on its way to the gateway.
    Forward {
        /// The call at its origin.
        ticket: Ticket,
        /// The node that is to serve it.
        gateway: NodeId,
    },
    /// The gateway's answer to a call, on its way back.
    Answered {
        /// The call at its origin.
        ticket: Ticket,
        /// Whether it was served.
        succeeded: bool,
    },
    /// The wait before a call's next try is over.
    BackoffOver {
        /// The call.
        ticket: Ticket,
    },
    /// An API attempt, or a forwarded call, has not been answered in time.
    AttemptTimedOut {
        /// The call.
        ticket: Ticket,
    },
    /// A token request has not been answered in time.
    TokenTimedOut {
        /// The node that asked.
        node: NodeId,
        /// Which of its lives.
        epoch: u8,
        /// For whom it asked.
        asker: Asker,
    },
    /// A store operation has not been answered in time.
    StoreTimedOut {
        /// The node that asked.
        node: NodeId,
        /// Which of its lives.
        epoch: u8,
        /// Which of its operations.
        number: u8,
        /// What it asked for.
        asked: Asked,
    },
    /// A timer of a node's strategy rings.
    TimerRang {
        /// The node that armed it.
        node: NodeId,
        /// Which of its lives.
        epoch: u8,
        /// Which timer.
        timer: Timer,
        /// Which arming of it: only the last counts.
        armed: u8,
    },
    /// One node says something to another.
    Note {
        /// Who hears it.
        to: NodeId,
        /// Who says it.
        from: NodeId,
        /// What it says.
        note: Note,
    },
    /// A user logs in again.
    LoginAgain {
        /// Which credential is granted anew.
        login: u32,
    },
    /// A call arrives from the workload.
    Arrival {
        /// The node that is to serve it.
        node: NodeId,
        /// Its fleet and kind.
        group: Group,
        /// Names its draws.
        draw_key: u32,
    },
}

/// What is delivered: a message, or where an engine keeps one.
pub trait Delivery<H> {
    /// The message itself.
    fn message<'a>(&'a self, host: &'a H) -> &'a Message;
}

impl<H> Delivery<H> for Message {
    #[inline(always)]
    fn message<'a>(&'a self, _: &'a H) -> &'a Message {
        self
    }
}

impl Message {
    /// Renames every token and fence that the message carries.
    pub fn rename(&mut self, names: &mut dyn Names) {
        match self {
            Self::ApiRequest { token, .. }
            | Self::ApiResponse { token, .. }
            | Self::TokenRequest { with: Some(token), .. }
            | Self::TokenServed { with: Some(token), .. }
            | Self::Note {
                note: Note::Wanted(Some(token)),
                ..
            } => *token = names.token(*token),
            Self::TokenResponse {
                reply: Reply::Granted(grant),
                ..
            } => {
                grant.token = names.token(grant.token);
                grant.rank = grant.rank.map(|rank| names.rank(rank));
            }
            Self::StoreRequest { operation, .. } => rename_operation(operation, names),
            Self::StoreResponse { answer, .. } => match answer {
                Answer::Value(Some(entry)) | Answer::Kept(Some(entry)) => entry.value = entry.value.renamed(names),
                Answer::Acquired { fence } => *fence = names.fence(*fence),
                _ => {}
            },
            Self::Note {
                note: Note::Token(shared),
                ..
            } => *shared = shared.renamed(names),
            _ => {}
        }
    }

    /// The node, and which of its lives, that an answer to this message would find; none for messages about a call alone.
    #[inline]
    pub(super) fn addressee(&self) -> Option<(NodeId, u8)> {
        match self {
            Self::TokenRequest { node, epoch, .. }
            | Self::TokenServed { node, epoch, .. }
            | Self::TokenResponse { node, epoch, .. }
            | Self::TokenTimedOut { node, epoch, .. }
            | Self::StoreRequest { node, epoch, .. }
            | Self::StoreResponse { node, epoch, .. }
            | Self::StoreTimedOut { node, epoch, .. }
            | Self::TimerRang { node, epoch, .. } => Some((*node, *epoch)),
            _ => None,
        }
    }

    pub(super) fn set_epoch(&mut self, to: u8) {
        match self {
            Self::TokenRequest { epoch, .. }
            | Self::TokenServed { epoch, .. }
            | Self::TokenResponse { epoch, .. }
            | Self::TokenTimedOut { epoch, .. }
            | Self::StoreRequest { epoch, .. }
            | Self::StoreResponse { epoch, .. }
            | Self::StoreTimedOut { epoch, .. }
            | Self::TimerRang { epoch, .. } => *epoch = to,
            _ => {}
        }
    }

    /// Clears what names draws, and what only the trace asks for.
    pub(super) fn forget_draws(&mut self) {
        match self {
            Self::ApiRequest { live, draw_key, .. } => {
                *live = false;
                *draw_key = 0;
            }
            Self::Arrival { draw_key, .. } => *draw_key = 0,
            Self::TokenRequest { count, .. } | Self::TokenServed { count, .. } => *count = 0,
            _ => {}
        }
    }

    /// Tells answers apart only as far as a client does.
    pub(super) fn perceive(&mut self, perceptions: &Perceptions) {
        match self {
            Self::ApiResponse { reply, .. } => *reply = perceptions.indistinct(At::Api, *reply),
            Self::TokenResponse { reply, .. } => *reply = perceptions.indistinct(At::Token, *reply),
            _ => {}
        }
    }

    /// Names the draw of how long a server is busy with this request.
    pub(super) fn service_key(&self) -> u64 {
        match self {
            Self::ApiRequest { draw_key, .. } => u64::from(*draw_key),
            Self::TokenRequest { node, count, .. } | Self::TokenServed { node, count, .. } => node_key(*node, *count),
            _ => 0,
        }
    }

    /// Clears which refresh token a request presents.
    pub(super) fn present_nothing(&mut self) {
        if let Self::TokenRequest { with, .. } | Self::TokenServed { with, .. } = self {
            *with = None;
        }
    }

    /// The call that the message concerns, if it concerns one.
    #[inline]
    pub fn ticket_mut(&mut self) -> Option<&mut Ticket> {
        match self {
            Self::ApiRequest { ticket, .. }
            | Self::ApiResponse { ticket, .. }
            | Self::Forward { ticket, .. }
            | Self::Answered { ticket, .. }
            | Self::BackoffOver { ticket }
            | Self::AttemptTimedOut { ticket }
            | Self::TokenRequest {
                asker: Asker::Call(ticket),
                ..
            }
            | Self::TokenServed {
                asker: Asker::Call(ticket),
                ..
            }
            | Self::TokenResponse {
                asker: Asker::Call(ticket),
                ..
            }
            | Self::TokenTimedOut {
                asker: Asker::Call(ticket),
                ..
            } => Some(ticket),
            _ => None,
        }
    }
}

fn rename_operation(operation: &mut StoreOperation, names: &mut dyn Names) {
    let mut rename_when = |when: &mut When| match when {
        When::Still(Some(name)) => *name = names.token(Token(*name)).0,
        When::Fence(fence) => *fence = names.fence(*fence),
        When::Always | When::Still(None) | When::NotOlder => {}
    };
    match operation {
        Operation::Write { value, when } => {
            rename_when(when);
            *value = value.renamed(names);
        }
        Operation::Clear { when } => rename_when(when),
        Operation::Extend { fence, .. } | Operation::Release { fence } => *fence = names.fence(*fence),
        Operation::Read | Operation::Acquire { .. } | Operation::Lock | Operation::Unlock => {}
    }
}

// Half a million of them are under way in a large busy fleet.
const _: () = assert!(size_of::<Message>() == 32);
