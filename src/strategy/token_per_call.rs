#![doc = include_str!("../manual/strategies/token_per_call.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::node::{Command, Input, Me, Names, Outbox, Strategy, View};
use crate::oauth::{Token, TokenSlot};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenPerCall {}

/// The newest token that reached this process, where a refresh token came with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    newest: Option<Token>,
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
            Input::Call { call } | Input::Rejected { call, .. } => out.push(Command::RequestToken {
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
            Input::TokenFailed { call: Some(call), why } => out.push(Command::FailAttempt { call, why }),
            // The call has gone meanwhile: its token is of no use to anybody.
            _ => {}
        }
    }

    fn view(_: &Memory) -> View {
        View { token: None }
    }

    fn credential(node: &Memory) -> Option<Token> {
        node.newest
    }

    fn rename(node: &mut Memory, names: &mut dyn Names) {
        node.newest = node.newest.map(|token| names.token(token));
    }
}
