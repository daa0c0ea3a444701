//! A token for every call: no cache, nothing to share, nothing to invalidate but each other.
//!
//! Who does so: small scripts, and services whose staff was told to by the provider ("request a token for each call").
//! What breaks it: any rule under which a new token kills an old one, since every call kills all others in flight; and
//! every quota on token requests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::node::{Command, Input, Me, Outbox, Strategy, View};
use crate::oauth::{Lane, Token};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenPerCall {}

impl Strategy for TokenPerCall {
    type Node = ();

    fn boot(&self, _: Me) {}

    fn on(&self, _: Me, _: &mut (), input: Input, out: &mut Outbox) {
        match input {
            Input::Call { call } | Input::Rejected { call, .. } => out.push(Command::RequestToken {
                lane: Lane::default(),
                call: Some(call),
            }),
            Input::Token {
                call: Some(call),
                grant,
                ..
            } => out.push(Command::Attempt {
                call,
                token: grant.token,
            }),
            Input::TokenFailed { call: Some(call), why } => out.push(Command::Stumble { call, why }),
            // The call has gone meanwhile: its token is of no use to anybody.
            Input::Refused { .. }
            | Input::Token { .. }
            | Input::TokenFailed { .. }
            | Input::Store(_)
            | Input::Timer(_) => {}
        }
    }

    fn view((): &()) -> View {
        View { token: None }
    }

    fn rename((): &mut (), _: &mut dyn FnMut(Token) -> Token) {}
}
