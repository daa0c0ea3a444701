//! A cache that keeps its waiting calls itself, last come first, in place of parking them.

use tokenstorm::base::CallId;
use tokenstorm::node::{self, Command, Input, Me, Names, Outbox, Strategy, View};
use tokenstorm::oauth::{Token, TokenSlot};

/// Like [`KeepUntilRefused`](super::KeepUntilRefused), but for the order in which calls are served.
#[derive(Clone, Copy, Debug)]
pub struct LastComeFirst;

/// What a node remembers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    token: Option<Token>,
    asking: bool,
    /// The calls that wait, first come first.
    waiting: [Option<CallId>; 4],
}

impl Memory {
    /// The calls that waited, last come first.
    fn release(&mut self) -> impl Iterator<Item = CallId> + use<> {
        std::mem::take(&mut self.waiting).into_iter().rev().flatten()
    }
}

impl node::Memory for Memory {
    fn view(&self) -> View {
        View { token: self.token }
    }

    fn rename(&mut self, names: &mut dyn Names) {
        self.token = self.token.map(|token| names.token(token));
    }

    fn rename_calls(&mut self, name: &mut dyn FnMut(CallId) -> Option<CallId>) {
        self.waiting = self.waiting.map(|call| call.and_then(&mut *name));
        self.waiting.sort_by_key(Option::is_none);
    }
}

impl Strategy for LastComeFirst {
    type Node = Memory;

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn on(&self, _: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        if let Input::Rejected { token, .. } = input
            && node.token == Some(token)
        {
            node.token = None;
        }
        match input {
            Input::Call { call } | Input::Rejected { call: Some(call), .. } => {
                if let Some(token) = node.token {
                    out.push(Command::Attempt { call, token });
                    return;
                }
                let Some(place) = node.waiting.iter().position(Option::is_none) else {
                    // As many as there is room for; this one is tried again later.
                    let why = tokenstorm::oauth::Failure::Unreachable;
                    out.push(Command::FailAttempt { call, why });
                    return;
                };
                node.waiting[place] = Some(call);
                if !std::mem::replace(&mut node.asking, true) {
                    let slot = TokenSlot::default();
                    out.push(Command::RequestToken {
                        slot,
                        call: None,
                        with: None,
                    });
                }
            }
            Input::Token { grant, late, .. } => {
                if late && (node.asking || node.token.is_some()) {
                    return;
                }
                node.asking = false;
                let token = grant.token;
                node.token = Some(token);
                for call in node.release() {
                    out.push(Command::Attempt { call, token });
                }
            }
            Input::TokenFailed { why, .. } => {
                node.asking = false;
                for call in node.release() {
                    out.push(Command::FailAttempt { call, why });
                }
            }
            _ => {}
        }
    }
}
