#![doc = include_str!("pages/naive.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::offer::{self, Circumstances, Offers};
use super::{Listed, Small};
use crate::node::{self, Command, Input, Me, Names, Outbox, Strategy, View};
use crate::oauth::{Token, TokenSlot};

/// Each node with a token of its own; every refused call requests a new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Naive {}

/// The newest token that reached this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    held: Option<Token>,
    /// A call that is over has found it refused. Its refresh token is worth keeping.
    dead: bool,
}

impl Memory {
    fn keep(&mut self, token: Token) {
        *self = Self {
            held: Some(token),
            dead: false,
        };
    }

    fn token(&self) -> Option<Token> {
        self.held.filter(|_| !self.dead)
    }
}

impl node::Memory for Memory {
    fn view(&self) -> View {
        View { token: self.token() }
    }

    fn credential(&self) -> Option<Token> {
        self.held
    }

    fn rename(&mut self, names: &mut dyn Names) {
        self.held = self.held.map(|token| names.token(token));
    }
}

impl Strategy for Naive {
    type Node = Memory;

    #[inline]
    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn on(&self, me: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        match (input, node.token()) {
            (Input::Call { call }, Some(token)) => out.push(Command::Attempt { call, token }),
            (Input::Call { call } | Input::Rejected { call: Some(call), .. }, _) => out.push(Command::RequestToken {
                slot: TokenSlot::default(),
                call: Some(call),
                with: node.held,
            }),
            (Input::Token { call, grant, .. }, _) => {
                let token = grant.token;
                node.keep(token);
                if let Some(call) = call {
                    out.push(Command::Attempt { call, token });
                }
            }
            (
                Input::TokenFailed {
                    call: Some(call), why, ..
                },
                _,
            ) => out.push(Command::FailAttempt { call, why }),
            (Input::Login { grant }, _) => node.keep(grant.token),
            (Input::Rejected { call: None, token }, Some(cached)) if cached == token => {
                node.dead = me.refreshes;
                node.held = node.held.filter(|_| me.refreshes);
            }
            _ => {}
        }
    }

    fn tells_nodes_apart(&self) -> bool {
        false
    }
}

impl Listed for Naive {
    fn small(_: u16) -> Vec<Small<Self>> {
        vec![Small::of("naive", "", Self {})]
    }

    fn offers(_: &Circumstances) -> Offers<Self> {
        offer::plain(Self {})
    }
}
