#![doc = include_str!("pages/token_per_call.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::offer::{self, Circumstances, Offers};
use super::{Listed, Small};
use crate::node::{self, Command, Input, Me, Names, Outbox, Strategy, View};
use crate::oauth::{Token, TokenSlot};

/// Each call requests a token of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenPerCall {}

/// The newest token that reached this process, where a refresh token came with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    newest: Option<Token>,
}

impl node::Memory for Memory {
    fn view(&self) -> View {
        View { token: None }
    }

    fn credential(&self) -> Option<Token> {
        self.newest
    }

    fn rename(&mut self, names: &mut dyn Names) {
        self.newest = self.newest.map(|token| names.token(token));
    }
}

impl Strategy for TokenPerCall {
    type Node = Memory;

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn on(&self, me: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        if let Input::Token { grant, .. } | Input::Login { grant } = input
            && me.refreshes
        {
            node.newest = Some(grant.token);
        }
        match input {
            Input::Call { call } | Input::Rejected { call: Some(call), .. } => out.push(Command::RequestToken {
                slot: TokenSlot::default(),
                call: Some(call),
                with: node.newest,
            }),
            Input::Token {
                call: Some(call),
                grant,
                ..
            } => out.push(Command::Attempt {
                call,
                token: grant.token,
            }),
            Input::TokenFailed {
                call: Some(call), why, ..
            } => out.push(Command::FailAttempt { call, why }),
            // The call has gone meanwhile: its token is of no use to anybody.
            _ => {}
        }
    }

    fn tells_nodes_apart(&self) -> bool {
        false
    }
}

impl Listed for TokenPerCall {
    fn small(_: u16) -> Vec<Small<Self>> {
        vec![Small::of("token_per_call", "", Self {})]
    }

    fn offers(_: &Circumstances) -> Offers<Self> {
        offer::plain(Self {})
    }
}
