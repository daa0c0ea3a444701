//! A cache per process, right and wrong.

use tokenstorm::base::CallId;
use tokenstorm::node::{self, Command, Input, Me, Names, Outbox, Strategy, View};
use tokenstorm::oauth::{Token, TokenSlot};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    Nothing,
    /// It forgets the token at any 401, whatever token was refused.
    ForgetsAtAny401,
    /// It asks although it waits for an answer.
    AsksAgain,
    /// It tries the refused token once more.
    InsistsOnRefused,
    /// It goes back to the token that it had before.
    PrefersOld,
    /// After one failed request it never asks again.
    GivesUp,
    /// It keeps its token from being renamed.
    KeepsNames,
}

#[derive(Clone, Copy, Debug)]
pub struct Cache(pub Wrong);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    token: Option<Token>,
    /// The token that it had before; only who goes back to it keeps it.
    old: Option<Token>,
    asking: bool,
    /// The present token has been refused, and is tried once more.
    insisting: bool,
    hopeless: bool,
    /// Its token is not renamed.
    nameless: bool,
}

impl node::Memory for Memory {
    fn view(&self) -> View {
        View { token: self.token }
    }

    fn rename(&mut self, names: &mut dyn Names) {
        if self.nameless {
            return;
        }
        self.token = self.token.map(|token| names.token(token));
        self.old = self.old.map(|token| names.token(token));
    }
}

impl Strategy for Cache {
    type Node = Memory;

    fn boot(&self, _: Me) -> Memory {
        Memory {
            nameless: self.0 == Wrong::KeepsNames,
            ..Memory::default()
        }
    }

    fn on(&self, _: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        match input {
            Input::Call { call } => self.serve(node, call, out),
            Input::Rejected { call, token } => {
                self.refused(node, token);
                if let Some(call) = call {
                    self.serve(node, call, out);
                }
            }
            Input::Token { grant, late, .. } => {
                if late && (node.asking || node.token.is_some()) {
                    return;
                }
                (node.asking, node.insisting) = (false, false);
                node.token = Some(node.old.unwrap_or(grant.token));
                out.push(Command::AttemptParked { token: grant.token });
            }
            Input::TokenFailed { why, .. } => {
                node.asking = false;
                node.hopeless = self.0 == Wrong::GivesUp;
                out.push(Command::FailParked { why });
            }
            _ => {}
        }
    }
}

impl Cache {
    fn refused(self, node: &mut Memory, token: Token) {
        if self.0 == Wrong::InsistsOnRefused && !node.insisting {
            node.insisting = true;
        } else if node.token == Some(token) || self.0 == Wrong::ForgetsAtAny401 {
            node.old = node.token.filter(|_| self.0 == Wrong::PrefersOld && node.old.is_none());
            node.token = None;
        }
    }

    fn serve(self, node: &mut Memory, call: CallId, out: &mut Outbox) {
        match node.token {
            Some(token) => out.push(Command::Attempt { call, token }),
            None => {
                out.push(Command::Park { call });
                if !(node.asking && self.0 != Wrong::AsksAgain || node.hopeless) {
                    node.asking = true;
                    out.push(Command::RequestToken {
                        slot: TokenSlot::default(),
                        call: None,
                        with: None,
                    });
                }
            }
        }
    }
}
