#![doc = include_str!("../manual/strategies/naive.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::node::{Command, Input, Me, Names, Outbox, Strategy, View};
use crate::oauth::{Token, TokenSlot};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Naive {}

/// The newest token that reached this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    token: Option<Token>,
}

impl Strategy for Naive {
    type Node = Memory;

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn on(&self, me: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        match (input, node.token) {
            (Input::Call { call }, Some(token)) => out.push(Command::Attempt { call, token }),
            (Input::Call { call } | Input::Rejected { call, .. }, _) => out.push(Command::RequestToken {
                slot: TokenSlot::default(),
                call: Some(call),
                with: node.token,
            }),
            (Input::Token { call, grant, .. }, _) => {
                let token = grant.token;
                node.token = Some(token);
                if let Some(call) = call {
                    out.push(Command::Attempt { call, token });
                }
            }
            (Input::TokenFailed { call: Some(call), why }, _) => out.push(Command::FailAttempt { call, why }),
            (Input::Login { grant }, _) => node.token = Some(grant.token),
            // Where a refresh token came with it, even a dead one is worth keeping.
            (Input::Refused { token }, Some(cached)) if cached == token && !me.refreshes => node.token = None,
            _ => {}
        }
    }

    fn view(node: &Memory) -> View {
        View { token: node.token }
    }

    fn rename(node: &mut Memory, names: &mut dyn Names) {
        node.token = node.token.map(|token| names.token(token));
    }
}
