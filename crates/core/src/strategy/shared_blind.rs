#![doc = include_str!("pages/shared_blind.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::offer::{self, Circumstances, Offers};
use super::{Listed, Small};
use crate::node::{self, Command, Input, Me, Names, Outbox, Shared, Strategy, View};
use crate::oauth::{Failure, Token, TokenSlot};
use crate::store::{Answer, Asked, Operation, When};

/// A shared store that each renewal overwrites, whatever it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SharedBlind {
    /// The stored token is taken away before a new one is requested: meanwhile others find none.
    pub expire_first: bool,
}

/// Whether the process is reading the store for its parked calls, or has asked for a token for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    reading: bool,
    asking: bool,
    /// The last token that was read or obtained; only for observers, since each call reads anew.
    token: Option<Token>,
}

impl node::Memory for Memory {
    fn view(&self) -> View {
        View { token: self.token }
    }

    fn phase(&self) -> usize {
        match (self.reading, self.asking) {
            (true, _) => 1,
            (false, true) => 2,
            (false, false) => 0,
        }
    }

    fn rename(&mut self, names: &mut dyn Names) {
        self.token = self.token.map(|token| names.token(token));
    }
}

impl Strategy for SharedBlind {
    type Node = Memory;

    fn phases(&self) -> &'static [&'static str] {
        &["idle", "reading", "asking"]
    }

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn on(&self, _: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        match input {
            Input::Call { call } => {
                out.push(Command::Park { call });
                if !node.reading && !node.asking {
                    node.reading = true;
                    out.push(Command::Store(Operation::Read));
                }
            }
            Input::Rejected { call: Some(call), .. } => {
                if self.expire_first {
                    out.push(Command::Store(Operation::Clear { when: When::Always }));
                }
                out.push(Command::RequestToken {
                    slot: TokenSlot::default(),
                    call: Some(call),
                    with: node.token,
                });
            }
            Input::Store(Answer::Value(Some(entry))) if node.reading => {
                node.reading = false;
                node.token = Some(entry.value.token);
                out.push(Command::AttemptParked {
                    token: entry.value.token,
                });
            }
            Input::Store(Answer::Value(None)) if node.reading => {
                node.reading = false;
                node.asking = true;
                out.push(Command::RequestToken {
                    slot: TokenSlot::default(),
                    call: None,
                    with: node.token,
                });
            }
            Input::Store(Answer::Failed(Asked::Read)) if node.reading => {
                node.reading = false;
                out.push(Command::FailParked {
                    why: Failure::Unreachable,
                });
            }
            Input::Token { call, grant, late, .. } => {
                node.token = Some(grant.token);
                if let Some(call) = call {
                    out.push(Command::Attempt {
                        call,
                        token: grant.token,
                    });
                } else if !late {
                    node.asking = false;
                    out.push(Command::AttemptParked { token: grant.token });
                }
                out.push(Command::Store(Operation::Write {
                    value: Shared::of(grant, 0),
                    when: When::Always,
                }));
            }
            Input::TokenFailed {
                call: Some(call), why, ..
            } => out.push(Command::FailAttempt { call, why }),
            Input::TokenFailed { call: None, why, .. } => {
                if node.asking {
                    node.asking = false;
                    out.push(Command::FailParked { why });
                }
            }
            // The call is over, but its token is dead for all: whoever saw it renews.
            Input::Rejected { call: None, token } => {
                if !node.asking && node.token == Some(token) {
                    node.asking = true;
                    out.push(Command::RequestToken {
                        slot: TokenSlot::default(),
                        call: None,
                        with: node.token,
                    });
                }
            }
            Input::Store(_) | Input::Timer(_) | Input::Note { .. } | Input::Login { .. } => {}
        }
    }

    fn needs_store(&self) -> bool {
        true
    }

    fn tells_nodes_apart(&self) -> bool {
        false
    }
}

impl Listed for SharedBlind {
    fn small(_: u16) -> Vec<Small<Self>> {
        vec![Small::of("shared_blind", "", Self { expire_first: false })]
    }

    fn offers(_: &Circumstances) -> Offers<Self> {
        offer::plain(Self { expire_first: false })
    }
}
