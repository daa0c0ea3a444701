//! One node of a strategy, driven by hand.

use crate::base::{CallId, Millis, NodeId, Rough};
use crate::node::{Command, Input, Me, Outbox, Role, Shared, Strategy};
use crate::oauth::{Failure, Grant, Token};
use crate::store::{Answer, Entry};

pub struct Node<S: Strategy> {
    pub strategy: S,
    pub memory: S::Node,
}

pub const ME: Me = Me {
    id: NodeId(0),
    ordinal: 0,
    role: Role::Worker,
    refreshes: true,
};

impl<S: Strategy> Node<S> {
    pub fn new(strategy: S) -> Self {
        let memory = strategy.boot(ME);
        Self { strategy, memory }
    }

    /// What it says to this.
    pub fn hear(&mut self, input: Input) -> Vec<Command> {
        let mut out = Outbox::default();
        self.strategy.on(ME, &mut self.memory, input, &mut out);
        out.commands().copied().collect()
    }
}

pub fn token(number: u32) -> Token {
    Token::numbered(number)
}

pub fn grant(number: u32) -> Grant {
    Grant {
        token: token(number),
        life: Millis::new(300_000),
        rank: Some(token(number).0),
    }
}

/// What lies in the store.
pub fn lies(number: u32) -> Option<Entry<Shared>> {
    Some(Entry {
        value: Shared::of(grant(number), 0),
        age: Millis::ZERO,
    })
}

/// The store is read and holds this.
pub fn entry(number: u32) -> Input {
    Input::Store(Answer::Value(lies(number)))
}

/// The one call is refused with this token.
pub fn rejected(number: u32) -> Input {
    Input::Rejected {
        call: Some(CallId(0)),
        token: token(number),
    }
}

pub fn obtained(number: u32) -> Input {
    Input::Token {
        call: None,
        tag: 0,
        grant: grant(number),
        took: Rough::ZERO,
        late: false,
    }
}

pub fn invalid_grant() -> Input {
    Input::TokenFailed {
        call: None,
        tag: 0,
        why: Failure::InvalidGrant,
    }
}
