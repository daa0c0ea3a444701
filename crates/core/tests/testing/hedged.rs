//! A cache in front of a store that sends every read twice, against a slow answer, and counts what is under way.

use tokenstorm::node::{self, Command, Input, Me, Names, Outbox, Strategy, View};
use tokenstorm::oauth::{Token, TokenSlot};
use tokenstorm::store::{Answer, Operation};

/// Two reads for each call.
#[derive(Clone, Copy, Debug)]
pub struct Hedged {
    /// A call that comes while another has both reads under way asks for two tokens at once.
    pub hasty: bool,
}

/// What a node remembers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    token: Option<Token>,
    reads: u8,
    asking: u8,
}

impl node::Memory for Memory {
    fn view(&self) -> View {
        View { token: self.token }
    }

    fn phase(&self) -> usize {
        self.reads.into()
    }

    fn rename(&mut self, names: &mut dyn Names) {
        self.token = self.token.map(|token| names.token(token));
    }
}

fn ask(node: &mut Memory, out: &mut Outbox) {
    node.asking += 1;
    let slot = TokenSlot::default();
    out.push(Command::RequestToken {
        slot,
        call: None,
        with: None,
    });
}

impl Strategy for Hedged {
    type Node = Memory;

    fn needs_store(&self) -> bool {
        true
    }

    fn phases(&self) -> &'static [&'static str] {
        &["idle", "one read", "two reads", "three reads", "four reads"]
    }

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn on(&self, _: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        match input {
            Input::Call { call } | Input::Rejected { call: Some(call), .. } => {
                if let Some(token) = node.token {
                    out.push(Command::Attempt { call, token });
                    return;
                }
                out.push(Command::Park { call });
                if self.hasty && node.reads == 2 {
                    ask(node, out);
                    ask(node, out);
                }
                node.reads += 2;
                out.push(Command::Store(Operation::Read));
                out.push(Command::Store(Operation::Read));
            }
            Input::Store(Answer::Value(_) | Answer::Failed(_)) => {
                node.reads -= 1;
                if node.reads == 0 && node.token.is_none() && node.asking == 0 {
                    ask(node, out);
                }
            }
            Input::Token { grant, .. } => {
                node.asking -= 1;
                node.token = Some(grant.token);
                out.push(Command::AttemptParked { token: grant.token });
            }
            Input::TokenFailed { why, .. } => {
                node.asking -= 1;
                out.push(Command::FailParked { why });
            }
            _ => {}
        }
    }
}
